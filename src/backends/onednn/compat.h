/* What differs between oneDNN 2.6 and 3.x, and nothing else.
 * SPDX-License-Identifier: Apache-2.0
 *
 * wgi_dnnl_md is a memory descriptor of ours: a struct in 2.6, an object to be freed in 3.x.
 * wgi_dnnl_md_view is what the library reads one through, and what its queries lend. Both versions
 * check no size: that is for the caller to do first. */
#ifndef WG_ONEDNN_COMPAT_H
#define WG_ONEDNN_COMPAT_H

#include <stddef.h>

#include <oneapi/dnnl/dnnl.h>

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t wgi_dnnl_md;
typedef const_dnnl_memory_desc_t wgi_dnnl_md_view;
#else
typedef dnnl_memory_desc_t wgi_dnnl_md;
typedef const dnnl_memory_desc_t *wgi_dnnl_md_view;
#endif

typedef enum wgi_dnnl_pass {
    WGI_DNNL_FORWARD = 0,
    WGI_DNNL_DATA,
    WGI_DNNL_WEIGHTS
} wgi_dnnl_pass;

/* A convolution, or one of its gradients: x and y stand for theirs. dilation counts what lies
 * between two elements, 0 where they are neighbours. bias is NULL where there is none. */
typedef struct wgi_dnnl_convolution {
    wgi_dnnl_pass pass;
    wgi_dnnl_md_view x;
    wgi_dnnl_md_view w;
    wgi_dnnl_md_view bias;
    wgi_dnnl_md_view y;
    dnnl_dims_t stride;
    dnnl_dims_t dilation;
    dnnl_dims_t before;
    dnnl_dims_t after;
} wgi_dnnl_convolution;

#if DNNL_VERSION_MAJOR >= 3

/* What a cached matmul primitive holds, as measured; the library does not tell. */
#define WGI_DNNL_PRIMITIVE_BYTES ((size_t)515 * 1024)

static inline wgi_dnnl_md_view wgi_dnnl_md_see(const wgi_dnnl_md *md)
{
    return *md;
}

/* dims and strides are arrays of DNNL_MAX_NDIMS, in elements. */
static inline dnnl_status_t wgi_dnnl_md_make(wgi_dnnl_md *out, int rank, const dnnl_dims_t dims,
                                             const dnnl_dims_t strides, dnnl_data_type_t dtype)
{
    return dnnl_memory_desc_create_with_strides(out, rank, dims, dtype, strides);
}

static inline dnnl_status_t wgi_dnnl_md_free(wgi_dnnl_md *md)
{
    return dnnl_memory_desc_destroy(*md);
}

/* dims as above, in the order that suits the primitive best. */
static inline dnnl_status_t wgi_dnnl_md_make_any(wgi_dnnl_md *out, int rank, const dnnl_dims_t dims)
{
    return dnnl_memory_desc_create_with_tag(out, rank, dims, dnnl_f32, dnnl_format_tag_any);
}

static inline dnnl_status_t wgi_dnnl_convolution_describe(dnnl_primitive_desc_t *out,
                                                          dnnl_engine_t engine,
                                                          const wgi_dnnl_convolution *c,
                                                          const_dnnl_primitive_attr_t attr,
                                                          const_dnnl_primitive_desc_t hint)
{
    switch (c->pass) {
    case WGI_DNNL_FORWARD:
        return dnnl_convolution_forward_primitive_desc_create(
            out, engine, dnnl_forward_training, dnnl_convolution_direct, c->x, c->w, c->bias, c->y,
            c->stride, c->dilation, c->before, c->after, attr);
    case WGI_DNNL_DATA:
        return dnnl_convolution_backward_data_primitive_desc_create(
            out, engine, dnnl_convolution_direct, c->x, c->w, c->y, c->stride, c->dilation,
            c->before, c->after, hint, attr);
    default:
        return dnnl_convolution_backward_weights_primitive_desc_create(
            out, engine, dnnl_convolution_direct, c->x, c->w, NULL, c->y, c->stride, c->dilation,
            c->before, c->after, hint, attr);
    }
}

/* md: source, weights and destination. */
static inline dnnl_status_t wgi_dnnl_matmul_describe(dnnl_primitive_desc_t *out,
                                                     dnnl_engine_t engine, const wgi_dnnl_md md[3],
                                                     const_dnnl_primitive_attr_t attr)
{
    return dnnl_matmul_primitive_desc_create(out, engine, md[0], md[1], NULL, md[2], attr);
}

/* md: source, gradient of the result, gradient of the weights. The hint describes the forward pass
 * that they belong to. */
static inline dnnl_status_t wgi_dnnl_weights_hint(dnnl_primitive_desc_t *out, dnnl_engine_t engine,
                                                  const wgi_dnnl_md md[3],
                                                  const_dnnl_primitive_attr_t attr)
{
    return dnnl_inner_product_forward_primitive_desc_create(out, engine, dnnl_forward_training,
                                                            md[0], md[2], NULL, md[1], attr);
}

