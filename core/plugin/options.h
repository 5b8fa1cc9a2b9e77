/* SPDX-License-Identifier: MIT */
/* Option structs filled by the host from text or typed values, checked against a plugin's table. */
#ifndef NUDGE_PLUGIN_OPTIONS_H
#define NUDGE_PLUGIN_OPTIONS_H

#include "base/memory.h"
#include "nudge/option.h"

/* A value before it is checked: what Lua or a command line gives. */
enum { NDG_ANY_BOOL = 1, NDG_ANY_I64, NDG_ANY_F64, NDG_ANY_STR, NDG_ANY_I64S, NDG_ANY_F64S };
typedef struct ndg_any {
  uint32_t type;
  uint32_t reserved;
  uint64_t n; /* length of a list */
  union {
    int64_t i;
    double d;
    const char *s;
    const int64_t *is;
    const double *ds;
  } as;
} ndg_any;

typedef struct ndg_named_any {
  const char *name;
  ndg_any value;
} ndg_named_any;

/* Defaults, then the given values; owned by `arena`. `owner` ("rule contrastive") begins messages:
   unknown name with suggestion, wrong type, out of range with the range, NaN, required and missing,
   the same name twice. Integer options take 3.0, not 3.5. Text is parsed to the option's type.
   [main; any; allocates from arena] */
ndg_status ndg_options_fill(const char *owner, const ndg_option *table, uint64_t stride,
                            uint64_t options_size, const ndg_named_any *given, uint64_t n_given,
                            ndg_arena *arena, void **out, ndg_error *);
/* [any; any; pure] The option of a name, or NULL. */
const ndg_option *ndg_options_find(const ndg_option *table, uint64_t stride, const char *name);
/* [any; any; pure] Next entry, for (o = table; o && o->name; o = ndg_options_next(o, stride)) */
const ndg_option *ndg_options_next(const ndg_option *, uint64_t stride);
/* Texts of an option. All return the length of the whole text, as snprintf does; what does not fit
   ends in "...". Contract of all: [any; any; no allocation]
   describe: "number in (0, 10], default 0.1" and the like; type: its first part, without unit,
   default and flags; default: "0.1", empty when the option is required. */
int ndg_options_describe(const ndg_option *, char *out, size_t size);
int ndg_options_type_text(const ndg_option *, char *out, size_t size);
int ndg_options_default_text(const ndg_option *, char *out, size_t size);
/* [main; load; pure] Is the table consistent (names unique and well-formed, doc, default in range,
   offsets inside and not overlapping, choices)? */
ndg_status ndg_options_validate(const char *owner, const ndg_option *table, uint64_t stride,
                                uint64_t options_size, ndg_error *);

#endif
