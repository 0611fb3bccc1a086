/* Formulas of pointwise ops: reading them.
 * SPDX-License-Identifier: Apache-2.0
 *
 *   sum      product {(+ | -) product}
 *   product  signed {(* | /) signed}
 *   signed   - signed | power
 *   power    primary [^ signed]
 *   primary  number | pi | variable | function ( sum {, sum} ) | ( sum )
 *
 * The reader descends by these rules; every descent into brackets, a sign or an exponent is counted
 * and bounded. Whatever is constant is worked out on the way, and leaves one number behind. */
#include "ops/formula.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define PI 3.14159265358979323846
#define WINDOW 72

typedef struct reader {
    wg_context *ctx;
    const char *op;
    const char *text;
    const char *at;
    wgi_formula *formula;
    int depth;
    wg_status status; /* the first failure; nothing is read after it */
} reader;

/* What a part of the formula came to: its steps start at `first`. */
typedef struct part {
    size_t first;
    bool is_number;
    double number;
} part;

/* ---- failing ------------------------------------------------------------------------------ */

/* The piece of the formula around a place, with a mark under it. Bytes that do not print show as a
 * question mark. */
static void show_place(wgi_text *text, const char *formula, size_t column)
{
    char line[WINDOW + 1];
    const size_t start = column > WINDOW / 2 ? column - WINDOW / 2 : 0;
    size_t n = 0;
    while (n < WINDOW && formula[start + n] != '\0') {
        const unsigned char c = (unsigned char)formula[start + n];
        line[n++] = c >= ' ' && c < 127 ? (char)c : '?';
    }
    line[n] = '\0';
    wgi_text_add(text, "\n  %s\n  %*s^", line, (int)(column - start), "");
}

static void fail_at(reader *r, const char *place, const char *format, ...) WGI_PRINTF(3, 4);

static void fail_at(reader *r, const char *place, const char *format, ...)
{
    if (r->status != WG_OK) {
        return;
    }
    const size_t column = (size_t)(place - r->text);
    wgi_text text = wgi_text_make(r->ctx->error, sizeof r->ctx->error);
    wgi_text_add(&text, "%s: column %zu: ", r->op, column + 1);
    va_list list;
    va_start(list, format);
    wgi_text_add_list(&text, format, list);
    va_end(list);
    show_place(&text, r->text, column);
    r->status = WG_ERR_ARGUMENT;
}

/* What stands at the place, for a message. */
static void fail_unexpected(reader *r, const char *wanted)
{
    const unsigned char c = (unsigned char)*r->at;
    if (c == '\0') {
        fail_at(r, r->at, "the formula ends where %s is expected", wanted);
    } else if (c >= ' ' && c < 127) {
        fail_at(r, r->at, "'%c' where %s is expected", c, wanted);
    } else {
        fail_at(r, r->at, "a byte that is no character where %s is expected", wanted);
    }
}

/* ---- words -------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

size_t wgi_formula_name(const char *text)
{
    size_t n = 0;
    while (is_letter(text[n]) || (n > 0 && is_digit(text[n]))) {
        n++;
    }
    return n;
}

static void skip_blanks(reader *r)
{
    while (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r') {
        r->at++;
    }
}

static char peek(reader *r)
{
    skip_blanks(r);
    return r->status == WG_OK ? *r->at : '\0';
}

static bool take(reader *r, char c)
{
    if (peek(r) != c || c == '\0') {
        return false;
    }
    r->at++;
    return true;
}

static bool is_word(const char *at, size_t n, const char *word)
{
    return strlen(word) == n && strncmp(at, word, n) == 0;
}

/* ---- steps -------------------------------------------------------------------------------- */

static void emit(reader *r, wgi_formula_code code, int32_t index, double number)
{
    wgi_array *steps = &r->formula->steps;
    if (r->status != WG_OK) {
        return;
    }
    if (steps->count >= WGI_FORMULA_STEPS) {
        fail_at(r, r->at, "the formula has more than %d operations", WGI_FORMULA_STEPS);
        return;
    }
    wgi_formula_step *s = wgi_array_push(&r->ctx->memory, steps, sizeof *s);
    if (s == NULL) {
        r->status = wgi_context_fail(r->ctx, WG_ERR_MEMORY, "%s: out of memory", r->op);
        return;
    }
    *s = (wgi_formula_step){.code = code, .index = index, .number = number};
}

/* Replaces the steps of a part by one number. */
static part settle(reader *r, part p, double number)
{
    if (r->status == WG_OK) {
        r->formula->steps.count = p.first;
        emit(r, WGI_FORMULA_NUMBER, 0, number);
    }
    p.is_number = true;
    p.number = number;
    return p;
}

static part start_part(const reader *r)
{
    return (part){.first = r->formula->steps.count};
}

