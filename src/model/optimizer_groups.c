/* Groups: parameters whose rate and weight decay are not the optimizer's.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rate and decay of a parameter are looked up once after each change of the groups. */
#include "core/context.h"
#include "model/optimizer.h"

static wgi_param_group *group_at(const wg_optimizer *o, size_t i)
{
    return (wgi_param_group *)o->groups.data + i;
}

void wgi_groups_free(wg_optimizer *o)
{
    const wg_allocator *memory = &o->model->ctx->memory;
    for (size_t i = 0; i < o->groups.count; i++) {
        wgi_release_text(memory, group_at(o, i)->path);
    }
    wgi_array_free(memory, &o->groups, sizeof(wgi_param_group));
}

static bool has_param(const wgi_param_group *group, const wg_param *p)
{
    const bool has_rank = group->max_rank == 0 || p->value->type.rank <= group->max_rank;
    return has_rank && wgi_is_below(p->name, group->path);
}

void wgi_groups_look_up(const wg_optimizer *o, const wg_param *p, wgi_param_memory *memory)
{
    memory->n_groups = o->groups.count;
    memory->rate_scale = 1.0;
    memory->weight_decay = o->weight_decay;
    size_t i = o->groups.count;
    while (i > 0 && !has_param(group_at(o, i - 1), p)) {
        i--;
    }
    if (i > 0) {
        const wgi_param_group *group = group_at(o, i - 1);
        memory->rate_scale = group->rate_scale;
        memory->weight_decay = group->has_weight_decay ? group->weight_decay : o->weight_decay;
    }
}

/* ---- adding ------------------------------------------------------------------------------- */

static bool has_any(const wg_model *m, const char *path)
{
    bool has = path == NULL || path[0] == '\0';
    for (size_t i = 0; !has && i < m->params.count; i++) {
        has = wgi_is_below(wg_param_name(wg_model_param(m, i)), path);
    }
    return has;
}

static wg_status check(const wg_optimizer *o, const wg_optimizer_group *group)
{
    wg_context *ctx = o->model->ctx;
    if (group == NULL || group->size != sizeof *group || group->max_rank < 0 ||
        !wgi_is_factor(group->rate_scale) || !wgi_is_factor(group->weight_decay)) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT,
                                "%s: a group wants size, a rank, a scale and a decay >= 0",
                                o->name);
    }
    return has_any(o->model, group->path)
               ? WG_OK
               : wgi_context_fail(ctx, WG_ERR_NAME, "%s: no parameter stands at or below '%s'",
                                  o->name, group->path);
}

wg_status wg_optimizer_add_group(wg_optimizer *o, const wg_optimizer_group *group)
{
    wg_status status = o == NULL ? WG_ERR_ARGUMENT : check(o, group);
    if (status != WG_OK) {
        return status;
    }
    const wg_allocator *memory = &o->model->ctx->memory;
    char *path = group->path == NULL ? NULL : wgi_copy_text(memory, group->path);
    wgi_param_group *added = NULL;
    if (path != NULL || group->path == NULL) {
        added = wgi_array_push(memory, &o->groups, sizeof *added);
    }
    if (added == NULL) {
        wgi_release_text(memory, path);
        return wgi_context_fail(o->model->ctx, WG_ERR_MEMORY, "%s: out of memory", o->name);
    }
    *added = (wgi_param_group){.path = path,
                               .max_rank = group->max_rank,
                               .rate_scale = group->rate_scale == 0.0 ? 1.0 : group->rate_scale,
                               .has_weight_decay = group->has_weight_decay,
                               .weight_decay = group->weight_decay};
    return WG_OK;
}
