/* SPDX-License-Identifier: MIT */
/* Limits of a process that runs a plugin, so that a defect stays its own: memory, files, processor
   time, and no processes. The number of processes of a user cannot be limited for root, nor counted
   reliably for others; a filter of system calls refuses new ones for everybody and lets threads
   through. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check/isolate.h"

static const rlim_t memory = (rlim_t)1 << 30; /* beyond what is mapped at the start */
static const rlim_t largest_file = (rlim_t)64 << 20;
static const rlim_t most_files = 256;

static void limit(__rlimit_resource_t what, rlim_t value) {
  struct rlimit r;
  if (getrlimit(what, &r) != 0 || (r.rlim_cur != RLIM_INFINITY && r.rlim_cur < value))
    return;
  r.rlim_cur = value;
  if (r.rlim_max == RLIM_INFINITY || r.rlim_max > value)
    r.rlim_max = value;
  (void)setrlimit(what, &r);
}

/* Bytes of address space in use. */
static rlim_t mapped(void) {
  unsigned long pages = 0;
  FILE *f = fopen("/proc/self/statm", "re");
  if (f && fscanf(f, "%lu", &pages) != 1)
    pages = 0;
  if (f)
    (void)fclose(f);
  return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define REFUSE(call, code)                                                                         \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), RETURN(SECCOMP_RET_ERRNO | (code))

/* clone3 keeps its flags in memory, where a filter cannot look: without it the C library uses
   clone. Signals go to the process itself only: kill(-1, SIGKILL), where -1 is what a refused fork
   gave, would end the checker and more. */
static void refuse_processes(void) {
#if defined(ARCHITECTURE)
  struct sock_filter filter[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
    RETURN(SECCOMP_RET_ERRNO | EPERM),
    LOAD(nr),
#if defined(__NR_fork)
    REFUSE(__NR_fork, EPERM),
    REFUSE(__NR_vfork, EPERM),
#endif
#if defined(__NR_clone3)
    REFUSE(__NR_clone3, ENOSYS),
#endif
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_kill, 0, 3),
    LOAD(args[0]),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 5, 0), /* past the rest */
    RETURN(SECCOMP_RET_ERRNO | EPERM),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
    LOAD(args[0]),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
    RETURN(SECCOMP_RET_ERRNO | EPERM),
    RETURN(SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
    (void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
#endif
}

void ndg_confine(double limit_s) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, largest_file);
  limit(RLIMIT_NOFILE, most_files);
  limit(RLIMIT_CPU, 8 * (rlim_t)(limit_s + 1)); /* of all threads; the parent's clock comes first */
  if (!NDG_IS_SANITIZED)                        /* a sanitizer maps terabytes */
    limit(RLIMIT_AS, mapped() + memory);
  refuse_processes();
}
