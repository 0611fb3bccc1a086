/* Primitives: made once for a key, shared by the steps of all plans, run on their operands.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Memory objects and arguments belong to the primitive. A run sets the data pointers that differ
 * from those of the run before, which is safe to share because a context runs one step at a time.
 */
#include "backends/onednn/engine.h"

#include <string.h>

#include "core/memory.h"

static const int arg_ids[][WGI_ONEDNN_OPERANDS + 1] = {
    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD},
    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD},
    {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_SCRATCHPAD},
};

/* FNV-1a over the words. */
static size_t bucket_of(const wgi_onednn_key *key)
{
    uint64_t words[sizeof *key / sizeof(uint64_t)];
    memcpy(words, key, sizeof words);
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        hash = (hash ^ words[i]) * UINT64_C(1099511628211);
    }
    return (size_t)(hash >> 32) % WGI_ONEDNN_BUCKETS;
}

/* ---- making ------------------------------------------------------------------------------- */

static dnnl_status_t make_memory(wgi_onednn_primitive *p, int i, wgi_dnnl_md_view md)
{
    const dnnl_status_t status =
        WGI_DNNL_MAKE(dnnl_memory_create(&p->memory[i], md, p->owner->engine, DNNL_MEMORY_NONE));
    if (status != dnnl_success) {
        p->memory[i] = NULL;
    }
    p->args[i] = (dnnl_exec_arg_t){.arg = arg_ids[p->key.form][i], .memory = p->memory[i]};
    return status;
}

dnnl_status_t wgi_onednn_implementation(const_dnnl_primitive_desc_t pd, const char **name)
{
    *name = NULL;
    const dnnl_status_t status =
        WGI_DNNL(dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)name));
    const bool is_plain = *name == NULL || strstr(*name, "ref") != NULL;
    return status == dnnl_success && is_plain ? dnnl_unimplemented : status;
}

/* Nor is bf16 wanted where the machine has no instructions for it. */
static dnnl_status_t refuse_slow(const wgi_onednn_primitive *p, const_dnnl_primitive_desc_t pd)
{
    const bool is_bf16 = p->key.form == WGI_ONEDNN_MATMUL_BF16;
    const char *name;
    const dnnl_status_t status = wgi_onednn_implementation(pd, &name);
    if (status != dnnl_success) {
        return status;
    }
    const bool is_slow = is_bf16 && strstr(name, "bf16") == NULL && strstr(name, "amx") == NULL;
    return is_slow ? dnnl_unimplemented : dnnl_success;
}

static dnnl_status_t make_scratch(wgi_onednn_primitive *p, const_dnnl_primitive_desc_t pd)
{
    wgi_dnnl_md_view md = NULL;
    const dnnl_status_t status =
        WGI_DNNL(dnnl_primitive_desc_query(pd, dnnl_query_scratchpad_md, 0, (void *)&md));
    if (status != dnnl_success) {
        return status;
    }
    p->scratch_bytes = md != NULL ? dnnl_memory_desc_get_size(md) : 0;
    return p->scratch_bytes > 0 ? make_memory(p, WGI_ONEDNN_OPERANDS, md) : dnnl_success;
}

static dnnl_status_t make_from_description(wgi_onednn_primitive *p, const wgi_dnnl_md *md,
                                           const_dnnl_primitive_desc_t pd)
{
    dnnl_status_t status = refuse_slow(p, pd);
    if (status == dnnl_success) {
        status = WGI_DNNL_MAKE(dnnl_primitive_create(&p->primitive, pd));
        if (status != dnnl_success) {
            p->primitive = NULL;
            return status;
        }
    }
    for (int i = 0; status == dnnl_success && i < WGI_ONEDNN_OPERANDS; i++) {
        status = make_memory(p, i, wgi_dnnl_md_see(&md[i]));
    }
    return status == dnnl_success ? make_scratch(p, pd) : status;
}

static dnnl_status_t describe_matmul(const wgi_onednn_primitive *p, const wgi_dnnl_md *md,
                                     dnnl_primitive_desc_t *out)
{
    return WGI_DNNL_MAKE(wgi_dnnl_matmul_describe(out, p->owner->engine, md, p->owner->attr));
}

static dnnl_status_t describe_weights(const wgi_onednn_primitive *p, const wgi_dnnl_md *md,
                                      dnnl_primitive_desc_t *out)
{
    const wgi_onednn *s = p->owner;
    dnnl_primitive_desc_t hint = NULL;
    dnnl_status_t status = WGI_DNNL_MAKE(wgi_dnnl_weights_hint(&hint, s->engine, md, s->attr));
    if (status == dnnl_success) {
        status = WGI_DNNL_MAKE(wgi_dnnl_weights_describe(out, s->engine, md, s->attr, hint));
        WGI_DNNL_FREE(dnnl_primitive_desc_destroy(hint));
    }
    return status;
}

static dnnl_status_t make_from_descriptors(wgi_onednn_primitive *p, const wgi_dnnl_md *md)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t status = p->key.form == WGI_ONEDNN_WEIGHTS ? describe_weights(p, md, &pd)
                                                             : describe_matmul(p, md, &pd);
    if (status == dnnl_success) {
        status = make_from_description(p, md, pd);
        WGI_DNNL_FREE(dnnl_primitive_desc_destroy(pd));
    }
    return status;
}

