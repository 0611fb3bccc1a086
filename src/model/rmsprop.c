/* RMSprop: steps scaled by a running mean of the squared gradient (Tieleman, Hinton 2012).
 * SPDX-License-Identifier: Apache-2.0
 *
 * State 0 is that mean; the mean of the gradient follows where it is centered, and the velocity
 * where there is momentum. */
#include "core/context.h"
#include "model/optimizer.h"

static wg_status ask(const wg_optimizer *o, const wgi_updates *backend, const wgi_update *updates,
                     size_t n)
{
    const wg_rmsprop_options *options = &o->options.rmsprop;
    const wgi_rmsprop_rule rule = {.alpha = options->alpha,
                                   .epsilon = options->epsilon,
                                   .momentum = options->momentum,
                                   .is_centered = options->is_centered};
    return backend->rmsprop == NULL ? WG_ERR_UNSUPPORTED
                                    : backend->rmsprop(&rule, updates, n, wgi_update_threads(o));
}

/* By whether it is centered, and by whether it has momentum. */
static const wgi_optimizer_kind kinds[2][2] = {
    {{.update = wgi_update_by_backends, .ask = ask, .states = {"square_avg"}},
     {.update = wgi_update_by_backends, .ask = ask, .states = {"square_avg", "momentum_buffer"}}},
    {{.update = wgi_update_by_backends, .ask = ask, .states = {"square_avg", "grad_avg"}},
     {.update = wgi_update_by_backends,
      .ask = ask,
      .states = {"square_avg", "grad_avg", "momentum_buffer"}}}};

static wg_rmsprop_options with_defaults(const wg_rmsprop_options *options)
{
    wg_rmsprop_options o = {.size = sizeof o};
    if (options != NULL) {
        o = *options;
    }
    o.rate = wgi_or_default(o.rate, 0.01);
    o.alpha = wgi_or_default(o.alpha, 0.99);
    o.epsilon = wgi_or_default(o.epsilon, 1e-8);
    return o;
}

static bool are_options(const wg_rmsprop_options *o)
{
    return wgi_is_positive(o->rate) && o->alpha > 0.0 && o->alpha < 1.0 &&
           wgi_is_positive(o->epsilon) && wgi_is_factor(o->momentum) &&
           wgi_is_factor(o->weight_decay);
}

wg_status wg_rmsprop_create(wg_model *m, const wg_rmsprop_options *options, wg_optimizer **out)
{
    static const char wants[] = "wants size, rate and epsilon > 0, alpha in (0, 1), others >= 0";
    const bool is_this_version = options == NULL || options->size == sizeof *options;
    const wg_rmsprop_options o = with_defaults(is_this_version ? options : NULL);
    const bool are_right = is_this_version && are_options(&o);
    const bool has_momentum = o.momentum != 0.0;
    const wgi_optimizer_kind *kind = &kinds[o.is_centered][has_momentum];
    wg_status status = wgi_optimizer_check(m, "rmsprop", are_right ? NULL : wants, out);
    status = status != WG_OK ? status : wgi_optimizer_new(m, kind, "rmsprop", out);
    if (status == WG_OK) {
        (*out)->options.rmsprop = o;
        (*out)->rate = o.rate;
        (*out)->weight_decay = o.weight_decay;
        (*out)->n_states = 1 + (o.is_centered ? 1 : 0) + (has_momentum ? 1 : 0);
    }
    return status;
}
