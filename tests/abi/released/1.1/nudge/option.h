/* SPDX-License-Identifier: MIT */
/* Option tables: a plugin's options as const data. The host parses, checks ranges, rejects NaN and
   unknown names, and hands over a finished struct; the plugin reads plain members. */
#ifndef NUDGE_OPTION_H
#define NUDGE_OPTION_H

#include <stddef.h>

#include "nudge/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Types, with the C type of the member at `offset`. */
enum {
  NDG_OPTION_BOOL = 1,     /* int32_t, 0 or 1 */
  NDG_OPTION_I64 = 2,      /* int64_t */
  NDG_OPTION_F64 = 3,      /* double */
  NDG_OPTION_ENUM = 4,     /* int32_t: the value of the chosen ndg_choice */
  NDG_OPTION_STR = 5,      /* const char *, valid for the object's life */
  NDG_OPTION_I64_LIST = 6, /* ndg_i64_list */
  NDG_OPTION_F64_LIST = 7  /* ndg_f64_list */
};

/* Flags. */
enum {
  NDG_OPTION_REQUIRED = 1u << 0,      /* no default */
  NDG_OPTION_LOG = 1u << 1,           /* sweeps of it are logarithmic */
  NDG_OPTION_EXCLUSIVE_MIN = 1u << 2, /* min itself is not allowed */
  NDG_OPTION_DEPRECATED = 1u << 3,
  NDG_OPTION_NO_EFFECT_ON_RESULT = 1u << 4
};

typedef struct ndg_i64_list {
  uint64_t n;
  const int64_t *values;
} ndg_i64_list;

typedef struct ndg_f64_list {
  uint64_t n;
  const double *values;
} ndg_f64_list;

/* One of three, by the option's type. Lists take .s: their default as text, "784, 64, 10". */
typedef struct ndg_value {
  int64_t i; /* BOOL, I64, ENUM, I64_LIST bounds */
  double d;  /* F64, F64_LIST bounds */
  const char *s;
} ndg_value;

typedef struct ndg_choice {
  const char *name; /* NULL ends the table */
  int64_t value;
  const char *doc;
} ndg_choice;

/* Ended by an entry whose name is NULL. Walked with the stride the plugin declares. */
typedef struct ndg_option {
  const char *name, *doc, *unit; /* doc: one sentence, required; unit may be NULL */
  uint32_t type, flags;
  uint64_t offset;           /* into the component's options struct */
  ndg_value def, min, max;   /* for lists min and max bound every element */
  const ndg_choice *choices; /* ENUM only */
} ndg_option;

#ifndef __cplusplus
/* A negative array size, hence a compile error, where a schema line and its member disagree. */
#define NDG_MEMBER_IS(type, member, wanted)                                                        \
  (0 * sizeof(char[_Generic(((type *)0)->member, wanted : 1, default : -1)]))
#define NDG_OPT_BOOL(type_, member, default_, doc_)                                                \
  {                                                                                                \
    .name = #member, .doc = doc_, .type = NDG_OPTION_BOOL,                                         \
    .offset = offsetof(type_, member) + NDG_MEMBER_IS(type_, member, int32_t),                     \
    .def = {.i = default_}, .min = {.i = 0}, .max = {                                              \
      .i = 1                                                                                       \
    }                                                                                              \
  }
#define NDG_OPT_I64(type_, member, default_, min_, max_, doc_)                                     \
  {                                                                                                \
    .name = #member, .doc = doc_, .type = NDG_OPTION_I64,                                          \
    .offset = offsetof(type_, member) + NDG_MEMBER_IS(type_, member, int64_t),                     \
    .def = {.i = default_}, .min = {.i = min_}, .max = {                                           \
      .i = max_                                                                                    \
    }                                                                                              \
  }
#define NDG_OPT_F64(type_, member, default_, min_, max_, flags_, unit_, doc_)                      \
  {                                                                                                \
    .name = #member, .doc = doc_, .unit = unit_, .type = NDG_OPTION_F64, .flags = flags_,          \
    .offset = offsetof(type_, member) + NDG_MEMBER_IS(type_, member, double),                      \
    .def = {.d = default_}, .min = {.d = min_}, .max = {                                           \
      .d = max_                                                                                    \
    }                                                                                              \
  }
#define NDG_OPT_ENUM(type_, member, default_, choices_, doc_)                                      \
  {                                                                                                \
    .name = #member, .doc = doc_, .type = NDG_OPTION_ENUM,                                         \
    .offset = offsetof(type_, member) + NDG_MEMBER_IS(type_, member, int32_t),                     \
    .def = {.i = default_}, .choices = choices_                                                    \
  }
#define NDG_OPT_STR(type_, member, default_, doc_)                                                 \
  {                                                                                                \
    .name = #member, .doc = doc_, .type = NDG_OPTION_STR,                                          \
    .offset = offsetof(type_, member) + NDG_MEMBER_IS(type_, member, const char *), .def = {       \
      .s = default_                                                                                \
    }                                                                                              \
  }
#define NDG_OPT_I64_LIST(type_, member, default_, min_, max_, doc_)                                \
  {                                                                                                \
    .name = #member, .doc = doc_, .type = NDG_OPTION_I64_LIST,                                     \
    .offset = offsetof(type_, member) + NDG_MEMBER_IS(type_, member, ndg_i64_list),                \
    .def = {.s = default_}, .min = {.i = min_}, .max = {                                           \
      .i = max_                                                                                    \
    }                                                                                              \
  }
#define NDG_OPT_F64_LIST(type_, member, default_, min_, max_, doc_)                                \
  {                                                                                                \
    .name = #member, .doc = doc_, .type = NDG_OPTION_F64_LIST,                                     \
    .offset = offsetof(type_, member) + NDG_MEMBER_IS(type_, member, ndg_f64_list),                \
    .def = {.s = default_}, .min = {.d = min_}, .max = {                                           \
      .d = max_                                                                                    \
    }                                                                                              \
  }
#define NDG_OPT_END                                                                                \
  { .name = NULL }
#endif

#ifdef __cplusplus
}
#endif
#endif
