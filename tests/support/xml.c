/* A small checker of XML.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: `at` stands after what was found good; open[0] to open[depth - 1] are the elements
 * around it. */
#include "support/xml.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define MOST_DEPTH 16
#define MOST_NAME 32
#define MOST_ATTRIBUTES 24

typedef struct reader {
    const char *at;
    const char *fault;
    int depth;
    int n_roots;
    char open[MOST_DEPTH][MOST_NAME];
} reader;

static bool fail(reader *r, const char *fault)
{
    if (r->fault == NULL) {
        r->fault = fault;
    }
    return false;
}

static bool take(reader *r, const char *text)
{
    size_t n = strlen(text);
    if (strncmp(r->at, text, n) != 0) {
        return false;
    }
    r->at += n;
    return true;
}

static void skip_space(reader *r)
{
    while (*r->at == ' ' || *r->at == '\n' || *r->at == '\t') {
        r->at++;
    }
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == ':' || c == '_';
}

static bool take_name(reader *r, char name[MOST_NAME])
{
    size_t n = 0;
    while (is_name_character(r->at[n]) && n < MOST_NAME - 1) {
        name[n] = r->at[n];
        n++;
    }
    name[n] = '\0';
    r->at += n;
    return n > 0 || fail(r, "a name is missing");
}

static bool take_utf8(reader *r)
{
    const unsigned char *c = (const unsigned char *)r->at;
    size_t n = c[0] < 0xc2 ? 0 : (c[0] < 0xe0 ? 2 : (c[0] < 0xf0 ? 3 : (c[0] < 0xf5 ? 4 : 0)));
    for (size_t i = 1; i < n; i++) {
        if ((c[i] & 0xc0) != 0x80) {
            n = 0;
        }
    }
    if (n == 3 && ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
                   (c[0] == 0xef && c[1] == 0xbf && c[2] > 0xbd))) {
        n = 0;
    }
    if (n == 4 && ((c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))) {
        n = 0;
    }
    r->at += n;
    return n > 0 || fail(r, "not UTF-8");
}

/* One character of text or of an attribute. */
static bool take_character(reader *r)
{
    unsigned char c = (unsigned char)*r->at;
    if (c == '&') {
        return take(r, "&amp;") || take(r, "&lt;") || take(r, "&gt;") || take(r, "&quot;") ||
               fail(r, "a bare ampersand");
    }
    if (c >= 0x80) {
        return take_utf8(r);
    }
    if (c < 0x20 && c != '\n' && c != '\t') {
        return fail(r, "a control character or the end");
    }
    r->at++;
    return true;
}

static bool take_value(reader *r)
{
    if (!take(r, "=\"")) {
        return fail(r, "an attribute has no value");
    }
    while (!take(r, "\"")) {
        if (*r->at == '<') {
            return fail(r, "a bare < in an attribute");
        }
        if (!take_character(r)) {
            return false;
        }
    }
    return true;
}

static bool take_attributes(reader *r)
{
    char names[MOST_ATTRIBUTES][MOST_NAME];
    int n = 0;
    while (*r->at == ' ') {
        skip_space(r);
        if (n == MOST_ATTRIBUTES || !take_name(r, names[n]) || !take_value(r)) {
            return fail(r, "too many attributes");
        }
        for (int i = 0; i < n; i++) {
            if (strcmp(names[i], names[n]) == 0) {
                return fail(r, "an attribute comes twice");
            }
        }
        n++;
    }
    return true;
}

static bool take_end(reader *r)
{
    char name[MOST_NAME];
    if (!take_name(r, name) || r->depth == 0 || strcmp(name, r->open[r->depth - 1]) != 0) {
        return fail(r, "an end without its start");
    }
    r->depth--;
    return take(r, ">") || fail(r, "an end is not closed");
}

static bool take_start(reader *r)
{
    if (r->depth == 0) {
        r->n_roots++;
    }
    if (r->depth == MOST_DEPTH || !take_name(r, r->open[r->depth]) || !take_attributes(r)) {
        return fail(r, "too deep");
    }
    if (take(r, "/>")) {
        return true;
    }
    r->depth++;
    return take(r, ">") || fail(r, "a start is not closed");
}

static bool take_next(reader *r)
{
    if (take(r, "</")) {
        return take_end(r);
    }
    if (take(r, "<")) {
        return take_start(r);
    }
    if (r->depth == 0 && strchr(" \n", *r->at) == NULL) {
        return fail(r, "text outside of the root");
    }
    return take_character(r);
}

const char *wgt_xml_fault(const char *text)
{
    reader r = {.at = text};
    if (strncmp(text, "<?xml ", 6) == 0) {
        if (!take(&r, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")) {
            return "a strange declaration";
        }
    }
    while (*r.at != '\0' && take_next(&r)) {
    }
    if (r.fault == NULL && r.depth > 0) {
        r.fault = "an element is not closed";
    }
    if (r.fault == NULL && r.n_roots != 1) {
        r.fault = "not one root";
    }
    return r.fault;
}
