/* Adagrad: steps scaled by the sum of the squared gradients (Duchi, Hazan, Singer 2011).
 * SPDX-License-Identifier: Apache-2.0
 *
 * State 0 is that sum. */
#include "core/context.h"
#include "model/optimizer.h"

static wg_status ask(const wg_optimizer *o, const wgi_updates *backend, const wgi_update *updates,
                     size_t n)
{
    const wg_adagrad_options *options = &o->options.adagrad;
    const wgi_adagrad_rule rule = {.rate_decay = options->rate_decay,
                                   .epsilon = options->epsilon,
                                   .initial = options->initial};
    return backend->adagrad == NULL ? WG_ERR_UNSUPPORTED
                                    : backend->adagrad(&rule, updates, n, wgi_update_threads(o));
}

static const wgi_optimizer_kind kind = {
    .update = wgi_update_by_backends, .ask = ask, .states = {"sum"}};

static wg_adagrad_options with_defaults(const wg_adagrad_options *options)
{
    wg_adagrad_options o = {.size = sizeof o};
    if (options != NULL) {
        o = *options;
    }
    o.rate = wgi_or_default(o.rate, 0.01);
    o.epsilon = wgi_or_default(o.epsilon, 1e-10);
    return o;
}

static bool are_options(const wg_adagrad_options *o)
{
    return wgi_is_positive(o->rate) && wgi_is_positive(o->epsilon) &&
           wgi_is_factor(o->rate_decay) && wgi_is_factor(o->weight_decay) &&
           wgi_is_factor(o->initial);
}

wg_status wg_adagrad_create(wg_model *m, const wg_adagrad_options *options, wg_optimizer **out)
{
    static const char wants[] = "wants size, rate and epsilon > 0, others >= 0";
    const bool is_this_version = options == NULL || options->size == sizeof *options;
    const wg_adagrad_options o = with_defaults(is_this_version ? options : NULL);
    const bool are_right = is_this_version && are_options(&o);
    wg_status status = wgi_optimizer_check(m, "adagrad", are_right ? NULL : wants, out);
    status = status != WG_OK ? status : wgi_optimizer_new(m, &kind, "adagrad", out);
    if (status == WG_OK) {
        (*out)->options.adagrad = o;
        (*out)->rate = o.rate;
        (*out)->weight_decay = o.weight_decay;
        (*out)->n_states = 1;
    }
    return status;
}
