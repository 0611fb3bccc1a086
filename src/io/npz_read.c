/* Reading NumPy's archives.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: names are cut where they stand, in the directory, and only after all of the file has
 * been found good. */
#include <stdio.h>
#include <string.h>

#include "core/context.h"
#include "core/inflate.h"
#include "core/memory.h"
#include "core/sort.h"
#include "io/crc.h"
#include "io/npz.h"

/* "archive.npz/member.npy", for messages. */
#define SHOWN_BYTES 480

static void show_member(const wg_npz *file, const char *path, const wgi_zip_member *m,
                        char out[SHOWN_BYTES])
{
    size_t n = (size_t)snprintf(out, SHOWN_BYTES, "%.400s/", path);
    const unsigned char *name = file->block.data + m->name;
    for (uint32_t i = 0; i < m->name_bytes && n < SHOWN_BYTES - 1; i++) {
        out[n++] = (char)(name[i] >= ' ' && name[i] != 0x7F ? name[i] : '?');
    }
    out[n] = '\0';
}

/* The member's bytes, inflated where it is deflated. */
static wg_status open_member(wg_npz *file, const char *shown, wgi_npz_entry *entry, wgi_block *out)
{
    const wgi_zip_member *m = &entry->member;
    *out = (wgi_block){.data = file->block.data + m->data, .bytes = m->stored_bytes};
    if (m->method == 0) {
        return WG_OK;
    }
    const wgi_block stored = *out;
    wg_status status = wgi_raw_inflate(file->ctx, shown, &stored, m->bytes, &entry->inflated);
    *out = entry->inflated;
    if (status == WG_OK && entry->inflated.bytes != m->bytes) {
        status = wgi_context_fail(file->ctx, WG_ERR_FORMAT,
                                  "%.500s: it inflates to %zu bytes, its header says %u", shown,
                                  entry->inflated.bytes, (unsigned)m->bytes);
    }
    return status;
}

static wg_status check_member(wg_npz *file, const char *path, wgi_npz_entry *entry, wgi_crc *crc)
{
    char shown[SHOWN_BYTES];
    wgi_block bytes;
    show_member(file, path, &entry->member, shown);
    wg_status status = open_member(file, shown, entry, &bytes);
    if (status != WG_OK) {
        return status;
    }
    wgi_crc_start(crc);
    wgi_crc_add(crc, bytes.data, bytes.bytes);
    if (wgi_crc_value(crc) != entry->member.checksum) {
        return wgi_context_fail(file->ctx, WG_ERR_FORMAT, "%.500s: its checksum is wrong", shown);
    }
    return wgi_npy_parse(file->ctx, shown, &bytes, &entry->npy);
}

/* ---- names -------------------------------------------------------------------------------- */

static const char *name_of(const wg_npz *file, size_t i)
{
    return (const char *)file->block.data + file->entries[i].member.name;
}

/* Cuts ".npy" off. */
static void end_names(wg_npz *file)
{
    for (size_t i = 0; i < file->n; i++) {
        const wgi_zip_member *m = &file->entries[i].member;
        file->block.data[m->name + m->name_bytes - 4] = '\0';
    }
}

static bool is_name_before(const void *user, size_t i, size_t j)
{
    const wg_npz *file = user;
    return strcmp(name_of(file, file->by_name[i]), name_of(file, file->by_name[j])) < 0;
}

static wg_status sort_names(wg_npz *file, const char *path)
{
    wgi_sort sort = {.is_before = is_name_before,
                     .user = file,
                     .data = file->by_name,
                     .size = sizeof *file->by_name};
    wgi_sort_run(&sort, file->n);
    for (size_t i = 1; i < file->n; i++) {
        if (!is_name_before(file, i - 1, i)) {
            uint32_t a = file->entries[file->by_name[i - 1]].member.name;
            uint32_t b = file->entries[file->by_name[i]].member.name;
            return wgi_context_fail(file->ctx, WG_ERR_FORMAT, "%.600s:%u: a name stands twice",
                                    path, (unsigned)(a > b ? a : b));
        }
    }
    return WG_OK;
}

/* ---- files -------------------------------------------------------------------------------- */

static wg_status read_all(wg_npz *file, const char *path)
{
    wgi_crc crc;
    wg_status status = wgi_npz_directory(file, path);
    for (size_t i = 0; i < file->n && status == WG_OK; i++) {
        status = check_member(file, path, &file->entries[i], &crc);
    }
    if (status != WG_OK) {
        return status;
    }
    end_names(file);
    return sort_names(file, path);
}

wg_status wgi_npz_read_block(wg_context *ctx, const char *path, wgi_block *block, wg_npz **out)
{
    *out = NULL;
    wg_npz *file = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *file);
    if (file == NULL) {
        wgi_block_release(ctx, block);
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "%.600s: no memory to read it", path);
    }
    file->ctx = ctx;
    file->block = *block;
    *block = (wgi_block){0};
    wg_status status = read_all(file, path);
    if (status != WG_OK) {
        wg_npz_destroy(file);
        return status;
    }
    *out = file;
    return WG_OK;
}

wg_status wgi_npz_read(wg_context *ctx, const wgi_file_calls *calls, const char *path, wg_npz **out)
{
    *out = NULL;
    wgi_block block;
    wg_status status = wgi_file_read(ctx, calls, path, SIZE_MAX, &block);
    return status == WG_OK ? wgi_npz_read_block(ctx, path, &block, out) : status;
}

wg_status wg_npz_read(wg_context *ctx, const char *path, wg_npz **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || path == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "npz_read: an argument is missing");
    }
    return wgi_npz_read(ctx, &wgi_file_system, path, out);
}

void wg_npz_destroy(wg_npz *file)
{
    if (file == NULL) {
        return;
    }
    const wg_allocator *memory = &file->ctx->memory;
    for (size_t i = 0; file->entries != NULL && i < file->n; i++) {
        wgi_block_release(file->ctx, &file->entries[i].inflated);
    }
    wgi_release(memory, file->entries, file->n * sizeof *file->entries);
    wgi_release(memory, file->by_name, file->n * sizeof *file->by_name);
    wgi_block_release(file->ctx, &file->block);
    wgi_release(memory, file, sizeof *file);
}

/* ---- what a file tells -------------------------------------------------------------------- */

size_t wg_npz_count(const wg_npz *file)
{
    return file == NULL ? 0 : file->n;
}

const char *wg_npz_name(const wg_npz *file, size_t i)
{
    return i < wg_npz_count(file) ? name_of(file, i) : NULL;
}

bool wg_npz_find(const wg_npz *file, const char *name, size_t *out)
{
    if (out != NULL) {
        *out = 0;
    }
    if (file == NULL || name == NULL || out == NULL) {
        return false;
    }
    size_t low = 0;
    size_t high = file->n; /* the name stands in [low, high) of by_name, if at all */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, name_of(file, file->by_name[middle]));
        if (order == 0) {
            *out = file->by_name[middle];
            return true;
        }
        low = order > 0 ? middle + 1 : low;
        high = order < 0 ? middle : high;
    }
    return false;
}

wg_status wg_npz_tensor(const wg_npz *file, size_t i, wg_tensor **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (file == NULL || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (i >= file->n) {
        return wgi_context_fail(file->ctx, WG_ERR_RANGE, "npz: array %zu of %zu", i, file->n);
    }
    return wgi_npy_tensor(file->ctx, &file->entries[i].npy, out);
}
