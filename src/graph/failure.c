/* Failures: how they are kept and how they read.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A failure is kept as facts; its text is made when it is asked for, in the graph's own buffer. */
#include <string.h>

#include "core/text.h"
#include "graph/graph.h"

wg_status wgi_run_fail(wg_graph *g, wg_status status, const char *op, const char *format, ...)
{
    wgi_failure *f = &g->run_failure;
    memset(f, 0, sizeof *f);
    f->status = status;
    f->op = op;
    wgi_text detail = wgi_text_make(f->detail, sizeof f->detail);
    va_list list;
    va_start(list, format);
    wgi_text_add_list(&detail, format, list);
    va_end(list);
    return status;
}

void wgi_run_hint(wg_graph *g, const char *hint)
{
    wgi_text text = wgi_text_make(g->run_failure.hint, sizeof g->run_failure.hint);
    wgi_text_add(&text, "%s", hint);
}

void wgi_run_operand(wg_graph *g, uint32_t index)
{
    g->run_failure.n_operands = 1;
    g->run_failure.operands[0] = index;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool has_operand(const wg_graph *g, const wgi_failure *f, int32_t i)
{
    return f->operands[i] < wgi_list_count(&g->list);
}

static const char *operand_name(const wgi_failure *f, int32_t i)
{
    return f->operand_names != NULL && f->operand_names[i] != NULL ? f->operand_names[i] : "x";
}

static char *operand_shape(const wg_graph *g, const wgi_failure *f, int32_t i, char *buffer)
{
    wgi_view v = wgi_record_view(&g->list, wgi_record_at(&g->list, f->operands[i]));
    return wgi_shape_text(v.rank, v.dims, buffer, WGI_SHAPE_TEXT);
}

typedef struct widths {
    int letter;
    int shape;
    int name;
} widths;

static int wider(int width, size_t length)
{
    return (int)length > width ? (int)length : width;
}

static widths measure(const wg_graph *g, const wgi_failure *f)
{
    widths w = {0, 0, 0};
    for (int32_t i = 0; i < f->n_operands; i++) {
        char shape[WGI_SHAPE_TEXT];
        if (has_operand(g, f, i)) {
            const char *name = wgi_list_name(&g->list, f->operands[i]);
            w.letter = wider(w.letter, strlen(operand_name(f, i)));
            w.shape = wider(w.shape, strlen(operand_shape(g, f, i, shape)));
            w.name = wider(w.name, name != NULL ? strlen(name) + 2 : 0);
        }
    }
    return w;
}

static void trim_line(wgi_text *text)
{
    while (text->used > 0 && text->data[text->used - 1] == ' ') {
        text->data[--text->used] = '\0';
    }
}

static void add_operand(wgi_text *text, const wg_graph *g, const wgi_failure *f, int32_t i,
                        widths w)
{
    char shape[WGI_SHAPE_TEXT];
    char quoted[80] = "";
    const char *name = wgi_list_name(&g->list, f->operands[i]);
    if (name != NULL) {
        wgi_text q = wgi_text_make(quoted, sizeof quoted);
        wgi_text_add(&q, "'%s'", name);
    }
    wgi_text_add(text, "\n  %-*s  %-*s   %-*s", w.letter, operand_name(f, i), w.shape,
                 operand_shape(g, f, i, shape), w.name, quoted);
    const wgi_site *site = wgi_list_site(&g->list, f->operands[i]);
    if (site != NULL) {
        wgi_text_add(text, "%s%s:%d", w.name > 0 ? "   " : "", base_name(site->file),
                     (int)site->line);
    }
    trim_line(text);
}

/* A hint speaks of operands as {a}; the reader sees their names where they have any. */
static void add_hint(wgi_text *text, const wg_graph *g, const wgi_failure *f)
{
    const char *p = f->hint;
    wgi_text_add(text, "\n  hint: ");
    while (*p != '\0') {
        const char *close = *p == '{' ? strchr(p, '}') : NULL;
        const char *name = NULL;
        for (int32_t i = 0; close != NULL && name == NULL && i < f->n_operands; i++) {
            const char *letter = operand_name(f, i);
            size_t length = (size_t)(close - p) - 1;
            if (strlen(letter) == length && strncmp(letter, p + 1, length) == 0) {
                name = has_operand(g, f, i) ? wgi_list_name(&g->list, f->operands[i]) : NULL;
                name = name != NULL ? name : letter;
            }
        }
        wgi_text_add(text, "%.*s", name != NULL ? 64 : 1, name != NULL ? name : p);
        p = name != NULL ? close + 1 : p + 1;
    }
}

static void write_failure(wg_graph *g, const wgi_failure *f)
{
    wgi_text text = wgi_text_make(g->text, sizeof g->text);
    if (f->op != NULL) {
        wgi_text_add(&text, "%s", f->op);
        if (f->name[0] != '\0') {
            wgi_text_add(&text, " '%s'", f->name);
        }
        wgi_text_add(&text, ": ");
    }
    wgi_text_add(&text, "%s", f->detail[0] != '\0' ? f->detail : wg_status_text(f->status));
    widths w = measure(g, f);
    for (int32_t i = 0; i < f->n_operands; i++) {
        if (has_operand(g, f, i)) {
            add_operand(&text, g, f, i, w);
        }
    }
    if (f->site.file != NULL) {
        wgi_text_add(&text, "\n  at %s:%d", base_name(f->site.file), (int)f->site.line);
    }
    if (f->where[0] != '\0') {
        wgi_text_add(&text, "\n  in %s", f->where);
    }
    if (f->hint[0] != '\0') {
        add_hint(&text, g, f);
    }
}

wg_status wg_graph_status(const wg_graph *g)
{
    if (g == NULL) {
        return WG_ERR_ARGUMENT;
    }
    return g->is_alive ? g->failure.status : WG_ERR_STALE;
}

const char *wg_graph_error(wg_graph *g)
{
    if (g == NULL) {
        return "no graph";
    }
    if (!g->is_alive) {
        return "the graph was destroyed";
    }
    const wgi_failure *f = g->failure.status != WG_OK ? &g->failure : &g->run_failure;
    if (f->status == WG_OK) {
        return "";
    }
    write_failure(g, f);
    return g->text;
}
