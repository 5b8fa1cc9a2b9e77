/* SPDX-License-Identifier: MIT */
/* An object of every struct of the ABI, so that a library's debugging information holds them all:
   abidiff compares it with that of a release. */
#include "nudge/nudge.h"

#define WITNESS(type)                                                                              \
  extern NDG_EXPORT type witness_##type;                                                           \
  type witness_##type

WITNESS(ndg_error);
WITNESS(ndg_complex);
WITNESS(ndg_shape);
WITNESS(ndg_attr);
WITNESS(ndg_graph_api);
WITNESS(ndg_builder);
WITNESS(ndg_array);
WITNESS(ndg_task_arrays);
WITNESS(ndg_group);
WITNESS(ndg_layout);
WITNESS(ndg_learner_inputs);
WITNESS(ndg_learner_outputs);
WITNESS(ndg_learner_ops);
WITNESS(ndg_closed_form);
WITNESS(ndg_example_option);
WITNESS(ndg_example);
WITNESS(ndg_examples);
WITNESS(ndg_i64_list);
WITNESS(ndg_f64_list);
WITNESS(ndg_value);
WITNESS(ndg_choice);
WITNESS(ndg_option);
WITNESS(ndg_optimizer);
WITNESS(ndg_phase);
WITNESS(ndg_evaluation);
WITNESS(ndg_solve);
WITNESS(ndg_problem_info);
WITNESS(ndg_record);
WITNESS(ndg_problem_api);
WITNESS(ndg_truncation);
WITNESS(ndg_estimand);
WITNESS(ndg_rule_ops);
WITNESS(ndg_component);
WITNESS(ndg_plugin);
WITNESS(ndg_rng);
