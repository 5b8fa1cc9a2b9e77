/* SPDX-License-Identifier: MIT */
/* .npy: what is read and written, and that every defect is refused. */
#include <math.h>
#include <stdbool.h>

#include "array_fixture.h"

/* .npy of a version with a given header and numbers. */
static bytes npy_of(unsigned version, const char *header, const void *numbers, size_t n) {
  bytes x = {.n = 0};
  const size_t length = strlen(header);
  const unsigned char head[] = {(unsigned char)version,       0, (unsigned char)length,
                                (unsigned char)(length >> 8), 0, 0};
  append(&x, "\x93NUMPY", 6);
  append(&x, head, version == 1 ? 4 : 6);
  append(&x, header, length);
  append(&x, numbers, n);
  return x;
}

static ndg_status read_npy(const bytes *x, ndg_error *e) {
  memset(e, 0, sizeof *e);
  return ndg_npy_read(put_file("file.npy", x->b, x->n), &array, e);
}

static void assert_npy(const bytes *x, uint32_t kind, ndg_shape shape, const void *numbers) {
  ndg_error e;
  ck_assert_msg(read_npy(x, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(array.kind, kind);
  ck_assert_mem_eq(&array.shape, &shape, sizeof shape);
  ck_assert_mem_eq(array.data, numbers,
                   ndg_shape_size(&shape) * (kind == NDG_REAL ? sizeof(double) : sizeof(int32_t)));
  free_array();
}

START_TEST(npy_of_every_type_is_read) {
  static const double reals[] = {0.5, -2.0, 1e10};
  static const int32_t indices[] = {1, -2, 300}, small[] = {1, 2, 255};
  static const unsigned char f4[] = {0, 0, 0, 0x3f, 0, 0, 0, 0xc0, 0xf9, 0x02, 0x15, 0x50},
                             f4_big[] = {0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x50, 0x15, 0x02, 0xf9},
                             i4[] = {1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x2c, 1, 0, 0},
                             i4_big[] = {0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe, 0, 0, 1, 0x2c},
                             u1[] = {1, 2, 255},
                             i8[] = {1,    0,    0,    0,    0,    0, 0, 0, 0xfe, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0x2c, 1, 0, 0, 0,    0,    0,    0},
                             f8_big[] = {0x3f, 0xe0, 0, 0, 0,    0,    0,    0,    0xc0, 0, 0, 0,
                                         0,    0,    0, 0, 0x42, 0x02, 0xa0, 0x5f, 0x20, 0, 0, 0};
  static const struct {
    unsigned version;
    const char *header;
    const void *bytes;
    size_t n;
    uint32_t kind;
    const void *numbers;
  } cases[] = {
      {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }\n", f4, 12, NDG_REAL, reals},
      {2, "{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }\n", f4_big, 12, NDG_REAL,
       reals},
      {3, "{'shape': (3,), 'descr': '>f8', 'fortran_order': True}", f8_big, 24, NDG_REAL, reals},
      {1, "{\"descr\":\"<i4\",\"fortran_order\":False,\"shape\":(3)}   \n", i4, 12, NDG_INDEX,
       indices},
      {1, "{'descr': '>i4', 'fortran_order': False, 'shape': (3,)}\n", i4_big, 12, NDG_INDEX,
       indices},
      {1, "{'descr': '<i8', 'fortran_order': False, 'shape': (3,)}\n", i8, 24, NDG_INDEX, indices},
      {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}\n", u1, 3, NDG_INDEX, small},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const bytes x = npy_of(cases[i].version, cases[i].header, cases[i].bytes, cases[i].n);
    assert_npy(&x, cases[i].kind, NDG_VECTOR(3), cases[i].numbers);
  }
}
END_TEST

/* Columns first in the file, rows first in memory. */
START_TEST(npy_in_fortran_order_is_read) {
  unsigned char stored[24];
  int32_t wanted[24];
  for (unsigned i = 0; i < 2; i++) {
    for (unsigned j = 0; j < 3; j++) {
      for (unsigned k = 0; k < 4; k++) {
        stored[i + 2 * j + 6 * k] = (unsigned char)(100 * i + 10 * j + k);
        wanted[12 * i + 4 * j + k] = (int32_t)(100 * i + 10 * j + k);
      }
    }
  }
  const bytes x =
      npy_of(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4)}\n", stored, 24);
  assert_npy(&x, NDG_INDEX, ndg_shape_of(3, 2, 3, 4, 1), wanted);
}
END_TEST

static void assert_round_trip(uint32_t kind, ndg_shape shape, void *data) {
  ndg_error e = {0};
  const ndg_file_array a = {kind, 0, shape, data};
  const char *const path = in_folder("round.npy");
  ck_assert_msg(ndg_npy_write(path, &a, &e) == NDG_OK, "%s", e.text);
  ck_assert_msg(ndg_npy_read(path, &array, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(array.kind, kind);
  ck_assert_mem_eq(&array.shape, &shape, sizeof shape);
  ck_assert_mem_eq(array.data, data,
                   ndg_shape_size(&shape) * (kind == NDG_REAL ? sizeof(double) : sizeof(int32_t)));
  free_array();
  ck_assert_int_eq(count_files(), 1);
}

START_TEST(npy_survives_the_round_trip) {
  double reals[120];
  int32_t indices[120];
  for (size_t i = 0; i < 120; i++) {
    reals[i] = 1.0 / (double)i - 3.0;
    indices[i] = (int32_t)(i * 35791394u);
  }
  reals[5] = -0.0;
  reals[6] = (double)NAN;
  reals[7] = 0x1p-1074;
  const ndg_shape shapes[] = {NDG_SCALAR,         NDG_VECTOR(120),
                              NDG_MATRIX(10, 12), NDG_VECTOR(1),
                              NDG_MATRIX(0, 12),  ndg_shape_of(3, 4, 5, 6, 1),
                              NDG_MATRIX(1, 1),   ndg_shape_of(4, 2, 3, 4, 5)};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    assert_round_trip(NDG_REAL, shapes[i], reals);
    assert_round_trip(NDG_INDEX, shapes[i], indices);
  }
}
END_TEST

/* What NumPy itself would have written, byte for byte. */
START_TEST(npy_is_written_as_the_format_says) {
  double numbers[6] = {1, 2, 3, 4, 5, 6};
  ndg_error e = {0};
  char *text;
  size_t n;
  const ndg_file_array a = {NDG_REAL, 0, NDG_MATRIX(2, 3), numbers};
  ck_assert_int_eq(ndg_npy_write(in_folder("a.npy"), &a, &e), NDG_OK);
  ck_assert_int_eq(ndg_file_read(in_folder("a.npy"), &text, &n, &e), NDG_OK);
  ck_assert_uint_eq(n, 128 + sizeof numbers);
  ck_assert_mem_eq(text, "\x93NUMPY\x01\x00\x76\x00", 10);
  const char *const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";
  ck_assert_mem_eq(text + 10, header, strlen(header));
  for (size_t i = 10 + strlen(header); i < 127; i++) {
    ck_assert_int_eq(text[i], ' ');
  }
  ck_assert_int_eq(text[127], '\n');
  ck_assert_mem_eq(text + 128, numbers, sizeof numbers);
  ndg_free(text);
}
END_TEST

START_TEST(wrong_npy_is_refused) {
  static const struct {
    const char *header, *message;
  } cases[] = {
      {"{'descr': '<c16', 'fortran_order': False, 'shape': (1,)}", "element type \"<c16\""},
      {"{'descr': '|f8', 'fortran_order': False, 'shape': (1,)}", "element type \"|f8\""},
      {"{'descr': 'f8', 'fortran_order': False, 'shape': (1,)}", "element type \"f8\""},
      {"{'descr': '', 'fortran_order': False, 'shape': (1,)}", "element type \"\""},
      {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", "records"},
      {"{'descr': '<f8', 'fortran_order': Maybe, 'shape': (1,)}", "neither True nor False"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': 1}", "not a tuple"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", "not a tuple"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1", "not a tuple"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1)}", "more than 4 axes"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
       "beyond 64 bits"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", "its shape needs more"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (0,)}", "its shape needs less"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "its shape needs less"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
       "its shape needs more"},
      {"{'descr': '<f8', 'fortran_order': False}", "missing"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}", "unknown entry \"x\""},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x", "text after"},
      {"{'descr': '<f8' 'fortran_order': False, 'shape': (1,)}", "a comma is missing"},
      {"{'descr' '<f8', 'fortran_order': False, 'shape': (1,)}", "a colon is missing"},
      {"{'descr: 1}", "never ends"},
      {"{descr: 1}", "in quotes is missing"},
      {"{", "in quotes is missing"},
      {"", "no dictionary"},
  };
  const double number = 1.0;
  ndg_error e;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const bytes x = npy_of(1, cases[i].header, &number, sizeof number);
    assert_refused(read_npy(&x, &e), NDG_EFORMAT, &e, cases[i].message);
    ck_assert_ptr_null(array.data);
  }
  static const char good[] = "{'descr': '<i8', 'fortran_order': False, 'shape': (2,)}";
  static const int64_t wide[] = {1, INT64_C(-2147483649)};
  bytes x = npy_of(1, good, wide, sizeof wide);
  assert_refused(read_npy(&x, &e), NDG_EFORMAT, &e, "element 1 is -2147483649, beyond 32 bits");
  x.b[6] = 4;
  assert_refused(read_npy(&x, &e), NDG_EFORMAT, &e, "version 4.0");
  x.b[0] = 'x';
  assert_refused(read_npy(&x, &e), NDG_EFORMAT, &e, "is not a .npy file");
}
END_TEST

START_TEST(every_truncated_npy_is_refused) {
  static const double numbers[] = {1, 2, 3};
  ndg_error e;
  for (unsigned version = 1; version <= 3; version++) {
    const bytes x = npy_of(version, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}\n",
                           numbers, sizeof numbers);
    for (size_t n = 0; n <= x.n; n++) {
      bytes cut = x;
      cut.n = n;
      ck_assert_int_eq(read_npy(&cut, &e), n < x.n ? NDG_EFORMAT : NDG_OK);
      free_array();
    }
  }
}
END_TEST

