/* SPDX-License-Identifier: MIT */
/* Streams by name. A child's state and increment are a 256-bit hash of the parent, the label and
   the index: increments 1, 3, 5 ... on one state would give shifted copies of one sequence. */
#include <string.h>

#include "base/random.h"

/* Four chains of a 64-bit mixer, each a bijection of the word it takes in; the chains start apart
   and feed their neighbours, so that the four results are as good as independent. */
typedef struct hash {
  uint64_t lane[4];
} hash;

/* What the first word absorbed is, so that a root never meets a child. */
enum { DOMAIN_ROOT = 1, DOMAIN_CHILD = 2 };

/* Finaliser of a 64-bit hash with full avalanche (Stafford's variant 13). */
static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static void absorb(hash *h, uint64_t word) {
  /* Fraction bits of pi: no structure, and none of our choosing. */
  static const uint64_t apart[4] = {UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344),
                                    UINT64_C(0xa4093822299f31d0), UINT64_C(0x082efa98ec4e6c89)};
  for (unsigned i = 0; i < 4; i++) {
    h->lane[i] = mix((h->lane[i] + apart[i]) ^ word);
  }
  for (unsigned i = 0; i < 4; i++) {
    h->lane[i] += h->lane[(i + 1) & 3];
  }
}

/* Length first, then eight bytes to a word whatever the machine's byte order is. */
static void absorb_text(hash *h, const char *text) {
  const size_t length = text ? strlen(text) : 0;
  absorb(h, length);
  for (size_t i = 0; i < length; i += 8) {
    uint64_t word = 0;
    for (size_t j = i; j < length && j < i + 8; j++) {
      word |= (uint64_t)(unsigned char)text[j] << (8 * (j - i));
    }
    absorb(h, word);
  }
}

static ndg_rng squeeze(hash *h) {
  /* The last word must reach every lane: it does in two rounds, the third is margin. */
  for (unsigned i = 0; i < 3; i++) {
    absorb(h, 0);
  }
  ndg_rng r;
  r.state_high = h->lane[0];
  r.state_low = h->lane[1];
  r.increment_high = h->lane[2];
  r.increment_low = h->lane[3] | 1u;
  return r;
}

ndg_rng ndg_rng_root(uint64_t seed) {
  hash h = {{0, 0, 0, 0}};
  absorb(&h, DOMAIN_ROOT);
  absorb(&h, seed);
  return squeeze(&h);
}

ndg_rng ndg_rng_stream(const ndg_rng *parent, const char *label, uint64_t index) {
  hash h = {{0, 0, 0, 0}};
  absorb(&h, DOMAIN_CHILD);
  absorb(&h, parent->state_high);
  absorb(&h, parent->state_low);
  absorb(&h, parent->increment_high);
  absorb(&h, parent->increment_low);
  absorb_text(&h, label);
  absorb(&h, index);
  return squeeze(&h);
}
