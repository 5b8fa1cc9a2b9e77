/* SPDX-License-Identifier: MIT */
#include "contrastive.h"

static const ndg_choice variants[] = {
    {"forward", FORWARD, "[G(beta) - G(0)]/beta; order 1."},
    {"symmetric", SYMMETRIC, "[G(beta) - G(-beta)]/(2 beta); order 2."},
    {"second_order", SECOND_ORDER, "[-3 G(0) + 4 G(beta) - G(2 beta)]/(2 beta); order 2."},
    {"central", CENTRAL, "Central stencil on +-beta, +-2 beta, ...; order points."},
    {"richardson", RICHARDSON, "Symmetric at beta and beta/2, extrapolated; order 4."},
    {"holomorphic", HOLOMORPHIC, "Points on a circle in the complex plane; order points."},
    {NULL, 0, NULL}};
static const ndg_choice starts[] = {
    {"continue", CONTINUE, "Nudged phases go on from the end of the free phase."},
    {"restart", RESTART, "Nudged phases begin at the initial point."},
    {NULL, 0, NULL}};
static const ndg_choice references[] = {
    {"free", FREE, "G(0) is taken at the end of the free phase."},
    {"matched", MATCHED, "G(0) is taken after as many further free steps as nudged phases take."},
    {NULL, 0, NULL}};
static const ndg_choice states[] = {
    {"fresh", FRESH, "Velocity and moments start at zero."},
    {"carried", CARRIED, "Velocity and moments go on from the end of the free phase."},
    {NULL, 0, NULL}};
static const ndg_choice optimizers[] = {
    NDG_OPTIMIZER_CHOICES("Newton: exact stationary points, with second derivatives.")};
static const ndg_choice past_radii[] = {
    {"refuse", REFUSE, "No number: the status and a line that says what to change."},
    {"report", REPORT,
     "The number all the same; the record says what is wrong with it. Phases that diverge give "
     "none."},
    {NULL, 0, NULL}};

const ndg_option contrastive_option_table[] = {
    NDG_OPT_ENUM(contrastive_options, variant, SYMMETRIC, variants,
                 "Where G is sampled and how the samples are weighted."),
    NDG_OPT_F64(contrastive_options, beta, 1e-2, 0, 1e3, NDG_OPTION_LOG | NDG_OPTION_EXCLUSIVE_MIN,
                NULL, "Nudging strength."),
    NDG_OPT_I64(contrastive_options, points, 0, 0, STENCIL_MAX_HOLOMORPHIC,
                "Samples of central (2, 4, .. 16) or holomorphic (2 .. 64); 0: 4 and 8."),
    NDG_OPT_ENUM(contrastive_options, start, CONTINUE, starts, "Start of nudged phases."),
    NDG_OPT_ENUM(contrastive_options, reference, FREE, references,
                 "What forward and second_order contrast with."),
    LEARNING_OPT_STEPS(contrastive_options, free_steps, "the free phase"),
    LEARNING_OPT_STEPS(contrastive_options, nudged_steps, "each nudged phase"),
    LEARNING_OPT_TOLERANCE(contrastive_options, free_tolerance, "the free phase"),
    LEARNING_OPT_TOLERANCE(contrastive_options, nudged_tolerance, "each nudged phase"),
    LEARNING_OPT_LR(contrastive_options, free_lr, "the free phase"),
    LEARNING_OPT_LR(contrastive_options, nudged_lr, "nudged phases"),
    LEARNING_OPT_MOMENTUM(contrastive_options, free_momentum, "the free phase"),
    LEARNING_OPT_MOMENTUM(contrastive_options, nudged_momentum, "nudged phases"),
    NDG_OPT_ENUM(contrastive_options, free_optimizer, NDG_OPTIMIZER_PROBLEM, optimizers,
                 "Optimiser of the free phase."),
    NDG_OPT_ENUM(contrastive_options, nudged_optimizer, NDG_OPTIMIZER_PROBLEM, optimizers,
                 "Optimiser of nudged phases."),
    NDG_OPT_ENUM(contrastive_options, state, FRESH, states,
                 "Optimiser state with which nudged phases begin."),
    NDG_OPT_ENUM(contrastive_options, past_radius, REFUSE, past_radii,
                 "What happens past the stability radius."),
    NDG_OPT_END};

static ndg_status check_points(const contrastive_options *o, ndg_error *e) {
  const long long points = o->points;
  if (points != 0 && o->variant != CENTRAL && o->variant != HOLOMORPHIC) {
    return ndg_fail(e, NDG_EINVAL, "points = %lld is for variants central and holomorphic only",
                    points);
  }
  if (o->variant == CENTRAL && (points % 2 != 0 || points > STENCIL_MAX_CENTRAL)) {
    return ndg_fail(e, NDG_EINVAL, "points of variant central must be 2, 4, .. %d; it is %lld",
                    STENCIL_MAX_CENTRAL, points);
  }
  if (o->variant == HOLOMORPHIC && points == 1) {
    return ndg_fail(e, NDG_EINVAL, "points of variant holomorphic must be at least 2");
  }
  return NDG_OK;
}

static ndg_status check_learning(const contrastive_options *o, ndg_error *e) {
  ndg_status st = learning_check_tolerance("free_tolerance", o->free_tolerance, e);
  st = st < 0 ? st : learning_check_tolerance("nudged_tolerance", o->nudged_tolerance, e);
  st = st < 0 ? st
              : learning_check_momentum("free_momentum", o->free_optimizer, o->free_momentum, e);
  return st < 0 ? st
                : learning_check_momentum("nudged_momentum", o->nudged_optimizer,
                                          o->nudged_momentum, e);
}

ndg_status contrastive_check(const void *options, ndg_error *e) {
  const contrastive_options *o = options;
  if (check_points(o, e) < 0 || check_learning(o, e) < 0) {
    return NDG_EINVAL;
  }
  if (o->reference == MATCHED && o->variant != FORWARD && o->variant != SECOND_ORDER) {
    return ndg_fail(e, NDG_EINVAL,
                    "reference = matched is for variants forward and second_order: the others "
                    "have no G(0)");
  }
  if (o->start == RESTART && o->reference == MATCHED) {
    return ndg_fail(e, NDG_EINVAL,
                    "reference = matched continues the free phase; it needs start = continue");
  }
  if (o->start == RESTART && o->state == CARRIED) {
    return ndg_fail(e, NDG_EINVAL,
                    "state = carried continues the free phase; it needs start = continue");
  }
  if (o->state == CARRIED && o->free_optimizer != o->nudged_optimizer) {
    return ndg_fail(e, NDG_EINVAL,
                    "state = carried needs the same free_optimizer and nudged_optimizer");
  }
  return NDG_OK;
}

const char *const *contrastive_needs(const void *options) {
  static const char *const none[] = {NULL};
  static const char *const second[] = {NDG_CAP_SECOND_ORDER, NULL};
  static const char *const complex[] = {NDG_CAP_COMPLEX, NULL};
  static const char *const both[] = {NDG_CAP_COMPLEX, NDG_CAP_SECOND_ORDER, NULL};
  const contrastive_options *o = options;
  const int newton = o->free_optimizer == NDG_NEWTON || o->nudged_optimizer == NDG_NEWTON;
  if (o->variant == HOLOMORPHIC && o->points != 2) {
    return newton ? both : complex;
  }
  return newton ? second : none;
}

void contrastive_stencil(const contrastive_options *o, stencil *s) {
  const int64_t points = o->points ? o->points : o->variant == CENTRAL ? 4 : 8;
  stencil_make(o->variant, (uint32_t)points, s);
}
