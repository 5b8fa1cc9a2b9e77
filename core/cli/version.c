/* SPDX-License-Identifier: MIT */
#include <lua.h>
#include <sleef.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "cli/cli.h"
#include "tensor/blas.h"
#include "tensor/kernels.h"

static const ndg_cli_option options[] = {{NULL, NULL, NULL}};
static const ndg_cli_usage usage = {
    "version", "", "Say which nudge, plugin ABI, compiler, libraries and processor this is.",
    options};

static void print_processor(void) {
  char line[512], model[256] = "unknown";
  FILE *f = fopen("/proc/cpuinfo", "r");
  while (f && fgets(line, sizeof line, f)) {
    const char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) != 0 || !colon)
      continue;
    (void)snprintf(model, sizeof model, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
    break;
  }
  if (f)
    (void)fclose(f);
  printf("processor  %s\n", model);
}

/* __builtin_cpu_supports wants a literal, hence a line for each. */
static void print_features(void) {
  printf("features  ");
#if defined(__x86_64__)
  __builtin_cpu_init();
  fputs(__builtin_cpu_supports("sse4.2") ? " sse4.2" : "", stdout);
  fputs(__builtin_cpu_supports("avx") ? " avx" : "", stdout);
  fputs(__builtin_cpu_supports("avx2") ? " avx2" : "", stdout);
  fputs(__builtin_cpu_supports("fma") ? " fma" : "", stdout);
  fputs(__builtin_cpu_supports("avx512f") ? " avx512f" : "", stdout);
  fputs(__builtin_cpu_supports("avx512dq") ? " avx512dq" : "", stdout);
  fputs(__builtin_cpu_supports("avx512vl") ? " avx512vl" : "", stdout);
#elif defined(__aarch64__)
  fputs(" neon", stdout);
#endif
  putchar('\n');
}

int ndg_cli_version(int argc, char **argv) {
  ndg_cli_arguments a = ndg_cli_arguments_of(&usage, argc, argv);
  const int k = ndg_cli_next(&a);
  ndg_blas_info blas;
  if (k == NDG_CLI_OPERAND)
    return ndg_cli_fail("'version' takes no argument, got '%s'", a.value);
  if (k != NDG_CLI_END)
    return k == NDG_CLI_STOP_ERROR;
  ndg_blas_describe(&blas);
  printf("nudge      %s\n", NDG_VERSION);
  printf("ABI        %u.%u\n", NDG_ABI_MAJOR, NDG_ABI_MINOR);
  printf("compiler   %s\n", NDG_COMPILER);
  printf("BLAS       %s\n", blas.library);
  printf("kernels    %s\n", ndg_kernels_best()->name);
  printf("BLAS core  %s (%s)\n", blas.core, blas.family);
  print_processor();
  print_features();
  printf("SLEEF      %d.%d.%d\n", SLEEF_VERSION_MAJOR, SLEEF_VERSION_MINOR,
         SLEEF_VERSION_PATCHLEVEL);
  printf("zlib       %s\n", zlibVersion());
  printf("Lua        %s\n", LUA_RELEASE);
  return 0;
}
