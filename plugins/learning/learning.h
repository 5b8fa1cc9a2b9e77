/* SPDX-License-Identifier: MIT */
/* What rules share that run the learner with an optimiser of their own choice: how an option means
   "as the problem", and what is refused because it would have no effect. */
#ifndef LEARNING_H
#define LEARNING_H

#include <math.h>

#include "nudge/nudge.h"

/* Lines of option tables: type and member are the rule's, what says which phase ("the free phase").
 */
#define LEARNING_OPT_STEPS(type, member, what)                                                     \
  NDG_OPT_I64(type, member, -1, -1, INT64_MAX, "Most steps of " what "; -1: as the problem.")
#define LEARNING_OPT_TOLERANCE(type, member, what)                                                 \
  NDG_OPT_F64(type, member, -1, -1, 1e6, 0, NULL,                                                  \
              "Relative gradient norm at which " what " stops; 0: never; -1: as the problem.")
#define LEARNING_OPT_LR(type, member, what)                                                        \
  NDG_OPT_F64(type, member, 0, 0, 1e6, NDG_OPTION_LOG, NULL,                                       \
              "Step size of " what "; 0: as the problem.")
#define LEARNING_OPT_MOMENTUM(type, member, what)                                                  \
  NDG_OPT_F64(type, member, -1, -1, 1, 0, NULL,                                                    \
              "Momentum of " what " (beta1 of adam); -1: as the problem, which has 0.9 where its " \
              "own optimiser takes none.")

/* The four of a rule with one learning phase, whose options have these members. */
#define LEARNING_OPTIONS(type)                                                                     \
  LEARNING_OPT_STEPS(type, steps, "learning"),                                                     \
      LEARNING_OPT_TOLERANCE(type, tolerance, "learning"), LEARNING_OPT_LR(type, lr, "learning"),  \
      LEARNING_OPT_MOMENTUM(type, momentum, "learning")

/* [any; any; pure] What learning with an optimiser asks of learners. */
static inline const char *const *learning_needs(int32_t kind) {
  static const char *const none[] = {NULL};
  static const char *const newton[] = {NDG_CAP_SECOND_ORDER, NULL};
  return kind == NDG_NEWTON ? newton : none;
}

/* [any; any; pure] Heavy ball, Nesterov and Adam (whose momentum is its beta1). */
static inline int learning_has_momentum(uint32_t kind) {
  return kind == NDG_HEAVY_BALL || kind == NDG_NESTEROV || kind == NDG_ADAM;
}

/* [any; any; pure] What options ask for; NaN: the problem's. */
static inline ndg_optimizer learning_optimizer(int32_t kind, double lr, double momentum) {
  return (ndg_optimizer){.kind = (uint32_t)kind,
                         .lr = lr > 0 ? lr : NAN,
                         .momentum = momentum >= 0 ? momentum : NAN,
                         .beta2 = NAN,
                         .epsilon = NAN};
}

/* [any; loaded; pure] option names the momentum in the message. */
static inline ndg_status learning_check_momentum(const char *option, int32_t kind, double momentum,
                                                 ndg_error *e) {
  static const char *const without[] = {
      [NDG_GRADIENT_DESCENT] = "gradient_descent", [NDG_NEWTON] = "newton"};
  if (!(momentum == -1 || (momentum >= 0 && momentum < 1))) {
    return ndg_fail(e, NDG_EINVAL, "%s is %g; give -1 (as the problem) or 0 <= %s < 1", option,
                    momentum, option);
  }
  if (momentum >= 0 && kind != NDG_OPTIMIZER_PROBLEM && !learning_has_momentum((uint32_t)kind)) {
    return ndg_fail(e, NDG_EINVAL, "%s = %g has no effect with %s; remove it", option, momentum,
                    without[kind]);
  }
  return NDG_OK;
}

/* [any; loaded; pure] */
static inline ndg_status learning_check_tolerance(const char *option, double tolerance,
                                                  ndg_error *e) {
  return tolerance >= 0 || tolerance == -1
             ? NDG_OK
             : ndg_fail(e, NDG_EINVAL, "%s is %g; give -1 (as the problem), 0 (never) or more",
                        option, tolerance);
}

/* [worker; estimating; pure] Of a phase: errors go on; a soft status and its line go into the
   record, the first one of an estimate. */
static inline ndg_status learning_settle(ndg_record *record, ndg_status st, const ndg_error *said,
                                         ndg_error *e) {
  if (st < 0) {
    return ndg_fail(e, st, "%s", said->text);
  }
  if (st > 0 && record->status == NDG_OK) {
    record->status = st;
    (void)snprintf(record->note, sizeof record->note, "%.*s", (int)sizeof record->note - 1,
                   said->text);
  }
  return NDG_OK;
}

/* [worker; estimating; pure] The host leaves out the tasks that diverged: are there others? */
static inline int learning_may_go_on(const ndg_record *record, const ndg_problem_info *info) {
  return record->status != NDG_DIVERGED || info->n_tasks > 1;
}

/* [worker; estimating; pure] A momentum for an optimiser that only the problem names. */
static inline ndg_status learning_check_problem(const char *option, int32_t kind, double momentum,
                                                const ndg_problem_info *info, ndg_error *e) {
  if (momentum >= 0 && kind == NDG_OPTIMIZER_PROBLEM &&
      !learning_has_momentum(info->optimizer.kind)) {
    return ndg_fail(e, NDG_EINVAL,
                    "%s = %g has no effect: the problem's inner optimiser takes no momentum; name "
                    "one that does in the rule, or remove %s",
                    option, momentum, option);
  }
  return NDG_OK;
}

#endif