static dnnl_data_type_t dtype_of(const wgi_onednn_key *key, int operand)
{
    return key->form == WGI_ONEDNN_MATMUL_BF16 && operand < 2 ? dnnl_bf16 : dnnl_f32;
}

static dnnl_status_t make(wgi_onednn_primitive *p)
{
    wgi_dnnl_md md[WGI_ONEDNN_OPERANDS];
    const wgi_onednn_key *key = &p->key;
    dnnl_status_t status = dnnl_success;
    int n_made = 0;
    while (status == dnnl_success && n_made < WGI_ONEDNN_OPERANDS) {
        status = WGI_DNNL_MAKE(wgi_dnnl_md_make(&md[n_made], (int)key->rank, key->dims[n_made],
                                                key->strides[n_made], dtype_of(key, n_made)));
        n_made += status == dnnl_success;
    }
    if (status == dnnl_success) {
        status = make_from_descriptors(p, md);
    }
    while (n_made > 0) {
        WGI_DNNL_FREE(wgi_dnnl_md_free(&md[--n_made]));
    }
    return status;
}

static void unmake(wgi_onednn_primitive *p)
{
    for (int i = 0; i <= WGI_ONEDNN_OPERANDS; i++) {
        if (p->memory[i] != NULL) {
            WGI_DNNL_FREE(dnnl_memory_destroy(p->memory[i]));
        }
    }
    if (p->primitive != NULL) {
        WGI_DNNL_FREE(dnnl_primitive_destroy(p->primitive));
    }
    wgi_release(p->owner->memory, p, sizeof *p);
}

/* ---- the table ---------------------------------------------------------------------------- */

static wgi_onednn_primitive *find(const wgi_onednn *state, const wgi_onednn_key *key)
{
    wgi_onednn_primitive *p = state->buckets[bucket_of(key)];
    while (p != NULL && memcmp(&p->key, key, sizeof *key) != 0) {
        p = p->next;
    }
    return p;
}

static size_t bytes_of(const wgi_onednn_primitive *p)
{
    return sizeof *p + WGI_DNNL_PRIMITIVE_BYTES;
}

static void insert(wgi_onednn_primitive *p)
{
    wgi_onednn_primitive **bucket = &p->owner->buckets[bucket_of(&p->key)];
    p->next = *bucket;
    *bucket = p;
    p->owner->bytes += bytes_of(p);
}

static void remove_from_table(const wgi_onednn_primitive *p)
{
    wgi_onednn_primitive **link = &p->owner->buckets[bucket_of(&p->key)];
    while (*link != p) {
        link = &(*link)->next;
    }
    *link = p->next;
    p->owner->bytes -= bytes_of(p);
}

static wg_status create(wgi_onednn *state, const wgi_onednn_key *key, wgi_onednn_primitive **out)
{
    wgi_onednn_primitive *p = wgi_alloc_zeroed(state->memory, 1, sizeof *p);
    if (p == NULL) {
        return WG_ERR_MEMORY;
    }
    p->owner = state;
    p->key = *key;
    const int before = wgi_onednn_threads_limit(key->threads);
    const dnnl_status_t status = make(p);
    wgi_onednn_threads_restore(before, key->threads);
    if (status != dnnl_success) {
        unmake(p);
        return status == dnnl_unimplemented ? WG_ERR_UNSUPPORTED : WG_ERR_ENGINE;
    }
    insert(p);
    *out = p;
    return WG_OK;
}

wg_status wgi_onednn_acquire(wgi_onednn *state, const wgi_onednn_key *key,
                             wgi_onednn_primitive **out)
{
    wg_status status = WG_OK;
    *out = find(state, key);
    if (*out == NULL) {
        status = create(state, key, out);
    }
    if (*out != NULL) {
        (*out)->references++;
    }
    return status;
}

void wgi_onednn_release(wgi_onednn_primitive *p)
{
    if (--p->references == 0) {
        remove_from_table(p);
        unmake(p);
    }
}

/* ---- running ------------------------------------------------------------------------------ */

static dnnl_status_t set_data(wgi_onednn_primitive *p, int i, void *data)
{
    if (p->data[i] == data) {
        return dnnl_success;
    }
    const dnnl_status_t status = WGI_DNNL(dnnl_memory_set_data_handle(p->memory[i], data));
    p->data[i] = status == dnnl_success ? data : NULL;
    return status;
}

static dnnl_status_t execute(wgi_onednn_primitive *p, void *const *data)
{
    const int n_args = WGI_ONEDNN_OPERANDS + (p->memory[WGI_ONEDNN_OPERANDS] != NULL);
    dnnl_status_t status = dnnl_success;
    for (int i = 0; status == dnnl_success && i < n_args; i++) {
        status = set_data(p, i, data[i]);
    }
    if (status == dnnl_success) {
        status = WGI_DNNL(dnnl_primitive_execute(p->primitive, p->owner->stream, n_args, p->args));
    }
    return status == dnnl_success ? WGI_DNNL(dnnl_stream_wait(p->owner->stream)) : status;
}

wg_status wgi_onednn_execute(wgi_onednn_primitive *p, void *const data[WGI_ONEDNN_OPERANDS + 1])
{
    const int before = wgi_onednn_threads_limit(p->key.threads);
    const dnnl_status_t status = execute(p, data);
    wgi_onednn_threads_restore(before, p->key.threads);
    return status == dnnl_success ? WG_OK : WG_ERR_ENGINE;
}
