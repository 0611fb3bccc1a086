/* The docstrings of the public headers, taken apart.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A docstring stands before the prototypes that it is about, which follow each other without an
 * empty line. Its first sentence is the formula; what follows is the rule, until a line "name text"
 * for a parameter, or a sentence that begins with a label: Gradient, Numerics, Errors, Source. */
#ifndef WGC_DOCS_H
#define WGC_DOCS_H

#include "cli/text.h"

enum {
    WGC_FORMULA,
    WGC_RULE,
    WGC_GRADIENT,
    WGC_NUMERICS,
    WGC_ERRORS,
    WGC_SOURCE,
    WGC_N_SECTIONS
};

/* Of one parameter, or of several in one line. */
typedef struct wgc_parameter {
    wgc_text names; /* "a, b" */
    wgc_text text;
} wgc_parameter;

#define WGC_MAX_PARAMETERS 16

/* What is said of one function. */
typedef struct wgc_doc {
    struct wgc_doc *next;
    const struct wgc_family *family;
    wgc_text function;  /* "wg_softmax" */
    wgc_text signature; /* "wg_node wg_softmax(wg_node x, int32_t axis)" */
    wgc_text whole;     /* the docstring, in lines */
    wgc_text section[WGC_N_SECTIONS];
    wgc_parameter parameters[WGC_MAX_PARAMETERS];
    int n_parameters;
} wgc_doc;

/* A header: the family of ops that it declares. */
typedef struct wgc_family {
    struct wgc_family *next;
    wgc_text name;  /* "activation", of ops_activation.h */
    wgc_text title; /* the first sentence of its banner */
} wgc_family;

typedef struct wgc_docs {
    wgc_family *families; /* in the order of the headers */
    wgc_doc *docs;        /* in the order of their text */
    wgc_family **last_family;
    wgc_doc **last_doc;
} wgc_docs;

void wgc_docs_start(wgc_docs *docs);
void wgc_docs_finish(wgc_docs *docs);

/* Adds what a header says. False where it cannot be read or memory is short. */
bool wgc_docs_read(wgc_docs *docs, const char *path);

/* What is said of wg_<op>; NULL where nothing is. */
const wgc_doc *wgc_docs_find(const wgc_docs *docs, const char *op);

#endif
