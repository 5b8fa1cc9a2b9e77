/* SPDX-License-Identifier: MIT */
/* Files: whole reads, atomic writes, and the formats data comes in. Messages name the file, the
   line or byte, the value and the limit. */
#ifndef NUDGE_BASE_FILES_H
#define NUDGE_BASE_FILES_H

#include <stddef.h>

#include "nudge/types.h"

/* An array that owns its memory (ndg_free of data): real data as double, indices as int32_t. */
typedef struct ndg_file_array {
  uint32_t kind; /* NDG_REAL, NDG_INDEX */
  uint32_t reserved;
  ndg_shape shape;
  void *data;
} ndg_file_array;

/* [main; any; I/O, allocates] Whole file, NUL added after *length bytes; freed by ndg_free. */
ndg_status ndg_file_read(const char *path, char **out, size_t *length, ndg_error *);
/* [main; any; I/O] Temporary file beside path, fsync, rename: path holds the old or the new
   contents, never a part. A device or pipe is written as it is. */
ndg_status ndg_file_write(const char *path, const void *data, size_t length, ndg_error *);

/* The same piece by piece, for what is not in memory as a whole. */
typedef struct ndg_file_writer ndg_file_writer;
/* [main; any; I/O, allocates] */
ndg_status ndg_file_writer_open(const char *path, ndg_file_writer **out, ndg_error *);
/* [main; open; I/O] Behind what was written so far. */
ndg_status ndg_file_writer_put(ndg_file_writer *, const void *data, size_t length, ndg_error *);
/* [main; open; I/O] In place of the first bytes, which were written before. Not for a device. */
ndg_status ndg_file_writer_put_first(ndg_file_writer *, const void *data, size_t length,
                                     ndg_error *);
/* [main; open; I/O, frees] path holds the new contents, on the disk; or the old ones and an error.
 */
ndg_status ndg_file_writer_commit(ndg_file_writer *, ndg_error *);
/* [main; any; I/O, frees] path stays as it was. NULL is fine. */
void ndg_file_writer_abandon(ndg_file_writer *);

/* [main; any; I/O] A folder and those above it, as far as they are missing. */
ndg_status ndg_make_folders(const char *path, ndg_error *);

/* A file of a folder to be made; its name has no slash. */
typedef struct ndg_folder_file {
  const char *name, *text;
  size_t length;
} ndg_folder_file;
/* [main; any; I/O] A new folder with these files, whole or not at all. NDG_EIO where something is
   at path already. */
ndg_status ndg_folder_write(const char *path, size_t n, const ndg_folder_file *, ndg_error *);

/* A table of finite numbers with optional header and quoted fields (numbers may be quoted). */
typedef struct ndg_csv {
  uint64_t n_rows, n_columns;
  double *values; /* rows x columns */
  char **names;   /* n_columns, or NULL without header */
} ndg_csv;
/* [main; any; I/O, allocates] header: 1 yes, 0 no, -1 detect (a first row that is not all numbers).
 */
ndg_status ndg_csv_read(const char *path, int header, ndg_csv *out, ndg_error *);
/* [any; any; frees] What ndg_csv_read filled; a zeroed one is fine. */
void ndg_csv_free(ndg_csv *);

/* [main; any; I/O, allocates] IDX (gzip or plain) of unsigned bytes, 1 to 4 axes: images as REAL in
   [0, 255], one axis as INDEX. limit: read at most so many items of axis 0; 0: all. Truncated gzip,
   wrong magic, sizes that do not match: NDG_EFORMAT. */
ndg_status ndg_idx_read(const char *path, uint64_t limit, ndg_file_array *out, ndg_error *);
/* [main; any; I/O, allocates] NumPy .npy, versions 1 to 3, C or Fortran order, f4 f8 i4 i8 u1 (i8
   must fit int32). */
ndg_status ndg_npy_read(const char *path, ndg_file_array *out, ndg_error *);
/* [main; any; I/O] float64 or int32, C order; atomic. */
ndg_status ndg_npy_write(const char *path, const ndg_file_array *, ndg_error *);

/* [main; any; I/O] Path of a data file such as "mnist/train-images-idx3-ubyte.gz": in $NUDGE_DATA,
   then ../shared/data, then data/. NDG_ENOTFOUND lists the places tried. */
ndg_status ndg_data_find(const char *relative, char *path, size_t size, ndg_error *);

#endif
