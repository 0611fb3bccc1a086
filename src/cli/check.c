/* wengert check: certificates of the gradients of every op on this machine.
 * SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <wengert/stdio.h>
#include <wengert/wengert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct request {
    bool is_json;
    bool is_exhaustive;
    uint32_t without; /* backends */
    long every;       /* of an exhaustive run: each so manieth input */
    int n_names;      /* ops asked for; none: all */
    char **names;
} request;

static bool parse_without(const char *word, request *out)
{
    if (strcmp(word, "native") == 0) {
        out->without |= WG_BACKEND_NATIVE;
    } else if (strcmp(word, "onednn") == 0) {
        out->without |= WG_BACKEND_ONEDNN;
    } else if (strcmp(word, "lapack") == 0) {
        out->without |= WG_BACKEND_LAPACK;
    } else {
        return false;
    }
    return true;
}

/* A whole number above 0. */
static bool parse_every(const char *word, request *out)
{
    char *end = NULL;
    out->every = strtol(word, &end, 10);
    return *word != '\0' && *end == '\0' && out->every > 0;
}

/* One option, which may take the next argument too; how many were taken, 0 where it is none. */
static int parse_option(int n, char **arguments, request *out)
{
    if (strcmp(*arguments, "--json") == 0) {
        out->is_json = true;
        return 1;
    }
    if (strcmp(*arguments, "--exhaustive") == 0) {
        out->is_exhaustive = true;
        return 1;
    }
    if (n > 1 && strcmp(*arguments, "--without") == 0) {
        return parse_without(arguments[1], out) ? 2 : 0;
    }
    if (n > 1 && strcmp(*arguments, "--every") == 0) {
        return parse_every(arguments[1], out) ? 2 : 0;
    }
    return 0;
}

static const char *name_at(const request *q, const wg_context *ctx, size_t i)
{
    return q->n_names > 0 ? q->names[i] : wg_certificate_name(ctx, i);
}

static int print_all(const request *q, const wg_certificate *all, size_t n)
{
    const wg_writer out = wg_file_writer(stdout);
    size_t counts[WG_CHECK_NON_SMOOTH + 1] = {0};
    wg_status status =
        q->is_json ? wg_certificate_write_json(all, n, &out) : wg_certificate_write(all, n, &out);
    for (size_t i = 0; i < n; i++) {
        counts[all[i].verdict]++;
    }
    if (!q->is_json) {
        printf("\n%zu right, %zu without gradient, %zu wrong; against differences in %s\n",
               counts[WG_CHECK_RIGHT], counts[WG_CHECK_UNDECIDABLE], counts[WG_CHECK_WRONG],
               wg_certificate_is_wide() ? "IEEE binary128" : "f64, which are good to some 1e4 ulp");
    }
    return status != WG_OK || counts[WG_CHECK_WRONG] > 0;
}

static int certify(const request *q, wg_context *ctx)
{
    const size_t n = q->n_names > 0 ? (size_t)q->n_names : wg_certificate_count(ctx);
    wg_certificate *all = calloc(n, sizeof *all);
    if (all == NULL) {
        fputs("wengert check: out of memory\n", stderr);
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (wg_certificate_make(ctx, name_at(q, ctx, i), &all[i]) != WG_OK) {
            fprintf(stderr, "wengert check: %s\n", wg_context_error(ctx));
            free(all);
            return 1;
        }
    }
    const int status = print_all(q, all, n);
    free(all);
    return status;
}

static int run_exhaustive(const request *q, wg_context *ctx)
{
    int status = 0;
    wgc_exhaustive_head();
    for (size_t i = 0; i < (q->n_names > 0 ? (size_t)q->n_names : wg_op_count()); i++) {
        size_t place = i;
        if (q->n_names > 0 && !wg_op_find(q->names[i], &place)) {
            fprintf(stderr, "wengert check: there is no op '%s'\n", q->names[i]);
            return 1;
        }
        status |= wgc_exhaustive(ctx, place, q->every, q->n_names > 0);
    }
    return status;
}

int wgc_check(int argc, char **argv)
{
    request q = {.every = 1};
    int i = 1;
    while (i < argc && argv[i][0] == '-') {
        const int taken = parse_option(argc - i, argv + i, &q);
        if (taken == 0) {
            return wgc_misuse(argv[0], argv[i]);
        }
        i += taken;
    }
    q.n_names = argc - i;
    q.names = argv + i;
    wg_context *ctx = NULL;
    const wg_config config = {.size = sizeof config, .without = q.without};
    if (wg_context_create(&config, &ctx) != WG_OK) {
        fputs("wengert check: out of memory\n", stderr);
        return 1;
    }
    const int status = q.is_exhaustive ? run_exhaustive(&q, ctx) : certify(&q, ctx);
    wg_context_destroy(ctx);
    return status;
}
