/* Files for tests: a folder of their own, whole files, and calls to the system that fail on demand.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_SUPPORT_FILES_H
#define WG_SUPPORT_FILES_H

#include "core/file.h"

#define WGT_PATH_BYTES 512

/* A folder that did not exist before. */
typedef struct wgt_folder {
    char path[64];
} wgt_folder;

/* False where none can be made. */
bool wgt_folder_create(wgt_folder *folder);

/* Removes the folder and the files in it. */
void wgt_folder_remove(const wgt_folder *folder);

/* "<folder>/<name>". */
void wgt_folder_join(const char *folder, const char *name, char out[WGT_PATH_BYTES]);

/* The number of files in a folder. */
size_t wgt_folder_count(const wgt_folder *folder);

/* Calls `visit` with each file of a folder, in no order; returns how many there were. */
size_t wgt_folder_walk(const char *path, void (*visit)(const char *path, void *user), void *user);

bool wgt_file_write(const char *path, const void *data, size_t bytes);

/* The bytes of a file, from malloc; NULL where it cannot be read. At least one byte is allocated.
 */
unsigned char *wgt_file_read(const char *path, size_t *bytes);

/* Whether a file holds exactly these bytes. */
bool wgt_file_holds(const char *path, const void *data, size_t bytes);

typedef enum wgt_fault_mode {
    WGT_FAULT_NONE = 0,
    WGT_FAULT_ONCE,      /* call fail_at fails */
    WGT_FAULT_FROM_THEN, /* call fail_at and all after it but close and unlink fail */
    WGT_FAULT_SHORT,     /* every read and write takes half */
    WGT_FAULT_INTERRUPT, /* every other read, write and fsync is interrupted */
    WGT_FAULT_NOTHING    /* call fail_at, a read or write, moves nothing and says nothing */
} wgt_fault_mode;

/* The system's calls, counted. The object must not move while `calls` is in use. */
typedef struct wgt_faults {
    wgi_file_calls calls;
    wgt_fault_mode mode;
    size_t n_calls;
    size_t n_transfers; /* of them, reads, writes and fsyncs */
    size_t fail_at;     /* 1 is the first call */
    int code;           /* what errno becomes */
    int n_open;         /* descriptors opened and not closed */
    bool has_failed;    /* the fault has been met */
    bool has_renamed;   /* a rename has succeeded */
} wgt_faults;

void wgt_faults_start(wgt_faults *f, wgt_fault_mode mode, size_t fail_at, int code);

#endif
