/* The safetensors file's own structure, and its reading from memory.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant once read: entries are in order of their data and cover all of them; by_name holds the
 * entries' numbers in byte order of their names, metadata the places of the keys in byte order of
 * the keys; names, keys and values end in NUL inside the header. A place is an offset into `block`;
 * the header is at most 100,000,000 bytes, so that 32 bits hold it. An entry takes 32 bytes and 4
 * in by_name, its text 50 at least: so no array is larger than the file. */
#ifndef WG_IO_SAFETENSORS_H
#define WG_IO_SAFETENSORS_H

#include <wengert/io.h>

#include "core/file.h"
#include "io/element.h"
#include "io/json.h"

#define WGI_SAFETENSORS_MAX_HEADER 100000000U

typedef struct wgi_entry {
    uint32_t name;   /* place of its text */
    uint32_t dtype;  /* place of its text */
    uint32_t shape;  /* place behind its '[' */
    uint8_t stored;  /* a wgi_stored; NONE for a dtype that is not known */
    uint8_t is_deep; /* its rank is above WG_MAX_RANK */
    uint64_t begin;  /* of its data, from the end of the header */
    uint64_t end;
} wgi_entry;

struct wg_safetensors {
    wg_context *ctx;
    wgi_block block; /* the whole file */
    size_t data;     /* place of the data */
    wgi_entry *entries;
    uint32_t *by_name;
    uint32_t *metadata;
    size_t n_entries;
    size_t n_metadata;
};

/* As wg_safetensors_read, through other calls to the system. */
WGI_NODISCARD wg_status wgi_safetensors_read(wg_context *ctx, const wgi_file_calls *calls,
                                             const char *path, wg_safetensors **out);

/* As wg_safetensors_read of a file that holds these bytes. Takes the block over, also when it
 * fails; `path` is for messages. */
WGI_NODISCARD wg_status wgi_safetensors_read_block(wg_context *ctx, const char *path,
                                                   wgi_block *block, wg_safetensors **out);

/* As wg_safetensors_write, through other calls to the system. */
WGI_NODISCARD wg_status wgi_safetensors_write(wg_context *ctx, const wgi_file_calls *calls,
                                              const char *path, const wg_named_tensor *entries,
                                              size_t n, const wg_named_text *metadata,
                                              size_t n_metadata);

/* Parses `header` into places. With entries and metadata NULL it only counts. Names stay as they
 * stand in the text. False at a failure, told by header->error. */
bool wgi_safetensors_parse(wgi_json *header, const unsigned char *block, wg_safetensors *counts);

/* The shape of an entry. */
int32_t wgi_entry_shape(const wg_safetensors *file, const wgi_entry *entry,
                        int64_t dims[WG_MAX_RANK]);

/* The text at a place. */
const char *wgi_text_at(const wg_safetensors *file, uint32_t place);

/* The value of metadata entry i, whose key has been decoded. */
char *wgi_metadata_value(const wg_safetensors *file, size_t i);

/* The data of a checked entry, the number of its elements, and all of them as `dtype` (element.h).
 */
const unsigned char *wgi_entry_data(const wg_safetensors *file, const wgi_entry *entry);
size_t wgi_entry_count(const wgi_entry *entry);
void wgi_entry_decode(const wg_safetensors *file, const wgi_entry *entry, wg_dtype dtype,
                      void *out);

/* A name fit to stand in a message: cut, and what does not print replaced. Returns out. */
#define WGI_SHOWN_NAME 68
const char *wgi_show_name(const char *name, char out[WGI_SHOWN_NAME]);

#endif
