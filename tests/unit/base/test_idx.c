/* SPDX-License-Identifier: MIT */
/* IDX: what is read, and that every defect is refused. */
#include <math.h>
#include <stdbool.h>
#include <zlib.h>

#include "array_fixture.h"

/* IDX with the numbers 0, 1, 2 ... 255, 0 ... */
static bytes idx_of(unsigned type, unsigned n_axes, const uint32_t *size, size_t n_numbers) {
  bytes x = {.n = 0};
  const unsigned char head[4] = {0, 0, (unsigned char)type, (unsigned char)n_axes};
  append(&x, head, 4);
  for (unsigned i = 0; i < n_axes; i++) {
    const unsigned char s[4] = {(unsigned char)(size[i] >> 24), (unsigned char)(size[i] >> 16),
                                (unsigned char)(size[i] >> 8), (unsigned char)size[i]};
    append(&x, s, 4);
  }
  for (size_t i = 0; i < n_numbers; i++) {
    const unsigned char number = (unsigned char)i;
    append(&x, &number, 1);
  }
  return x;
}

static bytes gzip_of(const bytes *x) {
  bytes packed;
  z_stream z = {0};
  ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  bytes copy = *x;
  z.next_in = copy.b;
  z.avail_in = (uInt)copy.n;
  z.next_out = packed.b;
  z.avail_out = sizeof packed.b;
  ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
  packed.n = sizeof packed.b - z.avail_out;
  (void)deflateEnd(&z);
  return packed;
}

static ndg_status read_idx(const bytes *x, uint64_t limit, ndg_error *e) {
  memset(e, 0, sizeof *e);
  return ndg_idx_read(put_file("file.idx", x->b, x->n), limit, &array, e);
}

static const uint32_t images[] = {5, 3, 4}, labels[] = {7};

static void assert_images(uint64_t n) {
  ck_assert_uint_eq(array.kind, NDG_REAL);
  ck_assert_uint_eq(array.shape.n_dims, 3);
  ck_assert_uint_eq(array.shape.dim[0], n);
  ck_assert_uint_eq(array.shape.dim[1], 3);
  ck_assert_uint_eq(array.shape.dim[2], 4);
  ck_assert_uint_eq(array.shape.dim[3], 1);
  for (uint64_t i = 0; i < 12 * n; i++) {
    ck_assert(((const double *)array.data)[i] == (double)i);
  }
  free_array();
}

START_TEST(idx_is_read) {
  ndg_error e;
  const bytes plain = idx_of(8, 3, images, 60), packed = gzip_of(&plain);
  const bytes *const both[] = {&plain, &packed};
  for (size_t k = 0; k < 2; k++) {
    ck_assert_msg(read_idx(both[k], 0, &e) == NDG_OK, "%s", e.text);
    assert_images(5);
    ck_assert_int_eq(read_idx(both[k], 2, &e), NDG_OK);
    assert_images(2);
    ck_assert_int_eq(read_idx(both[k], 5, &e), NDG_OK);
    assert_images(5);
    ck_assert_int_eq(read_idx(both[k], 6, &e), NDG_OK);
    assert_images(5);
  }
  const bytes one_axis = idx_of(8, 1, labels, 7);
  ck_assert_int_eq(read_idx(&one_axis, 0, &e), NDG_OK);
  ck_assert_uint_eq(array.kind, NDG_INDEX);
  ck_assert_uint_eq(array.shape.n_dims, 1);
  for (int32_t i = 0; i < 7; i++) {
    ck_assert_int_eq(((const int32_t *)array.data)[i], i);
  }
  free_array();
}
END_TEST

/* Two gzip streams in a row are one file. */
START_TEST(idx_of_two_gzip_streams_is_read) {
  ndg_error e;
  const bytes plain = idx_of(8, 3, images, 60);
  bytes first = {.n = 0}, second = {.n = 0};
  append(&first, plain.b, 30);
  append(&second, plain.b + 30, plain.n - 30);
  bytes packed = gzip_of(&first);
  second = gzip_of(&second);
  append(&packed, second.b, second.n);
  ck_assert_msg(read_idx(&packed, 0, &e) == NDG_OK, "%s", e.text);
  assert_images(5);
}
END_TEST

START_TEST(every_truncated_idx_is_refused) {
  ndg_error e;
  const bytes plain = idx_of(8, 3, images, 60), packed = gzip_of(&plain);
  for (size_t n = 0; n < plain.n; n++) {
    bytes cut = plain;
    cut.n = n;
    ck_assert_int_eq(read_idx(&cut, 0, &e), NDG_EFORMAT);
    ck_assert_ptr_null(array.data);
  }
  for (size_t n = 0; n < packed.n; n++) {
    bytes cut = packed;
    cut.n = n;
    ck_assert_msg(read_idx(&cut, 0, &e) == NDG_EFORMAT, "%zu of %zu bytes", n, packed.n);
    if (n >= 2) {
      ck_assert_ptr_nonnull(strstr(e.text, "truncated"));
    }
    ck_assert_ptr_null(array.data);
  }
}
END_TEST

/* A changed byte is refused, or was one of the gzip header's remarks. */
START_TEST(every_damaged_gzip_is_refused) {
  ndg_error e;
  const bytes plain = idx_of(8, 3, images, 60), packed = gzip_of(&plain);
  for (size_t i = 0; i < packed.n; i++) {
    bytes damaged = packed;
    damaged.b[i] ^= 0x55;
    const ndg_status st = read_idx(&damaged, 0, &e);
    ck_assert(st == NDG_EFORMAT || (st == NDG_OK && i >= 3 && i < 10));
    ck_assert((array.data != NULL) == (st == NDG_OK));
    free_array();
  }
}
END_TEST

