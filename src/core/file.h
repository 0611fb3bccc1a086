/* Files: reading one whole, and replacing one so that nobody ever sees half of it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every call to the system goes through a table, so that tests can make each fail. The functions of
 * the table behave as POSIX's of the same name and set errno. */
#ifndef WG_CORE_FILE_H
#define WG_CORE_FILE_H

#include <sys/types.h>

#include <wengert/context.h>

#include "core/compiler.h"

typedef struct wgi_file_calls {
    int (*open)(void *user, const char *path, int flags, mode_t mode);
    int (*size)(void *user, int fd, uint64_t *bytes); /* -1 also where it is no regular file */
    ssize_t (*read)(void *user, int fd, void *data, size_t bytes);
    ssize_t (*write)(void *user, int fd, const void *data, size_t bytes);
    int (*fsync)(void *user, int fd);
    int (*close)(void *user, int fd);
    int (*rename)(void *user, const char *from, const char *to);
    int (*unlink)(void *user, const char *path);
    void *user;
} wgi_file_calls;

/* The system's own. */
extern const wgi_file_calls wgi_file_system;

/* Bytes from the context's allocator; data is NULL where bytes is 0. */
typedef struct wgi_block {
    unsigned char *data;
    size_t bytes;
} wgi_block;

void wgi_block_release(wg_context *ctx, wgi_block *block);

/* Reads a regular file of at most `max_bytes`, allocating its size. WG_ERR_IO, WG_ERR_RANGE,
 * WG_ERR_MEMORY, with the context's message set; *out is empty then. */
WGI_NODISCARD wg_status wgi_file_read(wg_context *ctx, const wgi_file_calls *calls,
                                      const char *path, size_t max_bytes, wgi_block *out);

/* A file on its way to replace another. Invariant between begin and commit or abandon: `temporary`
 * exists beside the target, and `fd` and `folder` are open. */
typedef struct wgi_replacement {
    wg_context *ctx;
    const wgi_file_calls *calls;
    const char *path; /* the caller's; outlives this */
    char *temporary;
    unsigned char *buffer;
    size_t used;
    int fd;
    int folder;
} wgi_replacement;

/* Opens the temporary file. On failure nothing is left, and neither commit nor abandon is due. */
WGI_NODISCARD wg_status wgi_replace_begin(wgi_replacement *w, wg_context *ctx,
                                          const wgi_file_calls *calls, const char *path);

/* Appends. After a failure only abandon is due. */
WGI_NODISCARD wg_status wgi_replace_append(wgi_replacement *w, const void *data, size_t bytes);

/* Syncs, renames over the target, syncs the folder. Ends the writer, also on failure: the target is
 * as it was then, unless the last sync alone failed. */
WGI_NODISCARD wg_status wgi_replace_commit(wgi_replacement *w);

/* Ends the writer and removes the temporary file; the context's message stays. */
void wgi_replace_abandon(wgi_replacement *w);

#endif
