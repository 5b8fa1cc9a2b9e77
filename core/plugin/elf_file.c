/* SPDX-License-Identifier: MIT */
#include "plugin/elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

typedef struct object {
  const char *path;
  int fd;
  uint64_t size;
  Elf64_Ehdr header;
  ndg_error *error;
} object;

static ndg_status cannot_read(const object *o) {
  const int code = errno;
  return ndg_fail(o->error, code == ENOENT ? NDG_ENOTFOUND : NDG_EIO, "cannot read %s: %s", o->path,
                  strerror(code));
}

static ndg_status truncated(const object *o) {
  return ndg_fail(o->error, NDG_EABI, "%s: not a plugin: the file is truncated", o->path);
}

static bool read_at(const object *o, void *out, size_t size, uint64_t offset) {
  return pread(o->fd, out, size, (off_t)offset) == (ssize_t)size;
}

/* The end of n entries of `each` bytes at offset; UINT64_MAX on overflow. */
static uint64_t end_of(uint64_t offset, uint64_t n, uint64_t each) {
  uint64_t bytes, end;
  if (__builtin_mul_overflow(n, each, &bytes) || __builtin_add_overflow(offset, bytes, &end))
    return UINT64_MAX;
  return end;
}

static ndg_status check_header(object *o) {
  struct stat st;
  if (fstat(o->fd, &st) != 0)
    return cannot_read(o);
  if (!S_ISREG(st.st_mode))
    return ndg_fail(o->error, NDG_EABI, "%s: not a plugin: not a regular file", o->path);
  o->size = (uint64_t)st.st_size;
  if (!read_at(o, o->header.e_ident, SELFMAG, 0) || memcmp(o->header.e_ident, ELFMAG, SELFMAG) != 0)
    return ndg_fail(o->error, NDG_EABI, "%s: not a plugin: not an ELF shared object", o->path);
  if (!read_at(o, &o->header, sizeof o->header, 0))
    return truncated(o);
  if (o->header.e_ident[EI_CLASS] != ELFCLASS64 || o->header.e_machine != MACHINE)
    return ndg_fail(o->error, NDG_EABI,
                    "%s: not a plugin for this machine: ELF class %d, machine %d, must be %d, %d",
                    o->path, o->header.e_ident[EI_CLASS], o->header.e_machine, ELFCLASS64, MACHINE);
  if (o->header.e_type != ET_DYN)
    return ndg_fail(o->error, NDG_EABI,
                    "%s: not a plugin: ELF type %d, must be a shared object (type %d)", o->path,
                    o->header.e_type, ET_DYN);
  return NDG_OK;
}

/* Sections come last in a file, so a truncated one nearly always has lost their table. */
static ndg_status check_extent(const object *o) {
  const Elf64_Ehdr *h = &o->header;
  const uint64_t programs = end_of(h->e_phoff, h->e_phnum, h->e_phentsize);
  const uint64_t sections = end_of(h->e_shoff, h->e_shnum, h->e_shentsize);
  if (h->e_phentsize != sizeof(Elf64_Phdr))
    return ndg_fail(o->error, NDG_EABI, "%s: not a plugin: broken ELF header", o->path);
  if (programs > o->size || sections > o->size)
    return truncated(o);
  for (uint64_t k = 0; k < h->e_phnum; k++) {
    Elf64_Phdr p;
    if (!read_at(o, &p, sizeof p, h->e_phoff + k * sizeof p))
      return cannot_read(o);
    const uint64_t end = end_of(p.p_offset, 1, p.p_filesz);
    if (p.p_type == PT_LOAD && end > o->size)
      return truncated(o);
  }
  return NDG_OK;
}

ndg_status ndg_elf_check(const char *path, ndg_error *e) {
  object o = {.path = path, .error = e};
  o.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (o.fd < 0)
    return cannot_read(&o);
  ndg_status st = check_header(&o);
  if (st == NDG_OK)
    st = check_extent(&o);
  (void)close(o.fd);
  return st;
}
