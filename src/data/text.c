/* Running text to numbers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the symbols are first numbered as they appear, into the tensor itself; once the
 * vocabulary is known, each number is exchanged for its final one. */
#include "data/text.h"

#include <stdio.h>
#include <string.h>

#include "core/context.h"
#include "core/inflate.h"
#include "core/tensor.h"
#include "data/symbols.h"

#define DEFAULT_MAX_BYTES ((size_t)256 << 20)
#define SHOWN_BYTES ((size_t)24)

/* A text being read. */
typedef struct job {
    wg_context *ctx;
    const char *path; /* for messages */
    char *data;       /* ours to change */
    size_t bytes;
    size_t skipped; /* bytes of the file before data */
    wg_text_options o;
    wgi_classes *seen; /* the symbols in order of appearance */
    wgi_array counts;  /* int64_t, of each */
    wg_text *text;
} job;

static wg_status fail_memory(const job *j)
{
    return wgi_context_fail(j->ctx, WG_ERR_MEMORY, "%.600s: no memory for its symbols", j->path);
}

/* A symbol fit to stand in a message: cut at a code point, what does not print replaced. */
static void show(const wgi_symbol *symbol, char out[SHOWN_BYTES + 4])
{
    size_t n = symbol->bytes;
    if (n > SHOWN_BYTES) {
        n = SHOWN_BYTES;
        while (n > 0 && ((unsigned char)symbol->text[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)symbol->text[i];
        /* A byte beyond ASCII that stands alone is no UTF-8. */
        bool is_shown = c >= ' ' && c != 0x7F && (c < 0x80 || symbol->bytes > 1);
        out[i] = (char)(is_shown ? symbol->text[i] : '?');
    }
    snprintf(out + n, 4, "%s", n < symbol->bytes ? "..." : "");
}

static wg_status fail_unknown(wg_context *ctx, const char *path, size_t at,
                              const wgi_symbol *symbol)
{
    char shown[SHOWN_BYTES + 4];
    show(symbol, shown);
    return wgi_context_fail(ctx, WG_ERR_RANGE, "%.600s:%zu: '%s' is not in the vocabulary", path,
                            at, shown);
}

/* The number of a symbol in the vocabulary, or the unknown one's; -1 where there is neither. */
static int64_t look_up(const wg_text *text, const wgi_symbol *symbol)
{
    int64_t number = wgi_classes_find(text->vocabulary, symbol->text, symbol->bytes);
    return number >= 0 ? number : text->unknown;
}

/* ---- numbers by an own vocabulary --------------------------------------------------------- */

/* Counts a symbol; its number in order of appearance, or -1. */
static int64_t count_symbol(job *j, const wgi_symbol *symbol)
{
    const wg_allocator *memory = &j->ctx->memory;
    int64_t number = wgi_classes_number(memory, j->seen, symbol->text, symbol->bytes);
    if (number == (int64_t)j->counts.count &&
        wgi_array_push(memory, &j->counts, sizeof(int64_t)) == NULL) {
        return -1;
    }
    if (number >= 0) {
        ((int64_t *)j->counts.data)[number]++;
    }
    return number;
}

/* Exchanges numbers of appearance for those of the vocabulary. */
static void renumber(job *j, int64_t *numbers)
{
    /* The counts are used up; their place holds the new numbers. */
    int64_t *final = j->counts.data;
    for (size_t i = 0; i < j->counts.count; i++) {
        wgi_symbol symbol = {wgi_classes_name(j->seen, i), wgi_classes_bytes(j->seen, i)};
        final[i] = look_up(j->text, &symbol);
    }
    for (int64_t i = 0; i < j->text->symbols->type.count; i++) {
        numbers[i] = final[numbers[i]];
    }
}

static wg_status number_by_own(job *j, wgi_symbols walk, int64_t *numbers)
{
    const wg_allocator *memory = &j->ctx->memory;
    wgi_symbol symbol;
    j->seen = wgi_classes_create(memory);
    if (j->seen == NULL) {
        return fail_memory(j);
    }
    for (int64_t i = 0; wgi_symbols_next(&walk, &symbol); i++) {
        numbers[i] = count_symbol(j, &symbol);
        if (numbers[i] < 0) {
            return fail_memory(j);
        }
    }
    j->text->vocabulary = wgi_vocabulary_create(memory, j->seen, j->counts.data, &j->o);
    if (j->text->vocabulary == NULL) {
        return fail_memory(j);
    }
    renumber(j, numbers);
    return WG_OK;
}

/* ---- numbers by another text's ------------------------------------------------------------ */

static wg_status number_by_other(job *j, wgi_symbols walk, int64_t *numbers)
{
    wgi_symbol symbol;
    j->text->vocabulary = wgi_classes_retain(j->o.vocabulary->vocabulary);
    for (int64_t i = 0; wgi_symbols_next(&walk, &symbol); i++) {
        numbers[i] = look_up(j->text, &symbol);
        if (numbers[i] < 0) {
            size_t at = (size_t)(symbol.text - j->data) + j->skipped;
            return fail_unknown(j->ctx, j->path, at, &symbol);
        }
    }
    return WG_OK;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static wg_status prepare(job *j)
{
    wg_text *text = j->text;
    if (text->unit != WG_TEXT_BYTES && j->bytes >= 3 && memcmp(j->data, "\xEF\xBB\xBF", 3) == 0) {
        j->skipped = 3;
        j->data += 3;
        j->bytes -= 3;
    }
    size_t good = wgi_symbols_check(text->unit, j->data, j->bytes);
    if (good < j->bytes) {
        return wgi_context_fail(j->ctx, WG_ERR_FORMAT, "%.600s:%zu: not UTF-8", j->path,
                                good + j->skipped);
    }
    if (text->is_lower) {
        wgi_symbols_lower(j->data, j->bytes);
    }
    return WG_OK;
}

static wg_status number_all(job *j)
{
    wg_status status = prepare(j);
    if (status != WG_OK) {
        return status;
    }
    wgi_symbols walk = {.unit = j->text->unit, .at = j->data};
    walk.end = j->bytes == 0 ? j->data : j->data + j->bytes;
    int64_t n = wgi_symbols_count(walk);
    status = wg_tensor_create(j->ctx, WG_I64, 1, &n, &j->text->symbols);
    if (status != WG_OK) {
        return status;
    }
    int64_t *numbers = j->text->symbols->data;
    return j->o.vocabulary == NULL ? number_by_own(j, walk, numbers)
                                   : number_by_other(j, walk, numbers);
}

static wg_status make_text(job *j, wg_text **out)
{
    const wg_allocator *memory = &j->ctx->memory;
    const wg_text *like = j->o.vocabulary;
    j->text = wgi_alloc_zeroed(memory, 1, sizeof *j->text);
    if (j->text == NULL) {
        return fail_memory(j);
    }
    j->text->ctx = j->ctx;
    j->text->unit = like == NULL ? j->o.unit : like->unit;
    j->text->is_lower = like == NULL ? j->o.is_lower : like->is_lower;
    j->text->unknown = like != NULL ? like->unknown : j->o.unknown != NULL ? 0 : -1;
    wg_status status = number_all(j);
    wgi_classes_release(memory, j->seen);
    wgi_array_free(memory, &j->counts, sizeof(int64_t));
    if (status != WG_OK) {
        wg_text_destroy(j->text);
        return status;
    }
    *out = j->text;
    return WG_OK;
}

/* ---- options and files -------------------------------------------------------------------- */

static bool is_own_zero(const wg_text_options *o)
{
    return o->unit == 0 && o->order == 0 && !o->is_lower && o->unknown == NULL &&
           o->max_symbols == 0;
}

static bool are_valid(wg_context *ctx, const wg_text_options *o)
{
    if (o->size != sizeof *o || (int)o->unit < 0 || o->unit > WG_TEXT_WORDS || (int)o->order < 0 ||
        o->order > WG_TEXT_BY_COUNT || o->max_symbols < 0) {
        return false;
    }
    if (o->unknown != NULL &&
        (*o->unknown == '\0' || wgi_symbols_check(WG_TEXT_CHARACTERS, o->unknown,
                                                  strlen(o->unknown)) < strlen(o->unknown))) {
        return false;
    }
    if (o->max_symbols > 0 && o->unknown == NULL) {
        return false;
    }
    return o->vocabulary == NULL || (o->vocabulary->ctx == ctx && is_own_zero(o));
}

static wg_status resolve(wg_context *ctx, const wg_text_options *options, wg_text_options *out)
{
    *out = options == NULL ? (wg_text_options){.size = sizeof *out} : *options;
    if (!are_valid(ctx, out)) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "text: an option is out of its domain");
    }
    out->max_bytes = out->max_bytes == 0 ? DEFAULT_MAX_BYTES : out->max_bytes;
    return WG_OK;
}

wg_status wgi_text_read(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                        const wg_text_options *options, wg_text **out)
{
    wgi_block block;
    job j = {.ctx = ctx, .path = path};
    *out = NULL;
    wg_status status = resolve(ctx, options, &j.o);
    if (status != WG_OK) {
        return status;
    }
    status = wgi_file_read_inflated(ctx, calls, path, j.o.max_bytes, &block);
    if (status == WG_OK) {
        j.data = (char *)block.data;
        j.bytes = block.bytes;
        status = make_text(&j, out);
        wgi_block_release(ctx, &block);
    }
    return status;
}

wg_status wg_text_read(wg_context *ctx, const char *path, const wg_text_options *options,
                       wg_text **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || path == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "text_read: an argument is missing");
    }
    return wgi_text_read(ctx, &wgi_file_system, path, options, out);
}

