/* Adam: steps scaled by running moments of the gradient (Kingma, Ba 2015).
 * SPDX-License-Identifier: Apache-2.0
 *
 * States 0 and 1 are the first and the second moment. */
#include <math.h>

#include "core/context.h"
#include "model/optimizer.h"

static wg_status update(const wg_optimizer *o, const wgi_updates *backend,
                        const wgi_update *updates, size_t n)
{
    const wg_adam_options *options = &o->options.adam;
    const wgi_adam_rule rule = {.rate = o->rate,
                                .beta1 = options->beta1,
                                .beta2 = options->beta2,
                                .epsilon = options->epsilon,
                                .weight_decay = options->weight_decay};
    const int32_t threads = wgi_update_threads(o);
    return backend->adam == NULL ? WG_ERR_UNSUPPORTED : backend->adam(&rule, updates, n, threads);
}

static const wgi_optimizer_kind adam_kind = {"adam", update};

static double or_default(double x, double otherwise)
{
    return x == 0.0 ? otherwise : x;
}

static wg_adam_options with_defaults(const wg_adam_options *options)
{
    wg_adam_options o = {.size = sizeof o};
    if (options != NULL) {
        o = *options;
    }
    o.rate = or_default(o.rate, 0.001);
    o.beta1 = or_default(o.beta1, 0.9);
    o.beta2 = or_default(o.beta2, 0.999);
    o.epsilon = or_default(o.epsilon, 1e-8);
    return o;
}

static bool is_positive(double x)
{
    return isfinite(x) && x > 0.0;
}

static bool are_options(const wg_adam_options *o)
{
    return is_positive(o->rate) && o->beta1 > 0.0 && o->beta1 < 1.0 && o->beta2 > 0.0 &&
           o->beta2 < 1.0 && is_positive(o->epsilon) && isfinite(o->weight_decay) &&
           o->weight_decay >= 0.0;
}

wg_status wg_adam_create(wg_model *m, const wg_adam_options *options, wg_optimizer **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (m == NULL) {
        return WG_ERR_ARGUMENT;
    }
    const bool is_this_version = options == NULL || options->size == sizeof *options;
    const wg_adam_options o = with_defaults(is_this_version ? options : NULL);
    if (out == NULL || !is_this_version || !are_options(&o)) {
        return wgi_context_fail(
            m->ctx, WG_ERR_ARGUMENT, "adam: %s",
            out == NULL ? "no place for the result"
                        : "wants size, rate and epsilon > 0, betas in (0, 1), decay >= 0");
    }
    wg_status status = wgi_optimizer_new(m, &adam_kind, out);
    if (status == WG_OK) {
        (*out)->options.adam = o;
        (*out)->rate = o.rate;
        (*out)->n_states = 2;
    }
    return status;
}