static inline dnnl_status_t wgi_dnnl_weights_describe(dnnl_primitive_desc_t *out,
                                                      dnnl_engine_t engine, const wgi_dnnl_md md[3],
                                                      const_dnnl_primitive_attr_t attr,
                                                      const_dnnl_primitive_desc_t hint)
{
    return dnnl_inner_product_backward_weights_primitive_desc_create(out, engine, md[0], md[2],
                                                                     NULL, md[1], hint, attr);
}

#else

#define WGI_DNNL_PRIMITIVE_BYTES ((size_t)62 * 1024)

static inline wgi_dnnl_md_view wgi_dnnl_md_see(const wgi_dnnl_md *md)
{
    return md;
}

static inline dnnl_status_t wgi_dnnl_md_make(wgi_dnnl_md *out, int rank, const dnnl_dims_t dims,
                                             const dnnl_dims_t strides, dnnl_data_type_t dtype)
{
    return dnnl_memory_desc_init_by_strides(out, rank, dims, dtype, strides);
}

static inline dnnl_status_t wgi_dnnl_md_free(wgi_dnnl_md *md)
{
    (void)md;
    return dnnl_success;
}

static inline dnnl_status_t wgi_dnnl_md_make_any(wgi_dnnl_md *out, int rank, const dnnl_dims_t dims)
{
    return dnnl_memory_desc_init_by_tag(out, rank, dims, dnnl_f32, dnnl_format_tag_any);
}

static inline dnnl_status_t wgi_dnnl_convolution_init(dnnl_convolution_desc_t *desc,
                                                      const wgi_dnnl_convolution *c)
{
    switch (c->pass) {
    case WGI_DNNL_FORWARD:
        return dnnl_dilated_convolution_forward_desc_init(
            desc, dnnl_forward_training, dnnl_convolution_direct, c->x, c->w, c->bias, c->y,
            c->stride, c->dilation, c->before, c->after);
    case WGI_DNNL_DATA:
        return dnnl_dilated_convolution_backward_data_desc_init(desc, dnnl_convolution_direct, c->x,
                                                                c->w, c->y, c->stride, c->dilation,
                                                                c->before, c->after);
    default:
        return dnnl_dilated_convolution_backward_weights_desc_init(
            desc, dnnl_convolution_direct, c->x, c->w, NULL, c->y, c->stride, c->dilation,
            c->before, c->after);
    }
}

static inline dnnl_status_t wgi_dnnl_convolution_describe(dnnl_primitive_desc_t *out,
                                                          dnnl_engine_t engine,
                                                          const wgi_dnnl_convolution *c,
                                                          const_dnnl_primitive_attr_t attr,
                                                          const_dnnl_primitive_desc_t hint)
{
    dnnl_convolution_desc_t desc;
    const dnnl_status_t status = wgi_dnnl_convolution_init(&desc, c);
    return status != dnnl_success ? status
                                  : dnnl_primitive_desc_create(out, &desc, attr, engine, hint);
}

static inline dnnl_status_t wgi_dnnl_matmul_describe(dnnl_primitive_desc_t *out,
                                                     dnnl_engine_t engine, const wgi_dnnl_md md[3],
                                                     const_dnnl_primitive_attr_t attr)
{
    dnnl_matmul_desc_t desc;
    const dnnl_status_t status = dnnl_matmul_desc_init(&desc, &md[0], &md[1], NULL, &md[2]);
    return status != dnnl_success ? status
                                  : dnnl_primitive_desc_create(out, &desc, attr, engine, NULL);
}

static inline dnnl_status_t wgi_dnnl_weights_hint(dnnl_primitive_desc_t *out, dnnl_engine_t engine,
                                                  const wgi_dnnl_md md[3],
                                                  const_dnnl_primitive_attr_t attr)
{
    dnnl_inner_product_desc_t desc;
    const dnnl_status_t status = dnnl_inner_product_forward_desc_init(&desc, dnnl_forward_training,
                                                                      &md[0], &md[2], NULL, &md[1]);
    return status != dnnl_success ? status
                                  : dnnl_primitive_desc_create(out, &desc, attr, engine, NULL);
}

static inline dnnl_status_t wgi_dnnl_weights_describe(dnnl_primitive_desc_t *out,
                                                      dnnl_engine_t engine, const wgi_dnnl_md md[3],
                                                      const_dnnl_primitive_attr_t attr,
                                                      const_dnnl_primitive_desc_t hint)
{
    dnnl_inner_product_desc_t desc;
    const dnnl_status_t status =
        dnnl_inner_product_backward_weights_desc_init(&desc, &md[0], &md[2], NULL, &md[1]);
    return status != dnnl_success ? status
                                  : dnnl_primitive_desc_create(out, &desc, attr, engine, hint);
}

#endif

#endif
