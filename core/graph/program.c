/* SPDX-License-Identifier: MIT */
#include "graph/program.h"

#include "graph/program_internal.h"

void ndg_program_destroy(ndg_program *p) {
  if (!p)
    return;
  ndg_free(p->arena);
  ndg_free(p->workspace);
  ndg_arena_destroy(p->memory);
}

uint32_t ndg_program_input_count(const ndg_program *p) {
  return p->n_inputs;
}

uint32_t ndg_program_input_number(const ndg_program *p, uint32_t i) {
  return p->input_numbers[i];
}

ndg_program_report ndg_program_describe(const ndg_program *p) {
  ndg_program_report r = p->report;
  r.instructions = p->n_instructions;
  r.stages = p->n_stages;
  r.arena_bytes = p->arena_bytes + p->n_workers * (p->local_bytes + p->scratch_bytes);
  return r;
}
