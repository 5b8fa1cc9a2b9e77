/* SPDX-License-Identifier: MIT */
/* Options: filling, refusing, validating and describing, by a table with every type in it. */
#include <check.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "base/log.h"
#include "base/memory.h"
#include "plugin/options.h"

typedef struct sample {
  int32_t warm;
  int32_t variant;
  int64_t steps;
  double beta;
  const char *label;
  ndg_i64_list layers;
  ndg_f64_list weights;
  double lr;
  int64_t old;
} sample;

static const ndg_choice variants[] = {
    {"forward", 0, "One nudged phase."},
    {"symmetric", 1, "Two nudged phases."},
    {"4-point", 7, "Four nudged phases."},
    {NULL, 0, NULL},
};

static const ndg_option table[] = {
    NDG_OPT_BOOL(sample, warm, 1, "Start warm."),
    NDG_OPT_ENUM(sample, variant, 1, variants, "Which difference."),
    NDG_OPT_I64(sample, steps, 20, 1, 1000, "Number of steps."),
    NDG_OPT_F64(sample, beta, 0.1, 0, 10, NDG_OPTION_EXCLUSIVE_MIN | NDG_OPTION_LOG, NULL,
                "Nudging strength."),
    NDG_OPT_STR(sample, label, "x", "Name in tables."),
    NDG_OPT_I64_LIST(sample, layers, "784, 64, 10", 1, INT64_MAX, "Widths."),
    NDG_OPT_F64_LIST(sample, weights, "", -1, 1, "Weights."),
    NDG_OPT_F64(sample, lr, 1, -INFINITY, INFINITY, 0, "1/s", "Step size."),
    {.name = "old",
     .doc = "Use steps.",
     .type = NDG_OPTION_I64,
     .flags = NDG_OPTION_DEPRECATED,
     .offset = offsetof(sample, old),
     .max = {.i = 5}},
    NDG_OPT_END,
};

static ndg_arena *arena;
static char warned[512];

static void keep_warning(void *context, int level, const char *line) {
  (void)context;
  (void)level;
  (void)snprintf(warned, sizeof warned, "%s", line);
}

static void set_up(void) {
  arena = ndg_arena_create(1024);
  warned[0] = '\0';
  ndg_log_to(keep_warning, NULL, NDG_LOG_INFO);
}

static void tear_down(void) {
  ndg_log_to(NULL, NULL, NDG_LOG_INFO);
  ndg_arena_destroy(arena);
}

static ndg_any text(const char *s) {
  return (ndg_any){.type = NDG_ANY_STR, .as.s = s};
}

static ndg_any real(double d) {
  return (ndg_any){.type = NDG_ANY_F64, .as.d = d};
}

static ndg_any integer(int64_t i) {
  return (ndg_any){.type = NDG_ANY_I64, .as.i = i};
}

static ndg_any truth(int64_t i) {
  return (ndg_any){.type = NDG_ANY_BOOL, .as.i = i};
}

static ndg_any integers(const int64_t *is, uint64_t n) {
  return (ndg_any){.type = NDG_ANY_I64S, .n = n, .as.is = is};
}

static ndg_any reals(const double *ds, uint64_t n) {
  return (ndg_any){.type = NDG_ANY_F64S, .n = n, .as.ds = ds};
}

static ndg_status fill(const ndg_named_any *given, uint64_t n, const sample **out, ndg_error *e) {
  void *filled = NULL;
  const ndg_status st = ndg_options_fill("rule sample", table, sizeof *table, sizeof(sample), given,
                                         n, arena, &filled, e);
  *out = filled;
  return st;
}

static const sample *filled(const char *name, ndg_any value) {
  const ndg_named_any given = {name, value};
  const sample *s;
  ndg_error e = {.code = NDG_OK};
  ck_assert_msg(fill(&given, 1, &s, &e) == NDG_OK, "%s", e.text);
  return s;
}

static void refused(const char *name, ndg_any value, const char *message) {
  const ndg_named_any given = {name, value};
  const sample *s;
  ndg_error e;
  ck_assert_int_eq(fill(&given, 1, &s, &e), NDG_EINVAL);
  ck_assert_str_eq(e.text, message);
  ck_assert_ptr_null(s);
}

