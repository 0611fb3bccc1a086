/* What a safetensors file that has been read tells.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: nothing here changes the file. */
#include "io/safetensors.h"

#include <string.h>

#include "core/context.h"
#include "core/tensor.h"

const char *wgi_text_at(const wg_safetensors *file, uint32_t place)
{
    return (const char *)file->block.data + place;
}

char *wgi_metadata_value(const wg_safetensors *file, size_t i)
{
    char *at = (char *)file->block.data + file->metadata[i];
    at += strlen(at);
    /* Between the key and its value stand NULs, a colon and white space. */
    while (*at != '"') {
        at++;
    }
    return at + 1;
}

const unsigned char *wgi_entry_data(const wg_safetensors *file, const wgi_entry *entry)
{
    return file->block.data + file->data + entry->begin;
}

size_t wg_safetensors_count(const wg_safetensors *file)
{
    return file == NULL ? 0 : file->n_entries;
}

const char *wg_safetensors_name(const wg_safetensors *file, size_t i)
{
    return i < wg_safetensors_count(file) ? wgi_text_at(file, file->entries[i].name) : NULL;
}

const char *wg_safetensors_dtype(const wg_safetensors *file, size_t i)
{
    if (i >= wg_safetensors_count(file)) {
        return NULL;
    }
    return wgi_stored_about((wgi_stored)file->entries[i].stored)->name;
}

bool wg_safetensors_find(const wg_safetensors *file, const char *name, size_t *out)
{
    if (out != NULL) {
        *out = 0;
    }
    if (file == NULL || name == NULL || out == NULL) {
        return false;
    }
    size_t low = 0;
    size_t high = file->n_entries; /* the name stands in [low, high) of by_name, if at all */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t i = file->by_name[middle];
        int order = strcmp(name, wgi_text_at(file, file->entries[i].name));
        if (order == 0) {
            *out = i;
            return true;
        }
        low = order > 0 ? middle + 1 : low;
        high = order < 0 ? middle : high;
    }
    return false;
}

size_t wgi_entry_count(const wgi_entry *entry)
{
    return (size_t)(entry->end - entry->begin) / wgi_stored_about((wgi_stored)entry->stored)->bytes;
}

void wgi_entry_decode(const wg_safetensors *file, const wgi_entry *entry, wg_dtype dtype, void *out)
{
    wgi_stored_decode((wgi_stored)entry->stored, wgi_entry_data(file, entry),
                      wgi_entry_count(entry), dtype, out);
}

wg_status wg_safetensors_tensor(const wg_safetensors *file, size_t i, wg_tensor **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (file == NULL || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (i >= file->n_entries) {
        return wgi_context_fail(file->ctx, WG_ERR_RANGE, "safetensors: tensor %zu of %zu", i,
                                file->n_entries);
    }
    const wgi_entry *entry = &file->entries[i];
    int64_t dims[WG_MAX_RANK];
    int32_t rank = wgi_entry_shape(file, entry, dims);
    wg_dtype dtype = wgi_stored_about((wgi_stored)entry->stored)->natural;
    wg_status status = wg_tensor_create(file->ctx, dtype, rank, dims, out);
    if (status == WG_OK) {
        wgi_entry_decode(file, entry, dtype, (*out)->data);
    }
    return status;
}

size_t wg_safetensors_metadata_count(const wg_safetensors *file)
{
    return file == NULL ? 0 : file->n_metadata;
}

const char *wg_safetensors_metadata_key(const wg_safetensors *file, size_t i)
{
    return i < wg_safetensors_metadata_count(file) ? wgi_text_at(file, file->metadata[i]) : NULL;
}

const char *wg_safetensors_metadata(const wg_safetensors *file, const char *key)
{
    if (key == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < wg_safetensors_metadata_count(file); i++) {
        if (strcmp(wgi_text_at(file, file->metadata[i]), key) == 0) {
            return wgi_metadata_value(file, i);
        }
    }
    return NULL;
}
