/* SPDX-License-Identifier: MIT */
/* Shared by the files of the bindings. Stack effects are written as Lua's manual does:
   [-popped, +pushed, errors (m: memory, e: any, v: on purpose)]. */
#ifndef NUDGE_BIND_BIND_H
#define NUDGE_BIND_BIND_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "base/files.h"
#include "bind/host.h"
#include "engine/problem.h"

#define NDG_LUA_ARRAY "nudge.array"
#define NDG_LUA_LEARNER "nudge.learner"
#define NDG_LUA_RULE "nudge.rule"
#define NDG_LUA_PROBLEM "nudge.problem"
#define NDG_LUA_RANDOM "nudge.random"
#define NDG_LUA_OUTER "nudge.outer"
#define NDG_LUA_ERROR "nudge.error"

/* host.c */
ndg_lua_host *ndg_lua_get_host(lua_State *L);            /* [-0, +0, e] */
void ndg_lua_set_host(lua_State *L, ndg_lua_host *host); /* [-0, +0, m] */
/* Threads for one problem; NULL (one thread) when only one is wanted. [-0, +0, v] */
ndg_pool *ndg_lua_pool(lua_State *L);

/* progress.c */
/* [-0, +0, -] */
bool ndg_lua_report(const ndg_lua_host *, const char *stage, uint64_t done, uint64_t total);
/* The phases of a problem are reported too. [-0, +0, e] */
void ndg_lua_watch(lua_State *L, ndg_problem *);
/* print and io.write first remove an unfinished line of progress. [-0, +0, m] */
void ndg_lua_clear_before_writing(lua_State *L);

/* One line for the user on stderr, after an unfinished line of progress has gone. [-0, +0, -] */
void ndg_lua_notice(const ndg_lua_host *, const char *text);

/* arguments.c: as a table. [-0, +1, m] */
void ndg_lua_push_arguments(lua_State *L, const ndg_lua_arguments *);

/* script.c: a setting that nobody read is a typing error, found at the end at the latest.
   [-0, +0, v] */
void ndg_lua_check_settings(lua_State *L, const ndg_lua_host *);

/* Before a script uses a component or computes: it ends here where only its definitions are wanted.
   [-0, +0, v] */
void ndg_lua_end_definitions(lua_State *L);

/* interrupt.c */
bool ndg_lua_interrupted(void);               /* at once, not at the end of a step; [-0, +0, -] */
void ndg_lua_raise_interrupted(lua_State *L); /* at the script's line; never returns. [-0, +0, v] */
void ndg_lua_catch_interrupts(lua_State *L);  /* from now on; [-0, +0, -] */
bool ndg_lua_release_interrupts(lua_State *L); /* was there one? [-0, +0, -] */
/* Around work of the engine, which an interrupt cancels. [-0, +0, -] */
void ndg_lua_begin_work(ndg_problem *);
void ndg_lua_end_work(void);

/* error.c */
const char *ndg_lua_status_name(ndg_status); /* "ok", "diverged", "invalid", ... */
/* Position "script.lua:12:" of the innermost frame outside nudge's own Lua. [-0, +1, m] */
void ndg_lua_where(lua_State *L);
/* Raises the error as a table {code, text, component, option, where}; never returns. [-0, +0, v] */
int ndg_lua_raise(lua_State *L, const ndg_error *e, const char *component, const char *option);
/* The same from a format. [-0, +0, v] */
NDG_PRINTF(3, 4) int ndg_lua_fail(lua_State *L, ndg_status code, const char *format, ...);
int ndg_lua_no_memory(lua_State *L); /* [-0, +0, v] */
/* nil, message, code. [-0, +3, m] */
int ndg_lua_push_failure(lua_State *L, const ndg_error *e);
void ndg_lua_open_error(lua_State *L); /* [-0, +0, m] */

/* A type: metatable with methods as __index, the same function for __gc and __close, __tostring.
   [-0, +0, m] */
void ndg_lua_new_type(lua_State *L, const char *name, const luaL_Reg *methods, lua_CFunction close,
                      lua_CFunction text);

