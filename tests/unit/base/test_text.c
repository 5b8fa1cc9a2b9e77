/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "fixture.h"

static bool same(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0;
}

/* Parses a copy that ends where the text ends, so that a sanitizer sees reads beyond. */
static ndg_status parse(const char *text, double *out) {
  const size_t n = strlen(text);
  char *const copy = malloc(n ? n : 1);
  ck_assert_ptr_nonnull(copy);
  memcpy(copy, text, n);
  const ndg_status st = ndg_parse_f64(copy, n, out);
  free(copy);
  return st;
}

static const struct {
  const char *text;
  double value;
} readable[] = {
    {"0", 0.0},
    {"-0", -0.0},
    {"1", 1.0},
    {"+1", 1.0},
    {" \t-2.5e3 ", -2500.0},
    {".5", 0.5},
    {"5.", 5.0},
    {"007.2500", 7.25},
    {"0.1", 0.1},
    {"1E+2", 100.0},
    {"1e23", 1e23},
    {"8.5e-22", 8.5e-22},
    {"123456789012345678901234567890", 123456789012345678901234567890.0},
    {"9007199254740993", 9007199254740992.0},
    {"9007199254740993.00000000000000000000001", 9007199254740994.0},
    {"9007199254740995", 9007199254740996.0},
    {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
    {"2.2250738585072012e-308", 0x1p-1022},
    {"4.9406564584124654e-324", 0x1p-1074},
    {"2.4703282292062327e-324", 0.0},
    {"2.4703282292062328e-324", 0x1p-1074},
    {"1e-400", 0.0},
    {"-1e-999999999999999999999", -0.0},
    {"0e999999999999999999999", 0.0},
    {"1.7976931348623157e308", 0x1.fffffffffffffp1023},
    {"1.7976931348623158e308", 0x1.fffffffffffffp1023},
    {"0x1p3", 8.0},
    {"0X1.8P-1", 0.75},
    {"-0x.8", -0.5},
    {"0x1.fffffffffffff8p0", 2.0},
    {"0x1.00000000000008p0", 1.0},
    {"0x1.000000000000080000000000000000001p0", 0x1.0000000000001p0},
    {"0xabcDEF", 11259375.0},
    {"0x0p99999", 0.0},
    {"inf", HUGE_VAL},
    {"-Infinity", -HUGE_VAL},
};

START_TEST(numbers_are_read_and_rounded_correctly) {
  double value;
  ck_assert_int_eq(parse(readable[_i].text, &value), NDG_OK);
  ck_assert_msg(same(value, readable[_i].value), "\"%s\" gave %a, not %a", readable[_i].text, value,
                readable[_i].value);
}
END_TEST

static const char *const unreadable[] = {
    "",         " ",      "-",     "+",    ".",   "-.",      "e5",     "1e",  "1e+",
    "1,5",      "1.2.",   "--1",   "+-1",  "1 2", "0x",      "0x.",    "0xg", "0x1p",
    "1p3",      "1_0",    "nanx",  "infi", "in",  "1e400",   "-2e308", "1f",  "1.5f",
    "0x1p1024", "NaN(1)", "1e5.5", "\n1",  "1\n", "1.0e1e1", "١"};

START_TEST(anything_else_is_refused) {
  double value = 3.0;
  ck_assert_msg(parse(unreadable[_i], &value) == NDG_EINVAL, "\"%s\" gave %a", unreadable[_i],
                value);
  ck_assert(value == 3.0);
}
END_TEST

START_TEST(nan_is_read) {
  double value = 0.0;
  ck_assert_int_eq(parse("nan", &value), NDG_OK);
  ck_assert(isnan(value));
  ck_assert_int_eq(parse(" -NaN ", &value), NDG_OK);
  ck_assert(isnan(value));
}
END_TEST

START_TEST(the_length_ends_the_text) {
  double value;
  ck_assert_int_eq(ndg_parse_f64("12345", 3, &value), NDG_OK);
  ck_assert(value == 123.0);
  ck_assert_int_eq(ndg_parse_f64("1e5", 2, &value), NDG_EINVAL);
  ck_assert_int_eq(ndg_parse_f64("1\0002", 3, &value), NDG_EINVAL);
  ck_assert_int_eq(ndg_parse_f64("0x1", 2, &value), NDG_EINVAL);
}
END_TEST

/* A number of any length decides a tie by its last digit. */
START_TEST(long_texts_are_rounded_correctly) {
  char *const text = malloc(5003);
  double value;
  memset(text, '0', 5002);
  memcpy(text, "9007199254740993.", 17);
  text[5001] = '\0';
  ck_assert_int_eq(parse(text, &value), NDG_OK);
  ck_assert(value == 9007199254740992.0);
  text[5000] = '1';
  ck_assert_int_eq(parse(text, &value), NDG_OK);
  ck_assert(value == 9007199254740994.0);
  memset(text, '0', 5001);
  memcpy(text + 4998, "1e3", 4); /* nearly five thousand leading zeros count for nothing */
  ck_assert_int_eq(parse(text, &value), NDG_OK);
  ck_assert(value == 1000.0);
  memset(text, '9', 5001);
  ck_assert_int_eq(parse(text, &value), NDG_EINVAL);
  memcpy(text + 4900, "e-4899", 7);
  ck_assert_int_eq(parse(text, &value), NDG_OK);
  ck_assert(value == 10.0);
  free(text);
}
END_TEST

/* Half of the least double has 752 digits and is a tie; a single unit behind them breaks it. */
START_TEST(the_longest_tie_is_decided) {
#if LDBL_MIN_EXP < -1100 && LDBL_MANT_DIG >= 64
  char text[1400];
  double value;
  const int n = snprintf(text, sizeof text, "%.1075Lf", 0x1p-1075L);
  ck_assert_int_eq(parse(text, &value), NDG_OK);
  ck_assert(same(value, 0.0));
  memcpy(text + n, "0000000000000000000000000000000001", 35);
  ck_assert_int_eq(parse(text, &value), NDG_OK);
  ck_assert(value == 0x1p-1074);
#endif
}
END_TEST

START_TEST(scanning_stops_behind_the_number) {
  static const struct {
    const char *text;
    double value;
    size_t length;
  } cases[] = {{"1.5,2", 1.5, 3}, {"1e,", 1.0, 1},    {"0x,", 0.0, 1},
               {"1.2.3", 1.2, 3}, {"-3e+x", -3.0, 2}, {"7 8", 7.0, 1},
               {"12abc", 12, 2},  {"0x1p,", 1.0, 3},  {"infinite", HUGE_VAL, 3}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *end;
    double value;
    ck_assert_int_eq(ndg_scan_f64(cases[i].text, strlen(cases[i].text), &value, &end), NDG_OK);
    ck_assert(same(value, cases[i].value));
    ck_assert_uint_eq((size_t)(end - cases[i].text), cases[i].length);
  }
}
END_TEST

START_TEST(integers_are_read) {
  int64_t value = 0;
  ck_assert_int_eq(ndg_parse_i64("9223372036854775807", 19, &value), NDG_OK);
  ck_assert(value == INT64_MAX);
  ck_assert_int_eq(ndg_parse_i64("-9223372036854775808", 20, &value), NDG_OK);
  ck_assert(value == INT64_MIN);
  ck_assert_int_eq(ndg_parse_i64(" +42 ", 5, &value), NDG_OK);
  ck_assert(value == 42);
  ck_assert_int_eq(ndg_parse_i64("-0017", 5, &value), NDG_OK);
  ck_assert(value == -17);
  static const char *const wrong[] = {"",
                                      "-",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "1.0",
                                      "1e3",
                                      "0x10",
                                      "1 2",
                                      "99999999999999999999",
                                      "--1"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    ck_assert_int_eq(ndg_parse_i64(wrong[i], strlen(wrong[i]), &value), NDG_EINVAL);
    ck_assert(value == -17);
  }
}
END_TEST

static const struct {
  double value;
  const char *text;
} written[] = {
    {0.0, "0"},
    {-0.0, "-0"},
    {1.0, "1"},
    {-1.5, "-1.5"},
    {0.1, "0.1"},
    {100.0, "100"},
    {0.3 - 0.1, "0.19999999999999998"},
    {1.0 / 3.0, "0.3333333333333333"},
    {1e-5, "0.00001"},
    {1.5e-6, "1.5e-6"},
    {1e15, "1000000000000000"},
    {9007199254740993.0, "9007199254740992"},
    {1e16, "1e16"},
    {1e22, "1e22"},
    {1e23, "1e23"},
    {5e-324, "5e-324"},
    {0x1p-1022, "2.2250738585072014e-308"},
    {0x1.fffffffffffffp1023, "1.7976931348623157e308"},
    {0x1p-44, "5.684341886080802e-14"}, /* the nearest decimal of 16 digits reads otherwise */
    {HUGE_VAL, "inf"},
    {-HUGE_VAL, "-inf"},
};

START_TEST(known_numbers_are_written_shortest) {
  char text[40];
  const int n = ndg_format_f64(text, sizeof text, written[_i].value);
  ck_assert_str_eq(text, written[_i].text);
  ck_assert_uint_eq((size_t)n, strlen(text));
}
END_TEST

START_TEST(a_short_buffer_is_cut_and_told) {
  char text[6] = "zzzzz";
  ck_assert_int_eq(ndg_format_f64(text, 5, 0.125), 5);
  ck_assert_str_eq(text, "0.12");
  ck_assert_int_eq(ndg_format_f64(text, sizeof text, (double)NAN), 3);
  ck_assert_str_eq(text, "nan");
}
END_TEST

static int count_digits(const char *text) {
  int n = 0, zeros = 0;
  for (; *text && *text != 'e'; text++) {
    if (*text >= '0' && *text <= '9' && (n > 0 || *text != '0')) {
      n++;
      zeros = *text == '0' ? zeros + 1 : 0;
    }
  }
  return n - zeros;
}

/* No decimal with one digit fewer reads back: not the nearest, nor those beside it. */
static void assert_shortest(double value, const char *text) {
  const int n = count_digits(text) - 1;
  char nearest[64], beside[64];
  double back;
  if (n < 1) {
    return;
  }
  (void)snprintf(nearest, sizeof nearest, "%.*e", n - 1, value);
  long long digits = 0;
  for (const char *p = nearest; *p != 'e'; p++) {
    digits = *p == '.' ? digits : digits * 10 + (*p - '0');
  }
  const int exponent = atoi(strchr(nearest, 'e') + 1) - (n - 1);
  for (long long d = digits - 1; d <= digits + 1; d++) {
    (void)snprintf(beside, sizeof beside, "%llde%d", d, exponent);
    ck_assert(parse(beside, &back) == NDG_EINVAL || back != value);
  }
}

START_TEST(random_doubles_survive_text) {
  ndg_rng r = ndg_rng_root(7);
  for (unsigned i = 0; i < 20000; i++) {
    uint64_t bits = ndg_rng_next(&r);
    double value, back;
    char text[40];
    if (i % 4 == 1) {
      bits &= UINT64_C(0x800fffffffffffff); /* subnormal */
    } else if (i % 4 == 2) {
      bits &= UINT64_C(0xfff0000000000000); /* a power of two */
    }
    memcpy(&value, &bits, sizeof value);
    if (i % 4 == 3) {
      value = (double)(int64_t)(bits >> 40) / 1000.0;
    }
    const int n = ndg_format_f64(text, sizeof text, value);
    ck_assert_int_lt(n, 26);
    ck_assert_int_eq(parse(text, &back), NDG_OK);
    ck_assert_msg(same(back, value) || (isnan(back) && isnan(value)), "%a -> %s", value, text);
    if (isfinite(value) && i < 4000) {
      assert_shortest(fabs(value), text + (signbit(value) ? 1 : 0));
    }
  }
}
END_TEST

/* A locale of our own with a decimal comma, so that no package has to be there; false: no
   localedef. */
static bool use_comma_locale(void) {
  static const char source[] =
      "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\nEND LC_NUMERIC\n";
  char command[256];
  (void)put_file("comma", source, sizeof source - 1);
  (void)snprintf(command, sizeof command, "localedef -c -i %s/comma %s/xx_XX >/dev/null 2>&1",
                 folder, folder);
  const int unused = system(command); /* warns of categories that are missing on purpose */
  (void)unused;
  ck_assert_int_eq(setenv("LOCPATH", folder, 1), 0);
  if (setlocale(LC_NUMERIC, "xx_XX")) {
    return true;
  }
  ck_assert_int_eq(unsetenv("LOCPATH"), 0);
  return setlocale(LC_NUMERIC, "de_DE.UTF-8") || setlocale(LC_NUMERIC, "fr_FR.UTF-8");
}

START_TEST(a_decimal_comma_changes_nothing) {
  if (!use_comma_locale()) {
    return;
  }
  char text[40];
  double value;
  (void)snprintf(text, sizeof text, "%.1f", 1.5);
  ck_assert_str_eq(text, "1,5"); /* the locale is really in force */
  for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
    ck_assert_int_eq(parse(readable[i].text, &value), NDG_OK);
    ck_assert(same(value, readable[i].value));
  }
  for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++) {
    ck_assert_int_eq(parse(unreadable[i], &value), NDG_EINVAL);
  }
  for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
    (void)ndg_format_f64(text, sizeof text, written[i].value);
    ck_assert_str_eq(text, written[i].text);
  }
  ck_assert_ptr_nonnull(setlocale(LC_NUMERIC, "C"));
}
END_TEST

