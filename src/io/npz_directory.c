/* The directory of an archive in ZIP, and the headers of its members.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the central directory alone is believed; local headers are held against it and must
 * not overlap, so that the inflated sizes of all members are bounded by what the file's bytes can
 * hold. (PKWARE's APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.) */
#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/memory.h"
#include "core/sort.h"
#include "core/utf8.h"
#include "io/npz.h"

#define MAX_COMMENT ((size_t)0xFFFF)
#define NOT_16 0xFFFFU
#define NOT_32 UINT32_C(0xFFFFFFFF)

/* The directory's place; from the end of the file's last record. */
typedef struct directory {
    wg_npz *file;
    const char *path;
    size_t begin;
    size_t end; /* of the directory, where the end record begins */
} directory;

static uint16_t load_16(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t load_32(const unsigned char *p)
{
    return load_16(p) | (uint32_t)load_16(p + 2) << 16;
}

static wg_status fail(const directory *d, wg_status status, size_t at, const char *what)
{
    return wgi_context_fail(d->file->ctx, status, "%.600s:%zu: %s", d->path, at, what);
}

/* ---- the end record ----------------------------------------------------------------------- */

/* Finds the record whose comment ends with the file. */
static bool find_end(const wgi_block *block, size_t *out)
{
    if (block->bytes < WGI_ZIP_END_BYTES) {
        return false;
    }
    size_t last = block->bytes - WGI_ZIP_END_BYTES;
    for (size_t comment = 0; comment <= MAX_COMMENT && comment <= last; comment++) {
        const unsigned char *p = block->data + last - comment;
        if (load_32(p) == WGI_ZIP_END && load_16(p + 20) == comment) {
            *out = last - comment;
            return true;
        }
    }
    return false;
}

static wg_status read_end(directory *d)
{
    const wgi_block *block = &d->file->block;
    if (block->bytes >= 4 && load_32(block->data) != WGI_ZIP_LOCAL &&
        load_32(block->data) != WGI_ZIP_END) {
        return fail(d, WG_ERR_FORMAT, 0, "not an archive in ZIP");
    }
    if (!find_end(block, &d->end)) {
        return fail(d, WG_ERR_FORMAT, block->bytes, "it ends without a directory");
    }
    const unsigned char *p = block->data + d->end;
    uint32_t bytes = load_32(p + 12);
    uint32_t begin = load_32(p + 16);
    if (load_16(p + 10) == NOT_16 || bytes == NOT_32 || begin == NOT_32) {
        return fail(d, WG_ERR_UNSUPPORTED, d->end, "archives in ZIP64 are not read");
    }
    if (load_16(p + 4) != 0 || load_16(p + 6) != 0 || load_16(p + 8) != load_16(p + 10)) {
        return fail(d, WG_ERR_UNSUPPORTED, d->end, "archives in several parts are not read");
    }
    if (begin > d->end || d->end - begin != bytes) {
        return fail(d, WG_ERR_FORMAT, d->end, "its directory does not end where its end begins");
    }
    d->begin = begin;
    d->file->n = load_16(p + 10);
    if (d->file->n > (d->end - d->begin) / WGI_ZIP_CENTRAL_BYTES) {
        return fail(d, WG_ERR_FORMAT, d->end, "its directory has no room for its members");
    }
    return WG_OK;
}

/* ---- central headers ---------------------------------------------------------------------- */

static wg_status check_name(const directory *d, const wgi_zip_member *m)
{
    const unsigned char *name = d->file->block.data + m->name;
    bool is_ascii = true;
    for (uint32_t i = 0; i < m->name_bytes; i++) {
        if (name[i] == 0) {
            return fail(d, WG_ERR_FORMAT, m->name + i, "a NUL in a name");
        }
        is_ascii = is_ascii && name[i] < 0x80;
    }
    if (!is_ascii &&
        ((m->flags & WGI_ZIP_UTF8) == 0 || wgi_utf8_valid(name, m->name_bytes) != m->name_bytes)) {
        return fail(d, WG_ERR_FORMAT, m->name, "a name is not UTF-8");
    }
    if (m->name_bytes < 4 || memcmp(name + m->name_bytes - 4, ".npy", 4) != 0) {
        return fail(d, WG_ERR_FORMAT, m->name, "a member is no array: its name is not in .npy");
    }
    return WG_OK;
}

static wg_status check_member(const directory *d, size_t at, const wgi_zip_member *m)
{
    const unsigned char *p = d->file->block.data + at;
    if ((m->flags & ~(WGI_ZIP_SIZES_FOLLOW | WGI_ZIP_UTF8 | 0x0006U)) != 0) {
        return fail(d, WG_ERR_UNSUPPORTED, at + 8,
                    (m->flags & WGI_ZIP_ENCRYPTED) != 0 ? "encrypted members are not read"
                                                        : "flags that are not known");
    }
    if (m->method != 0 && m->method != 8) {
        return fail(d, WG_ERR_UNSUPPORTED, at + 10, "a member is neither stored nor deflated");
    }
    if (m->stored_bytes == NOT_32 || m->bytes == NOT_32 || m->local == NOT_32) {
        return fail(d, WG_ERR_UNSUPPORTED, at + 20, "members in ZIP64 are not read");
    }
    if (load_16(p + 34) != 0) {
        return fail(d, WG_ERR_UNSUPPORTED, at + 34, "archives in several parts are not read");
    }
    if (m->method == 0 && m->stored_bytes != m->bytes) {
        return fail(d, WG_ERR_FORMAT, at + 20, "a stored member has two sizes");
    }
    return check_name(d, m);
}

/* Reads the header at *at and steps to the next. */
static wg_status read_central(const directory *d, size_t *at, wgi_zip_member *m)
{
    if (d->end - *at < WGI_ZIP_CENTRAL_BYTES ||
        load_32(d->file->block.data + *at) != WGI_ZIP_CENTRAL) {
        return fail(d, WG_ERR_FORMAT, *at, "a header of the directory is missing");
    }
    const unsigned char *p = d->file->block.data + *at;
    *m = (wgi_zip_member){
        .name = (uint32_t)(*at + WGI_ZIP_CENTRAL_BYTES),
        .name_bytes = load_16(p + 28),
        .local = load_32(p + 42),
        .stored_bytes = load_32(p + 20),
        .bytes = load_32(p + 24),
        .checksum = load_32(p + 16),
        .flags = load_16(p + 8),
        .method = load_16(p + 10),
    };
    size_t bytes = WGI_ZIP_CENTRAL_BYTES + m->name_bytes + load_16(p + 30) + load_16(p + 32);
    if (bytes > d->end - *at) {
        return fail(d, WG_ERR_FORMAT, *at, "a header of the directory is cut");
    }
    wg_status status = check_member(d, *at, m);
    *at += bytes;
    return status;
}

/* ---- local headers ------------------------------------------------------------------------ */

/* Whether the sizes and checksum of a local header are the directory's. Those of a member that was
 * written before they were known follow its data, and those of ZIP64 stand elsewhere. */
static bool has_same_sizes(const unsigned char *p, const wgi_zip_member *m)
{
    if ((m->flags & WGI_ZIP_SIZES_FOLLOW) != 0) {
        return true;
    }
    uint32_t stored_bytes = load_32(p + 18);
    uint32_t bytes = load_32(p + 22);
    return load_32(p + 14) == m->checksum &&
           (stored_bytes == m->stored_bytes || stored_bytes == NOT_32) &&
           (bytes == m->bytes || bytes == NOT_32);
}

static wg_status read_local(const directory *d, wgi_zip_member *m)
{
    const unsigned char *data = d->file->block.data;
    if (d->begin < WGI_ZIP_LOCAL_BYTES || m->local > d->begin - WGI_ZIP_LOCAL_BYTES ||
        load_32(data + m->local) != WGI_ZIP_LOCAL) {
        return fail(d, WG_ERR_FORMAT, m->local, "a member's header is missing");
    }
    const unsigned char *p = data + m->local;
    size_t names = (size_t)load_16(p + 26) + load_16(p + 28);
    size_t left = d->begin - m->local - WGI_ZIP_LOCAL_BYTES;
    if (names > left || m->stored_bytes > left - names) {
        return fail(d, WG_ERR_FORMAT, m->local, "a member reaches into the directory");
    }
    if (load_16(p + 6) != m->flags || load_16(p + 8) != m->method ||
        load_16(p + 26) != m->name_bytes ||
        memcmp(p + WGI_ZIP_LOCAL_BYTES, data + m->name, m->name_bytes) != 0 ||
        !has_same_sizes(p, m)) {
        return fail(d, WG_ERR_FORMAT, m->local, "a member's two headers differ");
    }
    m->data = m->local + (uint32_t)(WGI_ZIP_LOCAL_BYTES + names);
    return WG_OK;
}

static bool is_local_before(const void *user, size_t i, size_t j)
{
    const wg_npz *file = user;
    return file->entries[file->by_name[i]].member.local <
           file->entries[file->by_name[j]].member.local;
}

/* By_name serves for the order of places first. */
static wg_status check_overlap(const directory *d)
{
    wg_npz *file = d->file;
    wgi_sort sort = {.is_before = is_local_before,
                     .user = file,
                     .data = file->by_name,
                     .size = sizeof *file->by_name};
    for (size_t i = 0; i < file->n; i++) {
        file->by_name[i] = (uint32_t)i;
    }
    wgi_sort_run(&sort, file->n);
    for (size_t i = 1; i < file->n; i++) {
        const wgi_zip_member *before = &file->entries[file->by_name[i - 1]].member;
        const wgi_zip_member *m = &file->entries[file->by_name[i]].member;
        if (m->local < before->data + before->stored_bytes) {
            return fail(d, WG_ERR_FORMAT, m->local, "two members overlap");
        }
    }
    return WG_OK;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static wg_status take_memory(const directory *d)
{
    wg_npz *file = d->file;
    const wg_allocator *memory = &file->ctx->memory;
    size_t n = file->n;
    file->entries = wgi_alloc_zeroed(memory, n, sizeof *file->entries);
    file->by_name = wgi_alloc_zeroed(memory, n, sizeof *file->by_name);
    if (n > 0 && (file->entries == NULL || file->by_name == NULL)) {
        return wgi_context_fail(file->ctx, WG_ERR_MEMORY, "%.600s: no memory for %zu members",
                                d->path, n);
    }
    return WG_OK;
}

static wg_status read_headers(const directory *d)
{
    size_t at = d->begin;
    wg_status status = WG_OK;
    for (size_t i = 0; i < d->file->n && status == WG_OK; i++) {
        wgi_zip_member *m = &d->file->entries[i].member;
        status = read_central(d, &at, m);
        if (status == WG_OK) {
            status = read_local(d, m);
        }
    }
    if (status == WG_OK && at != d->end) {
        return fail(d, WG_ERR_FORMAT, at, "its directory goes on after its members");
    }
    return status;
}

wg_status wgi_npz_directory(wg_npz *file, const char *path)
{
    directory d = {.file = file, .path = path};
    if (file->block.bytes >= NOT_32) {
        return fail(&d, WG_ERR_UNSUPPORTED, 0, "archives of 4 GiB and more are not read");
    }
    wg_status status = read_end(&d);
    if (status == WG_OK) {
        status = take_memory(&d);
    }
    if (status == WG_OK) {
        status = read_headers(&d);
    }
    return status == WG_OK ? check_overlap(&d) : status;
}
