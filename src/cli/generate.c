/* Writes the table of ops for the build: as JSON, as Markdown, and both once more as C for the
 * command.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: wengert_generate JSON MARKDOWN SOURCE HEADERS...
 * A public op without docstring is an error. */
#include "cli/render.h"

#include <stdio.h>
#include <string.h>

/* Every public op has a docstring with a formula; returns how many have not. */
static int count_silent(const wgc_docs *docs)
{
    int n = 0;
    for (size_t i = 0; i < wg_op_count(); i++) {
        wg_op_info info;
        if (wg_op_describe(i, &info) != WG_OK || info.is_internal) {
            continue;
        }
        const wgc_doc *doc = wgc_docs_find(docs, info.name);
        if (doc == NULL || doc->section[WGC_FORMULA].used == 0) {
            fprintf(stderr, "wengert_generate: no docstring of wg_%s\n", info.name);
            n++;
        }
    }
    return n;
}

/* An array of strings that a compiler takes however long the text is. */
static void add_array(wgc_text *out, const char *name, const wgc_text *text)
{
    wgc_text_printf(out, "\nconst char *const %s[] = {\n    \"", name);
    for (size_t i = 0; i < text->used; i++) {
        const char c = text->data[i];
        if (c == '\n') {
            wgc_text_puts(out, i + 1 < text->used ? "\\n\",\n    \"" : "\\n");
        } else if (c == '"' || c == '\\' || c == '?') {
            wgc_text_printf(out, "\\%c", c);
        } else if (c >= 0x20 && c < 0x7F) {
            wgc_text_add(out, &c, 1);
        } else {
            wgc_text_printf(out, "\\%03o", (unsigned)(unsigned char)c);
        }
        if (i % 1000 == 999 && c != '\n') {
            wgc_text_puts(out, "\",\n    \"");
        }
    }
    wgc_text_puts(out, "\",\n    NULL,\n};\n");
}

static void render_source(const wgc_text *json, const wgc_text *markdown, wgc_text *out)
{
    wgc_text_puts(out, "/* The table of ops, for the command to print. Generated.\n"
                       " * SPDX-License-Identifier: Apache-2.0 */\n"
                       "#include \"cli/cli.h\"\n\n#include <stddef.h>\n");
    add_array(out, "wgc_ops_json", json);
    add_array(out, "wgc_ops_markdown", markdown);
}

static bool write_file(const char *path, const wgc_text *text)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fprintf(stderr, "wengert_generate: cannot write %s\n", path);
        return false;
    }
    const bool is_whole =
        !text->has_failed && fwrite(text->data, 1, text->used, file) == text->used;
    const bool is_closed = fclose(file) == 0;
    if (!is_whole || !is_closed) {
        fprintf(stderr, "wengert_generate: %s is not whole\n", path);
    }
    return is_whole && is_closed;
}

static bool generate(const wgc_docs *docs, char **paths)
{
    wgc_text json = {0};
    wgc_text markdown = {0};
    wgc_text source = {0};
    wgc_render_json(docs, &json);
    wgc_render_markdown(docs, &markdown);
    render_source(&json, &markdown, &source);
    const bool is_good = write_file(paths[0], &json) && write_file(paths[1], &markdown) &&
                         write_file(paths[2], &source);
    wgc_text_free(&json);
    wgc_text_free(&markdown);
    wgc_text_free(&source);
    return is_good;
}

int main(int argc, char **argv)
{
    wgc_docs docs;
    bool is_good = argc > 4;
    if (!is_good) {
        fputs("usage: wengert_generate JSON MARKDOWN SOURCE HEADERS...\n", stderr);
        return 2;
    }
    wgc_docs_start(&docs);
    for (int i = 4; i < argc && is_good; i++) {
        is_good = wgc_docs_read(&docs, argv[i]);
        if (!is_good) {
            fprintf(stderr, "wengert_generate: cannot read %s\n", argv[i]);
        }
    }
    is_good = is_good && count_silent(&docs) == 0 && generate(&docs, argv + 1);
    wgc_docs_finish(&docs);
    return is_good ? 0 : 1;
}
