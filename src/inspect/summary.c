/* Summaries: what a graph's list is made of, module by module.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rows are stays in modules; equal stays in one place are one row. They are a tree, of which row 0,
 * the whole list, is the root. Every entry adds to its innermost row and to those around it. */
#include <wengert/inspect.h>

#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/shape.h"
#include "core/text.h"
#include "inspect/printer.h"

typedef struct row {
    const wg_module *module;
    size_t n_stays;
    size_t outer; /* indices of rows; 0: none, and row 0 is its own outer one */
    size_t first_inner;
    size_t last_inner;
    size_t next;
    int32_t depth;
    wg_node result;
    double parameters;
    double learning;
    double parameter_bytes;
    double multiply_adds;
    double bytes;
} row;

typedef struct table {
    wg_graph *g;
    size_t n_stays;
    row *rows; /* room for n_stays + 1 */
    size_t n_rows;
    size_t *row_of; /* of each stay */
} table;

/* ---- gathering ---------------------------------------------------------------------------- */

/* The row of a module right inside of another; 0: there is none. */
static size_t find_row(const table *t, const wg_module *module, size_t outer)
{
    size_t i = t->rows[outer].first_inner;
    while (i != 0 && t->rows[i].module != module) {
        i = t->rows[i].next;
    }
    return i;
}

static size_t add_row(table *t, const wg_module *module, size_t outer)
{
    const size_t i = t->n_rows++;
    row *around = &t->rows[outer];
    t->rows[i] = (row){.module = module, .outer = outer, .depth = around->depth + 1};
    if (around->first_inner == 0) {
        around->first_inner = i;
    } else {
        t->rows[around->last_inner].next = i;
    }
    around->last_inner = i;
    return i;
}

/* The row after i where those inside stand below the one around them; 0 at the end. */
static size_t row_after(const table *t, size_t i)
{
    if (t->rows[i].first_inner != 0) {
        return t->rows[i].first_inner;
    }
    while (i != 0 && t->rows[i].next == 0) {
        i = t->rows[i].outer;
    }
    return t->rows[i].next;
}

static void add_stay(table *t, size_t i)
{
    wg_scope scope;
    (void)wg_graph_scope(t->g, i, &scope);
    const size_t outer = scope.outer < 0 ? 0 : t->row_of[scope.outer];
    size_t found = find_row(t, scope.module, outer);
    if (found == 0) {
        found = add_row(t, scope.module, outer);
    }
    t->rows[found].n_stays++;
    t->rows[found].result = scope.result;
    t->row_of[i] = found;
}

static void add_param(row *r, const wg_param *p, double count, double bytes)
{
    r->parameters += count;
    r->learning += wg_param_is_frozen(p) ? 0.0 : count;
    r->parameter_bytes += bytes;
}

static void add_entry(table *t, wg_node n, size_t at)
{
    wg_node_info info;
    if (wg_node_describe(n, &info) != WG_OK) {
        return;
    }
    const double count = (double)info.count;
    const double bytes = count * (double)wg_dtype_size(info.dtype);
    const double multiply_adds = wg_node_flops(n) / 2.0;
    for (;;) {
        row *r = &t->rows[at];
        if (info.param != NULL) {
            add_param(r, info.param, count, bytes);
        } else if (!info.is_leaf) {
            r->bytes += bytes;
        }
        r->multiply_adds += multiply_adds;
        if (at == 0) {
            return;
        }
        at = r->outer;
    }
}

/* Stays nest, so that those around an entry are found by one walk over both. */
static void add_entries(table *t)
{
    size_t next = 0;
    int64_t open = -1;
    for (uint32_t i = 0; i < wg_graph_count(t->g); i++) {
        wg_scope scope;
        while (next < t->n_stays && wg_graph_scope(t->g, next, &scope) == WG_OK &&
               scope.first <= i) {
            open = (int64_t)next++;
        }
        while (open >= 0 && wg_graph_scope(t->g, (size_t)open, &scope) == WG_OK && scope.end <= i) {
            open = scope.outer;
        }
        add_entry(t, wg_graph_node(t->g, i), open < 0 ? 0 : t->row_of[open]);
    }
}

/* ---- writing ------------------------------------------------------------------------------ */

#define CELL_BYTES 96

/* The columns of a row as text, without the name. */
enum {
    KIND,
    OUTPUT,
    PARAMETERS,
    MULTIPLY_ADDS,
    MEMORY,
    N_CELLS
};

typedef struct cells {
    char text[N_CELLS][CELL_BYTES];
} cells;

/* A count with its digits in threes. */
static void add_count(wgi_text *text, double count)
{
    char digits[32];
    wgi_text all = wgi_text_make(digits, sizeof digits);
    wgi_text_add_fixed(&all, count < 1e18 ? count : 1e18, 0);
    const size_t n = strlen(digits);
    for (size_t i = 0; i < n; i++) {
        wgi_text_add(text, i > 0 && (n - i) % 3 == 0 ? ",%c" : "%c", digits[i]);
    }
}

static void add_bytes(wgi_text *text, double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    while (bytes >= 1000.0 && unit < 4) {
        bytes /= 1000.0;
        unit++;
    }
    wgi_text_add_fixed(text, bytes, unit == 0 ? 0 : 1);
    wgi_text_add(text, " %s", units[unit]);
}

static wgi_text cell(cells *c, int i)
{
    return wgi_text_make(c->text[i], CELL_BYTES);
}

