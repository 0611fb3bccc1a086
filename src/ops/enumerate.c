/* The table of ops as callers see it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: what is told is a copy of the row, in the words of the public header, whose bits and
 * values are those of core/op.h. */
#include <wengert/tools.h>

#include <string.h>

#include "ops/table.h"

_Static_assert((int)WG_OP_POINTWISE == (int)WGI_POINTWISE, "traits agree");
_Static_assert((int)WG_OP_BROADCASTS == (int)WGI_BROADCAST, "traits agree");
_Static_assert((int)WG_OP_REDUCTION == (int)WGI_REDUCTION, "traits agree");
_Static_assert((int)WG_OP_CONTRACTION == (int)WGI_CONTRACTION, "traits agree");
_Static_assert((int)WG_OP_LAYOUT == (int)WGI_LAYOUT, "traits agree");
_Static_assert((int)WG_OP_FILL == (int)WGI_FILL, "traits agree");
_Static_assert((int)WG_OP_RANDOM == (int)WGI_RANDOM, "traits agree");
_Static_assert((int)WG_OP_COMMUTATIVE == (int)WGI_COMMUTATIVE, "traits agree");
_Static_assert((int)WG_OP_KINKED == (int)WGI_KINKED, "traits agree");
_Static_assert((int)WG_OP_STOP == (int)WGI_STOP, "traits agree");
_Static_assert((int)WG_TYPE_INTEGER == (int)WGI_ATTR_INTEGER, "types agree");
_Static_assert((int)WG_TYPE_CHOICE == (int)WGI_ATTR_CHOICE, "types agree");
_Static_assert((int)WG_TYPE_REAL == (int)WGI_ATTR_REAL, "types agree");
_Static_assert((int)WG_TYPE_AXES == (int)WGI_ATTR_AXES, "types agree");
_Static_assert((int)WG_TYPE_TEXT == (int)WGI_ATTR_TEXT, "types agree");

/* The planner's own traits are not told. */
#define PUBLIC_TRAITS                                                                              \
    (WG_OP_POINTWISE | WG_OP_BROADCASTS | WG_OP_REDUCTION | WG_OP_CONTRACTION | WG_OP_LAYOUT |     \
     WG_OP_FILL | WG_OP_RANDOM | WG_OP_COMMUTATIVE | WG_OP_KINKED | WG_OP_STOP)

/* Whether a row is internal, in the order of the table: ops, then forms. */
static const bool internal[] = {
#define WGI_OP(name, file) false,
#define WGI_INTERNAL(name, file) true,
#include "ops/ops.def"
#define WGI_FORM(name, file) false,
#include "ops/ops.def"
};

static const wgi_op *row(size_t i)
{
    const wgi_op_table *table = wgi_op_table_get();
    return i < wgi_row_count(table) ? wgi_row_at(table, (uint32_t)i) : NULL;
}

static wg_op_orders orders_of(const wgi_op *op)
{
    if ((op->traits & WGI_STOP) != 0) {
        return WG_ORDERS_NONE;
    }
    if (wgi_is_form(op)) {
        return op->max_in > 0 ? WG_ORDERS_OF_PARTS : WG_ORDERS_NONE;
    }
    return op->gradient != NULL || op->decompose != NULL ? WG_ORDERS_ANY : WG_ORDERS_NONE;
}

size_t wg_op_count(void)
{
    return wgi_row_count(wgi_op_table_get());
}

wg_status wg_op_describe(size_t i, wg_op_info *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(out, 0, sizeof *out);
    const wgi_op *op = row(i);
    if (op == NULL) {
        return WG_ERR_RANGE;
    }
    out->name = op->name;
    out->is_form = wgi_is_form(op);
    out->is_internal = internal[i];
    out->traits = op->traits & PUBLIC_TRAITS;
    out->min_inputs = op->min_in;
    out->max_inputs = op->max_in;
    while (out->n_input_names < 4 && out->n_input_names < op->max_in &&
           op->operands[out->n_input_names] != NULL) {
        out->input_names[out->n_input_names] = op->operands[out->n_input_names];
        out->n_input_names++;
    }
    out->n_outputs = op->n_out;
    out->n_numbers = op->n_numbers;
    out->orders = orders_of(op);
    out->n_attributes = op->n_attributes;
    return WG_OK;
}

static wg_attribute_kind kind_of(wgi_attribute_kind kind)
{
    switch (kind) {
    case WGI_ATTR_REAL:
        return WG_ATTRIBUTE_REAL;
    case WGI_ATTR_AXES:
    case WGI_ATTR_DIMS:
    case WGI_ATTR_INTEGERS:
        return WG_ATTRIBUTE_LIST;
    case WGI_ATTR_TEXT:
        return WG_ATTRIBUTE_TEXT;
    default:
        return WG_ATTRIBUTE_INTEGER;
    }
}

wg_status wg_op_attribute(size_t i, int32_t k, wg_attribute_info *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(out, 0, sizeof *out);
    const wgi_op *op = row(i);
    if (op == NULL || k < 0 || k >= op->n_attributes) {
        return WG_ERR_RANGE;
    }
    const wgi_attribute *a = &op->attributes[k];
    *out = (wg_attribute_info){
        .name = a->name,
        .type = (wg_attribute_type)a->kind,
        .kind = kind_of(a->kind),
        .range = a->range,
        .is_optional = a->is_optional,
        .integer = a->integer,
        .real = a->real,
        .text = a->text,
    };
    return WG_OK;
}

bool wg_op_find(const char *name, size_t *out)
{
    if (out == NULL) {
        return false;
    }
    uint32_t place = 0;
    const bool is_found = name != NULL && wgi_row_find(wgi_op_table_get(), name, &place);
    *out = place;
    return is_found;
}
