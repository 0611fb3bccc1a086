/* The table of all ops, in the order of ops.def.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: entry WGI_OP_<name> is the row wgi_op_<name>, which its op's file defines; so is that
 * of a form. */
#include "ops/table.h"

#include "ops/op_ids.h"

#define WGI_OP(name, file) extern const wgi_op wgi_op_##name;
#define WGI_INTERNAL(name, file) extern const wgi_op wgi_op_##name;
#define WGI_FORM(name, file) extern const wgi_op wgi_op_##name;
#include "ops/ops.def"

static const wgi_op *const ops[WGI_N_OPS] = {
    NULL,
#define WGI_OP(name, file) &wgi_op_##name,
#define WGI_INTERNAL(name, file) &wgi_op_##name,
#include "ops/ops.def"
};

static const wgi_op *const forms[] = {
#define WGI_FORM(name, file) &wgi_op_##name,
#include "ops/ops.def"
};

static const wgi_op_table table = {
    .ops = ops,
    .forms = forms,
    .count = WGI_N_OPS,
    .n_forms = sizeof forms / sizeof *forms,
    .add = WGI_OP_add,
    .fill = WGI_OP_fill,
};

const wgi_op_table *wgi_op_table_get(void)
{
    return &table;
}
