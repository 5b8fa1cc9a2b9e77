/* SPDX-License-Identifier: MIT */
#include "check/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check/check.h"

enum {
  LOOK_AGAIN_MS = 20,       /* a process may end while others hold its pipes */
  FLOOD = 64 * 1024 * 1024, /* output of a process that will not stop printing */
  HIGH_FD = 200             /* out of the way of what counts or closes descriptors */
};

/* Behind the letter of every record: what a plugin writes to descriptors that are not its own is no
   record. */
enum { TOKEN = 8 };
static char token[TOKEN + 1];

static void draw_token(void) {
  uint32_t bits = 0;
  (void)!getrandom(&bits, sizeof bits, GRND_NONBLOCK);
  (void)snprintf(token, sizeof token, "%08" PRIx32, bits);
}

double ndg_check_now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void ndg_isolated_say(int messages, char what, const char *text) {
  char record[NDG_CHECK_TEXT_SIZE + TOKEN + 2];
  const int n = snprintf(record, sizeof record, "%c%s%s", what, token, text);
  size_t left = n < 0 ? 0 : (size_t)n < sizeof record ? (size_t)n + 1 : sizeof record;
  for (const char *p = record; left > 0;) {
    const ssize_t written = write(messages, p, left);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return; /* the plugin closed it: the missing end of the records tells */
    p += written;
    left -= (size_t)written;
  }
}

/* The process: standard input is empty, standard output and error go to the pipe. */
static void begin(pid_t parent, int messages, int output) {
  (void)setpgid(0, 0);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(EXIT_FAILURE);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
      dup2(output, STDERR_FILENO) < 0) {
    ndg_isolated_say(messages, NDG_SAYS_ERROR, "the pipes of a case could not be put in place");
    _exit(EXIT_FAILURE);
  }
  (void)close(nothing);
  (void)close(output);
}

static ndg_status cannot_start(ndg_isolated *i, ndg_error *e) {
  const int code = errno;
  ndg_isolated_free(i);
  return ndg_fail(e, NDG_EIO, "cannot start a process for a case: %s", strerror(code));
}

/* Moves a descriptor up; the old one is closed. */
static int raised(int fd) {
  const int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
  if (high >= 0)
    (void)close(fd);
  return high < 0 ? fd : high;
}