static part apply(reader *r, part p, wgi_formula_code code, int32_t index)
{
    emit(r, code, index, 0);
    p.is_number = false;
    return p;
}

static double fold(wgi_formula_code code, double a, double b)
{
    switch (code) {
    case WGI_FORMULA_ADD:
        return a + b;
    case WGI_FORMULA_SUB:
        return a - b;
    case WGI_FORMULA_MUL:
        return a * b;
    default:
        return a / b;
    }
}

static part join(reader *r, part a, part b, wgi_formula_code code)
{
    if (a.is_number && b.is_number) {
        return settle(r, a, fold(code, a.number, b.number));
    }
    return apply(r, a, code, 0);
}

static part negate(reader *r, part p)
{
    return p.is_number ? settle(r, p, -p.number) : apply(r, p, WGI_FORMULA_NEG, 0);
}

/* ---- rules -------------------------------------------------------------------------------- */

static part read_sum(reader *r);
static part read_signed(reader *r);

static bool descend(reader *r)
{
    if (r->depth >= WGI_FORMULA_DEPTH) {
        fail_at(r, r->at, "nested deeper than %d levels", WGI_FORMULA_DEPTH);
        return false;
    }
    r->depth++;
    return true;
}

/* The length of a decimal number: digits, a point, digits, and an exponent that has digits. */
static size_t number_length(const char *text)
{
    size_t n = 0;
    while (is_digit(text[n])) {
        n++;
    }
    if (text[n] == '.') {
        n++;
        while (is_digit(text[n])) {
            n++;
        }
    }
    if (text[n] == 'e' || text[n] == 'E') {
        size_t k = n + 1;
        k += text[k] == '+' || text[k] == '-';
        while (is_digit(text[k])) {
            k++;
            n = k;
        }
    }
    return n;
}

/* strtod knows the point of the process's locale alone, which its own printing tells. */
static double decimal_value(const char *text, size_t n)
{
    char copy[64 + 8];
    char half[16];
    char *to = copy;
    (void)snprintf(half, sizeof half, "%.1f", 0.5);
    const size_t n_point = strlen(half) > 2 && strlen(half) < 8 ? strlen(half) - 2 : 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '.') {
            memcpy(to, half + 1, n_point);
            to += n_point;
        } else {
            *to++ = text[i];
        }
    }
    *to = '\0';
    return strtod(copy, NULL);
}

static part read_number(reader *r)
{
    part p = start_part(r);
    const size_t n = number_length(r->at);
    if (n > 64 || (n == 1 && *r->at == '.')) {
        fail_at(r, r->at, n > 64 ? "a number of more than 64 characters" : "a point is no number");
        return p;
    }
    const double number = decimal_value(r->at, n);
    if (!isfinite(number)) {
        fail_at(r, r->at, "the number is too large");
    }
    r->at += n;
    return settle(r, p, number);
}

static const wgi_formula_function *find_function(const char *at, size_t n)
{
    for (size_t i = 0; i < wgi_formula_n_functions; i++) {
        if (is_word(at, n, wgi_formula_functions[i].name)) {
            return &wgi_formula_functions[i];
        }
    }
    return NULL;
}

/* The place of a variable, which is new where it was not named before; -1 after a failure. */
static int32_t find_variable(reader *r, size_t n)
{
    wgi_formula *f = r->formula;
    for (int32_t i = 0; i < f->n_variables; i++) {
        if (is_word(r->at, n, f->names[i])) {
            return i;
        }
    }
    if (n >= WGI_FORMULA_NAME) {
        fail_at(r, r->at, "a name of more than %d characters", WGI_FORMULA_NAME - 1);
        return -1;
    }
    if (f->n_variables == WGI_FORMULA_VARIABLES) {
        fail_at(r, r->at, "more than %d variables", WGI_FORMULA_VARIABLES);
        return -1;
    }
    memcpy(f->names[f->n_variables], r->at, n);
    f->name_of[f->n_variables] = f->names[f->n_variables];
    return f->n_variables++;
}

static part read_variable(reader *r, size_t n)
{
    part p = start_part(r);
    const int32_t i = find_variable(r, n);
    r->at += n;
    return i >= 0 ? apply(r, p, WGI_FORMULA_VARIABLE, i) : p;
}

static part read_call(reader *r, const wgi_formula_function *f, size_t n)
{
    part p = start_part(r);
    const int32_t index = (int32_t)(f - wgi_formula_functions);
    r->at += n;
    if (!take(r, '(')) {
        fail_unexpected(r, "'(' of a function");
        return p;
    }
    if (!descend(r)) {
        return p;
    }
    const part x = read_sum(r);
    if (f->two != NULL) {
        if (!take(r, ',')) {
            fail_unexpected(r, "',' and a second operand");
        }
        (void)read_sum(r);
    }
    if (!take(r, ')')) {
        fail_unexpected(r, "')'");
    }
    r->depth--;
    if (x.is_number && f->constant != NULL) {
        return settle(r, p, f->constant(x.number));
    }
    return apply(r, p, f->two != NULL ? WGI_FORMULA_CALL_TWO : WGI_FORMULA_CALL_ONE, index);
}

