/* Functions: the structure, and freezing.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariants: every form is a graph of its own whose list starts with that of the first, so that
 * the nodes of inputs and outputs are the same in all; no form is ever reset, so that its plan is
 * found by its epoch. Inputs, tangents and upstream gradients are shells, leaves without data of
 * their own: each call points them at the caller's data and, when it is over, at nothing. */
#ifndef WG_GRAPH_FUNCTION_H
#define WG_GRAPH_FUNCTION_H

#include <wengert/derivatives.h>

#include "graph/graph.h"

typedef enum wgi_form_kind {
    WGI_FORM_CALL = 0, /* the outputs alone */
    WGI_FORM_GRADIENT, /* vjp with ones */
    WGI_FORM_VJP,
    WGI_FORM_JVP,
    WGI_FORM_HVP,
    WGI_N_FORMS
} wgi_form_kind;

typedef struct wgi_form {
    wg_graph *graph; /* NULL until the first call that needs it, but for the first form */
    wg_node *roots;  /* the derivatives, by input or output; zero handles where there is none */
} wgi_form;

/* An input or output. */
typedef struct wgi_slot {
    uint32_t node;
    wgi_type type;
    char name[64];
    wg_tensor *at;    /* the shell of an input; NULL for an output */
    wg_tensor *along; /* the shell of its tangent or upstream gradient; NULL unless floating */
} wgi_slot;

struct wg_function {
    wg_context *ctx;
    size_t n_in;
    size_t n_out;
    wgi_slot *inputs;
    wgi_slot *outputs;
    wgi_form forms[WGI_N_FORMS];
    wg_node *wanted; /* n_in + n_out of them: what a call asks for */
    uint64_t step;
    void *zeros; /* what tangents and upstream gradients are that the caller leaves out */
    size_t zero_bytes;
    char error[WGI_ERROR_BYTES];
};

static inline size_t wgi_function_slots(const wg_function *f)
{
    return f->n_in + f->n_out;
}

/* Copies from the source's list to the empty one of a graph what the inputs and outputs need. The
 * slots come with the source's entries in `node`, and leave with the copy's; inputs become their
 * shells, other leaves copies of what they hold. On failure the source has its run failure. */
wg_status wgi_freeze(wg_graph *source, wg_graph *copy, wg_function *f);

/* The form's graph, made where there is none yet. On failure f has the text. */
wg_status wgi_function_form(wg_function *f, wgi_form_kind kind);

/* Sets f's text, "call: ...", and returns status. */
wg_status wgi_function_fail(wg_function *f, wg_status status, const char *call, const char *format,
                            ...) WGI_PRINTF(4, 5);

#endif