wg_status wg_text_create(wg_context *ctx, const char *data, size_t bytes,
                         const wg_text_options *options, wg_text **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || (data == NULL && bytes > 0) || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "text_create: an argument is missing");
    }
    job j = {.ctx = ctx, .path = "text", .bytes = bytes};
    wg_status status = resolve(ctx, options, &j.o);
    if (status != WG_OK) {
        return status;
    }
    if (bytes > j.o.max_bytes) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "text: %zu bytes are more than %zu", bytes,
                                j.o.max_bytes);
    }
    char *copy = wgi_alloc(&ctx->memory, bytes);
    if (copy == NULL && bytes > 0) {
        return fail_memory(&j);
    }
    if (bytes > 0) {
        memcpy(copy, data, bytes);
    }
    j.data = copy;
    status = make_text(&j, out);
    wgi_release(&ctx->memory, copy, bytes);
    return status;
}

/* ---- what a text tells -------------------------------------------------------------------- */

void wg_text_destroy(wg_text *text)
{
    if (text == NULL) {
        return;
    }
    const wg_allocator *memory = &text->ctx->memory;
    wgi_classes_release(memory, text->vocabulary);
    wg_tensor_destroy(text->symbols);
    wgi_release(memory, text, sizeof *text);
}

wg_tensor *wg_text_symbols(const wg_text *text)
{
    return text == NULL ? NULL : text->symbols;
}

