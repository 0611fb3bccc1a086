/* Calls by name: how a row's `call` reads its operands and arguments.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Arguments stand in the order of the row's attributes. What they hold has been checked to fit the
 * C types here; the constructors check what it means. */
#ifndef WG_OPS_CALL_H
#define WG_OPS_CALL_H

#include "core/op.h"

/* Defines the `call` of a row: an expression over `c`. */
#define WGI_CALL(function, ...)                                                                    \
    static wg_node function(const wgi_call *c)                                                     \
    {                                                                                              \
        (void)c;                                                                                   \
        return __VA_ARGS__;                                                                        \
    }

/* Operand i; a zero handle where the caller gave fewer. */
static inline wg_node wgi_call_in(const wgi_call *c, int32_t i)
{
    return i < c->n_in ? c->in[i] : (wg_node){NULL, 0, 0};
}

static inline int64_t wgi_call_integer(const wgi_call *c, int32_t i)
{
    return c->arguments[i].integer;
}

/* An axis, choice, dtype or other int. */
static inline int32_t wgi_call_int(const wgi_call *c, int32_t i)
{
    return (int32_t)c->arguments[i].integer;
}

static inline bool wgi_call_flag(const wgi_call *c, int32_t i)
{
    return c->arguments[i].integer != 0;
}

static inline double wgi_call_real(const wgi_call *c, int32_t i)
{
    return c->arguments[i].real;
}

static inline const char *wgi_call_text(const wgi_call *c, int32_t i)
{
    return c->arguments[i].text;
}

/* A list, NULL where none is given, and its length. */
static inline const int64_t *wgi_call_list(const wgi_call *c, int32_t i)
{
    return c->arguments[i].list;
}

static inline const int32_t *wgi_call_axes(const wgi_call *c, int32_t i)
{
    return c->arguments[i].list != NULL ? c->arguments[i].narrow : NULL;
}

static inline int32_t wgi_call_length(const wgi_call *c, int32_t i)
{
    return c->arguments[i].n;
}

/* Whether lists i and j, which go together, are of one length, or j is not given. False where the
 * graph has been failed, and *out is then the node to return: "begin has 2 elements, end has 1". */
WGI_NODISCARD bool wgi_call_pairs(const wgi_call *c, int32_t i, int32_t j, wg_node *out);

/* Records op with the call's operands; for ops without attributes and a constructor of their own.
 */
static inline wg_node wgi_call_record(const wgi_call *c, uint16_t op)
{
    const wgi_draft draft = {.op = op, .n_in = c->n_in, .in = c->in, .graph = c->graph};
    return wgi_record(&draft);
}

/* A number of the record as an attribute that must be given. */
#define WGI_NUMBER_ATTRIBUTE(title, index)                                                         \
    {                                                                                              \
        .name = (title), .kind = WGI_ATTR_REAL, .place = WGI_AT_NUMBER(index)                      \
    }

/* The attribute part of a row. */
#define WGI_ATTRIBUTES(list) .attributes = (list), .n_attributes = WGI_COUNT(list)

#endif
