/* Reading whole files, and the system's table of calls.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every descriptor opened here is closed here, whatever fails. */
#include "core/file.h"

#include "core/context.h"
#include "core/file_error.h"
#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No system reads or writes more than this at once; larger requests are cut. */
#define MAX_TRANSFER ((size_t)1 << 30)

static int system_open(void *user, const char *path, int flags, mode_t mode)
{
    (void)user;
    return open(path, flags | O_CLOEXEC, mode);
}

static int system_size(void *user, int fd, uint64_t *bytes)
{
    (void)user;
    struct stat about;
    if (fstat(fd, &about) != 0) {
        return -1;
    }
    if (!S_ISREG(about.st_mode)) {
        errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
        return -1;
    }
    *bytes = (uint64_t)about.st_size;
    return 0;
}

static ssize_t system_read(void *user, int fd, void *data, size_t bytes)
{
    (void)user;
    return read(fd, data, bytes);
}

static ssize_t system_write(void *user, int fd, const void *data, size_t bytes)
{
    (void)user;
    return write(fd, data, bytes < MAX_TRANSFER ? bytes : MAX_TRANSFER);
}

static int system_fsync(void *user, int fd)
{
    (void)user;
    return fsync(fd);
}

static int system_close(void *user, int fd)
{
    (void)user;
    return close(fd);
}

static int system_rename(void *user, const char *from, const char *to)
{
    (void)user;
    return rename(from, to);
}

static int system_unlink(void *user, const char *path)
{
    (void)user;
    return unlink(path);
}

const wgi_file_calls wgi_file_system = {
    .open = system_open,
    .size = system_size,
    .read = system_read,
    .write = system_write,
    .fsync = system_fsync,
    .close = system_close,
    .rename = system_rename,
    .unlink = system_unlink,
};

wg_status wgi_file_fail(wg_context *ctx, const char *path, const char *act, int code)
{
    char reason[128] = "unknown error";
    if (strerror_r(code, reason, sizeof reason) != 0) {
        snprintf(reason, sizeof reason, "error %d", code);
    }
    return wgi_context_fail(ctx, WG_ERR_IO, "%.600s: cannot %s: %s", path, act, reason);
}

void wgi_block_release(wg_context *ctx, wgi_block *block)
{
    wgi_release(&ctx->memory, block->data, block->bytes);
    *block = (wgi_block){0};
}

/* Reads until the block is full or the file ends; the bytes read, or -1. */
static ssize_t read_all(const wgi_file_calls *calls, int fd, const wgi_block *block)
{
    size_t done = 0;
    while (done < block->bytes) {
        size_t left = block->bytes - done;
        left = left < MAX_TRANSFER ? left : MAX_TRANSFER;
        ssize_t n = calls->read(calls->user, fd, block->data + done, left);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        done += (size_t)n;
    }
    return (ssize_t)done;
}

/* Fills a block of exactly the file's size. */
static wg_status read_block(wg_context *ctx, const wgi_file_calls *calls, const char *path, int fd,
                            wgi_block *block)
{
    if (block->bytes == 0) {
        return WG_OK;
    }
    block->data = wgi_alloc(&ctx->memory, block->bytes);
    if (block->data == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "%.600s: no memory for %zu bytes", path,
                                block->bytes);
    }
    ssize_t n = read_all(calls, fd, block);
    if (n < 0) {
        return wgi_file_fail(ctx, path, "read", errno);
    }
    if ((size_t)n != block->bytes) {
        return wgi_context_fail(ctx, WG_ERR_IO, "%.600s: it shrank while it was read", path);
    }
    return WG_OK;
}

static wg_status read_open(wg_context *ctx, const wgi_file_calls *calls, const char *path, int fd,
                           size_t max_bytes, wgi_block *out)
{
    uint64_t bytes = 0;
    if (calls->size(calls->user, fd, &bytes) != 0) {
        return wgi_file_fail(ctx, path, "read as a regular file", errno);
    }
    if (bytes > max_bytes || bytes > PTRDIFF_MAX) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "%.600s: %llu bytes are more than %zu", path,
                                (unsigned long long)bytes, max_bytes);
    }
    wgi_block block = {.data = NULL, .bytes = (size_t)bytes};
    wg_status status = read_block(ctx, calls, path, fd, &block);
    if (status != WG_OK) {
        wgi_block_release(ctx, &block);
        return status;
    }
    *out = block;
    return WG_OK;
}

wg_status wgi_file_read(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                        size_t max_bytes, wgi_block *out)
{
    *out = (wgi_block){0};
    /* Without O_NONBLOCK the opening of a pipe would wait for a writer. */
    int fd = calls->open(calls->user, path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0) {
        return wgi_file_fail(ctx, path, "open", errno);
    }
    wg_status status = read_open(ctx, calls, path, fd, max_bytes, out);
    calls->close(calls->user, fd);
    return status;
}