static void fill(const row *r, cells *c)
{
    wg_node_info info;
    memset(c, 0, sizeof *c);
    wgi_text kind = cell(c, KIND);
    wgi_text_add(&kind, "%s", wg_module_kind(r->module));
    if (r->n_stays > 1) {
        wgi_text_add(&kind, " x%zu", r->n_stays);
    }
    wgi_text output = cell(c, OUTPUT);
    if (wg_node_describe(r->result, &info) == WG_OK) {
        char shape[WGI_SHAPE_TEXT];
        wgi_text_add(&output, "%s", wgi_shape_text(info.rank, info.dims, shape, sizeof shape));
    } else {
        wgi_text_add(&output, "-");
    }
    wgi_text parameters = cell(c, PARAMETERS);
    add_count(&parameters, r->parameters);
    wgi_text multiply_adds = cell(c, MULTIPLY_ADDS);
    add_count(&multiply_adds, r->multiply_adds);
    wgi_text memory = cell(c, MEMORY);
    add_bytes(&memory, r->bytes);
}

/* The name without that of the module around it. */
static const char *short_name(const table *t, const row *r)
{
    const char *name = wg_module_name(r->module);
    const char *outer = r->outer == 0 ? "" : wg_module_name(t->rows[r->outer].module);
    const size_t n = strlen(outer);
    return n > 0 && strncmp(name, outer, n) == 0 && name[n] == '.' ? name + n + 1 : name;
}

static int wider(int width, size_t length)
{
    return (int)length > width ? (int)length : width;
}

typedef struct widths {
    int name;
    int cell[N_CELLS];
} widths;

static const cells heads = {{"kind", "output", "parameters", "multiply-adds", "memory"}};

static widths measure(const table *t, int32_t depth)
{
    widths w = {.name = 5};
    for (int k = 0; k < N_CELLS; k++) {
        w.cell[k] = (int)strlen(heads.text[k]);
    }
    for (size_t i = 1; i < t->n_rows; i++) {
        const row *r = &t->rows[i];
        if (r->depth <= depth) {
            cells c;
            fill(r, &c);
            w.name = wider(w.name, strlen(short_name(t, r)) + 2 * (size_t)(r->depth - 1));
            for (int k = 0; k < N_CELLS; k++) {
                w.cell[k] = wider(w.cell[k], strlen(c.text[k]));
            }
        }
    }
    return w;
}

static void write_line(wgi_printer *out, const widths *w, int indent, const char *name,
                       const cells *c)
{
    wgi_print(out, "%*s%-*s", indent, "", w->name - indent, name);
    for (int k = 0; k < N_CELLS; k++) {
        wgi_print(out, k < PARAMETERS ? "  %-*s" : "  %*s", w->cell[k], c->text[k]);
    }
    wgi_print(out, "\n");
}

static void write_sums(wgi_printer *out, const row *all)
{
    char line[256];
    wgi_text text = wgi_text_make(line, sizeof line);
    wgi_text_add(&text, "parameters ");
    add_count(&text, all->parameters);
    wgi_text_add(&text, " (");
    add_bytes(&text, all->parameter_bytes);
    wgi_text_add(&text, "), ");
    if (all->learning < all->parameters) {
        add_count(&text, all->learning);
        wgi_text_add(&text, " of them learn\n");
    } else {
        wgi_text_add(&text, "all of them learn\n");
    }
    wgi_text_add(&text, "one forward pass: ");
    add_count(&text, all->multiply_adds);
    wgi_text_add(&text, " multiply-adds, values of ");
    add_bytes(&text, all->bytes);
    wgi_print(out, "%s\n", line);
}

static wg_status write_table(const table *t, int32_t depth, const wg_writer *writer)
{
    wgi_printer out;
    wgi_printer_open(&out, writer);
    const widths w = measure(t, depth);
    write_line(&out, &w, 0, "layer", &heads);
    for (size_t i = row_after(t, 0); i != 0; i = row_after(t, i)) {
        const row *r = &t->rows[i];
        if (r->depth <= depth) {
            cells c;
            fill(r, &c);
            write_line(&out, &w, 2 * (r->depth - 1), short_name(t, r), &c);
        }
    }
    write_sums(&out, &t->rows[0]);
    return wgi_printer_close(&out);
}

static wg_status summarize(table *t, int32_t depth, const wg_writer *writer)
{
    t->rows[0] = (row){.depth = 0};
    t->n_rows = 1;
    for (size_t i = 0; i < t->n_stays; i++) {
        add_stay(t, i);
    }
    add_entries(t);
    return write_table(t, depth == 0 ? INT32_MAX : depth, writer);
}

wg_status wg_summary_write(wg_graph *g, const wg_summary_options *options, const wg_writer *writer)
{
    const wg_summary_options none = {.size = sizeof none};
    const wg_summary_options *o = options == NULL ? &none : options;
    wg_status status = wg_graph_status(g);
    if (status != WG_OK) {
        return status;
    }
    wg_context *ctx = wg_graph_context(g);
    if (writer == NULL || writer->write == NULL || o->size != sizeof *o) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT,
                                "summary: no writer, or options of another "
                                "version's size");
    }
    if (o->depth < 0) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "summary: a depth of %d", (int)o->depth);
    }
    table t = {.g = g, .n_stays = wg_graph_scope_count(g)};
    const size_t n = t.n_stays + 1;
    t.rows = wgi_alloc_zeroed(&ctx->memory, n, sizeof *t.rows);
    t.row_of = wgi_alloc_zeroed(&ctx->memory, n, sizeof *t.row_of);
    status = t.rows != NULL && t.row_of != NULL
                 ? summarize(&t, o->depth, writer)
                 : wgi_context_fail(ctx, WG_ERR_MEMORY, "summary: out of memory");
    wgi_release(&ctx->memory, t.rows, n * sizeof *t.rows);
    wgi_release(&ctx->memory, t.row_of, n * sizeof *t.row_of);
    return status;
}
