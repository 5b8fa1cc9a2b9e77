/* SPDX-License-Identifier: MIT */
/* Reverse mode through the steps of learning. See README.md. */
#define NDG_API_LEVEL 1u /* NDG_CAP_META_START */
#include "unrolled.h"

static const ndg_choice memories[] = {
    {"automatic", AUTOMATIC,
     "store_all where the states of the window take at most 192 MiB, else checkpoint with as many "
     "as that."},
    {"store_all", STORE_ALL, "Hold every state of the window."},
    {"checkpoint", CHECKPOINT, "Hold a few snapshots, spread binomially; recompute the rest."},
    {"recompute", RECOMPUTE, "Hold one state; recompute every other from it."},
    {NULL, 0, NULL}};
static const ndg_choice starts[] = {
    {"exact", EXACT, "What it gets through all steps; nothing where the window does not reach it."},
    {"window", WINDOW,
     "The gradient with respect to phi where the window begins, taken for that of the initial "
     "point: an approximation."},
    {NULL, 0, NULL}};
static const ndg_choice states[] = {
    {"carried", CARRIED, "Velocity and moments go on where the window begins."},
    {"fresh", FRESH, "They are zero there, and steps count from 0 again."},
    {NULL, 0, NULL}};
static const ndg_choice optimizers[] = {
    NDG_OPTIMIZER_CHOICES("Refused: its steps are not differentiable.")};

static const ndg_option option_table[] = {
    NDG_OPT_I64(unrolled_options, window, 0, 0, INT64_MAX,
                "Last steps to go back through, at most those of learning; 0: all of them. All of "
                "them reach the initial point."),
    NDG_OPT_ENUM(unrolled_options, start, EXACT, starts, "What the initial point gets."),
    NDG_OPT_ENUM(unrolled_options, state, CARRIED, states,
                 "Optimiser state with which a truncated window begins."),
    NDG_OPT_ENUM(unrolled_options, memory, AUTOMATIC, memories,
                 "What is held of the trajectory; results are equal bit for bit."),
    NDG_OPT_I64(unrolled_options, snapshots, 0, 0, 1 << 30,
                "States held by checkpoint; 0: log2 of the window, rounded up."),
    NDG_OPT_I64(unrolled_options, steps, -1, -1, INT64_MAX,
                "Steps of learning; -1: as many as the problem takes."),
    LEARNING_OPT_LR(unrolled_options, lr, "learning"),
    LEARNING_OPT_MOMENTUM(unrolled_options, momentum, "learning"),
    NDG_OPT_ENUM(unrolled_options, optimizer, NDG_OPTIMIZER_PROBLEM, optimizers, "Optimiser."),
    NDG_OPT_END};

static ndg_status check(const void *options, ndg_error *e) {
  const unrolled_options *o = options;
  if (o->optimizer == NDG_NEWTON) {
    return ndg_fail(e, NDG_EINVAL,
                    "optimizer = newton cannot be unrolled: its steps are not differentiable; use "
                    "gradient_descent, heavy_ball, nesterov or adam");
  }
  if (o->snapshots > 0 && o->memory != CHECKPOINT) {
    return ndg_fail(e, NDG_EINVAL, "snapshots = %lld is for memory = checkpoint only",
                    (long long)o->snapshots);
  }
  if (o->window == 0 && (o->start == WINDOW || o->state == FRESH)) {
    return ndg_fail(e, NDG_EINVAL, "%s is for a truncated window, and window = 0 is all steps",
                    o->start == WINDOW ? "start = window" : "state = fresh");
  }
  const ndg_status st = o->steps < 0 ? NDG_OK : unrolled_check_window(o, (uint64_t)o->steps, e);
  return st < 0 ? st : learning_check_momentum("momentum", o->optimizer, o->momentum, e);
}

static const char *const *needs_of(const void *options) {
  static const char *const none[] = {NULL};
  static const char *const start[] = {NDG_CAP_META_START, NULL};
  const unrolled_options *o = options;
  return o->start == WINDOW ? start : none;
}

/* A window that hands its adjoint to a point it does not belong to, or drops the state that it
   begins with, is the gradient of nothing. */
static int estimand(const void *options, ndg_estimand *out) {
  const unrolled_options *o = options;
  const int exact = o->start == EXACT && o->state == CARRIED;
  out->kind = exact ? NDG_ESTIMATES_UNROLLED : NDG_ESTIMATES_BIASED;
  out->window = (uint64_t)o->window;
  out->steps = o->steps < 0 ? UINT64_MAX : (uint64_t)o->steps;
  out->optimizer = learning_optimizer(o->optimizer, o->lr, o->momentum);
  return 1;
}

static const ndg_rule_ops ops = {.struct_size = sizeof ops,
                                 .check = check,
                                 .needs = needs_of,
                                 .estimate = unrolled_estimate,
                                 .estimand = estimand};

static const char *const needs[] = {NDG_CAP_NUDGE, NDG_CAP_TRANSPOSED_STEP, NULL};

static const ndg_component rule = {
    .struct_size = sizeof rule,
    .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT,
    NDG_RULE(&ops),
    .id = "unrolled",
    .version = "1.0.0",
    .title = "Back-propagation through the steps of learning, full or truncated",
    .doc = "The gradient of eval_loss after the steps of learning, by transposed optimiser steps "
           "in reverse: all of them with the initial point (BPTT), or the last `window` (TBPTT). "
           "Memory is held for every state, for binomially spread snapshots, or for one state, "
           "with the same bits; which of it follows from sizes. Snapshots cost the fewest "
           "recomputed steps possible.",
    .cite = "Griewank, Walther: Algorithm 799: revolve. ACM TOMS 26, 2000. Shaban, Cheng, Hatch, "
            "Boots: Truncated back-propagation for bilevel optimization. AISTATS 2019.",
    .needs = needs,
    .options = option_table,
    .options_size = sizeof(unrolled_options)};

static const ndg_component *const components[] = {&rule};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      .name = "unrolled", .version = "1.0.0",      .license = "MIT",
    .build = __VERSION__, .n_components = 1,  .components = components};
