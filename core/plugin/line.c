/* SPDX-License-Identifier: MIT */
#include "plugin/line.h"

#include <string.h>

#include "base/text.h"

ndg_line ndg_line_in(char *out, size_t size) {
  if (size > 0)
    out[0] = '\0';
  return (ndg_line){.out = out, .size = size, .length = 0};
}

void ndg_line_add(ndg_line *l, const char *format, ...) {
  static const char cut[] = "...";
  const size_t start = l->length < l->size ? l->length : l->size;
  va_list arguments;
  va_start(arguments, format);
  const int n = vsnprintf(l->out + start, l->size - start, format, arguments);
  va_end(arguments);
  l->length += n > 0 ? (size_t)n : 0;
  if (l->length >= l->size && l->size >= sizeof cut)
    memcpy(l->out + l->size - sizeof cut, cut, sizeof cut);
}

void ndg_line_add_f64(ndg_line *l, double value) {
  char number[64];
  (void)ndg_format_f64(number, sizeof number, value);
  ndg_line_add(l, "%s", number);
}
