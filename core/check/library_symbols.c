/* SPDX-License-Identifier: MIT */
/* Symbols of a shared object, read from the file: nothing is loaded. */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check/library.h"
#include "plugin/elf_file.h"
#include "plugin/line.h"

typedef struct object {
  const char *bytes;
  size_t size;
  const Elf64_Sym *symbols;
  size_t n;
  const char *names;
  size_t names_size;
} object;

static bool inside(const object *o, uint64_t offset, uint64_t size) {
  return offset <= o->size && size <= o->size - offset;
}

/* The dynamic symbol table and its names. */
static bool find_symbols(object *o) {
  const Elf64_Ehdr *h = (const void *)o->bytes;
  const Elf64_Shdr *sections = (const void *)(o->bytes + h->e_shoff);
  if (h->e_shentsize != sizeof *sections || h->e_shoff % 8 != 0 ||
      !inside(o, h->e_shoff, (uint64_t)h->e_shnum * sizeof *sections))
    return false;
  for (unsigned k = 0; k < h->e_shnum; k++) {
    const Elf64_Shdr *s = &sections[k];
    if (s->sh_type != SHT_DYNSYM || s->sh_link >= h->e_shnum)
      continue;
    const Elf64_Shdr *names = &sections[s->sh_link];
    if (!inside(o, s->sh_offset, s->sh_size) || !inside(o, names->sh_offset, names->sh_size) ||
        s->sh_offset % 8 != 0 || names->sh_size == 0 ||
        o->bytes[names->sh_offset + names->sh_size - 1] != '\0')
      return false;
    o->symbols = (const void *)(o->bytes + s->sh_offset);
    o->n = s->sh_size / sizeof *o->symbols;
    o->names = o->bytes + names->sh_offset;
    o->names_size = names->sh_size;
    return true;
  }
  return false;
}

/* False after the case was skipped. The file stays mapped: the process is short. */
static bool open_object(ndg_check *c, object *o) {
  ndg_error e = {.code = NDG_OK};
  struct stat st;
  if (ndg_elf_check(c->file, &e) < 0) {
    ndg_check_skip(c, "%s", e.text);
    return false;
  }
  const int fd = open(c->file, O_RDONLY | O_CLOEXEC);
  void *bytes = MAP_FAILED;
  if (fd >= 0 && fstat(fd, &st) == 0)
    bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (fd >= 0)
    (void)close(fd);
  if (bytes == MAP_FAILED) {
    ndg_check_skip(c, "%s cannot be read", c->file);
    return false;
  }
  *o = (object){.bytes = bytes, .size = (size_t)st.st_size};
  if (!find_symbols(o)) {
    ndg_check_skip(c, "its table of symbols cannot be read");
    return false;
  }
  return true;
}

static const char *name_of(const object *o, const Elf64_Sym *s) {
  return s->st_name < o->names_size ? o->names + s->st_name : "";
}

/* What older linkers and sanitizers add. */
static bool is_toolchain(const char *name) {
  return strcmp(name, "_init") == 0 || strcmp(name, "_fini") == 0 ||
         strncmp(name, "__odr_asan", 10) == 0 || strncmp(name, "__asan", 6) == 0;
}

void ndg_check_exports(ndg_check *c) {
  char others[400];
  object o;
  size_t n = 0;
  bool entry = false;
  ndg_line l = ndg_line_in(others, sizeof others);
  if (!open_object(c, &o))
    return;
  for (const Elf64_Sym *s = o.symbols; s < o.symbols + o.n; s++) {
    const char *name = name_of(&o, s);
    const unsigned binding = ELF64_ST_BIND(s->st_info), seen = ELF64_ST_VISIBILITY(s->st_other);
    if (s->st_shndx == SHN_UNDEF || binding == STB_LOCAL || seen == STV_HIDDEN ||
        seen == STV_INTERNAL)
      continue;
    if (strcmp(name, "ndg_plugin_1") == 0)
      entry = true;
    else if (!is_toolchain(name))
      ndg_line_add(&l, "%s%s", n++ ? ", " : "", name);
  }
  if (!entry)
    ndg_check_fail(c, "it does not export ndg_plugin_1");
  else if (n > 0)
    ndg_check_fail(c, "it also exports %s; compile it with -fvisibility=hidden", others);
}

/* Processes, streams, threads, locale, floating-point modes, clocks and files. */
static const char *const forbidden[] = {"abort",
                                        "exit",
                                        "_exit",
                                        "_Exit",
                                        "quick_exit",
                                        "raise",
                                        "signal",
                                        "sigaction",
                                        "system",
                                        "fork",
                                        "vfork",
                                        "dlopen",
                                        "popen",
                                        "execv",
                                        "execve",
                                        "pthread_create",
                                        "thrd_create",
                                        "stdout",
                                        "stderr",
                                        "stdin",
                                        "printf",
                                        "vprintf",
                                        "puts",
                                        "putchar",
                                        "perror",
                                        "fopen",
                                        "fopen64",
                                        "open",
                                        "open64",
                                        "setlocale",
                                        "fesetround",
                                        "fesetenv",
                                        "rand",
                                        "srand",
                                        "time",
                                        "clock",
                                        "clock_gettime",
                                        "getenv",
                                        "setenv",
                                        "putenv",
                                        "chdir",
                                        "umask",
                                        "openblas_set_num_threads"};

void ndg_check_imports(ndg_check *c) {
  char used[400];
  object o;
  size_t n = 0;
  ndg_line l = ndg_line_in(used, sizeof used);
  if (!open_object(c, &o))
    return;
  for (const Elf64_Sym *s = o.symbols; s < o.symbols + o.n; s++) {
    for (size_t k = 0; s->st_shndx == SHN_UNDEF && k < sizeof forbidden / sizeof *forbidden; k++) {
      if (strcmp(name_of(&o, s), forbidden[k]) == 0)
        ndg_line_add(&l, "%s%s", n++ ? ", " : "", forbidden[k]);
    }
  }
  if (n > 0)
    ndg_check_warn(c, "it uses %s", used);
}