START_TEST(defaults) {
  const sample *s;
  ndg_error e;
  ck_assert_int_eq(fill(NULL, 0, &s, &e), NDG_OK);
  ck_assert_int_eq(s->warm, 1);
  ck_assert_int_eq(s->variant, 1);
  ck_assert_int_eq(s->steps, 20);
  ck_assert(s->beta == 0.1 && s->lr == 1);
  ck_assert_str_eq(s->label, "x");
  ck_assert_uint_eq(s->layers.n, 3);
  ck_assert_int_eq(s->layers.values[0], 784);
  ck_assert_int_eq(s->layers.values[2], 10);
  ck_assert_uint_eq(s->weights.n, 0);
}
END_TEST

START_TEST(typed_values) {
  const int64_t is[] = {3, 2};
  const double ds[] = {4, 1}, ws[] = {-1, 0.5};
  ck_assert_int_eq(filled("warm", truth(0))->warm, 0);
  ck_assert_int_eq(filled("variant", text("4-point"))->variant, 7);
  ck_assert_int_eq(filled("steps", integer(1000))->steps, 1000);
  ck_assert_int_eq(filled("steps", real(3.0))->steps, 3);
  ck_assert(filled("beta", integer(10))->beta == 10);
  ck_assert(filled("beta", real(5e-324))->beta == 5e-324);
  ck_assert_str_eq(filled("label", text(""))->label, "");
  ck_assert_int_eq(filled("layers", integers(is, 2))->layers.values[1], 2);
  ck_assert_int_eq(filled("layers", reals(ds, 2))->layers.values[0], 4);
  ck_assert_uint_eq(filled("layers", integers(NULL, 0))->layers.n, 0);
  ck_assert(filled("weights", reals(ws, 2))->weights.values[1] == 0.5);
  ck_assert(filled("weights", integers(&is[1], 0))->weights.n == 0);
  ck_assert_int_eq(filled("old", integer(5))->old, 5);
  ck_assert_str_eq(warned, "rule sample: option 'old' is deprecated: Use steps.");
}
END_TEST

START_TEST(text_values) {
  ck_assert_int_eq(filled("warm", text("false"))->warm, 0);
  ck_assert_int_eq(filled("warm", text("true"))->warm, 1);
  ck_assert_int_eq(filled("steps", text("1e2"))->steps, 100);
  ck_assert(filled("beta", text(" 2.5e-3 "))->beta == 2.5e-3);
  ck_assert(filled("lr", text("-inf"))->lr == -INFINITY);
  const sample *s = filled("layers", text("\t7 ,8,9 "));
  ck_assert_uint_eq(s->layers.n, 3);
  ck_assert_int_eq(s->layers.values[0], 7);
  ck_assert_int_eq(s->layers.values[2], 9);
  ck_assert_uint_eq(filled("layers", text("  "))->layers.n, 0);
  ck_assert(filled("weights", text("0.25"))->weights.values[0] == 0.25);
}
END_TEST

