/* Pointwise kernels over contiguous blocks, and what each op of the table is to the evaluator.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of an element depends on it alone: not on its place, the size of the block or
 * whether a vector or one number is computed; but for the sign of a NaN, of which an operation on
 * two hands on either. Instruction sets may differ in the last bits. */
#ifndef WG_NATIVE_POINTWISE_H
#define WG_NATIVE_POINTWISE_H

#include "backends/native/isa.h"
#include "core/backend.h"

/* y, of n >= 0 elements, from as many of a, b and c, as far as the kernel reads them; y may be any
 * of the operands whose elements are of its size. p is the op's number. */
typedef void (*wgi_block_kernel)(int64_t n, void *y, const void *a, const void *b, const void *c,
                                 double p);

/* WGI_FUNCTION_<name> for every row of functions.def. */
typedef enum wgi_function {
#define WGI_UNARY(name, cost, formula) WGI_FUNCTION_##name,
#define WGI_UNARY_NUMBER(name, cost, formula) WGI_FUNCTION_##name,
#define WGI_BINARY(name, cost, formula) WGI_FUNCTION_##name,
#define WGI_COMPARE(name, formula) WGI_FUNCTION_##name,
#define WGI_TEST(name, formula) WGI_FUNCTION_##name,
#define WGI_LOGICAL(name, formula) WGI_FUNCTION_##name,
#define WGI_LOGICAL_ONE(name, formula) WGI_FUNCTION_##name,
#include "backends/native/functions.def"
    WGI_N_FUNCTIONS
} wgi_function;

/* Sizes of elements: 1, 4 and 8 bytes. */
typedef enum wgi_width {
    WGI_WIDTH_1 = 0,
    WGI_WIDTH_4,
    WGI_WIDTH_8,
    WGI_N_WIDTHS
} wgi_width;

/* NULL where a function has no kernel for a type. */
typedef struct wgi_pointwise {
    wgi_block_kernel f32[WGI_N_FUNCTIONS];
    wgi_block_kernel f64[WGI_N_FUNCTIONS];
    wgi_block_kernel i64[WGI_N_FUNCTIONS];
    wgi_block_kernel bools[WGI_N_FUNCTIONS];
    wgi_block_kernel cast[WGI_N_DTYPES][WGI_N_DTYPES]; /* [to][from], as wgi_convert */
    wgi_block_kernel fill[WGI_N_DTYPES];               /* y = p */
    wgi_block_kernel where[WGI_N_WIDTHS];              /* a, of bytes, picks b or c */
    wgi_block_kernel copy[WGI_N_WIDTHS];               /* y = a */
    wgi_block_kernel spread[WGI_N_WIDTHS];             /* y = the one element of a */
} wgi_pointwise;

WGI_HOT_DECLARE(wgi_pointwise, wgi_pointwise_hot);

/* The kernel of a function for operands of a dtype; NULL where there is none. */
static inline wgi_block_kernel wgi_function_kernel(const wgi_pointwise *kernels,
                                                   wgi_function function, int32_t dtype)
{
    return dtype == WG_F32    ? kernels->f32[function]
           : dtype == WG_F64  ? kernels->f64[function]
           : dtype == WG_I64  ? kernels->i64[function]
           : dtype == WG_BOOL ? kernels->bools[function]
                              : NULL;
}

/* The width of a dtype that kernels serve. */
static inline wgi_width wgi_width_of(int32_t dtype)
{
    return dtype == WG_F32 ? WGI_WIDTH_4
                           : (dtype == WG_F64 || dtype == WG_I64 ? WGI_WIDTH_8 : WGI_WIDTH_1);
}

/* What an op is to the evaluator of groups. */
typedef enum wgi_role_kind {
    WGI_ROLE_NONE = 0, /* it stays out */
    WGI_ROLE_FUNCTION,
    WGI_ROLE_WHERE,
    WGI_ROLE_CAST,
    WGI_ROLE_FILL,
    WGI_ROLE_COPY, /* its operand, broadcast */
    WGI_ROLE_END   /* a reduction */
} wgi_role_kind;

typedef struct wgi_role {
    const wgi_op *op; /* that it is the role of: a table's entry may be exchanged */
    wgi_role_kind kind;
    wgi_function function; /* of WGI_ROLE_FUNCTION */
    bool is_numbered;
    bool is_costly;
} wgi_role;

struct wgi_native;

/* Fills the kernels and the roles of the backend's state; releases the roles. */
wg_status wgi_native_roles_make(wg_context *ctx, struct wgi_native *native);
void wgi_native_roles_free(wg_context *ctx, struct wgi_native *native);

/* wgi_backend.joins. */
wgi_joining wgi_native_joins(const wgi_problem *problem);

/* The kernel of every single op that joins: a group of one member. */
const char *wgi_native_pointwise_accepts(const wgi_problem *problem);
wg_status wgi_native_pointwise_prepare(const wgi_problem *problem, wgi_prepared *out);

#endif
