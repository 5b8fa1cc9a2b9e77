/* SPDX-License-Identifier: MIT */
#include "base/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Linux says it in /proc, where it can be restarted; every system in rusage, in kilobytes. */
uint64_t ndg_peak_memory(void) {
  struct rusage use;
  unsigned long long kilobytes = 0;
  char line[128];
  FILE *status = fopen("/proc/self/status", "re");
  while (status && !kilobytes && fgets(line, sizeof line, status)) {
    if (sscanf(line, "VmHWM: %llu kB", &kilobytes) != 1) {
      kilobytes = 0;
    }
  }
  if (status) {
    fclose(status);
  }
  if (!kilobytes && getrusage(RUSAGE_SELF, &use) == 0) {
    kilobytes = (unsigned long long)use.ru_maxrss;
  }
  return kilobytes * 1024;
}

bool ndg_restart_peak_memory(void) {
  static const char peak_only[] = "5";
  const int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (file < 0) {
    return false;
  }
  const bool done = write(file, peak_only, strlen(peak_only)) == (ssize_t)strlen(peak_only);
  return close(file) == 0 && done;
}

bool ndg_folder_beside_program(const char *relative, char *out, size_t size) {
  struct stat info;
  const ssize_t n = readlink("/proc/self/exe", out, size);
  if (n <= 0 || (size_t)n >= size) {
    return false;
  }
  out[n] = 0;
  char *slash = strrchr(out, '/');
  if (!slash) {
    return false;
  }
  *slash = 0;
  const size_t length = (size_t)(slash - out), room = size - length;
  if (*relative && snprintf(slash, room, "/%s", relative) >= (int)room) {
    return false;
  }
  return stat(out, &info) == 0 && S_ISDIR(info.st_mode);
}
