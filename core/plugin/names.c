/* SPDX-License-Identifier: MIT */
#include "plugin/names.h"

#include <stddef.h>
#include <string.h>

static const char small[] = "abcdefghijklmnopqrstuvwxyz";
static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
static const char digits[] = "0123456789";

static bool is_short(const char *name) {
  return strnlen(name, NDG_NAME_LIMIT + 1) <= NDG_NAME_LIMIT;
}

/* Length of a plain name at the head of text, 0 if there is none; `more` may also occur in it. */
static size_t plain_head(const char *text, const char *more) {
  size_t n = strspn(text, small) > 0 ? 1 : 0;
  while (n > 0 && text[n] && (strchr(plain, text[n]) || strchr(more, text[n])))
    n++;
  return n;
}

bool ndg_name_is_plain(const char *name) {
  const size_t n = plain_head(name, "");
  return n > 0 && name[n] == '\0' && is_short(name);
}

/* Just past dotted names, or NULL where one of them is malformed. */
static const char *after_dotted(const char *name, const char *more) {
  size_t n = plain_head(name, more);
  while (n > 0 && name[n] == '.') {
    name += n + 1;
    n = plain_head(name, more);
  }
  return n > 0 ? name + n : NULL;
}

bool ndg_name_is_id(const char *name) {
  const char *end = after_dotted(name, "");
  return end && *end == '\0' && is_short(name);
}

bool ndg_name_is_capability(const char *name) {
  const char *end = after_dotted(name, "-");
  if (!end || *end != '/' || !is_short(name))
    return false;
  const size_t n = strspn(end + 1, digits);
  return n > 0 && end[1 + n] == '\0';
}

bool ndg_name_is_word(const char *name) {
  static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  const size_t n = strspn(name, word);
  return n > 0 && name[n] == '\0' && is_short(name);
}