static part read_word(reader *r)
{
    const size_t n = wgi_formula_name(r->at);
    const wgi_formula_function *f = find_function(r->at, n);
    const char *after = r->at + n;
    while (*after == ' ' || *after == '\t') {
        after++;
    }
    if (f != NULL) {
        return read_call(r, f, n);
    }
    if (*after == '(') {
        fail_at(r, r->at, "unknown function '%.*s'", n < 40 ? (int)n : 40, r->at);
        return start_part(r);
    }
    if (is_word(r->at, n, "pi")) {
        const part p = start_part(r);
        r->at += n;
        return settle(r, p, PI);
    }
    return read_variable(r, n);
}

static part read_primary(reader *r)
{
    const char c = peek(r);
    if (is_letter(c)) {
        return read_word(r);
    }
    if (is_digit(c) || c == '.') {
        return read_number(r);
    }
    part p = start_part(r);
    if (!take(r, '(')) {
        fail_unexpected(r, "a number, a variable or '('");
        return p;
    }
    if (!descend(r)) {
        return p;
    }
    p = read_sum(r);
    if (!take(r, ')')) {
        fail_unexpected(r, "')'");
    }
    r->depth--;
    return p;
}

/* A constant exponent, which stands behind the base, becomes a part of the step. */
static part raise(reader *r, part base, part exponent)
{
    if (base.is_number && exponent.is_number) {
        return settle(r, base, pow(base.number, exponent.number));
    }
    if (!exponent.is_number) {
        return apply(r, base, WGI_FORMULA_POWER, 0);
    }
    if (r->status == WG_OK) {
        r->formula->steps.count = exponent.first;
    }
    emit(r, WGI_FORMULA_RAISE, 0, exponent.number);
    return base;
}

static part read_power(reader *r)
{
    const part base = read_primary(r);
    if (!take(r, '^')) {
        return base;
    }
    if (!descend(r)) {
        return base;
    }
    const part exponent = read_signed(r);
    r->depth--;
    return r->status == WG_OK ? raise(r, base, exponent) : base;
}

static part read_signed(reader *r)
{
    if (!take(r, '-')) {
        return read_power(r);
    }
    if (!descend(r)) {
        return start_part(r);
    }
    const part p = read_signed(r);
    r->depth--;
    return negate(r, p);
}

static part read_product(reader *r)
{
    part p = read_signed(r);
    for (char c = peek(r); c == '*' || c == '/'; c = peek(r)) {
        r->at++;
        const part q = read_signed(r);
        p = join(r, p, q, c == '*' ? WGI_FORMULA_MUL : WGI_FORMULA_DIV);
    }
    return p;
}

static part read_sum(reader *r)
{
    part p = read_product(r);
    for (char c = peek(r); c == '+' || c == '-'; c = peek(r)) {
        r->at++;
        const part q = read_product(r);
        p = join(r, p, q, c == '+' ? WGI_FORMULA_ADD : WGI_FORMULA_SUB);
    }
    return p;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static void read_all(reader *r)
{
    if (strlen(r->text) > WGI_FORMULA_BYTES) {
        fail_at(r, r->text + WGI_FORMULA_BYTES, "the formula has more than %d bytes",
                WGI_FORMULA_BYTES);
        return;
    }
    (void)read_sum(r);
    if (r->status == WG_OK && peek(r) != '\0') {
        fail_unexpected(r, "an operator");
    }
    if (r->status == WG_OK && r->formula->n_variables == 0) {
        fail_at(r, r->text, "the formula has no variable");
    }
}

wg_status wgi_formula_make(wg_context *ctx, const char *op, const char *text, wgi_formula **out)
{
    reader r = {.ctx = ctx, .op = op, .text = text, .at = text};
    *out = NULL;
    r.formula = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *r.formula);
    if (r.formula == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "%s: out of memory", op);
    }
    read_all(&r);
    if (r.status != WG_OK) {
        wgi_formula_free(&ctx->memory, r.formula);
        return r.status;
    }
    *out = r.formula;
    return WG_OK;
}

void wgi_formula_free(const wg_allocator *a, wgi_formula *formula)
{
    if (formula != NULL) {
        wgi_array_free(a, &formula->steps, sizeof(wgi_formula_step));
        wgi_release(a, formula, sizeof *formula);
    }
}

int32_t wgi_formula_variables(const wgi_formula *formula)
{
    return formula->n_variables;
}

const char *const *wgi_formula_names(const wgi_formula *formula)
{
    return formula->name_of;
}
