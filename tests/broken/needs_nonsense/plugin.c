/* SPDX-License-Identifier: MIT */
#include "nudge/nudge.h"
static const char *const list[] = {"curvature", NULL};
static const char *const *needs(const void *options) {
  (void)options;
  return list;
}
static const ndg_rule_ops rule;
#define OPS &rule
#include "../sound.h"
static const ndg_rule_ops rule = {
    .struct_size = sizeof rule, .needs = needs, .estimate = sound_estimate};
