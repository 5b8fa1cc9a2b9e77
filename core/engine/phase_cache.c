/* SPDX-License-Identifier: MIT */
/* Results of phases that later phases go on from. Steps are a function of the state and of their
   number only, so going on gives the same bits as running the whole phase again. */
#include <string.h>

#include "engine/internal.h"

/* Beyond this the phases that were not used for longest are forgotten; a few always stay. */
static const uint64_t most_bytes = UINT64_C(64) << 20;
enum { FEWEST_ENTRIES = 4 };

/* SplitMix64's finaliser: every input bit reaches every output bit. */
static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

ndg_identity ndg_identity_of(const void *bytes, size_t n) {
  const unsigned char *at = bytes;
  ndg_identity id = {UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b)};
  for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
    uint64_t word = 0;
    memcpy(&word, at + i, n - i < sizeof word ? n - i : sizeof word);
    id.high = mix(id.high ^ word);
    id.low = mix(id.low + word * UINT64_C(0x9e3779b97f4a7c15) + id.high);
  }
  id.low |= 1; /* never the unknown identity */
  return id;
}

ndg_cached_phase *ndg_cached_phase_create(const ndg_phase_key *key, const ndg_vector *like) {
  ndg_cached_phase *c = ndg_calloc(1, sizeof *c);
  if (!c)
    return NULL;
  c->key = *key;
  c->state = ndg_vector_create(NDG_STATE, like->dtype, like->n_tasks, like->length);
  c->frozen = ndg_calloc((size_t)like->n_tasks, sizeof *c->frozen);
  c->since = ndg_calloc((size_t)like->n_tasks, sizeof *c->since);
  c->first = ndg_calloc((size_t)like->n_tasks, sizeof *c->first);
  if (c->state && c->frozen && c->since && c->first)
    return c;
  ndg_cached_phase_free(c);
  return NULL;
}

static bool copy_numbers(double **to, const double *from, size_t n) {
  if (n == 0)
    return true;
  *to = ndg_calloc(n, sizeof **to);
  if (*to)
    memcpy(*to, from, n * sizeof **to);
  return *to != NULL;
}

ndg_cached_phase *ndg_cached_phase_copy(const ndg_cached_phase *from) {
  ndg_cached_phase *c = ndg_cached_phase_create(&from->key, from->state);
  if (!c)
    return NULL;
  const size_t n_tasks = (size_t)from->state->n_tasks;
  c->steps = from->steps;
  c->diverged = from->diverged;
  c->newton = from->newton;
  ndg_vector_copy(c->state, from->state);
  memcpy(c->frozen, from->frozen, n_tasks * sizeof *c->frozen);
  memcpy(c->since, from->since, n_tasks * sizeof *c->since);
  memcpy(c->first, from->first, n_tasks * sizeof *c->first);
  const bool complete = copy_numbers(&c->norms, from->norms, (size_t)from->n_norms) &&
                        copy_numbers(&c->marks, from->marks, (size_t)from->n_marks * n_tasks);
  if (!complete) {
    ndg_cached_phase_free(c);
    return NULL;
  }
  c->n_norms = c->norms_size = from->n_norms;
  c->n_marks = from->n_marks;
  return c;
}

void ndg_cached_phase_free(ndg_cached_phase *c) {
  if (!c)
    return;
  ndg_vector_destroy(c->state);
  ndg_free(c->frozen);
  ndg_free(c->since);
  ndg_free(c->first);
  ndg_free(c->norms);
  ndg_free(c->marks);
  ndg_free(c);
}

ndg_status ndg_cached_phase_note_norm(ndg_cached_phase *c, uint64_t i, double norm, ndg_error *e) {
  if (i >= c->norms_size) {
    const uint64_t size = 2 * i + 16;
    double *norms =
        ndg_realloc(c->norms, (size_t)c->norms_size * sizeof *norms, (size_t)size * sizeof *norms);
    if (!norms)
      return ndg_no_memory(e, "the gradient norms of a phase");
    c->norms = norms;
    c->norms_size = size;
  }
  c->norms[i] = norm;
  c->n_norms = i + 1;
  return NDG_OK;
}

ndg_status ndg_cached_phase_mark(ndg_cached_phase *c, uint64_t i, const double *norms,
                                 ndg_error *e) {
  const size_t row = (size_t)c->state->n_tasks;
  if (i != UINT64_C(1) << c->n_marks)
    return NDG_OK;
  const size_t had = (size_t)c->n_marks * row;
  double *marks = ndg_realloc(c->marks, had * sizeof *marks, (had + row) * sizeof *marks);
  if (!marks)
    return ndg_no_memory(e, "the gradient norms of a phase");
  memcpy(marks + had, norms, row * sizeof *marks);
  c->marks = marks;
  c->n_marks++;
  return NDG_OK;
}

static bool same(const ndg_phase_key *a, const ndg_phase_key *b) {
  return memcmp(a, b, sizeof *a) == 0;
}

ndg_cached_phase *ndg_phases_find(ndg_problem *p, const ndg_phase_key *key, uint64_t steps) {
  ndg_cached_phase **best = NULL;
  for (ndg_cached_phase **c = &p->phases; *c; c = &(*c)->next)
    if (same(&(*c)->key, key) && (*c)->steps <= steps && (!best || (*c)->steps > (*best)->steps))
      best = c;
  if (!best)
    return NULL;
  ndg_cached_phase *found = *best;
  *best = found->next;
  found->next = p->phases;
  p->phases = found;
  return found;
}

void ndg_phases_insert(ndg_problem *p, ndg_cached_phase *entry) {
  for (ndg_cached_phase **c = &p->phases; *c; c = &(*c)->next)
    if (same(&(*c)->key, &entry->key) && (*c)->steps == entry->steps) {
      ndg_cached_phase *old = *c;
      *c = old->next;
      ndg_cached_phase_free(old);
      break;
    }
  entry->next = p->phases;
  p->phases = entry;
  uint64_t bytes = 0, n = 0;
  ndg_cached_phase **c = &p->phases;
  for (; *c; c = &(*c)->next) {
    bytes += ndg_vector_bytes((*c)->state);
    if (++n > FEWEST_ENTRIES && bytes > most_bytes)
      break;
  }
  while (*c) {
    ndg_cached_phase *old = *c;
    *c = old->next;
    ndg_cached_phase_free(old);
  }
}

static bool is_free(const ndg_cached_phase *c) {
  return c->key.beta.re == 0 && c->key.beta.im == 0;
}

ndg_status ndg_phases_copy_free(ndg_problem *to, const ndg_problem *from, ndg_error *e) {
  ndg_cached_phase **end = &to->phases;
  for (const ndg_cached_phase *c = from->phases; c; c = c->next) {
    if (!is_free(c))
      continue;
    *end = ndg_cached_phase_copy(c);
    if (!*end)
      return ndg_no_memory(e, "the phases of a clone");
    end = &(*end)->next;
  }
  return NDG_OK;
}

void ndg_problem_forget_phases(ndg_problem *p, bool keep_free) {
  ndg_cached_phase **c = &p->phases;
  while (*c) {
    ndg_cached_phase *entry = *c;
    if (keep_free && is_free(entry)) {
      c = &entry->next;
      continue;
    }
    *c = entry->next;
    ndg_cached_phase_free(entry);
  }
}
