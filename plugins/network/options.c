/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "network.h"

const ndg_choice network_activations[] = {
    {"identity", NETWORK_IDENTITY, "h = z: a linear network."},
    {"tanh", NETWORK_TANH, "h = tanh z."},
    {"sigmoid", NETWORK_SIGMOID, "h = 1/(1 + exp(-z))."},
    {"softplus", NETWORK_SOFTPLUS, "h = log(1 + exp z)."},
    {"relu", NETWORK_RELU, "h = max(z, 0); not analytic, so no complex nudging."},
    {NULL, 0, NULL}};
const ndg_choice network_losses[] = {
    {"mse", NETWORK_MSE, "Half the mean over samples of the squared error summed over outputs."},
    {"cross_entropy", NETWORK_CROSS_ENTROPY, "Mean over samples of -log softmax at the label."},
    {NULL, 0, NULL}};
const ndg_choice network_lambda_scales[] = {
    {"raw", NETWORK_RAW, "theta is lambda itself, projected to >= 0 after each outer step."},
    {"log", NETWORK_LOG, "theta is log lambda."},
    {NULL, 0, NULL}};

/* "lambda, omega, initial" */
static const char *enumerate(const char *const *names, uint32_t n, char *out, size_t size) {
  size_t used = 0;
  for (uint32_t i = 0; i < n && used < size; i++) {
    const int length = snprintf(out + used, size - used, "%s%s", i ? ", " : "", names[i]);
    used += length > 0 ? (size_t)length : 0;
  }
  return out;
}

ndg_status network_read_names(const char *option, const char *text, const char *const *names,
                              uint32_t n, uint32_t *bits, ndg_error *e) {
  char all[160] = "";
  *bits = 0;
  for (const char *p = text + strspn(text, ", "); *p; p += strspn(p, ", ")) {
    const size_t length = strcspn(p, ", ");
    uint32_t i = 0;
    while (i < n && !(strlen(names[i]) == length && memcmp(p, names[i], length) == 0)) {
      i++;
    }
    if (i == n) {
      return ndg_fail(e, NDG_EINVAL, "%s names '%.*s'; it takes %s", option,
                      (int)(length < 40 ? length : 40), p, enumerate(names, n, all, sizeof all));
    }
    if (*bits & 1u << i) {
      return ndg_fail(e, NDG_EINVAL, "%s names %s twice", option, names[i]);
    }
    *bits |= 1u << i;
    p += length;
  }
  return NDG_OK;
}

void network_draw(uint32_t init, double width, ndg_group *out) {
  if (!(width > 0)) {
    out->init = NDG_INIT_CONSTANT;
    out->a = 0;
    return;
  }
  out->init = init;
  out->a = init == NDG_INIT_UNIFORM ? -width : 0;
  out->b = width;
}

void network_draw_bias(double bias_scale, const ndg_i64_list *layers, uint32_t layer,
                       ndg_group *out) {
  const double n_inputs = (double)layers->values[layer - 1];
  network_draw(NDG_INIT_UNIFORM, layer + 1 < layers->n ? bias_scale / sqrt(n_inputs) : 0, out);
}

void network_lay_out_lambda(int32_t scale, double lambda, ndg_group *out) {
  out->constraint = scale == NETWORK_RAW ? NDG_NONNEGATIVE : NDG_UNCONSTRAINED;
  out->a = scale == NETWORK_RAW ? lambda : log(lambda);
}