int64_t wg_text_vocabulary_size(const wg_text *text)
{
    return text == NULL ? 0 : (int64_t)text->vocabulary->starts.count;
}

const char *wg_text_symbol(const wg_text *text, int64_t i)
{
    if (i < 0 || i >= wg_text_vocabulary_size(text)) {
        return NULL;
    }
    return wgi_classes_name(text->vocabulary, (size_t)i);
}

/* Finds every number first, so that `out` is written only where all are there. */
static wg_status encode(const wg_text *text, const char *string, size_t bytes, int64_t *out,
                        size_t room, size_t *n)
{
    wgi_symbols walk = {.unit = text->unit, .at = string, .end = string + bytes};
    wgi_symbols again = walk;
    wgi_symbol symbol;
    while (wgi_symbols_next(&walk, &symbol)) {
        if (look_up(text, &symbol) < 0) {
            return fail_unknown(text->ctx, "text_encode", (size_t)(symbol.text - string), &symbol);
        }
    }
    *n = (size_t)wgi_symbols_count(again);
    if (out == NULL) {
        return WG_OK;
    }
    if (*n > room) {
        return wgi_context_fail(text->ctx, WG_ERR_RANGE, "text_encode: %zu symbols, room for %zu",
                                *n, room);
    }
    for (size_t i = 0; wgi_symbols_next(&again, &symbol); i++) {
        out[i] = look_up(text, &symbol);
    }
    return WG_OK;
}

wg_status wg_text_encode(const wg_text *text, const char *string, int64_t *out, size_t room,
                         size_t *n)
{
    if (n != NULL) {
        *n = 0;
    }
    if (text == NULL || string == NULL || n == NULL || (out == NULL && room > 0)) {
        return wgi_context_fail(text == NULL ? NULL : text->ctx, WG_ERR_ARGUMENT,
                                "text_encode: an argument is missing");
    }
    size_t bytes = strlen(string);
    size_t good = wgi_symbols_check(text->unit, string, bytes);
    if (good < bytes) {
        return wgi_context_fail(text->ctx, WG_ERR_FORMAT, "text_encode:%zu: not UTF-8", good);
    }
    char *copy = wgi_copy_text(&text->ctx->memory, string);
    if (copy == NULL) {
        return wgi_context_fail(text->ctx, WG_ERR_MEMORY, "text_encode: no memory for %zu bytes",
                                bytes);
    }
    if (text->is_lower) {
        wgi_symbols_lower(copy, bytes);
    }
    wg_status status = encode(text, copy, bytes, out, room, n);
    wgi_release_text(&text->ctx->memory, copy);
    return status;
}
