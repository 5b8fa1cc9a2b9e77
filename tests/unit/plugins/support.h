/* SPDX-License-Identifier: MIT */
/* Bundled plugins through the real loader, and tasks to try them on. */
#ifndef PLUGINS_SUPPORT_H
#define PLUGINS_SUPPORT_H

#include <check.h>
#include <stdbool.h>

#include "base/memory.h"
#include "plugin/registry.h"

/* Every bundled plugin, from the folder in NUDGE_TEST_PLUGINS, and the file in NUDGE_TEST_FIXTURE;
   loaded once, freed by close_support. */
const ndg_registry *bundled(void);
void close_support(void);

/* "name=value; name=value" as options. The instance lives until close_support. */
ndg_status try_open(const char *kind, const char *id, const char *options, ndg_instance *,
                    ndg_error *);
/* The same, or the test fails with the message. */
ndg_instance open_learner(const char *id, const char *options);
ndg_instance open_rule(const char *id, const char *options);
/* The component refuses these options with a message that contains `expected`. */
void check_refused(const char *kind, const char *id, const char *options, const char *expected);

ndg_array real_array(const char *name, uint32_t role, ndg_shape, const double *data);
ndg_array index_array(const char *name, uint32_t role, uint64_t n, const int32_t *data,
                      uint64_t n_values);

/* Repeatable numbers for data, uniform in [-1, 1). */
void fill(uint64_t seed, double *out, uint64_t n);

/* A data file as numbers, row after row; the caller frees it with ndg_free. NULL where the file is
   not there, which skips a test. */
double *read_numbers(const char *relative, uint64_t n);
/* The list behind a key of a JSON file. false where the file is not there. */
bool read_json_numbers(const char *relative, const char *key, double *out, uint64_t n);

/* Runs a suite, prints TAP, and gives the exit status. */
int run_suite(const char *name, TCase *tests);

#endif
