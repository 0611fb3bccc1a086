/* The header of a safetensors file: JSON of exactly one form.
 * SPDX-License-Identifier: Apache-2.0
 *
 *   {"__metadata__": {"key": "value", ...},
 *    "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
 *
 * Invariant: the depth is the form's, so that nothing here recurses; parsing the same text twice
 * tells the same counts. */
#include <string.h>

#include "io/safetensors.h"

enum {
    HAS_DTYPE = 1,
    HAS_SHAPE = 2,
    HAS_OFFSETS = 4,
    HAS_ALL = 7
};

typedef struct parser {
    wgi_json *j;
    const unsigned char *block;
    wg_safetensors *file;
} parser;

static uint32_t place_of(const parser *p, const char *at)
{
    return (uint32_t)((const unsigned char *)at - p->block);
}

/* A key and the colon behind it; NULL at a failure. */
static const char *take_key(wgi_json *j)
{
    const char *key = wgi_json_string(j);
    return key != NULL && wgi_json_expect(j, ':', "':' expected") ? key : NULL;
}

static void parse_metadata(parser *p)
{
    wgi_json_expect(p->j, '{', "'{' expected: metadata are an object of strings");
    for (bool is_first = true; wgi_json_more(p->j, '}', is_first); is_first = false) {
        const char *key = take_key(p->j);
        if (key == NULL || wgi_json_string(p->j) == NULL) {
            return;
        }
        if (p->file->metadata != NULL) {
            p->file->metadata[p->file->n_metadata] = place_of(p, key);
        }
        p->file->n_metadata++;
    }
}

static wgi_stored find_stored(const char *text)
{
    for (int i = WGI_STORED_NONE + 1; i < WGI_N_STORED; i++) {
        if (wgi_json_is(text, wgi_stored_about((wgi_stored)i)->name)) {
            return (wgi_stored)i;
        }
    }
    return WGI_STORED_NONE;
}

static void parse_dtype(parser *p, wgi_entry *entry)
{
    const char *text = wgi_json_string(p->j);
    if (text != NULL) {
        entry->dtype = place_of(p, text);
        entry->stored = (uint8_t)find_stored(text);
    }
}

static void parse_shape(parser *p, wgi_entry *entry)
{
    wgi_json_expect(p->j, '[', "'[' expected: a shape is a list of sizes");
    entry->shape = place_of(p, p->j->at);
    for (int rank = 0; wgi_json_more(p->j, ']', rank == 0); rank += rank < WG_MAX_RANK ? 1 : 0) {
        uint64_t dim;
        if (!wgi_json_u64(p->j, &dim)) {
            return;
        }
        entry->is_deep = rank == WG_MAX_RANK;
    }
}

static void parse_offsets(parser *p, wgi_entry *entry)
{
    const char *form = "offsets are [begin, end]";
    (void)(wgi_json_expect(p->j, '[', form) && wgi_json_u64(p->j, &entry->begin) &&
           wgi_json_expect(p->j, ',', form) && wgi_json_u64(p->j, &entry->end) &&
           wgi_json_expect(p->j, ']', form));
}

/* One member of an entry; returns its bit. */
static unsigned parse_member(parser *p, const char *key, unsigned seen, wgi_entry *entry)
{
    static const char *const keys[] = {"dtype", "shape", "data_offsets"};
    static void (*const parse[])(parser *, wgi_entry *) = {parse_dtype, parse_shape, parse_offsets};
    for (unsigned i = 0; i < 3; i++) {
        if (wgi_json_is(key, keys[i])) {
            if ((seen & 1U << i) != 0) {
                wgi_json_fail(p->j, "a key of a tensor stands twice");
                return 0;
            }
            parse[i](p, entry);
            return 1U << i;
        }
    }
    wgi_json_fail(p->j, "a tensor has a key that is not of the format");
    return 0;
}

static void parse_entry(parser *p, const char *name)
{
    wgi_entry entry = {.name = place_of(p, name)};
    unsigned seen = 0;
    wgi_json_expect(p->j, '{', "'{' expected: a tensor is an object");
    for (bool is_first = true; wgi_json_more(p->j, '}', is_first); is_first = false) {
        const char *key = take_key(p->j);
        if (key == NULL) {
            return;
        }
        seen |= parse_member(p, key, seen, &entry);
    }
    if (seen != HAS_ALL) {
        wgi_json_fail(p->j, "a tensor lacks dtype, shape or data_offsets");
        return;
    }
    if (p->file->entries != NULL) {
        p->file->entries[p->file->n_entries] = entry;
    }
    p->file->n_entries++;
}

bool wgi_safetensors_parse(wgi_json *header, const unsigned char *block, wg_safetensors *counts)
{
    parser p = {.j = header, .block = block, .file = counts};
    bool has_metadata = false;
    counts->n_entries = 0;
    counts->n_metadata = 0;
    wgi_json_expect(header, '{', "'{' expected");
    for (bool is_first = true; wgi_json_more(header, '}', is_first); is_first = false) {
        const char *key = take_key(header);
        if (key == NULL) {
            return false;
        }
        if (!wgi_json_is(key, "__metadata__")) {
            parse_entry(&p, key);
        } else if (has_metadata) {
            wgi_json_fail(header, "__metadata__ stands twice");
        } else {
            has_metadata = true;
            parse_metadata(&p);
        }
    }
    return wgi_json_end(header);
}

int32_t wgi_entry_shape(const wg_safetensors *file, const wgi_entry *entry,
                        int64_t dims[WG_MAX_RANK])
{
    const char *at = (const char *)file->block.data + entry->shape;
    wgi_json j = wgi_json_make(at, file->data - entry->shape);
    int32_t rank = 0;
    while (rank < WG_MAX_RANK && wgi_json_more(&j, ']', rank == 0)) {
        uint64_t dim;
        (void)wgi_json_u64(&j, &dim);
        dims[rank++] = dim > INT64_MAX ? -1 : (int64_t)dim;
    }
    return rank;
}

const char *wgi_show_name(const char *name, char out[WGI_SHOWN_NAME])
{
    size_t bytes = strlen(name);
    size_t n = bytes < WGI_SHOWN_NAME - 4 ? bytes : WGI_SHOWN_NAME - 4;
    while (n < bytes && n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80) {
        n--; /* not within a character */
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        out[i] = (char)(c < 0x20 || c == 0x7F ? '?' : name[i]);
    }
    memcpy(out + n, n < bytes ? "..." : "", n < bytes ? 4 : 1);
    return out;
}