/* A host such as a plotting window may set a locale with decimal commas. */
START_TEST(locale_does_not_matter) {
  if (!setlocale(LC_ALL, "de_DE.UTF-8"))
    return;
  ck_assert(filled("beta", text("0.5"))->beta == 0.5);
  refused("beta", real(10.5), "rule sample: beta is 10.5, must be in (0, 10]");
  (void)setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(text_is_copied) {
  char buffer[] = "given";
  const sample *s = filled("label", text(buffer));
  buffer[0] = 'X';
  ck_assert_str_eq(s->label, "given");
}
END_TEST

START_TEST(out_of_range) {
  const int64_t is[] = {3, 0};
  const double ws[] = {0, NAN};
  refused("beta", real(0), "rule sample: beta is 0, must be in (0, 10]");
  refused("beta", integer(0), "rule sample: beta is 0, must be in (0, 10]");
  refused("beta", real(-0.0), "rule sample: beta is -0, must be in (0, 10]");
  refused("beta", real(NAN), "rule sample: beta is nan, must be in (0, 10]");
  refused("beta", text("nan"), "rule sample: beta is 'nan', must be in (0, 10]");
  refused("beta", real(INFINITY), "rule sample: beta is inf, must be in (0, 10]");
  refused("lr", real(NAN), "rule sample: lr is nan, must be a number");
  refused("steps", integer(0), "rule sample: steps is 0, must be in [1, 1000]");
  refused("steps", integer(INT64_MAX),
          "rule sample: steps is 9223372036854775807, must be in [1, 1000]");
  refused("steps", text("1001"), "rule sample: steps is '1001', must be in [1, 1000]");
  refused("layers", integers(is, 2), "rule sample: layers[2] is 0, must be at least 1");
  refused("layers", text("3, 0"), "rule sample: layers[2] is '0', must be at least 1");
  refused("weights", reals(ws, 2), "rule sample: weights[2] is nan, must be in [-1, 1]");
}
END_TEST

START_TEST(wrong_type) {
  const double ds[] = {1, 2.5};
  refused("steps", real(3.5), "rule sample: steps is 3.5, must be an integer in [1, 1000]");
  refused("steps", real(0x1p63),
          "rule sample: steps is 9.223372036854776e18, must be an integer in [1, 1000]");
  refused("steps", real(NAN), "rule sample: steps is nan, must be an integer in [1, 1000]");
  refused("steps", text(""), "rule sample: steps is '', must be an integer in [1, 1000]");
  refused("steps", truth(1), "rule sample: steps is true, must be an integer in [1, 1000]");
  refused("beta", text("0.1x"), "rule sample: beta is '0.1x', must be a number in (0, 10]");
  refused("beta", reals(ds, 2), "rule sample: beta is a list of 2, must be a number in (0, 10]");
  refused("warm", integer(1), "rule sample: warm is 1, must be true or false");
  refused("warm", text("yes"), "rule sample: warm is 'yes', must be true or false");
  refused("label", real(2), "rule sample: label is 2, must be a text");
  refused("layers", integer(3), "rule sample: layers is 3, must be a list of integers at least 1");
  refused("layers", reals(ds, 2), "rule sample: layers[2] is 2.5, must be an integer at least 1");
  refused("layers", text("1,,2"), "rule sample: layers[2] is '', must be an integer at least 1");
  refused("layers", text("1,"), "rule sample: layers[2] is '', must be an integer at least 1");
  refused("variant", integer(1),
          "rule sample: variant is 1, must be one of forward, symmetric, 4-point");
}
END_TEST

START_TEST(unknown_names) {
  refused("bta", real(1), "rule sample has no option 'bta'; did you mean 'beta'?");
  refused("zzzzzz", real(1),
          "rule sample has no option 'zzzzzz'; its options are: warm, variant, steps, beta, label, "
          "layers, weights, lr, old");
  refused(
      "variant", text("simmetric"),
      "rule sample: variant is 'simmetric', must be one of forward, symmetric, 4-point; did you "
      "mean 'symmetric'?");
  refused("variant", text("zzzzzz"),
          "rule sample: variant is 'zzzzzz', must be one of forward, symmetric, 4-point");
}
END_TEST

START_TEST(given_twice) {
  const ndg_named_any given[] = {{"beta", real(1)}, {"steps", integer(1)}, {"beta", real(1)}};
  const sample *s;
  ndg_error e;
  ck_assert_int_eq(fill(given, 3, &s, &e), NDG_EINVAL);
  ck_assert_str_eq(e.text, "rule sample: option 'beta' is given twice");
}
END_TEST

START_TEST(required_and_empty) {
  typedef struct one {
    int64_t n;
  } one;
  ndg_option required[] = {NDG_OPT_I64(one, n, 0, 1, 9, "How many."), NDG_OPT_END};
  required[0].flags = NDG_OPTION_REQUIRED;
  const ndg_named_any given = {"n", integer(4)}, other = {"m", integer(4)};
  void *out = NULL;
  ndg_error e;
  ck_assert_int_eq(
      ndg_options_fill("task t", required, sizeof *required, sizeof(one), NULL, 0, arena, &out, &e),
      NDG_EINVAL);
  ck_assert_str_eq(e.text, "task t: option 'n' is required and not given: How many.");
  ck_assert_int_eq(ndg_options_fill("task t", required, sizeof *required, sizeof(one), &given, 1,
                                    arena, &out, &e),
                   NDG_OK);
  ck_assert_int_eq(((one *)out)->n, 4);
  ck_assert_int_eq(
      ndg_options_fill("task t", NULL, sizeof *required, 0, &other, 1, arena, &out, &e),
      NDG_EINVAL);
  ck_assert_str_eq(e.text, "task t has no option 'm'; it has no options");
  ck_assert_int_eq(ndg_options_fill("task t", NULL, sizeof *required, 0, NULL, 0, arena, &out, &e),
                   NDG_OK);
  ck_assert_ptr_nonnull(out);
}
END_TEST

/* A plugin of a later minor may have longer entries: the stride decides. */
START_TEST(longer_entries) {
  struct {
    ndg_option option;
    uint64_t later[2];
  } wide[] = {{table[2], {1, 2}}, {table[3], {3, 4}}, {{.name = NULL}, {0, 0}}};
  const ndg_named_any given = {"beta", real(2)};
  void *out = NULL;
  ndg_error e;
  const ndg_status st = ndg_options_fill("rule wide", &wide[0].option, sizeof *wide, sizeof(sample),
                                         &given, 1, arena, &out, &e);
  ck_assert_int_eq(st, NDG_OK);
  ck_assert(((const sample *)out)->beta == 2 && ((const sample *)out)->steps == 20);
  ck_assert_ptr_null(ndg_options_find(&wide[0].option, sizeof *wide, "warm"));
}
END_TEST

START_TEST(described) {
  static const char *const expected[] = {
      "true or false, default true",
      "one of forward, symmetric, 4-point; default symmetric",
      "integer in [1, 1000], default 20",
      "number in (0, 10], default 0.1",
      "text, default 'x'",
      "list of integers at least 1; default 784, 64, 10",
      "list of numbers in [-1, 1]; default empty",
      "number, unit 1/s, default 1",
      "integer in [0, 5], default 0, deprecated",
  };
  char out[200], small[16];
  for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
    ck_assert_int_eq(ndg_options_describe(&table[k], out, sizeof out), (int)strlen(expected[k]));
    ck_assert_str_eq(out, expected[k]);
  }
  ck_assert_int_eq(ndg_options_describe(&table[1], small, sizeof small), (int)strlen(expected[1]));
  ck_assert_str_eq(small, "one of forwa...");
}
END_TEST

