/* SPDX-License-Identifier: MIT */
/* Numbers to text and back. The C library converts, but never sees or writes a radix character:
   digits go in as an integer with an exponent, which reads the same in every locale. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* A double is decided by at most 768 decimal digits and the knowledge whether more follow. */
#define MAX_DIGITS 780
#define MAX_EXPONENT 1000000000

typedef struct number_text {
  char digits[MAX_DIGITS + 1]; /* significant ones, without leading zeros; not terminated */
  size_t n_digits;
  uint64_t integer; /* the same digits as an integer, while n_digits <= 19 */
  int64_t exponent; /* of the last kept digit: in tens, or in bits for hexadecimal */
  bool seen;        /* any digit at all, zeros included */
} number_text;

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_hex_digit(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

/* Case-insensitive `word` at the head of [p, end). */
static bool begins(const char *p, const char *end, const char *word) {
  for (; *word; p++, word++) {
    if (p == end || lower(*p) != *word) {
      return false;
    }
  }
  return true;
}

/* Digits with at most one point; `step` is what a digit adds to the exponent (1 or 4 bits). */
static const char *scan_digits(const char *p, const char *end, bool hex, number_text *t) {
  const int step = hex ? 4 : 1;
  bool point = false;
  for (; p < end; p++) {
    if (*p == '.' && !point) {
      point = true;
      continue;
    }
    if (!(hex ? is_hex_digit(*p) : is_digit(*p))) {
      break;
    }
    t->seen = true;
    t->exponent -= point ? step : 0;
    if (t->n_digits < MAX_DIGITS) {
      if (t->n_digits == 0 && *p == '0') {
        continue;
      }
      t->digits[t->n_digits++] = *p;
      if (!hex && t->n_digits <= 19) {
        t->integer = t->integer * 10 + (uint64_t)(*p - '0');
      }
    } else {
      t->exponent += step;
      if (*p != '0') {
        t->digits[MAX_DIGITS - 1] |= 1; /* sticky: keeps a tie from looking like one */
      }
    }
  }
  return p;
}

/* [eE]±digits, or nothing when what follows is not an exponent. */
static const char *scan_exponent(const char *p, const char *end, char mark, int64_t *exponent) {
  if (p == end || lower(*p) != mark) {
    return p;
  }
  const char *q = p + 1;
  const bool negative = q < end && *q == '-';
  q += q < end && (*q == '-' || *q == '+');
  if (q == end || !is_digit(*q)) {
    return p;
  }
  int64_t value = 0;
  for (; q < end && is_digit(*q); q++) {
    if (value < MAX_EXPONENT) {
      value = value * 10 + (*q - '0');
    }
  }
  *exponent += negative ? -value : value;
  return q;
}

static ndg_status convert(number_text *t, bool hex, double *out) {
  static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (t->n_digits == 0) {
    *out = 0.0;
    return NDG_OK;
  }
  /* Both factors are exact, so that one operation rounds once. */
  if (!hex && t->n_digits <= 15 && t->exponent >= -22 && t->exponent <= 22 &&
      FLT_EVAL_METHOD == 0) {
    const double m = (double)t->integer;
    *out = t->exponent < 0 ? m / tens[-t->exponent] : m * tens[t->exponent];
    return NDG_OK;
  }
  char text[MAX_DIGITS + 40];
  (void)snprintf(text, sizeof text, "%s%.*s%c%lld", hex ? "0x" : "", (int)t->n_digits, t->digits,
                 hex ? 'p' : 'e', (long long)t->exponent);
  *out = strtod(text, NULL);
  return isinf(*out) ? NDG_EINVAL : NDG_OK;
}

ndg_status ndg_scan_f64(const char *text, size_t length, double *out, const char **end) {
  const char *const stop = text + length;
  const char *p = text;
  const bool negative = p < stop && *p == '-';
  double value = 0.0;
  p += p < stop && (*p == '-' || *p == '+');
  if (begins(p, stop, "inf")) {
    p += begins(p, stop, "infinity") ? 8 : 3;
    value = INFINITY;
  } else if (begins(p, stop, "nan")) {
    p += 3;
    value = NAN;
  } else {
    number_text t;
    t.n_digits = 0;
    t.integer = 0;
    t.exponent = 0;
    t.seen = false;
    bool hex = begins(p, stop, "0x");
    const char *q = hex ? scan_digits(p + 2, stop, true, &t) : p;
    hex = t.seen; /* "0x" without digits is a zero followed by an x */
    if (!hex) {
      t.exponent = 0;
      q = scan_digits(p, stop, false, &t);
    }
    if (!t.seen) {
      return NDG_EINVAL;
    }
    p = scan_exponent(q, stop, hex ? 'p' : 'e', &t.exponent);
    const ndg_status st = convert(&t, hex, &value);
    if (st < 0) {
      return st;
    }
  }
  *out = negative ? -value : value;
  *end = p;
  return NDG_OK;
}

static void trim(const char **text, size_t *length) {
  while (*length > 0 && is_blank(**text)) {
    (*text)++;
    (*length)--;
  }
  while (*length > 0 && is_blank((*text)[*length - 1])) {
    (*length)--;
  }
}

ndg_status ndg_parse_f64(const char *text, size_t length, double *out) {
  const char *end = NULL;
  double value = 0.0;
  trim(&text, &length);
  const ndg_status st = ndg_scan_f64(text, length, &value, &end);
  if (st < 0 || end != text + length) {
    return NDG_EINVAL;
  }
  *out = value;
  return NDG_OK;
}

ndg_status ndg_parse_i64(const char *text, size_t length, int64_t *out) {
  trim(&text, &length);
  const bool negative = length > 0 && *text == '-';
  size_t i = length > 0 && (*text == '-' || *text == '+');
  if (i == length) {
    return NDG_EINVAL;
  }
  /* Counted downwards: the negative range is the larger one. */
  int64_t value = 0;
  for (; i < length; i++) {
    const int digit = text[i] - '0';
    if (digit < 0 || digit > 9 || value < INT64_MIN / 10 || value * 10 < INT64_MIN + digit) {
      return NDG_EINVAL;
    }
    value = value * 10 - digit;
  }
  if (!negative && value == INT64_MIN) {
    return NDG_EINVAL;
  }
  *out = negative ? value : -value;
  return NDG_OK;
}

/* n correctly rounded significant digits of value > 0; returns the exponent of the first. */
static int digits_of(double value, int n, char digits[18]) {
  char text[40];
  int n_seen = 0;
  (void)snprintf(text, sizeof text, "%.*e", n - 1, value);
  const char *p = text;
  for (; *p != 'e'; p++) { /* passes over whatever the locale uses as a radix character */
    if (is_digit(*p)) {
      digits[n_seen++] = *p;
    }
  }
  digits[n] = '\0';
  return atoi(p + 1);
}

static bool reads_back(const char *digits, int n, int exponent, double value) {
  char text[40];
  (void)snprintf(text, sizeof text, "%se%d", digits, exponent - (n - 1));
  return strtod(text, NULL) == value;
}

/* The next larger decimal of n digits; false when it would have to carry into a new digit. */
static bool increment(char *digits, int n) {
  for (int i = n - 1; i >= 0; i--) {
    if (digits[i] != '9') {
      digits[i]++;
      return true;
    }
    digits[i] = '0';
  }
  return false;
}

/* Fewest digits that read back; returns their number. */
static int shortest_digits(double value, char digits[18], int *exponent) {
  /* Every decimal of up to 15 digits survives a normal double, so a shorter one shows as zeros at
     the end of the 15. Subnormal numbers have fewer bits: search from one digit. */
  int unused;
  const bool power_of_two = frexp(value, &unused) == 0.5;
  for (int n = value >= DBL_MIN ? 15 : 1; n < 17; n++) {
    *exponent = digits_of(value, n, digits);
    bool found = reads_back(digits, n, *exponent, value);
    /* Below a power of two the doubles lie twice as dense: the nearest decimal below may be another
       double's while the one above still reads back. */
    if (!found && power_of_two && increment(digits, n)) {
      found = reads_back(digits, n, *exponent, value);
    }
    if (found) {
      while (n > 1 && digits[n - 1] == '0') {
        digits[--n] = '\0';
      }
      return n;
    }
  }
  *exponent = digits_of(value, 17, digits);
  return 17;
}

/* digits d1 d2 ... with value d1.d2... * 10^exponent: plain within 16 places, else scientific. */
static void lay_out(char *out, size_t size, const char *digits, int n, int exponent) {
  if (exponent < -5 || exponent > 15) {
    (void)snprintf(out, size, "%.1s%s%se%d", digits, n > 1 ? "." : "", digits + 1, exponent);
  } else if (exponent < 0) {
    (void)snprintf(out, size, "0.%.*s%s", -exponent - 1, "0000", digits);
  } else if (n <= exponent + 1) {
    (void)snprintf(out, size, "%s%.*s", digits, exponent + 1 - n, "000000000000000");
  } else {
    (void)snprintf(out, size, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
  }
}

int ndg_format_f64(char *out, size_t size, double value) {
  char text[40] = "0";
  if (isnan(value)) {
    return snprintf(out, size, "nan");
  }
  const double magnitude = fabs(value);
  if (isinf(value)) {
    (void)snprintf(text, sizeof text, "inf");
  } else if (magnitude > 0.0) {
    char digits[18];
    int exponent;
    const int n = shortest_digits(magnitude, digits, &exponent);
    lay_out(text, sizeof text, digits, n, exponent);
  }
  return snprintf(out, size, "%s%s", signbit(value) ? "-" : "", text);
}
