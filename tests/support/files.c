/* Files for tests.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a call that is to fail does nothing, but for close, which closes. */
#include "support/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool wgt_folder_create(wgt_folder *folder)
{
    snprintf(folder->path, sizeof folder->path, "/tmp/wengert-test-XXXXXX");
    return mkdtemp(folder->path) != NULL;
}

void wgt_folder_join(const char *folder, const char *name, char out[WGT_PATH_BYTES])
{
    snprintf(out, WGT_PATH_BYTES, "%s/%s", folder, name);
}

size_t wgt_folder_walk(const char *path, void (*visit)(const char *path, void *user), void *user)
{
    size_t n = 0;
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return 0;
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char file[WGT_PATH_BYTES];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        wgt_folder_join(path, entry->d_name, file);
        if (visit != NULL) {
            visit(file, user);
        }
        n++;
    }
    closedir(dir);
    return n;
}

size_t wgt_folder_count(const wgt_folder *folder)
{
    return wgt_folder_walk(folder->path, NULL, NULL);
}

static void remove_file(const char *path, void *user)
{
    (void)user;
    unlink(path);
}

void wgt_folder_remove(const wgt_folder *folder)
{
    wgt_folder_walk(folder->path, remove_file, NULL);
    rmdir(folder->path);
}

bool wgt_file_write(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    bool is_whole = bytes == 0 || fwrite(data, 1, bytes, file) == bytes;
    return fclose(file) == 0 && is_whole;
}

unsigned char *wgt_file_read(const char *path, size_t *bytes)
{
    *bytes = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    size_t capacity = (size_t)1 << 20;
    unsigned char *data = malloc(capacity);
    if (data != NULL) {
        *bytes = fread(data, 1, capacity, file);
    }
    if (*bytes == capacity) { /* no test has a file this large */
        free(data);
        data = NULL;
    }
    fclose(file);
    return data;
}

bool wgt_file_holds(const char *path, const void *data, size_t bytes)
{
    size_t n;
    unsigned char *found = wgt_file_read(path, &n);
    bool is_same = found != NULL && n == bytes && memcmp(found, data, n) == 0;
    free(found);
    return is_same;
}

/* ---- calls that fail ---------------------------------------------------------------------- */

/* Counts a call; true where it is to fail, with errno set. */
static bool is_failing(wgt_faults *f, bool is_cleaning)
{
    f->n_calls++;
    bool is_hit = (f->mode == WGT_FAULT_ONCE && f->n_calls == f->fail_at) ||
                  (f->mode == WGT_FAULT_FROM_THEN && f->n_calls >= f->fail_at && !is_cleaning);
    if (is_hit) {
        f->has_failed = true;
        errno = f->code;
    }
    return is_hit;
}

static bool is_interrupted(wgt_faults *f)
{
    f->n_transfers++;
    if (f->mode == WGT_FAULT_INTERRUPT && f->n_transfers % 2 == 1) {
        errno = EINTR;
        return true;
    }
    return false;
}

static size_t cut(const wgt_faults *f, size_t bytes)
{
    return f->mode == WGT_FAULT_SHORT && bytes > 1 ? bytes / 2 : bytes;
}

static int fault_open(void *user, const char *path, int flags, mode_t mode)
{
    wgt_faults *f = user;
    if (is_failing(f, false)) {
        return -1;
    }
    int fd = wgi_file_system.open(NULL, path, flags, mode);
    f->n_open += fd >= 0 ? 1 : 0;
    return fd;
}

static int fault_size(void *user, int fd, uint64_t *bytes)
{
    return is_failing(user, false) ? -1 : wgi_file_system.size(NULL, fd, bytes);
}

static bool is_nothing(wgt_faults *f)
{
    bool is_hit = f->mode == WGT_FAULT_NOTHING && f->n_calls == f->fail_at;
    f->has_failed = f->has_failed || is_hit;
    return is_hit;
}

static ssize_t fault_read(void *user, int fd, void *data, size_t bytes)
{
    wgt_faults *f = user;
    if (is_failing(f, false) || is_interrupted(f)) {
        return -1;
    }
    return is_nothing(f) ? 0 : wgi_file_system.read(NULL, fd, data, cut(f, bytes));
}

static ssize_t fault_write(void *user, int fd, const void *data, size_t bytes)
{
    wgt_faults *f = user;
    if (is_failing(f, false) || is_interrupted(f)) {
        return -1;
    }
    return is_nothing(f) ? 0 : wgi_file_system.write(NULL, fd, data, cut(f, bytes));
}

static int fault_fsync(void *user, int fd)
{
    wgt_faults *f = user;
    if (is_failing(f, false) || is_interrupted(f)) {
        return -1;
    }
    return wgi_file_system.fsync(NULL, fd);
}

static int fault_close(void *user, int fd)
{
    wgt_faults *f = user;
    bool is_hit = is_failing(f, true);
    f->n_open--;
    int result = wgi_file_system.close(NULL, fd);
    if (is_hit) {
        errno = f->code;
    }
    return is_hit ? -1 : result;
}

static int fault_rename(void *user, const char *from, const char *to)
{
    wgt_faults *f = user;
    if (is_failing(f, false)) {
        return -1;
    }
    int result = wgi_file_system.rename(NULL, from, to);
    f->has_renamed = f->has_renamed || result == 0;
    return result;
}

static int fault_unlink(void *user, const char *path)
{
    return is_failing(user, true) ? -1 : wgi_file_system.unlink(NULL, path);
}

void wgt_faults_start(wgt_faults *f, wgt_fault_mode mode, size_t fail_at, int code)
{
    *f = (wgt_faults){.mode = mode, .fail_at = fail_at, .code = code};
    f->calls = (wgi_file_calls){
        .open = fault_open,
        .size = fault_size,
        .read = fault_read,
        .write = fault_write,
        .fsync = fault_fsync,
        .close = fault_close,
        .rename = fault_rename,
        .unlink = fault_unlink,
        .user = f,
    };
}
