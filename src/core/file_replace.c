/* Replacing a file as a whole.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the target is touched by one call alone, the rename, and only after everything written
 * has been synced and the temporary file closed without error. The folder is opened first of all,
 * so that after the rename nothing but its sync can fail. */
#include "core/checked.h"
#include "core/context.h"
#include "core/file.h"
#include "core/file_error.h"
#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)1 << 16)
#define SUFFIX_BYTES ((size_t)40)
#define MAX_ATTEMPTS 100

/* Gives back what the writer holds in memory. */
static void release_memory(wgi_replacement *w)
{
    const wg_allocator *memory = &w->ctx->memory;
    if (w->temporary != NULL) {
        wgi_release(memory, w->temporary, strlen(w->path) + SUFFIX_BYTES);
    }
    wgi_release(memory, w->buffer, BUFFER_BYTES);
    w->temporary = NULL;
    w->buffer = NULL;
}

static bool take_memory(wgi_replacement *w)
{
    const wg_allocator *memory = &w->ctx->memory;
    size_t bytes;
    if (!wgi_size_add(strlen(w->path), SUFFIX_BYTES, &bytes)) {
        return false;
    }
    w->temporary = wgi_alloc(memory, bytes);
    w->buffer = wgi_alloc(memory, BUFFER_BYTES);
    if (w->temporary == NULL || w->buffer == NULL) {
        release_memory(w);
        return false;
    }
    return true;
}

/* Opens the folder of the target; its path is made in the place of the temporary name. */
static int open_folder(wgi_replacement *w)
{
    const char *slash = strrchr(w->path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - w->path) + 1;
    memcpy(w->temporary, w->path, n);
    memcpy(w->temporary + n, ".", 2);
    return w->calls->open(w->calls->user, w->temporary, O_RDONLY | O_DIRECTORY, 0);
}

/* Opens a file that did not exist before, under a name of this process. */
static int open_temporary(wgi_replacement *w)
{
    size_t bytes = strlen(w->path) + SUFFIX_BYTES;
    int fd = -1;
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        snprintf(w->temporary, bytes, "%s.%ld-%d.tmp", w->path, (long)getpid(), attempt);
        fd = w->calls->open(w->calls->user, w->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (fd >= 0 || errno != EEXIST) {
            break;
        }
    }
    return fd;
}

wg_status wgi_replace_begin(wgi_replacement *w, wg_context *ctx, const wgi_file_calls *calls,
                            const char *path)
{
    *w = (wgi_replacement){.ctx = ctx, .calls = calls, .path = path, .fd = -1, .folder = -1};
    if (!take_memory(w)) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "%.600s: no memory to write it", path);
    }
    wg_status status = WG_OK;
    w->folder = open_folder(w);
    if (w->folder < 0) {
        status = wgi_file_fail(ctx, path, "open its folder", errno);
        release_memory(w);
        return status;
    }
    w->fd = open_temporary(w);
    if (w->fd < 0) {
        status = wgi_file_fail(ctx, path, "open a temporary file beside it", errno);
        calls->close(calls->user, w->folder);
        release_memory(w);
    }
    return status;
}

static wg_status write_out(wgi_replacement *w, const unsigned char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t n = w->calls->write(w->calls->user, w->fd, data, bytes);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            /* A write that takes nothing and gives no reason would be asked for ever. */
            return wgi_file_fail(w->ctx, w->path, "write", n < 0 ? errno : EIO);
        }
        data += n;
        bytes -= (size_t)n;
    }
    return WG_OK;
}

wg_status wgi_replace_append(wgi_replacement *w, const void *data, size_t bytes)
{
    if (bytes > BUFFER_BYTES - w->used) {
        wg_status status = write_out(w, w->buffer, w->used);
        w->used = 0;
        if (status != WG_OK || bytes > BUFFER_BYTES) {
            return status != WG_OK ? status : write_out(w, data, bytes);
        }
    }
    if (bytes > 0) {
        memcpy(w->buffer + w->used, data, bytes);
        w->used += bytes;
    }
    return WG_OK;
}

static int sync_again(const wgi_file_calls *calls, int fd)
{
    int result = calls->fsync(calls->user, fd);
    while (result != 0 && errno == EINTR) {
        result = calls->fsync(calls->user, fd);
    }
    return result;
}

void wgi_replace_abandon(wgi_replacement *w)
{
    if (w->fd >= 0) {
        w->calls->close(w->calls->user, w->fd);
    }
    w->calls->unlink(w->calls->user, w->temporary);
    w->calls->close(w->calls->user, w->folder);
    release_memory(w);
}

/* Brings the temporary file to the disk and closes it. */
static wg_status finish_temporary(wgi_replacement *w)
{
    wg_status status = write_out(w, w->buffer, w->used);
    if (status != WG_OK) {
        return status;
    }
    if (sync_again(w->calls, w->fd) != 0) {
        return wgi_file_fail(w->ctx, w->path, "sync", errno);
    }
    int fd = w->fd;
    w->fd = -1; /* closed whatever close answers */
    if (w->calls->close(w->calls->user, fd) != 0) {
        return wgi_file_fail(w->ctx, w->path, "close", errno);
    }
    return WG_OK;
}

/* Makes the rename last. Some file systems cannot sync a folder and say so with EINVAL. */
static wg_status finish_folder(wgi_replacement *w)
{
    wg_status status = WG_OK;
    if (sync_again(w->calls, w->folder) != 0 && errno != EINVAL) {
        status = wgi_file_fail(w->ctx, w->path, "sync its folder (the file is in place)", errno);
    }
    w->calls->close(w->calls->user, w->folder);
    release_memory(w);
    return status;
}

wg_status wgi_replace_commit(wgi_replacement *w)
{
    wg_status status = finish_temporary(w);
    if (status == WG_OK && w->calls->rename(w->calls->user, w->temporary, w->path) != 0) {
        status = wgi_file_fail(w->ctx, w->path, "rename to it", errno);
    }
    if (status != WG_OK) {
        wgi_replace_abandon(w);
        return status;
    }
    return finish_folder(w);
}
