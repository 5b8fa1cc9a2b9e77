/* SPDX-License-Identifier: MIT */
/* Against the examples of FIPS 180-4, and a file against the same bytes. */
#include "base/sha256.h"
#include "fixture.h"

static const char *text_of(const void *data, size_t n, size_t piece) {
  static char text[NDG_SHA256_TEXT];
  uint8_t digest[NDG_SHA256_SIZE];
  ndg_sha256 s;
  ndg_sha256_begin(&s);
  for (size_t i = 0; i < n; i += piece)
    ndg_sha256_add(&s, (const char *)data + i, n - i < piece ? n - i : piece);
  ndg_sha256_end(&s, digest);
  ndg_sha256_text(digest, text);
  return text;
}

START_TEST(published_examples) {
  static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  static char million[1000000];
  ck_assert_str_eq(text_of("", 0, 1),
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  ck_assert_str_eq(text_of("abc", 3, 3),
                   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  ck_assert_str_eq(text_of(two, sizeof two - 1, 7),
                   "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  memset(million, 'a', sizeof million);
  ck_assert_str_eq(text_of(million, sizeof million, 4099),
                   "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(files_are_summed_in_pieces) {
  static char data[100000];
  uint8_t digest[NDG_SHA256_SIZE];
  char text[NDG_SHA256_TEXT];
  ndg_error e = {0};
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (char)(i * i >> 3);
  ck_assert_int_eq(ndg_sha256_file(put_file("data", data, sizeof data), digest, &e), NDG_OK);
  ndg_sha256_text(digest, text);
  ck_assert_str_eq(text, text_of(data, sizeof data, sizeof data));
  const char *const missing = in_folder("missing");
  assert_refused(ndg_sha256_file(missing, digest, &e), NDG_ENOTFOUND, &e, missing);
  assert_refused(ndg_sha256_file(folder, digest, &e), NDG_EIO, &e, folder);
}
END_TEST

int main(void) {
  Suite *const suite = suite_create("sha256");
  TCase *const tests = tcase_create("sha256");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_add_test(tests, published_examples);
  tcase_add_test(tests, files_are_summed_in_pieces);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