static void set_nonblocking(int fd) {
  (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

ndg_status ndg_isolated_start(ndg_isolated *i, ndg_isolated_work work, void *context,
                              double limit_s, ndg_error *e) {
  int messages[2], output[2];
  memset(i, 0, sizeof *i);
  i->messages = i->output = -1;
  i->limit_s = limit_s;
  i->doing =
      mmap(NULL, NDG_CHECK_DOING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (i->doing == MAP_FAILED) {
    i->doing = NULL;
    return cannot_start(i, e);
  }
  if (pipe2(messages, O_CLOEXEC) != 0)
    return cannot_start(i, e);
  i->messages = messages[0];
  if (pipe2(output, O_CLOEXEC) != 0) {
    (void)close(messages[1]);
    return cannot_start(i, e);
  }
  i->output = output[0];
  const pid_t parent = getpid();
  draw_token();
  memcpy(i->token, token, sizeof i->token);
  (void)fflush(NULL); /* else both processes would write what waits */
  i->began = ndg_check_now();
  i->pid = fork();
  if (i->pid == 0) {
    const int to = raised(messages[1]);
    begin(parent, to, output[1]);
    work(context, to, i->doing);
    (void)fflush(NULL);
    ndg_isolated_say(to, NDG_SAYS_DONE, "");
    _exit(EXIT_SUCCESS);
  }
  const int code = errno;
  (void)close(messages[1]);
  (void)close(output[1]);
  errno = code;
  if (i->pid < 0) {
    i->pid = 0;
    return cannot_start(i, e);
  }
  (void)setpgid(i->pid, i->pid); /* both do: neither waits for the other */
  set_nonblocking(i->messages);
  set_nonblocking(i->output);
  return NDG_OK;
}

/* Reads what there is; closes at the end. True: there may be more later. */
static bool drain(int *fd, char *out, size_t size, size_t *kept, uint64_t *total) {
  char piece[4096];
  while (*fd >= 0) {
    const ssize_t n = read(*fd, piece, sizeof piece);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN)
      return true;
    if (n <= 0) {
      (void)close(*fd);
      *fd = -1;
      return false;
    }
    const size_t room = size - 1 - *kept, take = (size_t)n < room ? (size_t)n : room;
    memcpy(out + *kept, piece, take);
    *kept += take;
    *total += (uint64_t)n;
    if (*total > FLOOD)
      return true;
  }
  return false;
}

static void listen_to(ndg_isolated *i) {
  uint64_t total = i->n_said;
  (void)drain(&i->messages, i->said, sizeof i->said, &i->n_said, &total);
  (void)drain(&i->output, i->heard, sizeof i->heard, &i->n_heard, &i->n_output);
  i->flooded = i->flooded || i->n_output > FLOOD || total > FLOOD;
}

static void close_both(ndg_isolated *i) {
  if (i->messages >= 0)
    (void)close(i->messages);
  if (i->output >= 0)
    (void)close(i->output);
  i->messages = i->output = -1;
}

/* Ends it if its time is over; true when it has ended, and all that it started with it. */
static bool settle(ndg_isolated *i) {
  const double now = ndg_check_now();
  int flags = WNOHANG;
  i->timed_out = i->timed_out || now - i->began > i->limit_s;
  if (i->timed_out || i->flooded) {
    (void)kill(-i->pid, SIGKILL);
    (void)kill(i->pid, SIGKILL);
    flags = 0;
  }
  pid_t ended;
  do
    ended = waitpid(i->pid, &i->status, flags);
  while (ended < 0 && errno == EINTR);
  if (ended == 0)
    return false;
  (void)kill(-i->pid, SIGKILL);
  listen_to(i);
  close_both(i);
  i->seconds = ndg_check_now() - i->began;
  i->pid = 0;
  return true;
}

void ndg_isolated_wait(ndg_isolated *const *all, size_t n) {
  enum { MOST = 64 };
  for (;;) {
    struct pollfd fds[2 * MOST];
    bool ended = false, any = false;
    for (size_t k = 0; k < n && k < MOST; k++) {
      const bool runs = all[k]->pid > 0;
      any = any || runs;
      fds[2 * k] = (struct pollfd){runs ? all[k]->messages : -1, POLLIN, 0};
      fds[2 * k + 1] = (struct pollfd){runs ? all[k]->output : -1, POLLIN, 0};
    }
    if (!any)
      return;
    (void)poll(fds, (nfds_t)(2 * (n < MOST ? n : MOST)), LOOK_AGAIN_MS);
    for (size_t k = 0; k < n && k < MOST; k++) {
      if (all[k]->pid <= 0)
        continue;
      listen_to(all[k]);
      ended = settle(all[k]) || ended;
    }
    if (ended)
      return;
  }
}

void ndg_isolated_free(ndg_isolated *i) {
  close_both(i);
  if (i->doing)
    (void)munmap(i->doing, NDG_CHECK_DOING_SIZE);
  i->doing = NULL;
}

static bool is_record(const ndg_isolated *i, const char *p) {
  return *p && strncmp(p + 1, i->token, TOKEN) == 0;
}

const char *ndg_isolated_said(const ndg_isolated *i, char what, const char *after) {
  const char *p = after ? after + strlen(after) + 1 : i->said;
  const char *end = i->said + i->n_said;
  for (; p < end && memchr(p, 0, (size_t)(end - p)); p += strlen(p) + 1) {
    if (*p == what && is_record(i, p))
      return p + 1 + TOKEN;
  }
  return NULL;
}

bool ndg_isolated_is_tampered(const ndg_isolated *i) {
  const char *end = i->said + i->n_said;
  for (const char *p = i->said; p < end; p += strlen(p) + 1) {
    if (!memchr(p, 0, (size_t)(end - p)) || !is_record(i, p))
      return true;
  }
  return false;
}
