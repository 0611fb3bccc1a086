/* Attributes by name, read out of a record where its row says they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "backends/user/user.h"

/* The attribute of that name which the record holds in its bytes; NULL where there is none. What it
 * holds of dtypes is for shape rules alone. */
static const wgi_attribute *find(const wg_kernel_attributes *attributes, const char *name)
{
    const wgi_op *op = attributes->op;
    for (int32_t i = 0; attributes->data != NULL && i < op->n_attributes; i++) {
        const wgi_attribute *a = &op->attributes[i];
        const bool is_here = a->place.how != WGI_HELD_NOWHERE && a->place.how != WGI_HELD_NUMBER;
        if (is_here && a->kind != WGI_ATTR_DTYPE && strcmp(a->name, name) == 0) {
            return a;
        }
    }
    return NULL;
}

static int64_t load(const void *data, size_t offset, size_t bytes)
{
    int32_t narrow = 0;
    int64_t wide = 0;
    if (bytes == sizeof wide) {
        memcpy(&wide, (const char *)data + offset, sizeof wide);
        return wide;
    }
    memcpy(&narrow, (const char *)data + offset, sizeof narrow);
    return narrow;
}

wg_status wg_kernel_integer(const wg_kernel_attributes *attributes, const char *name, int64_t *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = 0;
    if (attributes == NULL || name == NULL) {
        return WG_ERR_ARGUMENT;
    }
    const wgi_attribute *a = find(attributes, name);
    if (a == NULL || (a->place.how != WGI_HELD_I32 && a->place.how != WGI_HELD_I64)) {
        return WG_ERR_NAME;
    }
    *out = load(attributes->data, a->place.offset, a->place.how == WGI_HELD_I32 ? 4 : 8);
    return WG_OK;
}

static size_t list_bits(const void *data, const wgi_held *held, int64_t out[WG_MAX_RANK])
{
    const uint32_t bits = (uint32_t)load(data, held->offset, 4);
    size_t n = 0;
    for (int64_t i = 0; i < WG_MAX_RANK; i++) {
        if ((bits >> i & 1U) != 0) {
            out[n++] = i;
        }
    }
    return n;
}

static size_t list_elements(const void *data, const wgi_held *held, int64_t out[WG_MAX_RANK])
{
    const size_t bytes = held->how == WGI_HELD_I32_LIST ? 4 : 8;
    const int64_t length = load(data, held->length_offset, held->length_bytes);
    size_t n = 0;
    while (n < WG_MAX_RANK && (int64_t)n < length) {
        out[n] = load(data, held->offset + n * bytes, bytes);
        n++;
    }
    return n;
}

wg_status wg_kernel_list(const wg_kernel_attributes *attributes, const char *name,
                         int64_t out[WG_MAX_RANK], size_t *n)
{
    if (n == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *n = 0;
    if (attributes == NULL || name == NULL || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    const wgi_attribute *a = find(attributes, name);
    if (a == NULL || a->place.how == WGI_HELD_I32 || a->place.how == WGI_HELD_I64) {
        return WG_ERR_NAME;
    }
    *n = a->place.how == WGI_HELD_BITS ? list_bits(attributes->data, &a->place, out)
                                       : list_elements(attributes->data, &a->place, out);
    return WG_OK;
}
