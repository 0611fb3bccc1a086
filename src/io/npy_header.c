/* The header of NumPy's arrays: version, length, and a dictionary in Python's notation.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: at <= end, and the first failure ends the scan. The text is never evaluated: what is
 * not of the one form that it may have is refused (NumPy's NEP 1). */
#include <string.h>

#include "core/context.h"
#include "io/npy.h"

#define MAGIC_BYTES ((size_t)6)

/* NumPy's own reader takes no more either. */
#define MAX_HEADER 10000U

enum {
    KEY_DESCR = 1,
    KEY_ORDER = 2,
    KEY_SHAPE = 4,
    KEY_ALL = 7
};

typedef struct scanner {
    wg_context *ctx;
    const char *path;
    const unsigned char *start; /* of the file */
    const unsigned char *at;
    const unsigned char *end; /* of the header */
    wg_status status;
    int keys; /* KEY_ bits of those that were read */
    int32_t rank;
    int64_t dims[WG_MAX_RANK];
    wgi_npy *out;
} scanner;

/* A string of the dictionary, without its quotes. */
typedef struct string {
    const unsigned char *text;
    size_t bytes;
} string;

static bool fail_at(scanner *s, wg_status status, const unsigned char *at, const char *what)
{
    s->status =
        wgi_context_fail(s->ctx, status, "%.600s:%zu: %s", s->path, (size_t)(at - s->start), what);
    return false;
}

static bool fail(scanner *s, const char *what)
{
    return fail_at(s, WG_ERR_FORMAT, s->at, what);
}

static void skip_blanks(scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t')) {
        s->at++;
    }
}

/* Passes over blanks, then over c where it is there. */
static bool take(scanner *s, char c)
{
    skip_blanks(s);
    if (s->at < s->end && *s->at == (unsigned char)c) {
        s->at++;
        return true;
    }
    return false;
}

static bool take_word(scanner *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0) {
        return false;
    }
    s->at += n;
    return true;
}

static bool take_string(scanner *s, string *out)
{
    skip_blanks(s);
    if (s->at == s->end || (*s->at != '\'' && *s->at != '"')) {
        return fail(s, "a string in quotes is missing");
    }
    unsigned char quote = *s->at++;
    out->text = s->at;
    while (s->at < s->end && *s->at != quote) {
        if (*s->at == '\\' || *s->at == '\n') {
            return fail(s, "a backslash or line end in a string");
        }
        s->at++;
    }
    if (s->at == s->end) {
        return fail(s, "a string is not closed");
    }
    out->bytes = (size_t)(s->at++ - out->text);
    return true;
}

static bool is_text(const string *s, const char *text)
{
    return s->bytes == strlen(text) && memcmp(s->text, text, s->bytes) == 0;
}

/* ---- the three values --------------------------------------------------------------------- */

/* What dtypes are called behind their byte order. */
static const struct {
    const char *name;
    wgi_stored stored;
} dtypes[] = {
    {"b1", WGI_STORED_BOOL}, {"i1", WGI_STORED_I8},  {"i2", WGI_STORED_I16}, {"i4", WGI_STORED_I32},
    {"i8", WGI_STORED_I64},  {"u1", WGI_STORED_U8},  {"u2", WGI_STORED_U16}, {"u4", WGI_STORED_U32},
    {"u8", WGI_STORED_U64},  {"f2", WGI_STORED_F16}, {"f4", WGI_STORED_F32}, {"f8", WGI_STORED_F64},
};

static wgi_stored find_dtype(const string *name)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        if (is_text(name, dtypes[i].name)) {
            return dtypes[i].stored;
        }
    }
    return WGI_STORED_NONE;
}

static bool fail_dtype(scanner *s, const string *descr)
{
    char shown[24];
    size_t n = descr->bytes < sizeof shown - 1 ? descr->bytes : sizeof shown - 1;
    for (size_t i = 0; i < n; i++) {
        shown[i] = (char)(descr->text[i] >= ' ' && descr->text[i] <= '~' ? descr->text[i] : '?');
    }
    shown[n] = '\0';
    s->status = wgi_context_fail(s->ctx, WG_ERR_DTYPE, "%.600s:%zu: no tensor holds dtype '%s'",
                                 s->path, (size_t)(descr->text - s->start), shown);
    return false;
}

static bool take_descr(scanner *s)
{
    string descr;
    skip_blanks(s);
    if (s->at < s->end && *s->at == '[') {
        return fail_at(s, WG_ERR_DTYPE, s->at, "structured dtypes are not read");
    }
    if (!take_string(s, &descr)) {
        return false;
    }
    if (is_text(&descr, "|O") || is_text(&descr, "O")) {
        return fail_at(s, WG_ERR_DTYPE, descr.text, "objects, which are pickled, are not read");
    }
    if (descr.bytes < 1) {
        return fail_dtype(s, &descr);
    }
    unsigned char order = descr.text[0];
    string name = {.text = descr.text + 1, .bytes = descr.bytes - 1};
    wgi_stored stored = find_dtype(&name);
    bool is_byte = stored != WGI_STORED_NONE && wgi_stored_about(stored)->bytes == 1;
    if (stored == WGI_STORED_NONE || (order != '<' && order != '>' && !(order == '|' && is_byte))) {
        return fail_dtype(s, &descr);
    }
    s->out->stored = stored;
    s->out->is_big = order == '>';
    return true;
}

static bool take_order(scanner *s)
{
    skip_blanks(s);
    s->out->is_fortran = take_word(s, "True");
    return s->out->is_fortran || take_word(s, "False") ||
           fail(s, "fortran_order is neither True nor False");
}

