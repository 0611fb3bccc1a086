/* Adam: steps scaled by running moments of the gradient (Kingma, Ba 2015), and AdamW, whose decay
 * is no part of the gradient (Loshchilov, Hutter 2019).
 * SPDX-License-Identifier: Apache-2.0
 *
 * States 0 and 1 are the first and the second moment; 2 is, with AMSGrad alone, the largest second
 * moment so far (Reddi, Kale, Kumar 2018). */
#include "core/context.h"
#include "model/optimizer.h"

/* AdamW's decay where no options are given. */
#define DEFAULT_DECAY 0.01

static wg_status ask_either(const wg_optimizer *o, const wgi_updates *backend,
                            const wgi_update *updates, size_t n, bool is_decoupled)
{
    const wg_adam_options *options = &o->options.adam;
    const wgi_adam_rule rule = {.beta1 = options->beta1,
                                .beta2 = options->beta2,
                                .epsilon = options->epsilon,
                                .is_decoupled = is_decoupled,
                                .is_amsgrad = options->is_amsgrad};
    const int32_t threads = wgi_update_threads(o);
    return backend->adam == NULL ? WG_ERR_UNSUPPORTED : backend->adam(&rule, updates, n, threads);
}

static wg_status ask_adam(const wg_optimizer *o, const wgi_updates *backend,
                          const wgi_update *updates, size_t n)
{
    return ask_either(o, backend, updates, n, false);
}

static wg_status ask_adamw(const wg_optimizer *o, const wgi_updates *backend,
                           const wgi_update *updates, size_t n)
{
    return ask_either(o, backend, updates, n, true);
}

static const wgi_optimizer_kind adam_kind = {.update = wgi_update_by_backends,
                                             .ask = ask_adam,
                                             .states = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}};
static const wgi_optimizer_kind adamw_kind = {
    .update = wgi_update_by_backends,
    .ask = ask_adamw,
    .states = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}};

static wg_adam_options with_defaults(const wg_adam_options *options, double decay)
{
    wg_adam_options o = {.size = sizeof o, .weight_decay = decay};
    if (options != NULL) {
        o = *options;
    }
    o.rate = wgi_or_default(o.rate, 0.001);
    o.beta1 = wgi_or_default(o.beta1, 0.9);
    o.beta2 = wgi_or_default(o.beta2, 0.999);
    o.epsilon = wgi_or_default(o.epsilon, 1e-8);
    return o;
}

static bool are_options(const wg_adam_options *o)
{
    return wgi_is_positive(o->rate) && o->beta1 > 0.0 && o->beta1 < 1.0 && o->beta2 > 0.0 &&
           o->beta2 < 1.0 && wgi_is_positive(o->epsilon) && wgi_is_factor(o->weight_decay);
}

static wg_status create(wg_model *m, bool is_decoupled, const wg_adam_options *options,
                        wg_optimizer **out)
{
    const char *name = is_decoupled ? "adamw" : "adam";
    static const char wants[] = "wants size, rate and epsilon > 0, betas in (0, 1), decay >= 0";
    const bool is_this_version = options == NULL || options->size == sizeof *options;
    const wg_adam_options o =
        with_defaults(is_this_version ? options : NULL, is_decoupled ? DEFAULT_DECAY : 0.0);
    const bool are_right = is_this_version && are_options(&o);
    const wgi_optimizer_kind *kind = is_decoupled ? &adamw_kind : &adam_kind;
    wg_status status = wgi_optimizer_check(m, name, are_right ? NULL : wants, out);
    status = status != WG_OK ? status : wgi_optimizer_new(m, kind, name, out);
    if (status == WG_OK) {
        (*out)->options.adam = o;
        (*out)->rate = o.rate;
        (*out)->weight_decay = o.weight_decay;
        (*out)->n_states = o.is_amsgrad ? 3 : 2;
    }
    return status;
}

wg_status wg_adam_create(wg_model *m, const wg_adam_options *options, wg_optimizer **out)
{
    return create(m, false, options, out);
}

wg_status wg_adamw_create(wg_model *m, const wg_adamw_options *options, wg_optimizer **out)
{
    return create(m, true, options, out);
}
