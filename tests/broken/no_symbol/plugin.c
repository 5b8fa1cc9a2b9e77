/* SPDX-License-Identifier: MIT */
/* A library like any other. */
extern int answer;
__attribute__((visibility("default"))) int answer = 42;
