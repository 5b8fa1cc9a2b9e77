/* SPDX-License-Identifier: MIT */
/* SHA-256, through nettle: it uses the processor's own instructions where there are any, and is
   then about as fast as memory is copied. */
#ifndef NUDGE_BASE_SHA256_H
#define NUDGE_BASE_SHA256_H

#include <stddef.h>

#include <nettle/sha2.h>

#include "nudge/types.h"

enum { NDG_SHA256_SIZE = 32, NDG_SHA256_TEXT = 65 };

typedef struct sha256_ctx ndg_sha256;

/* [any; any; pure] A sum of nothing. */
void ndg_sha256_begin(ndg_sha256 *);
/* [any; begun; hot] */
void ndg_sha256_add(ndg_sha256 *, const void *data, size_t n);
/* [any; begun; cheap] The digest of what was added; the sum begins anew. */
void ndg_sha256_end(ndg_sha256 *, uint8_t digest[NDG_SHA256_SIZE]);
/* [any; any; cheap] 64 digits and a NUL. */
void ndg_sha256_text(const uint8_t digest[NDG_SHA256_SIZE], char text[NDG_SHA256_TEXT]);
/* [main; any; I/O] Of a file, read in pieces. */
ndg_status ndg_sha256_file(const char *path, uint8_t digest[NDG_SHA256_SIZE], ndg_error *);

#endif
