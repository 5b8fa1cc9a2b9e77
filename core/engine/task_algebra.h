/* SPDX-License-Identifier: MIT */
/* Vector algebra with a number per task, in the vectors' own element type (real, the same for all
   operands). A task whose number is zero is not touched, whatever its operands hold. */
#ifndef NUDGE_ENGINE_TASK_ALGEBRA_H
#define NUDGE_ENGINE_TASK_ALGEBRA_H

#include "engine/vector.h"

/* [any; any; pure] Rounding unit of an element type: distance from 1 to the next number. */
double ndg_epsilon(ndg_dtype);
/* [any; any; hot] y += a x */
void ndg_task_axpy(ndg_vector *y, const long double *a, const ndg_vector *x);
/* [any; any; hot] y = x + a y */
void ndg_task_xpay(ndg_vector *y, const long double *a, const ndg_vector *x);
/* [any; any; hot] y *= a, zero included. */
void ndg_task_scale(ndg_vector *y, const long double *a);
/* [any; any; hot] Largest modulus of each task's numbers; NaN passes through. */
void ndg_task_peaks(const ndg_vector *x, long double *peak);

#endif