/* One defect each, in a copy of an entry; the rest of the table is sound. */
static void invalid(ndg_option wrong, const char *message) {
  const ndg_option with[] = {NDG_OPT_I64(sample, steps, 20, 1, 1000, "Number of steps."), wrong,
                             NDG_OPT_END};
  ndg_error e;
  ck_assert_int_eq(ndg_options_validate("rule r", with, sizeof *with, sizeof(sample), &e),
                   NDG_EFORMAT);
  ck_assert_str_eq(e.text, message);
}

START_TEST(validated) {
  ndg_error e;
  ck_assert_int_eq(ndg_options_validate("rule r", table, sizeof *table, sizeof(sample), &e),
                   NDG_OK);
  ck_assert_int_eq(ndg_options_validate("rule r", NULL, sizeof *table, 0, &e), NDG_OK);
  ndg_option o = table[3];
  o.max.d = NAN;
  invalid(o, "rule r: option 'beta' has an empty range: min 0, max nan");
  o = table[3];
  o.max.d = 0;
  invalid(o, "rule r: option 'beta' has an empty range: min 0, max 0");
  o = table[3];
  o.def.d = 0;
  invalid(o, "rule r: option 'beta' has default 0, must be a number in (0, 10]");
  o.def.d = 0.1, o.min.d = -1;
  invalid(o, "rule r: option 'beta' is swept logarithmically but may be negative");
  o = table[3];
  o.offset += 4;
  invalid(o, "rule r: option 'beta' has offset 20, which is no multiple of 8");
  o.offset = sizeof(sample) - 4;
  invalid(o, "rule r: option 'beta' lies outside the options struct: offset 76 + 8 bytes, struct "
             "has 80");
  o.offset = UINT64_MAX - 7;
  invalid(o, "rule r: option 'beta' lies outside the options struct: offset 18446744073709551608 + "
             "8 bytes, struct has 80");
  o = table[0];
  o.def.i = 2;
  invalid(o, "rule r: option 'warm' has default 2, must be true or false");
  o.flags = NDG_OPTION_LOG, o.def.i = 1;
  invalid(o, "rule r: option 'warm' has flags that only numbers may have (0x2)");
  o.flags = 1u << 9;
  invalid(o, "rule r: option 'warm' has flags 0x200, of which 0x200 are unknown");
  o = table[0];
  o.type = 99;
  invalid(o, "rule r: option 'warm' has type 99, which this nudge does not know");
  o = table[5];
  o.def.s = "3, 0";
  invalid(o,
          "rule r: option 'layers' has '0' in its default, must be a list of integers at least 1");
  o = table[2];
  invalid(o, "rule r: option 'steps' is in the table twice");
}
END_TEST

