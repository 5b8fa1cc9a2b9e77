/* SPDX-License-Identifier: MIT */
/* Components that a script defines: their functions are Lua's, all else is data as in a plugin. */
#ifndef NUDGE_BIND_DEFINE_H
#define NUDGE_BIND_DEFINE_H

#include "bind/callback.h"

/* What the options of a defined component begin with. Its functions stand in Lua's registry under
   its address, as a table. */
typedef struct ndg_lua_definition {
  ndg_lua_callbacks *callbacks;
  const ndg_component *component;
  const char *place; /* "script.lua:12" */
} ndg_lua_definition;

/* [any; open; pure] */
static inline const ndg_lua_definition *ndg_lua_definition_of(const void *options) {
  return *(const ndg_lua_definition *const *)options;
}
/* Calls back for a component with these options. [any; any; cost of f] */
ndg_status ndg_lua_call_defined(const void *options, ndg_lua_callback f, ndg_lua_callback end,
                                void *context, ndg_error *);
/* The function of that name, and a table of the option values behind it; false, and nothing pushed,
   where there is no such function. [-0, +2, m] */
bool ndg_lua_push_function(lua_State *L, const void *options, const char *name);
/* [main; loaded; cost of the function] The operation `check` of both kinds. */
ndg_status ndg_lua_check_defined(const void *options, ndg_error *);

extern const ndg_learner_ops ndg_lua_learner_ops; /* defined_learner.c */
extern const ndg_rule_ops ndg_lua_rule_ops;       /* defined_rule.c */

/* graph.c: nodes of one build, which end with it. */
typedef struct ndg_lua_graph {
  const ndg_builder *builder; /* NULL: the build has ended */
  uint32_t n_inputs;
} ndg_lua_graph;
/* A graph that nodes can be made in; user data. [-0, +1, m] */
ndg_lua_graph *ndg_lua_push_graph(lua_State *L, const ndg_builder *);
/* A node under a name, of the graph at index; n_classes 0: it has none. [-0, +1, m] */
void ndg_lua_push_node(lua_State *L, int graph, ndg_node, const char *name, uint64_t n_classes);
/* The node at index, a number made a constant; `what` names it. [-0, +0, v] */
ndg_node ndg_lua_check_node(lua_State *L, int index, const ndg_lua_graph *, const char *what);
int ndg_lua_node_methods(lua_State *L); /* function; [-0, +1, -] */
void ndg_lua_open_graph(lua_State *L);  /* [-0, +0, m] */

/* estimate.c, vector.c: what a rule sees of a problem; it ends with the estimate. */
typedef struct ndg_lua_estimate {
  const ndg_problem_api *api; /* NULL: the estimate has ended */
  ndg_problem *problem;
  ndg_record *record;
  ndg_lua_callbacks *callbacks;
  uint64_t n_tasks;
} ndg_lua_estimate;
typedef struct ndg_lua_vector {
  ndg_lua_estimate *estimate; /* user value 1 keeps it */
  ndg_vector *vector;         /* NULL: given back */
  uint32_t space, optimizer;  /* whose STATE it is */
  bool is_complex, kept;
} ndg_lua_vector;
/* [-0, +0, v] An estimate that goes on. */
ndg_lua_estimate *ndg_lua_check_estimate(lua_State *L, int index);
/* [-0, +0, v] A vector that may be used; of `estimate` if that is not NULL. */
ndg_lua_vector *ndg_lua_check_vector(lua_State *L, int index, const ndg_lua_estimate *estimate,
                                     const char *what);
/* A new one, of the estimate at index. [-0, +1, v] */
ndg_lua_vector *ndg_lua_push_new_vector(lua_State *L, int estimate, uint32_t space, bool is_complex,
                                        const ndg_optimizer *);
/* The same of a vector that there is. [-0, +1, m] */
ndg_lua_vector *ndg_lua_push_rule_vector(lua_State *L, int estimate, ndg_vector *, uint32_t space,
                                         bool is_complex, bool kept);
ndg_complex ndg_lua_check_complex(lua_State *L, int index, const char *what); /* [-0, +0, v] */
void ndg_lua_open_vector(lua_State *L);                                       /* [-0, +0, m] */
void ndg_lua_open_estimate(lua_State *L);                                     /* [-0, +0, m] */
/* PHI, THETA or STATE by its name. [-0, +0, v] */
uint32_t ndg_lua_check_space(lua_State *L, int index);
/* Of a field of the table at index: nil, a name, or a table { kind, lr, ... }. [-0, +0, v] */
ndg_optimizer ndg_lua_field_optimizer(lua_State *L, int index, const char *name);
/* A soft status goes into the record, with its line, and the estimate goes on, unless there is
   nothing left to go on with; else raises. [-0, +0, v] */
void ndg_lua_settle(lua_State *L, const ndg_lua_estimate *, ndg_status, const ndg_error *,
                    bool soft);
int ndg_lua_estimate_methods(lua_State *L);        /* function; [-0, +1, -] */
extern const luaL_Reg ndg_lua_estimate_requests[]; /* methods with a table, requests.c */

/* define_example.c */
void *ndg_lua_take(lua_State *L, ndg_arena *, uint64_t n, size_t size); /* define.c; [-0, +0, v] */
/* The list `examples` of the table at index; NULL: there is none. [-0, +0, v] */
const ndg_examples *ndg_lua_read_examples(lua_State *L, int index, ndg_arena *);
/* An extension() that answers with them; false: there are too many. [any; any; cheap] */
bool ndg_lua_take_extension(const ndg_lua_callbacks *owner, const ndg_examples *,
                            ndg_learner_ops *);
/* All of an owner's, or the one of these examples, may be used again. [any; any; cheap] */
void ndg_lua_give_back_extensions(const ndg_lua_callbacks *owner, const ndg_examples *);

extern const luaL_Reg ndg_lua_define_functions[];

#endif
