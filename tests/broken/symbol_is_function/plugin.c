/* SPDX-License-Identifier: MIT */
/* The right name on the wrong thing. */
void ndg_plugin_1(void);
__attribute__((visibility("default"))) void ndg_plugin_1(void) {
}
