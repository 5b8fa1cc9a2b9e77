/* SPDX-License-Identifier: MIT */
/* What ids and names may look like. */
#ifndef NUDGE_PLUGIN_NAMES_H
#define NUDGE_PLUGIN_NAMES_H

#include <stdbool.h>

#define NDG_NAME_LIMIT 63 /* characters */

/* [any; any; pure] Option name: [a-z][a-z0-9_]*. */
bool ndg_name_is_plain(const char *name);
/* [any; any; pure] Component id: plain names joined by dots. */
bool ndg_name_is_id(const char *name);
/* [any; any; pure] Capability or kind: owner.topic/revision, hyphens allowed in the topic. */
bool ndg_name_is_capability(const char *name);
/* [any; any; pure] Choice: letters, digits, '_', '-', '.' and at least one of them. */
bool ndg_name_is_word(const char *name);

#endif