START_TEST(distances_count_edits) {
  static const struct {
    const char *a, *b;
    unsigned distance;
  } cases[] = {{"", "", 0},
               {"", "abc", 3},
               {"abc", "", 3},
               {"lambda", "lambda", 0},
               {"lamda", "lambda", 1},
               {"labmda", "lambda", 1},
               {"kitten", "sitting", 3},
               {"ca", "abc", 3},
               {"abcd", "badc", 2},
               {"saturday", "sunday", 3}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ck_assert_uint_eq(ndg_edit_distance(cases[i].a, cases[i].b), cases[i].distance);
    ck_assert_uint_eq(ndg_edit_distance(cases[i].b, cases[i].a), cases[i].distance);
  }
  char a[400], b[400];
  memset(a, 'a', sizeof a);
  memset(b, 'b', sizeof b);
  a[399] = b[399] = '\0';
  ck_assert_uint_eq(ndg_edit_distance(a, b), 255);
  ck_assert_uint_eq(ndg_edit_distance(a, a), 0);
  ck_assert_uint_eq(ndg_edit_distance(a, "a"), 255);
  a[255] = b[255] = '\0';
  ck_assert_uint_eq(ndg_edit_distance(a, b), 255);
  b[10] = 'a';
  ck_assert_uint_eq(ndg_edit_distance(a, b), 254);
}
END_TEST

