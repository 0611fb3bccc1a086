/* Writing NumPy's archives: members stored as they are, without compression.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: everything that the caller can have got wrong is found before the first byte is
 * written, and the bytes are a function of names and tensors alone: the date is that of ZIP's
 * epoch. Each tensor is encoded twice, first for its checksum, which stands in front of it. */
#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/memory.h"
#include "core/sort.h"
#include "core/tensor.h"
#include "core/utf8.h"
#include "io/crc.h"
#include "io/npz.h"
#include "io/safetensors.h"

#define SUFFIX ".npy"
#define SUFFIX_BYTES ((size_t)4)
#define MAX_NAME ((size_t)0xFFFF - SUFFIX_BYTES)
#define MAX_MEMBERS ((size_t)0xFFFE)
#define MAX_PLACE UINT32_C(0xFFFFFFFE)

/* Version 2.0 of the format, 1 January 1980, and rw------- of Unix, as NumPy says. */
#define VERSION 20U
#define DATE 0x0021U
#define MODE (UINT32_C(0600) << 16)
#define MADE_BY_UNIX (3U << 8)

/* A member being written. */
typedef struct member {
    const char *name;
    const wg_tensor *tensor;
    uint32_t place;
    uint32_t bytes;
    uint32_t checksum;
    uint16_t flags;
} member;

typedef struct job {
    wg_context *ctx;
    const char *path;
    member *members;
    size_t *order;
    size_t n;
    size_t directory; /* its place */
    size_t end;       /* the place of the end record */
} job;

/* ---- what the caller gave ----------------------------------------------------------------- */

static wg_status fail_name(const job *w, wg_status status, const char *name, const char *what)
{
    char shown[WGI_SHOWN_NAME];
    return wgi_context_fail(w->ctx, status, "%.500s: '%s' %s", w->path, wgi_show_name(name, shown),
                            what);
}

static wg_status check_entry(const job *w, const wg_named_tensor *e)
{
    if (e->name == NULL || e->tensor == NULL) {
        return wgi_context_fail(w->ctx, WG_ERR_ARGUMENT, "%.600s: a name or tensor is NULL",
                                w->path);
    }
    size_t bytes = strlen(e->name);
    if (bytes < 1 || bytes > MAX_NAME) {
        return wgi_context_fail(w->ctx, WG_ERR_NAME, "%.600s: a name has %zu bytes, not 1 to %zu",
                                w->path, bytes, MAX_NAME);
    }
    if (wgi_utf8_valid(e->name, bytes) != bytes) {
        return wgi_context_fail(w->ctx, WG_ERR_NAME, "%.600s: a name is not UTF-8", w->path);
    }
    if (e->tensor->is_dead) {
        return fail_name(w, WG_ERR_STALE, e->name, "is a value past its reset");
    }
    return WG_OK;
}

static bool is_name_before(const void *user, size_t i, size_t j)
{
    const job *w = user;
    return strcmp(w->members[w->order[i]].name, w->members[w->order[j]].name) < 0;
}

static wg_status check_unique(job *w)
{
    wgi_sort sort = {
        .is_before = is_name_before, .user = w, .data = w->order, .size = sizeof *w->order};
    for (size_t i = 0; i < w->n; i++) {
        w->order[i] = i;
    }
    wgi_sort_run(&sort, w->n);
    for (size_t i = 1; i < w->n; i++) {
        if (!is_name_before(w, i - 1, i)) {
            return fail_name(w, WG_ERR_NAME, w->members[w->order[i]].name, "stands twice");
        }
    }
    return WG_OK;
}

static bool is_ascii(const char *name)
{
    while (*name != '\0' && (unsigned char)*name < 0x80) {
        name++;
    }
    return *name == '\0';
}

/* Settles where everything will stand. */
static wg_status place_all(job *w)
{
    size_t at = 0;
    size_t directory = 0;
    bool is_fitting = true;
    for (size_t i = 0; i < w->n; i++) {
        member *m = &w->members[i];
        size_t bytes = 0;
        size_t name = strlen(m->name) + SUFFIX_BYTES;
        is_fitting =
            is_fitting && wgi_npy_bytes(m->tensor, &bytes) && bytes <= MAX_PLACE && at <= MAX_PLACE;
        m->place = (uint32_t)at;
        m->bytes = (uint32_t)bytes;
        m->flags = is_ascii(m->name) ? 0 : WGI_ZIP_UTF8;
        directory += WGI_ZIP_CENTRAL_BYTES + name;
        is_fitting = is_fitting && wgi_size_add(at, WGI_ZIP_LOCAL_BYTES + name, &at) &&
                     wgi_size_add(at, bytes, &at);
    }
    w->directory = at;
    is_fitting = is_fitting && wgi_size_add(at, directory, &w->end);
    if (!is_fitting || w->end > MAX_PLACE) {
        return wgi_context_fail(w->ctx, WG_ERR_RANGE, "%.600s: it would have 4 GiB or more",
                                w->path);
    }
    return WG_OK;
}

static wg_status add_to_crc(void *user, const void *data, size_t bytes)
{
    wgi_crc_add(user, data, bytes);
    return WG_OK;
}

static wg_status sum_all(job *w)
{
    wgi_crc crc;
    wg_status status = WG_OK;
    for (size_t i = 0; i < w->n && status == WG_OK; i++) {
        wgi_crc_start(&crc);
        status = wgi_npy_emit(w->members[i].tensor, add_to_crc, &crc);
        w->members[i].checksum = wgi_crc_value(&crc);
    }
    return status;
}

/* ---- bytes -------------------------------------------------------------------------------- */

