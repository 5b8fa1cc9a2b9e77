/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <string.h>
#include <strings.h>

#define MAX_DISTANCE 255u

static unsigned least(unsigned a, unsigned b) {
  return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours. Names
   longer than the largest distance count as unlike anything but themselves. */
unsigned ndg_edit_distance(const char *a, const char *b) {
  const size_t n_a = strlen(a), n_b = strlen(b);
  if (n_a > MAX_DISTANCE || n_b > MAX_DISTANCE) {
    return strcmp(a, b) == 0 ? 0 : MAX_DISTANCE;
  }
  unsigned rows[3][MAX_DISTANCE + 1];
  unsigned *before = rows[0], *above = rows[1], *row = rows[2];
  for (size_t j = 0; j <= n_b; j++) {
    above[j] = (unsigned)j;
  }
  for (size_t i = 1; i <= n_a; i++) {
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= n_b; j++) {
      row[j] = least(least(row[j - 1], above[j]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = least(row[j], before[j - 2] + 1);
      }
    }
    unsigned *const free_row = before;
    before = above;
    above = row;
    row = free_row;
  }
  return above[n_b];
}

/* Near enough: a third of the letters may differ, but not all of them; case alone never matters. */
int ndg_nearest_name(const char *name, const char *const *names, size_t n) {
  const size_t length = strlen(name);
  unsigned limit = length < MAX_DISTANCE ? (unsigned)length : MAX_DISTANCE;
  limit = limit < 2 ? 0 : (limit + 2) / 3;
  int nearest = -1;
  for (size_t i = 0; i < n; i++) {
    if (strcasecmp(name, names[i]) == 0) {
      return (int)i;
    }
    const unsigned distance = ndg_edit_distance(name, names[i]);
    if (distance <= limit) {
      nearest = (int)i;
      limit = distance - 1; /* the first of equally near names stays */
    }
  }
  return nearest;
}