START_TEST(near_names_are_suggested) {
  static const char *const names[] = {"steps", "tolerance", "learning_rate",
                                      "Adam",  "nesterov",  "beta"};
  enum { N = sizeof names / sizeof *names };
  ck_assert_int_eq(ndg_nearest_name("step", names, N), 0);
  ck_assert_int_eq(ndg_nearest_name("tolerence", names, N), 1);
  ck_assert_int_eq(ndg_nearest_name("learnign_rate", names, N), 2);
  ck_assert_int_eq(ndg_nearest_name("ADAM", names, N), 3);
  ck_assert_int_eq(ndg_nearest_name("nestorov", names, N), 4);
  ck_assert_int_eq(ndg_nearest_name("bate", names, N), 5);
  ck_assert_int_eq(ndg_nearest_name("momentum", names, N), -1);
  ck_assert_int_eq(ndg_nearest_name("x", names, N), -1);
  ck_assert_int_eq(ndg_nearest_name("", names, N), -1);
  ck_assert_int_eq(ndg_nearest_name("steps", names, 0), -1);
}
END_TEST

int main(void) {
  Suite *const suite = suite_create("text");
  TCase *const tests = tcase_create("text");
  tcase_add_loop_test(tests, numbers_are_read_and_rounded_correctly, 0,
                      sizeof readable / sizeof *readable);
  tcase_add_loop_test(tests, anything_else_is_refused, 0, sizeof unreadable / sizeof *unreadable);
  tcase_add_test(tests, nan_is_read);
  tcase_add_test(tests, the_length_ends_the_text);
  tcase_add_test(tests, long_texts_are_rounded_correctly);
  tcase_add_test(tests, the_longest_tie_is_decided);
  tcase_add_test(tests, scanning_stops_behind_the_number);
  tcase_add_test(tests, integers_are_read);
  tcase_add_loop_test(tests, known_numbers_are_written_shortest, 0,
                      sizeof written / sizeof *written);
  tcase_add_test(tests, a_short_buffer_is_cut_and_told);
  tcase_add_test(tests, random_doubles_survive_text);
  tcase_add_test(tests, distances_count_edits);
  tcase_add_test(tests, near_names_are_suggested);
  suite_add_tcase(suite, tests);
  TCase *const locale = tcase_create("locale");
  tcase_add_checked_fixture(locale, make_folder, remove_folder);
  tcase_add_test(locale, a_decimal_comma_changes_nothing);
  suite_add_tcase(suite, locale);
  return run_suite(suite);
}
