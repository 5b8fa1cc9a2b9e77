/* SPDX-License-Identifier: MIT */
extern const int ndg_plugin_1;
__attribute__((visibility("default"))) const int ndg_plugin_1 = 0x4e444731;