/* A whole number below 2^63 without sign or leading zero. */
static bool take_size(scanner *s, int64_t *out)
{
    const unsigned char *first = s->at;
    uint64_t x = 0;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++) {
        unsigned digit = *s->at - (unsigned)'0';
        if (x > ((uint64_t)INT64_MAX - digit) / 10) {
            return fail_at(s, WG_ERR_OVERFLOW, first, "a size does not fit");
        }
        x = 10 * x + digit;
    }
    if (s->at == first || (*first == '0' && s->at - first > 1)) {
        return fail_at(s, WG_ERR_FORMAT, first, "a size is no whole number");
    }
    *out = (int64_t)x;
    return true;
}

static bool take_shape(scanner *s)
{
    if (!take(s, '(')) {
        return fail(s, "shape is no tuple");
    }
    bool has_comma = true;
    for (s->rank = 0; !take(s, ')'); s->rank++) {
        if (!has_comma) {
            return fail(s, "a comma is missing in the shape");
        }
        if (s->rank == WG_MAX_RANK) {
            return fail_at(s, WG_ERR_SHAPE, s->at, "the rank is above 8");
        }
        if (!take_size(s, &s->dims[s->rank])) {
            return false;
        }
        has_comma = take(s, ',');
    }
    return (s->rank != 1 || has_comma) || fail(s, "a shape of one size wants a comma behind it");
}

/* ---- the dictionary ----------------------------------------------------------------------- */

static bool take_entry(scanner *s)
{
    string key;
    if (!take_string(s, &key)) {
        return false;
    }
    int bit = is_text(&key, "descr")           ? KEY_DESCR
              : is_text(&key, "fortran_order") ? KEY_ORDER
              : is_text(&key, "shape")         ? KEY_SHAPE
                                               : 0;
    if (bit == 0 || (s->keys & bit) != 0) {
        return fail_at(s, WG_ERR_FORMAT, key.text,
                       bit == 0 ? "a key that is not known" : "a key stands twice");
    }
    s->keys |= bit;
    if (!take(s, ':')) {
        return fail(s, "a colon is missing");
    }
    return bit == KEY_DESCR ? take_descr(s) : bit == KEY_ORDER ? take_order(s) : take_shape(s);
}

static bool take_dictionary(scanner *s)
{
    if (!take(s, '{')) {
        return fail(s, "the header is no dictionary");
    }
    bool has_comma = true;
    while (!take(s, '}')) {
        if (!has_comma) {
            return fail(s, "a comma is missing between entries");
        }
        if (!take_entry(s)) {
            return false;
        }
        has_comma = take(s, ',');
    }
    if (s->keys != KEY_ALL) {
        return fail(s, (s->keys & KEY_DESCR) == 0   ? "the key 'descr' is missing"
                       : (s->keys & KEY_ORDER) == 0 ? "the key 'fortran_order' is missing"
                                                    : "the key 'shape' is missing");
    }
    while (s->at < s->end && *s->at == ' ') {
        s->at++;
    }
    return (s->end - s->at == 1 && *s->at == '\n') ||
           fail(s, "the header does not end in blanks and a line end");
}

/* ---- in front of it ----------------------------------------------------------------------- */

/* Finds where the header's text begins and ends. */
static bool take_length(scanner *s, const wgi_block *block)
{
    static const unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
    if (block->bytes < MAGIC_BYTES || memcmp(block->data, magic, MAGIC_BYTES) != 0) {
        return fail(s, "not an array of NumPy: it does not begin with \\x93NUMPY");
    }
    if (block->bytes < 10) {
        return fail_at(s, WG_ERR_FORMAT, s->start + block->bytes, "it ends inside its first bytes");
    }
    unsigned major = block->data[6];
    if (major < 1 || major > 3 || block->data[7] != 0) {
        return fail_at(s, WG_ERR_FORMAT, s->start + 6, "a version other than 1.0, 2.0 and 3.0");
    }
    size_t first = major == 1 ? 10 : 12;
    if (block->bytes < first) {
        return fail_at(s, WG_ERR_FORMAT, s->start + block->bytes, "it ends inside its first bytes");
    }
    uint32_t length = 0;
    for (size_t i = first; i > 8; i--) {
        length = length << 8 | block->data[i - 1];
    }
    if (length > MAX_HEADER) {
        return fail_at(s, WG_ERR_FORMAT, s->start + 8, "its header has more than 10000 bytes");
    }
    if (length > block->bytes - first) {
        return fail_at(s, WG_ERR_FORMAT, s->start + block->bytes, "it ends inside its header");
    }
    s->at = s->start + first;
    s->end = s->at + length;
    return true;
}

wg_status wgi_npy_parse_header(wg_context *ctx, const char *path, const wgi_block *block,
                               wgi_npy *out)
{
    scanner s = {.ctx = ctx, .path = path, .start = block->data, .at = block->data, .out = out};
    *out = (wgi_npy){0};
    if (!take_length(&s, block) || !take_dictionary(&s)) {
        return s.status;
    }
    out->data = s.end;
    wg_dtype natural = wgi_stored_about(out->stored)->natural;
    wg_status status = wgi_type_make((int)natural, s.rank, s.dims, &out->type);
    if (status != WG_OK) {
        char shape[WGI_SHAPE_TEXT];
        return wgi_context_fail(ctx, status, "%.600s: the bytes of %s do not fit", path,
                                wgi_shape_text(s.rank, s.dims, shape, sizeof shape));
    }
    return WG_OK;
}
