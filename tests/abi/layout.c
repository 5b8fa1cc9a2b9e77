/* SPDX-License-Identifier: MIT */
/* The binary layout of the ABI, as numbers that nobody may change. A member appended to a struct
   that may grow adds a line here and makes the struct's own number larger; anything else does not
   compile. complete.sh sees to it that nothing is left out. */
#include <stddef.h>

#include "nudge/nudge.h"

#define AT(type, member, offset, size)                                                             \
  _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved");              \
  _Static_assert(sizeof(((type *)0)->member) == (size), #type "." #member " has another size")
/* Passed in arrays or otherwise frozen. */
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " has another size")
/* Says its size, by itself or in its plugin, and may grow at its end. */
#define LEAST(type, size) _Static_assert(sizeof(type) >= (size), #type " has shrunk")
#define IS(constant, value) _Static_assert((constant) == (value), #constant " has changed")
#define SAYS(constant, text)                                                                       \
  _Static_assert(__builtin_strcmp(constant, text) == 0, #constant " has changed")

/* nudge/types.h */
AT(ndg_error, code, 0, 4);
AT(ndg_error, flags, 4, 4);
AT(ndg_error, text, 8, 504);
SIZE(ndg_error, 512);

AT(ndg_complex, re, 0, 8);
AT(ndg_complex, im, 8, 8);
SIZE(ndg_complex, 16);

AT(ndg_shape, n_dims, 0, 4);
AT(ndg_shape, reserved, 4, 4);
AT(ndg_shape, dim, 8, 32);
SIZE(ndg_shape, 40);

/* nudge/option.h */
AT(ndg_i64_list, n, 0, 8);
AT(ndg_i64_list, values, 8, 8);
SIZE(ndg_i64_list, 16);

AT(ndg_f64_list, n, 0, 8);
AT(ndg_f64_list, values, 8, 8);
SIZE(ndg_f64_list, 16);

AT(ndg_value, i, 0, 8);
AT(ndg_value, d, 8, 8);
AT(ndg_value, s, 16, 8);
SIZE(ndg_value, 24);

AT(ndg_choice, name, 0, 8);
AT(ndg_choice, value, 8, 8);
AT(ndg_choice, doc, 16, 8);
SIZE(ndg_choice, 24);

AT(ndg_option, name, 0, 8);
AT(ndg_option, doc, 8, 8);
AT(ndg_option, unit, 16, 8);
AT(ndg_option, type, 24, 4);
AT(ndg_option, flags, 28, 4);
AT(ndg_option, offset, 32, 8);
AT(ndg_option, def, 40, 24);
AT(ndg_option, min, 64, 24);
AT(ndg_option, max, 88, 24);
AT(ndg_option, choices, 112, 8);
LEAST(ndg_option, 120);

/* nudge/rng.h */
AT(ndg_rng, state_high, 0, 8);
AT(ndg_rng, state_low, 8, 8);
AT(ndg_rng, increment_high, 16, 8);
AT(ndg_rng, increment_low, 24, 8);
SIZE(ndg_rng, 32);

/* nudge/graph.h */
AT(ndg_attr, value, 0, 8);
AT(ndg_attr, i, 8, 32);
SIZE(ndg_attr, 40);

AT(ndg_graph_api, struct_size, 0, 4);
AT(ndg_graph_api, reserved, 4, 4);
AT(ndg_graph_api, constant, 8, 8);
AT(ndg_graph_api, apply, 16, 8);
AT(ndg_graph_api, shape, 24, 8);
AT(ndg_graph_api, fail, 32, 8);
LEAST(ndg_graph_api, 40);

AT(ndg_builder, api, 0, 8);
AT(ndg_builder, graph, 8, 8);
SIZE(ndg_builder, 16);

/* nudge/learner.h */
AT(ndg_array, name, 0, 8);
AT(ndg_array, kind, 8, 4);
AT(ndg_array, role, 12, 4);
AT(ndg_array, shape, 16, 40);
AT(ndg_array, data, 56, 8);
AT(ndg_array, n_values, 64, 8);
SIZE(ndg_array, 72);

AT(ndg_task_arrays, n_tasks, 0, 8);
AT(ndg_task_arrays, n_arrays, 8, 8);
AT(ndg_task_arrays, arrays, 16, 8);
SIZE(ndg_task_arrays, 24);

AT(ndg_group, name, 0, 32);
AT(ndg_group, shape, 32, 40);
AT(ndg_group, constraint, 72, 4);
AT(ndg_group, init, 76, 4);
AT(ndg_group, a, 80, 8);
AT(ndg_group, b, 88, 8);
AT(ndg_group, start_theta, 96, 4);
AT(ndg_group, held, 100, 4);
SIZE(ndg_group, 104);

AT(ndg_layout, struct_size, 0, 4);
AT(ndg_layout, n_phi, 4, 4);
AT(ndg_layout, n_theta, 8, 4);
AT(ndg_layout, reserved, 12, 4);
AT(ndg_layout, phi, 16, 13312);
AT(ndg_layout, theta, 13328, 13312);
LEAST(ndg_layout, 26640);

AT(ndg_learner_inputs, struct_size, 0, 4);
AT(ndg_learner_inputs, n_arrays, 4, 4);
AT(ndg_learner_inputs, phi, 8, 8);
AT(ndg_learner_inputs, theta, 16, 8);
AT(ndg_learner_inputs, arrays, 24, 8);
AT(ndg_learner_inputs, array_descriptions, 32, 8);
AT(ndg_learner_inputs, layout, 40, 8);
LEAST(ndg_learner_inputs, 48);

AT(ndg_learner_outputs, struct_size, 0, 4);
AT(ndg_learner_outputs, reserved, 4, 4);
AT(ndg_learner_outputs, learn_loss, 8, 4);
AT(ndg_learner_outputs, eval_loss, 12, 4);
AT(ndg_learner_outputs, predictions, 16, 4);
AT(ndg_learner_outputs, eval_accuracy, 20, 4);
LEAST(ndg_learner_outputs, 24);

AT(ndg_learner_ops, struct_size, 0, 4);
AT(ndg_learner_ops, reserved, 4, 4);
AT(ndg_learner_ops, check, 8, 8);
AT(ndg_learner_ops, layout, 16, 8);
AT(ndg_learner_ops, build, 24, 8);
AT(ndg_learner_ops, extension, 32, 8);
LEAST(ndg_learner_ops, 40);

AT(ndg_closed_form, struct_size, 0, 4);
AT(ndg_closed_form, reserved, 4, 4);
AT(ndg_closed_form, optimum, 8, 8);
AT(ndg_closed_form, meta_gradient, 16, 8);
LEAST(ndg_closed_form, 24);

AT(ndg_example_option, name, 0, 8);
AT(ndg_example_option, value, 8, 8);
SIZE(ndg_example_option, 16);

AT(ndg_example, n_options, 0, 8);
AT(ndg_example, options, 8, 8);
AT(ndg_example, n_arrays, 16, 8);
AT(ndg_example, arrays, 24, 8);
SIZE(ndg_example, 32);

AT(ndg_examples, struct_size, 0, 4);
AT(ndg_examples, reserved, 4, 4);
AT(ndg_examples, n, 8, 8);
AT(ndg_examples, examples, 16, 8);
LEAST(ndg_examples, 24);

/* nudge/rule.h */
AT(ndg_optimizer, kind, 0, 4);
AT(ndg_optimizer, reserved, 4, 4);
AT(ndg_optimizer, lr, 8, 8);
AT(ndg_optimizer, momentum, 16, 8);
AT(ndg_optimizer, beta2, 24, 8);
AT(ndg_optimizer, epsilon, 32, 8);
SIZE(ndg_optimizer, 40);

AT(ndg_phase, struct_size, 0, 4);
AT(ndg_phase, record, 4, 4);
AT(ndg_phase, beta, 8, 16);
AT(ndg_phase, optimizer, 24, 40);
AT(ndg_phase, start, 64, 8);
AT(ndg_phase, end, 72, 8);
AT(ndg_phase, first_step, 80, 8);
AT(ndg_phase, steps, 88, 8);
AT(ndg_phase, tolerance, 96, 8);
AT(ndg_phase, states, 104, 8);
AT(ndg_phase, steps_taken, 112, 8);
AT(ndg_phase, gradient_norm, 120, 8);
AT(ndg_phase, contraction, 128, 8);
AT(ndg_phase, growth, 136, 4);
AT(ndg_phase, reserved, 140, 4);
LEAST(ndg_phase, 144);

AT(ndg_evaluation, struct_size, 0, 4);
AT(ndg_evaluation, want, 4, 4);
AT(ndg_evaluation, loss, 8, 4);
AT(ndg_evaluation, reserved, 12, 4);
AT(ndg_evaluation, beta, 16, 16);
AT(ndg_evaluation, phi, 32, 8);
AT(ndg_evaluation, direction, 40, 8);
AT(ndg_evaluation, grad_phi, 48, 8);
AT(ndg_evaluation, grad_theta, 56, 8);
AT(ndg_evaluation, hvp, 64, 8);
AT(ndg_evaluation, mixed, 72, 8);
AT(ndg_evaluation, mixed_forward, 80, 8);
AT(ndg_evaluation, value, 88, 16);
LEAST(ndg_evaluation, 104);

AT(ndg_solve, struct_size, 0, 4);
AT(ndg_solve, solver, 4, 4);
AT(ndg_solve, phi, 8, 8);
AT(ndg_solve, rhs, 16, 8);
AT(ndg_solve, x, 24, 8);
AT(ndg_solve, warm, 32, 4);
AT(ndg_solve, reserved, 36, 4);
AT(ndg_solve, iterations, 40, 8);
AT(ndg_solve, tolerance, 48, 8);
AT(ndg_solve, damping, 56, 8);
AT(ndg_solve, alpha, 64, 8);
AT(ndg_solve, iterations_taken, 72, 8);
AT(ndg_solve, residual, 80, 8);
LEAST(ndg_solve, 88);

AT(ndg_problem_info, struct_size, 0, 4);
AT(ndg_problem_info, dtype, 4, 4);
AT(ndg_problem_info, n_tasks, 8, 8);
AT(ndg_problem_info, n_phi, 16, 8);
AT(ndg_problem_info, n_theta, 24, 8);
AT(ndg_problem_info, steps, 32, 8);
AT(ndg_problem_info, tolerance, 40, 8);
AT(ndg_problem_info, optimizer, 48, 40);
AT(ndg_problem_info, stability_radius, 88, 8);
AT(ndg_problem_info, n_start, 96, 8);
LEAST(ndg_problem_info, 104);

AT(ndg_record, struct_size, 0, 4);
AT(ndg_record, nonlocal, 4, 4);
AT(ndg_record, learner_runs, 8, 8);
AT(ndg_record, gradient_evaluations, 16, 8);
AT(ndg_record, hessian_vector_products, 24, 8);
AT(ndg_record, mixed_products, 32, 8);
AT(ndg_record, bytes_held, 40, 8);
AT(ndg_record, residual, 48, 8);
AT(ndg_record, gradient_norm, 56, 8);
AT(ndg_record, stability_radius, 64, 8);
AT(ndg_record, status, 72, 4);
AT(ndg_record, reserved, 76, 4);
AT(ndg_record, note, 80, 256);
LEAST(ndg_record, 336);

AT(ndg_problem_api, struct_size, 0, 4);
AT(ndg_problem_api, reserved, 4, 4);
AT(ndg_problem_api, describe, 8, 8);
AT(ndg_problem_api, vector, 16, 8);
AT(ndg_problem_api, release, 24, 8);
AT(ndg_problem_api, keep, 32, 8);
AT(ndg_problem_api, combine, 40, 8);
AT(ndg_problem_api, norm, 48, 8);
AT(ndg_problem_api, relax, 56, 8);
AT(ndg_problem_api, evaluate, 64, 8);
AT(ndg_problem_api, solve, 72, 8);
AT(ndg_problem_api, step_transposed, 80, 8);
AT(ndg_problem_api, start_transposed, 88, 8);
AT(ndg_problem_api, cancelled, 96, 8);
AT(ndg_problem_api, norms, 104, 8);
AT(ndg_problem_api, refuse, 112, 8);
AT(ndg_problem_api, report, 120, 8);
AT(ndg_problem_api, radii, 128, 8);
AT(ndg_problem_api, dots, 136, 8);
AT(ndg_problem_api, mix, 144, 8);
AT(ndg_problem_api, draw, 152, 8);
LEAST(ndg_problem_api, 160);

AT(ndg_rule_ops, struct_size, 0, 4);
AT(ndg_rule_ops, reserved, 4, 4);
AT(ndg_rule_ops, check, 8, 8);
AT(ndg_rule_ops, needs, 16, 8);
AT(ndg_rule_ops, estimate, 24, 8);
AT(ndg_rule_ops, truncation, 32, 8);
AT(ndg_rule_ops, estimand, 40, 8);
LEAST(ndg_rule_ops, 48);

AT(ndg_truncation, struct_size, 0, 4);
AT(ndg_truncation, order, 4, 4);
AT(ndg_truncation, factor, 8, 8);
LEAST(ndg_truncation, 16);

AT(ndg_estimand, struct_size, 0, 4);
AT(ndg_estimand, kind, 4, 4);
AT(ndg_estimand, window, 8, 8);
AT(ndg_estimand, steps, 16, 8);
AT(ndg_estimand, optimizer, 24, 40);
AT(ndg_estimand, damping, 64, 8);
LEAST(ndg_estimand, 72);

/* nudge/plugin.h */
AT(ndg_component, struct_size, 0, 4);
AT(ndg_component, props, 4, 4);
AT(ndg_component, kind, 8, 8);
AT(ndg_component, id, 16, 8);
AT(ndg_component, version, 24, 8);
AT(ndg_component, title, 32, 8);
AT(ndg_component, doc, 40, 8);
AT(ndg_component, cite, 48, 8);
AT(ndg_component, needs, 56, 8);
AT(ndg_component, uses, 64, 8);
AT(ndg_component, provides, 72, 8);
AT(ndg_component, options, 80, 8);
AT(ndg_component, options_size, 88, 8);
AT(ndg_component, ops, 96, 8);
LEAST(ndg_component, 104);

AT(ndg_plugin, magic, 0, 4);
AT(ndg_plugin, abi_major, 4, 4);
AT(ndg_plugin, abi_minor, 8, 4);
AT(ndg_plugin, api_level, 12, 4);
AT(ndg_plugin, plugin_size, 16, 4);
AT(ndg_plugin, component_size, 20, 4);
AT(ndg_plugin, option_size, 24, 4);
AT(ndg_plugin, reserved, 28, 4);
AT(ndg_plugin, name, 32, 8);
AT(ndg_plugin, version, 40, 8);
AT(ndg_plugin, license, 48, 8);
AT(ndg_plugin, build, 56, 8);
AT(ndg_plugin, n_components, 64, 8);
AT(ndg_plugin, components, 72, 8);
SIZE(ndg_plugin, 80);

/* Constants. */
IS(NDG_OK, 0);
IS(NDG_DIVERGED, 1);
IS(NDG_NOT_CONVERGED, 2);
IS(NDG_PAST_RADIUS, 3);
IS(NDG_EINVAL, -1);
IS(NDG_ENOMEM, -2);
IS(NDG_EIO, -3);
IS(NDG_EFORMAT, -4);
IS(NDG_ENOTFOUND, -5);
IS(NDG_EABI, -6);
IS(NDG_ECAPABILITY, -7);
IS(NDG_ENUMERIC, -8);
IS(NDG_EINTERNAL, -9);
IS(NDG_F32, 0);
IS(NDG_F64, 1);
IS(NDG_LONG_DOUBLE, 2);
IS(NDG_C128, 3);
IS(NDG_I32, 4);
IS(NDG_REAL, 0);
IS(NDG_INDEX, 1);
IS(NDG_OPTION_BOOL, 1);
IS(NDG_OPTION_I64, 2);
IS(NDG_OPTION_F64, 3);
IS(NDG_OPTION_ENUM, 4);
IS(NDG_OPTION_STR, 5);
IS(NDG_OPTION_I64_LIST, 6);
IS(NDG_OPTION_F64_LIST, 7);
IS(NDG_OPTION_REQUIRED, 1);
IS(NDG_OPTION_LOG, 2);
IS(NDG_OPTION_EXCLUSIVE_MIN, 4);
IS(NDG_OPTION_DEPRECATED, 8);
IS(NDG_OPTION_NO_EFFECT_ON_RESULT, 16);
IS(NDG_OP_NONE, 0);
IS(NDG_OP_INPUT, 1);
IS(NDG_OP_CONSTANT, 2);
IS(NDG_OP_NEG, 10);
IS(NDG_OP_SQUARE, 11);
IS(NDG_OP_SQRT, 12);
IS(NDG_OP_RECIPROCAL, 13);
IS(NDG_OP_EXP, 14);
IS(NDG_OP_LOG, 15);
IS(NDG_OP_TANH, 16);
IS(NDG_OP_SIGMOID, 17);
IS(NDG_OP_SOFTPLUS, 18);
IS(NDG_OP_SIN, 19);
IS(NDG_OP_COS, 20);
IS(NDG_OP_POWER, 21);
IS(NDG_OP_STEP, 22);
IS(NDG_OP_RELU, 23);
IS(NDG_OP_ABS, 24);
IS(NDG_OP_SIGN, 25);
IS(NDG_OP_STOP_GRADIENT, 26);
IS(NDG_OP_ADD, 40);
IS(NDG_OP_SUB, 41);
IS(NDG_OP_MUL, 42);
IS(NDG_OP_DIV, 43);
IS(NDG_OP_MAX, 44);
IS(NDG_OP_MIN, 45);
IS(NDG_OP_GREATER, 46);
IS(NDG_OP_SELECT, 47);
IS(NDG_OP_MATMUL, 60);
IS(NDG_OP_RESHAPE, 70);
IS(NDG_OP_TRANSPOSE, 71);
IS(NDG_OP_BROADCAST, 72);
IS(NDG_OP_SLICE, 73);
IS(NDG_OP_PAD, 74);
IS(NDG_OP_CONCAT, 75);
IS(NDG_OP_GATHER, 80);
IS(NDG_OP_SCATTER_ADD, 81);
IS(NDG_OP_PICK, 82);
IS(NDG_OP_PLACE, 83);
IS(NDG_OP_SUM, 90);
IS(NDG_OP_LOG_SUM_EXP, 91);
IS(NDG_OP_SUM_TASKS, 92);
IS(NDG_OP_SPREAD, 93);
IS(NDG_WHOLE, 0);
IS(NDG_SAMPLES, 1);
IS(NDG_UNCONSTRAINED, 0);
IS(NDG_NONNEGATIVE, 1);
IS(NDG_INIT_CONSTANT, 0);
IS(NDG_INIT_NORMAL, 1);
IS(NDG_INIT_UNIFORM, 2);
IS(NDG_INIT_TRUNCATED_NORMAL, 3);
IS(NDG_PHI, 0);
IS(NDG_THETA, 1);
IS(NDG_STATE, 2);
IS(NDG_OPTIMIZER_PROBLEM, 0);
IS(NDG_GRADIENT_DESCENT, 1);
IS(NDG_HEAVY_BALL, 2);
IS(NDG_NESTEROV, 3);
IS(NDG_ADAM, 4);
IS(NDG_NEWTON, 5);
IS(NDG_LEARN_LOSS, 0);
IS(NDG_EVAL_LOSS, 1);
IS(NDG_AUGMENTED_LOSS, 2);
IS(NDG_WANT_VALUE, 1);
IS(NDG_WANT_GRAD_PHI, 2);
IS(NDG_WANT_GRAD_THETA, 4);
IS(NDG_WANT_HVP, 8);
IS(NDG_WANT_MIXED, 16);
IS(NDG_WANT_MIXED_FORWARD, 32);
IS(NDG_GROWTH_IGNORED, 0);
IS(NDG_GROWTH_REPORTED, 1);
IS(NDG_GROWTH_REFUSED, 2);
IS(NDG_ESTIMATES_FIXED_POINT, 1);
IS(NDG_ESTIMATES_UNROLLED, 2);
IS(NDG_ESTIMATES_BIASED, 3);
IS(NDG_SOLVE_DENSE, 0);
IS(NDG_SOLVE_CG, 1);
IS(NDG_SOLVE_NEUMANN, 2);
IS(NDG_USES_SECOND_DERIVATIVES, 1);
IS(NDG_USES_STORED_TRAJECTORY, 2);
IS(NDG_USES_TIME_REVERSAL, 4);
IS(NDG_USES_COMPLEX_STATE, 8);
IS(NDG_USES_DENSE_MATRIX, 16);
IS(NDG_PROP_DETERMINISTIC, 1);
IS(NDG_PROP_F64, 2);
IS(NDG_PROP_BATCH_INVARIANT, 4);
IS(NDG_N_DTYPES, 5);

/* Macros. */
IS(NDG_ABI_MAGIC, 0x4e444731);
IS(NDG_ABI_MAJOR, 1);
SAYS(NDG_CAP_CLOSED_FORM, "nudge.learner.closed-form/1");
SAYS(NDG_CAP_COMPLEX, "nudge.learner.complex/1");
SAYS(NDG_CAP_GRAPH, "nudge.learner.graph/1");
SAYS(NDG_CAP_META_START, "nudge.learner.meta-start/1");
SAYS(NDG_CAP_NUDGE, "nudge.learner.nudge/1");
SAYS(NDG_CAP_SECOND_ORDER, "nudge.learner.second-order/1");
SAYS(NDG_CAP_TRANSPOSED_STEP, "nudge.learner.transposed-step/1");
SAYS(NDG_KIND_LEARNER, "nudge.learner/1");
SAYS(NDG_KIND_RULE, "nudge.rule/1");
IS(NDG_MAX_DIMS, 4);
IS(NDG_MAX_GROUPS, 128);
IS(NDG_NAME_SIZE, 32);
IS(NDG_NO_NODE, 0);
IS(NDG_PCG_MULTIPLIER, 0xda942042e4dd58b5);
SAYS(NDG_CAP_EXAMPLE, "nudge.learner.example/1");
