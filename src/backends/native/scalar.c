/* Making and running scalar programs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Lists of millions of scalars come this way: one pass over the members, one allocation. */
#include "backends/native/scalar.h"

#include "core/checked.h"
#include "core/context.h"

/* One allocation; the instructions follow, then the value of each output. */
typedef struct program {
    wgi_group_state head;
    wgi_scalar_run run;
    wgi_scalar *code;
    uint32_t *outputs;
    uint32_t n_members;
    bool is_f64;
} program;

static bool are_inputs_good(const wgi_problem *problem, int32_t dtype)
{
    for (int32_t k = 0; k < problem->n_in; k++) {
        if (problem->in[k].dtype != dtype) {
            return false;
        }
    }
    for (int32_t k = 0; k < problem->n_out; k++) {
        if (problem->out[k].dtype != dtype) {
            return false;
        }
    }
    return true;
}

/* Bools come of comparisons and of choices between bools; any other dtype is another's. */
static bool is_member_good(const wgi_member *m, const wgi_role *role, int32_t dtype)
{
    if (m->dtype == dtype) {
        return role->kind != WGI_ROLE_END;
    }
    return m->dtype == WG_BOOL && role->kind != WGI_ROLE_CAST && role->kind != WGI_ROLE_FILL;
}

/* `previous` is the value that the member before gave. */
static uint32_t code_of(const wgi_role *role, const wgi_member *m, uint32_t previous)
{
    switch (role->kind) {
    case WGI_ROLE_FUNCTION:
        if (role->is_costly) {
            return WGI_SCALAR(role->function, WGI_FRESH_NONE);
        }
        return m->in[0] == previous                   ? WGI_SCALAR(role->function, WGI_FRESH_A)
               : m->n_in == 2 && m->in[1] == previous ? WGI_SCALAR(role->function, WGI_FRESH_B)
                                                      : WGI_SCALAR(role->function, WGI_FRESH_NONE);
    case WGI_ROLE_WHERE:
        return WGI_SCALAR_WHERE;
    case WGI_ROLE_FILL:
        return WGI_SCALAR_FILL;
    case WGI_ROLE_CAST:
    case WGI_ROLE_COPY:
    case WGI_ROLE_END:
    case WGI_ROLE_NONE:
        break;
    }
    return WGI_SCALAR_COPY;
}

/* False where a member is another's to evaluate. */
static bool emit(const wgi_problem *problem, int32_t dtype, program *p)
{
    const wgi_native *native = problem->backend;
    const wgi_group *group = problem->group;
    const uint32_t n_in = (uint32_t)problem->n_in;
    for (uint32_t i = 0; i < group->n_members; i++) {
        const wgi_member *m = &group->members[i];
        const wgi_role *role = &native->roles[m->op];
        if (!is_member_good(m, role, dtype)) {
            return false;
        }
        p->code[i] = (wgi_scalar){
            .code = i > 0 ? code_of(role, m, n_in + i - 1) : code_of(role, m, WGI_INSIDE),
            .a = m->in[0],
            .b = role->is_numbered ? m->number : m->in[1],
            .c = m->in[2],
        };
        if (m->out != WGI_INSIDE) {
            p->outputs[m->out] = n_in + i;
        }
    }
    return true;
}

static wg_status run_scalars(const wgi_group_state *state, const wgi_args *args)
{
    const program *p = (const program *)(const void *)state;
    if (p->is_f64) {
        double *v = args->scratch;
        for (int32_t k = 0; k < args->n_in; k++) {
            v[k] = *(const double *)args->in[k].data;
        }
        p->run(p->code, p->n_members, (size_t)args->n_in, v, args->numbers);
        for (int32_t k = 0; k < args->n_out; k++) {
            *(double *)args->out[k].data = v[p->outputs[k]];
        }
        return WG_OK;
    }
    float *v = args->scratch;
    for (int32_t k = 0; k < args->n_in; k++) {
        v[k] = *(const float *)args->in[k].data;
    }
    p->run(p->code, p->n_members, (size_t)args->n_in, v, args->numbers);
    for (int32_t k = 0; k < args->n_out; k++) {
        *(float *)args->out[k].data = v[p->outputs[k]];
    }
    return WG_OK;
}

static program *allocate(const wgi_problem *problem, int32_t dtype)
{
    const size_t n = problem->group->n_members;
    const size_t n_out = (size_t)problem->n_out;
    size_t bytes = 0;
    size_t outputs = 0;
    if (!wgi_size_mul(n, sizeof(wgi_scalar), &bytes) ||
        !wgi_size_add(bytes, sizeof(program), &bytes) ||
        !wgi_size_mul(n_out, sizeof(uint32_t), &outputs) || !wgi_size_add(bytes, outputs, &bytes)) {
        return NULL;
    }
    program *p = wgi_alloc(&problem->ctx->memory, bytes);
    if (p != NULL) {
        const wgi_native *native = problem->backend;
        const wgi_scalars *scalars = WGI_HOT_PICK(wgi_scalars_hot, native->isa);
        *p = (program){.head = {run_scalars, bytes}, .n_members = (uint32_t)n};
        p->is_f64 = dtype == WG_F64;
        p->run = p->is_f64 ? scalars->f64 : scalars->f32;
        p->code = (wgi_scalar *)(p + 1);
        p->outputs = (uint32_t *)(p->code + n);
    }
    return p;
}

wg_status wgi_scalar_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wgi_group *group = problem->group;
    const int32_t dtype = problem->n_out > 0 ? problem->out[0].dtype : WG_BOOL;
    if (group->count != 1 || (dtype != WG_F32 && dtype != WG_F64) ||
        !are_inputs_good(problem, dtype)) {
        return WG_ERR_UNSUPPORTED;
    }
    program *p = allocate(problem, dtype);
    if (p == NULL) {
        return WG_ERR_MEMORY;
    }
    *out = (wgi_prepared){.state = p, .state_bytes = p->head.bytes};
    out->scratch_bytes =
        ((size_t)problem->n_in + group->n_members) * wg_dtype_size((wg_dtype)dtype);
    if (!emit(problem, dtype, p)) {
        wgi_group_state_free(problem->ctx, out);
        return WG_ERR_UNSUPPORTED;
    }
    return WG_OK;
}
