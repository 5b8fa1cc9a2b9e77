/* SPDX-License-Identifier: MIT */
/* A component at many settings of its options, found from its option table alone. */
#ifndef NUDGE_CHECK_RULES_SETTINGS_H
#define NUDGE_CHECK_RULES_SETTINGS_H

#include "check/check.h"

enum { NDG_SETTING_TEXT = 160 };
typedef struct ndg_setting {
  ndg_instance instance;
  char text[NDG_SETTING_TEXT]; /* "solver=cg damping=0.7"; "default options" */
  bool is_default;
} ndg_setting;

enum {
  NDG_SETTINGS_CHOICES, /* the default, and every choice of every BOOL and ENUM alone */
  NDG_SETTINGS_SINGLE,  /* and some values of every number alone */
  NDG_SETTINGS_PAIRS,   /* and those two at a time, one of them a choice */
  NDG_SETTINGS_EXTREMES /* the default, and every number at its ends alone, and with each choice */
};

/* False ends the walk. */
typedef bool (*ndg_setting_visit)(void *context, const ndg_setting *);
/* Settings that the component refuses are left out. Options that have no default are given the
   first value that is tried. [main; case; cost of the visits] */
void ndg_settings_walk(ndg_check *, uint32_t which, ndg_setting_visit, void *context);

/* [main; case; allocates] The same instance with one number changed; false: refused, or there is no
   such option of type F64. */
bool ndg_setting_with(ndg_check *, const ndg_setting *, const char *option, double value,
                      ndg_setting *out);
/* [any; any; pure] Value of an option of type F64; NaN: there is none. */
double ndg_setting_number(const ndg_instance *, const char *option);

#endif