/* array.c: contiguous, row-major; a view shares the data of its owner, which is user value 1. */
typedef struct ndg_lua_array {
  uint32_t kind;   /* NDG_REAL: double, NDG_INDEX: int32_t, NDG_SINGLE: float, always frozen */
  uint32_t frozen; /* of an owner: nobody changes or closes it, and its views, any more */
  ndg_shape shape; /* one to four axes */
  void *data;      /* NULL: closed */
  struct ndg_lua_array *owner;
} ndg_lua_array;
/* Checked: an open array whose owner is open. [-0, +0, v] */
ndg_lua_array *ndg_lua_check_array(lua_State *L, int index);
ndg_lua_array *ndg_lua_test_array(lua_State *L, int index); /* NULL: something else */
bool ndg_lua_is_frozen(const ndg_lua_array *);
/* Checked: an array that may be written to. [-0, +0, v] */
ndg_lua_array *ndg_lua_check_writable(lua_State *L, int index);
const double *ndg_lua_reals(const ndg_lua_array *);
uint64_t ndg_lua_array_size(const ndg_lua_array *);
size_t ndg_lua_element_size(uint32_t kind);
const char *ndg_lua_kind_name(uint32_t kind);
/* One element, whatever it is stored as. */
double ndg_lua_element(const ndg_lua_array *, uint64_t i);
/* The numbers as doubles; those of an index array are converted onto the stack. [-0, +?, m] */
const double *ndg_lua_real_data(lua_State *L, const ndg_lua_array *);
/* Zeroed. [-0, +1, m] */
ndg_lua_array *ndg_lua_push_array(lua_State *L, uint32_t kind, const ndg_shape *shape);
/* Takes the memory of *file, also when it raises. [-0, +1, m] */
ndg_lua_array *ndg_lua_push_file_array(lua_State *L, ndg_file_array *file);
/* Of the whole array at index, which it keeps; the caller may narrow it. [-0, +1, m] */
ndg_lua_array *ndg_lua_push_view(lua_State *L, int index);
ndg_lua_array *ndg_lua_push_vector(lua_State *L, uint64_t n); /* real; [-0, +1, m] */
/* Real array of a wanted size, or an error naming `what`. [-0, +0, v] */
ndg_lua_array *ndg_lua_check_reals(lua_State *L, int index, uint64_t n, const char *what);
void ndg_lua_shape_text(const ndg_shape *shape, char *out, size_t size); /* "3x4" */
void ndg_lua_open_array(lua_State *L);                                   /* [-0, +0, m] */
extern const luaL_Reg ndg_lua_array_math[];                              /* methods, array_math.c */
extern const luaL_Reg ndg_lua_array_make[]; /* module functions, array_make.c */
extern const luaL_Reg ndg_lua_array_form[]; /* methods, array_form.c */
/* array_arithmetic.c: metamethods of the table on top. [-0, +0, m] */
void ndg_lua_set_arithmetic(lua_State *L);

/* options.c */
/* The table at index (or none, nil) as values, in name order; lists lie in the arena, texts in the
   table. [-0, +0, v] */
const ndg_named_any *ndg_lua_collect_options(lua_State *L, int index, ndg_arena *arena,
                                             uint64_t *n);
void ndg_lua_push_option_value(lua_State *L, const ndg_option *, const void *options);
const char *ndg_lua_choice_name(const ndg_option *, int64_t value);
/* describe.c */
extern const luaL_Reg ndg_lua_describe_functions[];

/* component.c: learners and rules are both an instance with its options. */
typedef struct ndg_lua_component {
  ndg_arena *arena; /* NULL: closed */
  ndg_instance instance;
} ndg_lua_component;
ndg_lua_component *ndg_lua_check_component(lua_State *L, int index, const char *type);
void ndg_lua_open_component(lua_State *L);
extern const luaL_Reg ndg_lua_component_functions[];

/* problem.c */
typedef struct ndg_lua_problem {
  ndg_problem *problem; /* NULL: closed */
  bool borrows;         /* it reads frozen arrays, which user value 3 keeps */
} ndg_lua_problem;
ndg_problem *ndg_lua_check_problem(lua_State *L, int index);
void ndg_lua_push_record(lua_State *L, const ndg_record *record); /* [-0, +1, m] */
void ndg_lua_open_problem(lua_State *L);
int ndg_lua_problem_open(lua_State *L);      /* problem_open.c; [-1, +1, v] */
int ndg_lua_problem_set_tasks(lua_State *L); /* " ; method */
int ndg_lua_problem_adapt(lua_State *L);     /* adapt.c; methods */
int ndg_lua_problem_predict(lua_State *L);
int ndg_lua_problem_losses(lua_State *L);
/* Field `diverged` of the table on top: positions, from 1, of the tasks whose last learning
   diverged. [-0, +0, m] */
void ndg_lua_set_diverged(lua_State *L, const ndg_problem *);
/* Fields `not_converged` and `past_radius`: those with a number of which that is true. [-0, +0, m]
 */
void ndg_lua_set_soft(lua_State *L, const ndg_problem *);
int ndg_lua_problem_exact(lua_State *L); /* oracle.c; method */

extern const luaL_Reg ndg_lua_batch_functions[];
extern const luaL_Reg ndg_lua_analysis_functions[];
extern const luaL_Reg ndg_lua_data_functions[];
extern const luaL_Reg ndg_lua_domain_functions[];
extern const luaL_Reg ndg_lua_random_functions[];
extern const luaL_Reg ndg_lua_host_functions[];
extern const luaL_Reg ndg_lua_outer_functions[];
extern const luaL_Reg ndg_lua_progress_functions[];
extern const luaL_Reg ndg_lua_terminal_functions[];
extern const luaL_Reg ndg_lua_facts_functions[];
extern const luaL_Reg ndg_lua_sqlite_functions[];
extern const luaL_Reg ndg_lua_pack_functions[];
extern const luaL_Reg ndg_lua_checkpoint_functions[];
extern const luaL_Reg ndg_lua_interrupt_functions[];
void ndg_lua_open_random(lua_State *L);
void ndg_lua_open_outer(lua_State *L);
void ndg_lua_open_sqlite(lua_State *L);

/* Fields of a table argument; errors name the field. [-0, +0, v] unless said. */
lua_Integer ndg_lua_field_integer(lua_State *L, int index, const char *name, lua_Integer lowest);
double ndg_lua_field_number(lua_State *L, int index, const char *name);
/* One of n names; index into them. */
int ndg_lua_field_choice(lua_State *L, int index, const char *name, const char *const *names,
                         size_t n);
/* Sets fields of the table on top of the stack. [-0, +0, m] */
void ndg_lua_set_number(lua_State *L, const char *name, double value);
void ndg_lua_set_integer(lua_State *L, const char *name, uint64_t value);
void ndg_lua_set_text(lua_State *L, const char *name, const char *value); /* NULL: nothing */

#endif