static void store(unsigned char **at, uint32_t x, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        *(*at)++ = (unsigned char)(x >> (8 * i) & 0xFF);
    }
}

static wg_status append(void *user, const void *data, size_t bytes)
{
    return wgi_replace_append(user, data, bytes);
}

static wg_status append_name(wgi_replacement *writer, const member *m)
{
    wg_status status = wgi_replace_append(writer, m->name, strlen(m->name));
    return status == WG_OK ? wgi_replace_append(writer, SUFFIX, SUFFIX_BYTES) : status;
}

/* What local and central headers share: version needed to name length, and no extra field. */
static void store_common(unsigned char **at, const member *m)
{
    store(at, VERSION, 2);
    store(at, m->flags, 2);
    store(at, 0, 2); /* stored */
    store(at, 0, 2); /* midnight */
    store(at, DATE, 2);
    store(at, m->checksum, 4);
    store(at, m->bytes, 4);
    store(at, m->bytes, 4);
    store(at, (uint32_t)(strlen(m->name) + SUFFIX_BYTES), 2);
    store(at, 0, 2);
}

static wg_status write_member(wgi_replacement *writer, const member *m)
{
    unsigned char header[WGI_ZIP_LOCAL_BYTES];
    unsigned char *at = header;
    store(&at, WGI_ZIP_LOCAL, 4);
    store_common(&at, m);
    wg_status status = wgi_replace_append(writer, header, sizeof header);
    if (status == WG_OK) {
        status = append_name(writer, m);
    }
    return status == WG_OK ? wgi_npy_emit(m->tensor, append, writer) : status;
}

static wg_status write_central(wgi_replacement *writer, const member *m)
{
    unsigned char header[WGI_ZIP_CENTRAL_BYTES];
    unsigned char *at = header;
    store(&at, WGI_ZIP_CENTRAL, 4);
    store(&at, VERSION | MADE_BY_UNIX, 2);
    store_common(&at, m);
    store(&at, 0, 2); /* no comment */
    store(&at, 0, 2); /* the first and only part */
    store(&at, 0, 2);
    store(&at, MODE, 4);
    store(&at, m->place, 4);
    wg_status status = wgi_replace_append(writer, header, sizeof header);
    return status == WG_OK ? append_name(writer, m) : status;
}

static wg_status write_end(const job *w, wgi_replacement *writer)
{
    unsigned char record[WGI_ZIP_END_BYTES];
    unsigned char *at = record;
    store(&at, WGI_ZIP_END, 4);
    store(&at, 0, 4); /* the first and only part */
    store(&at, (uint32_t)w->n, 2);
    store(&at, (uint32_t)w->n, 2);
    store(&at, (uint32_t)(w->end - w->directory), 4);
    store(&at, (uint32_t)w->directory, 4);
    store(&at, 0, 2); /* no comment */
    return wgi_replace_append(writer, record, sizeof record);
}

static wg_status write_all(const job *w, wgi_replacement *writer)
{
    wg_status status = WG_OK;
    for (size_t i = 0; i < w->n && status == WG_OK; i++) {
        status = write_member(writer, &w->members[i]);
    }
    for (size_t i = 0; i < w->n && status == WG_OK; i++) {
        status = write_central(writer, &w->members[i]);
    }
    return status == WG_OK ? write_end(w, writer) : status;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static wg_status write_file(const job *w, const wgi_file_calls *calls)
{
    wgi_replacement writer;
    wg_status status = wgi_replace_begin(&writer, w->ctx, calls, w->path);
    if (status != WG_OK) {
        return status;
    }
    status = write_all(w, &writer);
    if (status != WG_OK) {
        wgi_replace_abandon(&writer);
        return status;
    }
    return wgi_replace_commit(&writer);
}

static wg_status run(job *w, const wg_named_tensor *entries, const wgi_file_calls *calls)
{
    for (size_t i = 0; i < w->n; i++) {
        w->members[i] = (member){.name = entries[i].name, .tensor = entries[i].tensor};
    }
    wg_status status = check_unique(w);
    if (status == WG_OK) {
        status = place_all(w);
    }
    if (status == WG_OK) {
        status = sum_all(w);
    }
    return status == WG_OK ? write_file(w, calls) : status;
}

wg_status wgi_npz_write(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                        const wg_named_tensor *entries, size_t n)
{
    if (ctx == NULL || path == NULL || (entries == NULL && n > 0)) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "npz_write: an argument is missing");
    }
    job w = {.ctx = ctx, .path = path, .n = n};
    wg_status status = WG_OK;
    if (n > MAX_MEMBERS) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "%.600s: %zu arrays are more than %zu", path, n,
                                MAX_MEMBERS);
    }
    for (size_t i = 0; i < n && status == WG_OK; i++) {
        status = check_entry(&w, &entries[i]);
    }
    if (status != WG_OK) {
        return status;
    }
    w.members = wgi_alloc_zeroed(&ctx->memory, n, sizeof *w.members);
    w.order = wgi_alloc_zeroed(&ctx->memory, n, sizeof *w.order);
    if (n > 0 && (w.members == NULL || w.order == NULL)) {
        status = wgi_context_fail(ctx, WG_ERR_MEMORY, "%.600s: no memory to write it", path);
    } else {
        status = run(&w, entries, calls);
    }
    wgi_release(&ctx->memory, w.members, n * sizeof *w.members);
    wgi_release(&ctx->memory, w.order, n * sizeof *w.order);
    return status;
}

wg_status wg_npz_write(wg_context *ctx, const char *path, const wg_named_tensor *entries, size_t n)
{
    return wgi_npz_write(ctx, &wgi_file_system, path, entries, n);
}