static void assert_idx_refused(const bytes *x, const char *message) {
  ndg_error e;
  const ndg_status st = read_idx(x, 0, &e);
  assert_refused(st, NDG_EFORMAT, &e, message);
  ck_assert_ptr_nonnull(strstr(e.text, "file.idx"));
  const bytes packed = gzip_of(x);
  assert_refused(read_idx(&packed, 0, &e), NDG_EFORMAT, &e, message);
}

START_TEST(wrong_idx_is_refused) {
  static const uint32_t huge[] = {0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu};
  static const uint32_t large[] = {4000, 4000}, none[] = {3, 0}, five[] = {1, 1, 1, 1, 1};
  bytes x = idx_of(8, 3, images, 60);
  x.b[0] = 1;
  assert_idx_refused(&x, "does not begin with two zero bytes");
  x = idx_of(0x0d, 3, images, 60);
  assert_idx_refused(&x, "element type 0x0d");
  x = idx_of(8, 0, images, 1);
  assert_idx_refused(&x, "0 axes, must be 1 to 4");
  x = idx_of(8, 5, five, 1);
  assert_idx_refused(&x, "5 axes");
  x = idx_of(8, 2, none, 0);
  assert_idx_refused(&x, "axis 2 of 2 has size 0");
  x = idx_of(8, 4, huge, 60);
  assert_idx_refused(&x, "announces 4294967295 items");
  x = idx_of(8, 3, images, 61);
  assert_idx_refused(&x, "goes on after the 60 bytes");
  x = idx_of(8, 3, images, 59);
  ndg_error e;
  assert_refused(read_idx(&x, 0, &e), NDG_EFORMAT, &e, "announces 5 items");
  x = gzip_of(&x);
  assert_refused(read_idx(&x, 0, &e), NDG_EFORMAT, &e, "ends after 59 of the 60 bytes");
  x = idx_of(8, 2, large, 60);
  x = gzip_of(&x);
  assert_refused(read_idx(&x, 0, &e), NDG_EFORMAT, &e, "of the 16000000 bytes");
  x = idx_of(8, 3, images, 60);
  x = gzip_of(&x);
  append(&x, "junk", 4);
  assert_refused(read_idx(&x, 0, &e), NDG_EFORMAT, &e, "4 bytes that are not gzip");
}
END_TEST

static ndg_status read_all_idx(const char *path, ndg_file_array *a, ndg_error *e) {
  return ndg_idx_read(path, 0, a, e);
}

START_TEST(idx_survives_every_failure) {
  const bytes plain = idx_of(8, 3, images, 60), packed = gzip_of(&plain);
  uint64_t n = assert_survives_failures(read_all_idx, put_file("plain", plain.b, plain.n));
  ck_assert_uint_eq(n, 3); /* the file, the numbers, the block */
  n = assert_survives_failures(read_all_idx, put_file("packed", packed.b, packed.n));
  ck_assert_uint_ge(n, 5); /* and zlib's own */
}
END_TEST

static bool read_mnist(const char *name, uint64_t limit) {
  char path[4096];
  ndg_error e = {0};
  if (ndg_data_find(name, path, sizeof path, &e) != NDG_OK) {
    return false;
  }
  ck_assert_msg(ndg_idx_read(path, limit, &array, &e) == NDG_OK, "%s", e.text);
  return true;
}

/* The digits' published counts, and the test images' mean. */
START_TEST(mnist_is_read) {
  static const unsigned expected[10] = {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009};
  unsigned count[10] = {0};
  double sum = 0.0;
  if (!read_mnist("mnist/t10k-labels-idx1-ubyte.gz", 0)) {
    return;
  }
  ck_assert_uint_eq(array.shape.dim[0], 10000);
  for (size_t i = 0; i < 10000; i++) {
    count[((const int32_t *)array.data)[i]]++;
  }
  ck_assert_mem_eq(count, expected, sizeof count);
  free_array();
  ck_assert(read_mnist("mnist/t10k-images-idx3-ubyte.gz", 0));
  ck_assert_uint_eq(ndg_shape_size(&array.shape), 7840000);
  for (size_t i = 0; i < 7840000; i++) {
    sum += ((const double *)array.data)[i];
  }
  ck_assert_double_eq_tol(sum / 7840000.0 / 255.0, 0.1325, 5e-5);
  free_array();
  ck_assert(read_mnist("mnist/train-labels-idx1-ubyte.gz", 5));
  static const int32_t first[] = {5, 0, 4, 1, 9};
  ck_assert_mem_eq(array.data, first, sizeof first);
  free_array();
  ck_assert(read_mnist("mnist/train-images-idx3-ubyte.gz", 500));
  ck_assert_uint_eq(array.shape.dim[0], 500);
  ck_assert_uint_eq(array.shape.dim[2], 28);
  free_array();
}
END_TEST

int main(void) {
  Suite *const suite = suite_create("idx");
  TCase *const idx = tcase_create("idx");
  tcase_add_checked_fixture(idx, make_folder, remove_folder);
  tcase_set_timeout(idx, 60);
  tcase_add_test(idx, idx_is_read);
  tcase_add_test(idx, idx_of_two_gzip_streams_is_read);
  tcase_add_test(idx, every_truncated_idx_is_refused);
  tcase_add_test(idx, every_damaged_gzip_is_refused);
  tcase_add_test(idx, wrong_idx_is_refused);
  tcase_add_test(idx, idx_survives_every_failure);
  tcase_add_test(idx, mnist_is_read);
  suite_add_tcase(suite, idx);
  return run_suite(suite);
}
