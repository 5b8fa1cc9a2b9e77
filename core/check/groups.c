/* SPDX-License-Identifier: MIT */
#include "check/groups.h"

const ndg_check_case *const ndg_check_groups[] = {
    ndg_check_library,
    ndg_check_descriptor,
    ndg_check_options,
    NULL,
};
