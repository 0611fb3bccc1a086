/* Profiles written: a table of equal steps, and a trace for viewers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Steps are sorted by what they are, then the runs of equal ones become rows, sorted by time. */
#include <wengert/plan.h>

#include <stdlib.h>
#include <string.h>

#include "core/context.h"
#include "inspect/printer.h"

/* Equal steps: steps [first, first + n) in sorted order. */
typedef struct row {
    const wg_profile_step *step;
    size_t n;
    double median;
    double total;
} row;

typedef struct table {
    const wg_profile_step **steps;
    row *rows;
    size_t n_steps;
    size_t n_rows;
    double total;
} table;

static int compare_kinds(const wg_profile_step *a, const wg_profile_step *b)
{
    int order = strcmp(a->kernel, b->kernel);
    order = order != 0 ? order : strcmp(a->ops, b->ops);
    order = order != 0 ? order : strcmp(a->name, b->name);
    return order != 0 ? order : strcmp(a->shape, b->shape);
}

static int compare_steps(const void *a, const void *b)
{
    const wg_profile_step *x = *(const wg_profile_step *const *)a;
    const wg_profile_step *y = *(const wg_profile_step *const *)b;
    const int order = compare_kinds(x, y);
    return order != 0 ? order : (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

static int compare_rows(const void *a, const void *b)
{
    const row *x = a;
    const row *y = b;
    const int order = (x->total < y->total) - (x->total > y->total);
    return order != 0 ? order : compare_kinds(x->step, y->step);
}

static void make_rows(table *t)
{
    for (size_t i = 0; i < t->n_steps;) {
        row *r = &t->rows[t->n_rows++];
        *r = (row){.step = t->steps[i]};
        while (i < t->n_steps && compare_kinds(t->steps[i], r->step) == 0) {
            r->total += t->steps[i]->seconds;
            r->n++;
            i++;
        }
        r->median = t->steps[i - 1 - r->n / 2]->seconds;
        t->total += r->total;
    }
    qsort(t->rows, t->n_rows, sizeof *t->rows, compare_rows);
}

static void write_row(wgi_printer *out, const row *r, double all)
{
    char line[320];
    wgi_text text = wgi_text_make(line, sizeof line);
    wgi_text_add_fixed(&text, r->median * 1e6, 2);
    wgi_text_add(&text, "  ");
    wgi_text_add_fixed(&text, r->total * 1e6, 1);
    wgi_text_add(&text, "  ");
    wgi_text_add_fixed(&text, all > 0 ? 100 * r->total / all : 0, 1);
    wgi_text_add(&text, "%%  ");
    wgi_text_add_fixed(&text, r->median > 0 ? r->step->flops / r->median * 1e-9 : 0, 2);
    wgi_text_add(&text, "  ");
    wgi_text_add_fixed(&text, r->median > 0 ? r->step->bytes / r->median * 1e-9 : 0, 2);
    wgi_print(out, "%6zu  %-36s  %-18s %s %s %s\n", r->n, line, r->step->kernel, r->step->ops,
              r->step->name, r->step->shape);
}

static void write_table(wgi_printer *out, const table *t, uint64_t n_dropped)
{
    wgi_print(out, "%6s  %-36s  %-18s %s\n", "times", "median us, total us, share, GFLOP/s, GB/s",
              "kernel", "step");
    for (size_t i = 0; i < t->n_rows; i++) {
        write_row(out, &t->rows[i], t->total);
    }
    if (n_dropped > 0) {
        wgi_print(out, "%llu more steps were dropped\n", (unsigned long long)n_dropped);
    }
}

static bool is_writable(const wg_context *ctx, const wg_writer *writer)
{
    return ctx != NULL && writer != NULL && writer->write != NULL;
}

wg_status wg_profile_write(wg_context *ctx, const wg_writer *writer)
{
    if (!is_writable(ctx, writer)) {
        return WG_ERR_ARGUMENT;
    }
    const wg_allocator *a = &ctx->memory;
    table t = {.n_steps = wg_profile_count(ctx)};
    const size_t n = t.n_steps + 1;
    t.steps = wgi_alloc_zeroed(a, n, sizeof *t.steps);
    t.rows = wgi_alloc_zeroed(a, n, sizeof *t.rows);
    wg_status status = WG_ERR_MEMORY;
    if (t.steps != NULL && t.rows != NULL) {
        for (size_t i = 0; i < t.n_steps; i++) {
            t.steps[i] = wg_profile_get(ctx, i);
        }
        qsort(t.steps, t.n_steps, sizeof *t.steps, compare_steps);
        make_rows(&t);
        wgi_printer out;
        wgi_printer_open(&out, writer);
        write_table(&out, &t, wg_profile_dropped(ctx));
        status = wgi_printer_close(&out);
    }
    wgi_release(a, t.steps, n * sizeof *t.steps);
    wgi_release(a, t.rows, n * sizeof *t.rows);
    return status;
}

/* ---- traces ------------------------------------------------------------------------------- */

/* Text of the caller's as a JSON string: only printable ASCII, marks escaped. */
static void write_string(wgi_printer *out, const char *text)
{
    wgi_print(out, "\"");
    for (; *text != '\0'; text++) {
        const bool is_plain = *text >= ' ' && *text <= '~' && *text != '"' && *text != '\\';
        wgi_print(out, "%c", is_plain ? *text : '?');
    }
    wgi_print(out, "\"");
}

static void write_event(wgi_printer *out, const wg_profile_step *s, bool is_first)
{
    char times[96];
    wgi_text text = wgi_text_make(times, sizeof times);
    wgi_text_add(&text, "\"ts\":");
    wgi_text_add_fixed(&text, s->start * 1e6, 3);
    wgi_text_add(&text, ",\"dur\":");
    wgi_text_add_fixed(&text, s->seconds * 1e6, 3);
    wgi_print(out, "%s{\"ph\":\"X\",\"pid\":1,\"tid\":1,%s,\"cat\":", is_first ? "" : ",\n", times);
    write_string(out, s->kernel);
    wgi_print(out, ",\"name\":");
    write_string(out, s->ops);
    wgi_print(out, ",\"args\":{\"node\":");
    write_string(out, s->name);
    wgi_print(out, ",\"shape\":");
    write_string(out, s->shape);
    wgi_print(out, ",\"run\":%llu,\"flops\":%.0f,\"bytes\":%.0f}}", (unsigned long long)s->run,
              s->flops, s->bytes);
}

wg_status wg_profile_write_trace(wg_context *ctx, const wg_writer *writer)
{
    if (!is_writable(ctx, writer)) {
        return WG_ERR_ARGUMENT;
    }
    wgi_printer out;
    wgi_printer_open(&out, writer);
    wgi_print(&out, "{\"traceEvents\":[\n");
    for (size_t i = 0; i < wg_profile_count(ctx); i++) {
        write_event(&out, wg_profile_get(ctx, i), i == 0);
    }
    wgi_print(&out, "\n]}\n");
    return wgi_printer_close(&out);
}
