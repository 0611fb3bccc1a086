/* Which ops the native backend evaluates in groups, and single ops as groups of one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Ops are known by their names, which are looked up once for a context. */
#include "backends/native/native.h"

#include <string.h>

#include "backends/native/group.h"
#include "backends/native/reduce.h"
#include "core/context.h"

typedef struct row {
    const char *name;
    wgi_role role;
} row;

#define IS_CHEAP false
#define IS_COSTLY true
#define IS_ANGLE true
#define ROLE(cost, numbered, name)                                                                 \
    {                                                                                              \
        .kind = WGI_ROLE_FUNCTION, .function = WGI_FUNCTION_##name, .is_numbered = (numbered),     \
        .is_costly = IS_##cost                                                                     \
    }

static const row rows[] = {
#define WGI_UNARY(name, cost, formula) {#name, ROLE(cost, false, name)},
#define WGI_UNARY_NUMBER(name, cost, formula) {#name, ROLE(cost, true, name)},
#define WGI_BINARY(name, cost, formula) {#name, ROLE(cost, false, name)},
#define WGI_COMPARE(name, formula) {#name, ROLE(CHEAP, false, name)},
#define WGI_TEST(name, formula) {#name, ROLE(CHEAP, false, name)},
#define WGI_LOGICAL(name, formula) {#name, ROLE(CHEAP, false, name)},
#define WGI_LOGICAL_ONE(name, formula) {#name, ROLE(CHEAP, false, name)},
#include "backends/native/functions.def"
    {"where", {.kind = WGI_ROLE_WHERE}},
    {"cast", {.kind = WGI_ROLE_CAST}},
    {"fill", {.kind = WGI_ROLE_FILL, .is_numbered = true}},
    {"broadcast_to", {.kind = WGI_ROLE_COPY}},
    {"sum", {.kind = WGI_ROLE_END}},
    {"mean", {.kind = WGI_ROLE_END}},
    {"sum_to", {.kind = WGI_ROLE_END}},
};

wg_status wgi_native_roles_make(wg_context *ctx, wgi_native *native)
{
    native->pointwise = WGI_HOT_PICK(wgi_pointwise_hot, native->isa);
    native->n_roles = ctx->ops->count;
    native->roles = wgi_alloc_zeroed(&ctx->memory, native->n_roles, sizeof *native->roles);
    if (native->roles == NULL) {
        return WG_ERR_MEMORY;
    }
    for (uint16_t op = 1; op < native->n_roles; op++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            if (strcmp(ctx->ops->ops[op]->name, rows[i].name) == 0) {
                native->roles[op] = rows[i].role;
                native->roles[op].op = ctx->ops->ops[op];
            }
        }
    }
    return WG_OK;
}

void wgi_native_roles_free(wg_context *ctx, wgi_native *native)
{
    wgi_release(&ctx->memory, native->roles, native->n_roles * sizeof *native->roles);
}

static bool is_served(int32_t dtype)
{
    return dtype >= WG_F32 && dtype <= WG_U8;
}

/* A reduction ends a group where its operand can be fed to it block by block. */
static wgi_joining ends(const wgi_problem *problem)
{
    const wgi_native *native = problem->backend;
    wgi_reduce_plan plan;
    return wgi_reduce_plan_make(&plan, native->isa, problem->op->name, &problem->in[0],
                                &problem->out[0], problem->attr)
               ? WGI_ENDS
               : WGI_STAYS_OUT;
}

wgi_joining wgi_native_joins(const wgi_problem *problem)
{
    const wgi_native *native = problem->backend;
    const wgi_role *role = &native->roles[problem->op_id];
    bool joins = false;
    if (role->op != problem->op) {
        return WGI_STAYS_OUT;
    }
    switch (role->kind) {
    case WGI_ROLE_FUNCTION:
        joins =
            wgi_function_kernel(native->pointwise, role->function, problem->in[0].dtype) != NULL;
        break;
    case WGI_ROLE_CAST:
        joins = is_served(problem->in[0].dtype) && is_served(problem->out[0].dtype);
        break;
    case WGI_ROLE_WHERE:
    case WGI_ROLE_FILL:
    case WGI_ROLE_COPY:
        joins = is_served(problem->out[0].dtype);
        break;
    case WGI_ROLE_END:
        return ends(problem);
    case WGI_ROLE_NONE:
        break;
    }
    return joins ? WGI_JOINS : WGI_STAYS_OUT;
}

const char *wgi_native_pointwise_accepts(const wgi_problem *problem)
{
    const wgi_native *native = problem->backend;
    const wgi_role *role = &native->roles[problem->op_id];
    if (role->op != problem->op || role->kind == WGI_ROLE_END) {
        return "the op is not pointwise";
    }
    return wgi_native_joins(problem) == WGI_JOINS ? NULL : "the dtype has no kernel";
}

/* An op is a group of one member, whose operands are the inputs. */
wg_status wgi_native_pointwise_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wgi_view *y = &problem->out[0];
    const wgi_member member = {
        .op = problem->op_id,
        .n_in = (uint8_t)problem->n_in,
        .dtype = (uint8_t)y->dtype,
        .in = {0, 1, 2},
        .out = 0,
        .number = 0,
    };
    const wgi_group group = {
        .members = &member,
        .n_members = 1,
        .rank = y->rank,
        .dims = y->dims,
        .count = y->count,
    };
    wgi_problem grouped = *problem;
    grouped.op = NULL;
    grouped.group = &group;
    return wgi_native_group_prepare(&grouped, out);
}
