/* Stochastic gradient descent, with momentum.
 * SPDX-License-Identifier: Apache-2.0
 *
 * State 0 is the velocity; without momentum there is none. */
#include "core/context.h"
#include "model/optimizer.h"

static wg_status ask(const wg_optimizer *o, const wgi_updates *backend, const wgi_update *updates,
                     size_t n)
{
    const wg_sgd_options *options = &o->options.sgd;
    const wgi_sgd_rule rule = {.momentum = options->momentum,
                               .dampening = options->dampening,
                               .is_nesterov = options->is_nesterov};
    const int32_t threads = wgi_update_threads(o);
    return backend->sgd == NULL ? WG_ERR_UNSUPPORTED : backend->sgd(&rule, updates, n, threads);
}

static const wgi_optimizer_kind sgd_kind = {
    .update = wgi_update_by_backends, .ask = ask, .states = {"momentum_buffer"}};

static bool are_options(const wg_sgd_options *o)
{
    return o != NULL && o->size == sizeof *o && wgi_is_positive(o->rate) &&
           wgi_is_factor(o->momentum) && wgi_is_factor(o->weight_decay) && o->dampening >= 0.0 &&
           o->dampening <= (o->is_nesterov ? 0.0 : 1.0);
}

wg_status wg_sgd_create(wg_model *m, const wg_sgd_options *options, wg_optimizer **out)
{
    static const char wants[] = "wants size, rate > 0, momentum and decay >= 0, dampening in [0, "
                                "1], 0 with nesterov";
    wg_status status = wgi_optimizer_check(m, "sgd", are_options(options) ? NULL : wants, out);
    status = status != WG_OK ? status : wgi_optimizer_new(m, &sgd_kind, "sgd", out);
    if (status == WG_OK) {
        (*out)->options.sgd = *options;
        (*out)->rate = options->rate;
        (*out)->weight_decay = options->weight_decay;
        (*out)->n_states = options->momentum == 0.0 ? 0 : 1;
    }
    return status;
}