START_TEST(npy_survives_every_failure) {
  double numbers[] = {1, 2, 3};
  ndg_error e = {0};
  const ndg_file_array a = {NDG_REAL, 0, NDG_VECTOR(3), numbers};
  const char *const path = in_folder("a.npy");
  uint64_t n = 0;
  for (ndg_status st = NDG_ENOMEM; st != NDG_OK; n++) {
    ndg_fail_allocations_after(n);
    st = ndg_npy_write(path, &a, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    ck_assert(st == NDG_OK || st == NDG_ENOMEM);
    ck_assert_int_eq(count_files(), st == NDG_OK);
  }
  ck_assert_uint_eq(n, 5); /* the bytes, a writer and its two names, success */
  ck_assert_uint_eq(assert_survives_failures(ndg_npy_read, path), 2);
}
END_TEST

START_TEST(npy_that_cannot_be_written_is_refused) {
  double number = 1.0;
  ndg_error e = {0};
  ndg_file_array a = {7, 0, NDG_SCALAR, &number};
  assert_refused(ndg_npy_write(in_folder("a.npy"), &a, &e), NDG_EINVAL, &e, "kind 7");
  a.kind = NDG_REAL;
  assert_refused(ndg_npy_write(in_folder("no/a.npy"), &a, &e), NDG_EIO, &e, "/no: No such file");
  ck_assert_int_eq(count_files(), 0);
}
END_TEST

int main(void) {
  Suite *const suite = suite_create("npy");
  TCase *const npy = tcase_create("npy");
  tcase_add_checked_fixture(npy, make_folder, remove_folder);
  tcase_add_test(npy, npy_of_every_type_is_read);
  tcase_add_test(npy, npy_in_fortran_order_is_read);
  tcase_add_test(npy, npy_survives_the_round_trip);
  tcase_add_test(npy, npy_is_written_as_the_format_says);
  tcase_add_test(npy, wrong_npy_is_refused);
  tcase_add_test(npy, every_truncated_npy_is_refused);
  tcase_add_test(npy, npy_survives_every_failure);
  tcase_add_test(npy, npy_that_cannot_be_written_is_refused);
  suite_add_tcase(suite, npy);
  return run_suite(suite);
}