START_TEST(validated_choices) {
  static const ndg_choice twice[] = {{"a", 0, "A."}, {"a", 1, "A."}, {NULL, 0, NULL}};
  static const ndg_choice same[] = {{"a", 3, "A."}, {"b", 3, "B."}, {NULL, 0, NULL}};
  static const ndg_choice large[] = {{"a", INT64_C(1) << 31, "A."}, {NULL, 0, NULL}};
  static const ndg_choice unnamed[] = {{"a b", 0, "A."}, {NULL, 0, NULL}};
  ndg_option o = table[0];
  o.choices = twice;
  invalid(o, "rule r: option 'warm' has choices but is not an ENUM");
  o = table[1];
  o.choices = twice;
  invalid(o, "rule r: option 'variant' has choice 'a' twice");
  o.choices = same;
  invalid(o, "rule r: option 'variant' has choices 'a' and 'b' of one value, 3");
  o.choices = large;
  invalid(o, "rule r: option 'variant' has choice 'a' with value 2147483648, which does not fit "
             "int32");
  o.choices = unnamed;
  invalid(o, "rule r: option 'variant' has a choice with a bad name: 'a b'");
  o = table[1];
  o.def.i = 2;
  invalid(o, "rule r: option 'variant' has default 2, must be one of forward, symmetric, 4-point");
}
END_TEST

/* Every allocation that filling does fails once: clean error, no leak, no crash. */
START_TEST(out_of_memory) {
  static const double many[20000]; /* more than one block of any arena */
  static char longer[100000];
  memset(longer, 'a', sizeof longer - 1);
  const ndg_named_any given[] = {{"label", text(longer)}, {"weights", reals(many, 20000)}};
  int failed = 0;
  for (uint64_t n = 0;; n++) {
    ndg_arena *small = ndg_arena_create(16);
    void *out = NULL;
    ndg_error e = {.code = NDG_OK};
    ndg_fail_allocations_after(n);
    const ndg_status st = ndg_options_fill("rule sample", table, sizeof *table, sizeof(sample),
                                           given, 2, small, &out, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    ndg_arena_destroy(small);
    if (st == NDG_OK)
      break;
    ck_assert_int_eq(st, NDG_ENOMEM);
    ck_assert_str_eq(e.text, "rule sample: out of memory for its options");
    failed++;
  }
  ck_assert_int_ge(failed, 2);
}
END_TEST

int main(void) {
  Suite *s = suite_create("options");
  TCase *t = tcase_create("options");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_test(t, defaults);
  tcase_add_test(t, typed_values);
  tcase_add_test(t, text_values);
  tcase_add_test(t, locale_does_not_matter);
  tcase_add_test(t, text_is_copied);
  tcase_add_test(t, out_of_range);
  tcase_add_test(t, wrong_type);
  tcase_add_test(t, unknown_names);
  tcase_add_test(t, given_twice);
  tcase_add_test(t, required_and_empty);
  tcase_add_test(t, longer_entries);
  tcase_add_test(t, described);
  tcase_add_test(t, validated);
  tcase_add_test(t, validated_choices);
  tcase_add_test(t, out_of_memory);
  suite_add_tcase(s, t);
  return run_suite(s);
}
