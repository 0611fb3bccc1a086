/* Inflating: the one file that knows zlib.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the data are inflated twice, first only counted. So a hostile file costs time up to
 * the cap, but never memory for what it merely promises. */
#include "core/inflate.h"

#include <string.h>

#include "core/context.h"
#include "core/memory.h"

#if defined(WGI_HAVE_ZLIB)
#include <zlib.h>
#endif

bool wgi_gzip_is(const wgi_block *block)
{
    return block->bytes >= 2 && block->data[0] == 0x1F && block->data[1] == 0x8B;
}

#if defined(WGI_HAVE_ZLIB)

#define PIECE_BYTES ((size_t)1 << 16)

/* What zlib takes for the size of the window: 15 bits, with 16 for gzip's header and trailer, or
 * negated for a stream without any. */
#define GZIP_BITS (15 + 16)
#define RAW_BITS (-15)

/* Where inflated bytes go. Invariant: bytes <= limit. */
typedef struct sink {
    unsigned char *data; /* NULL: they are counted alone */
    size_t bytes;
    size_t limit;
} sink;

typedef struct inflater {
    wg_context *ctx;
    const char *path;
    const wgi_block *in;
    int bits;       /* GZIP_BITS or RAW_BITS */
    size_t n_given; /* bytes of `in` handed to zlib so far */
    unsigned char *piece;
    z_stream z;
} inflater;

/* zlib does not say how large a block was when it gives it back: that stands in front of it. */
static void *allocate(void *user, unsigned n, unsigned size)
{
    size_t bytes = (size_t)n * size + WGI_ALIGNMENT;
    char *block = wgi_alloc(user, bytes);
    if (block == NULL) {
        return NULL;
    }
    memcpy(block, &bytes, sizeof bytes);
    return block + WGI_ALIGNMENT;
}

static void release(void *user, void *address)
{
    char *block = (char *)address - WGI_ALIGNMENT;
    size_t bytes;
    memcpy(&bytes, block, sizeof bytes);
    wgi_release(user, block, bytes);
}

static wg_status fail(const inflater *f, int code)
{
    if (code == Z_MEM_ERROR) {
        return wgi_context_fail(f->ctx, WG_ERR_MEMORY, "%.600s: no memory to inflate it", f->path);
    }
    const char *why = code == Z_BUF_ERROR ? "it is cut short" : f->z.msg;
    return wgi_context_fail(f->ctx, WG_ERR_FORMAT, "%.600s: broken %s data: %s", f->path,
                            f->bits == GZIP_BITS ? "gzip" : "deflated",
                            why == NULL ? "not of the format" : why);
}

static wg_status accept(const inflater *f, sink *to, size_t bytes)
{
    if (bytes > to->limit - to->bytes) {
        return wgi_context_fail(f->ctx, WG_ERR_RANGE, "%.600s: it inflates to more than %zu bytes",
                                f->path, to->limit);
    }
    if (to->data != NULL) {
        memcpy(to->data + to->bytes, f->piece, bytes);
    }
    to->bytes += bytes;
    return WG_OK;
}

/* zlib counts its input in unsigned int, which a file may exceed. */
static void give_input(inflater *f)
{
    if (f->z.avail_in == 0) {
        size_t left = f->in->bytes - f->n_given;
        left = left < PIECE_BYTES ? left : PIECE_BYTES;
        f->z.next_in = f->in->data + f->n_given;
        f->z.avail_in = (unsigned)left;
        f->n_given += left;
    }
}

static wg_status inflate_members(inflater *f, sink *to)
{
    for (;;) {
        give_input(f);
        f->z.next_out = f->piece;
        f->z.avail_out = (unsigned)PIECE_BYTES;
        int code = inflate(&f->z, Z_NO_FLUSH);
        wg_status status = accept(f, to, PIECE_BYTES - f->z.avail_out);
        if (status != WG_OK) {
            return status;
        }
        if (code != Z_OK && code != Z_STREAM_END) {
            return fail(f, code == Z_NEED_DICT ? Z_DATA_ERROR : code);
        }
        if (code == Z_STREAM_END) {
            if (f->z.avail_in == 0 && f->n_given == f->in->bytes) {
                return WG_OK;
            }
            code = f->bits == GZIP_BITS ? inflateReset(&f->z) : Z_DATA_ERROR;
            if (code != Z_OK) {
                return fail(f, code);
            }
        }
    }
}

static wg_status inflate_to(inflater *f, sink *to)
{
    f->n_given = 0;
    f->z = (z_stream){.zalloc = allocate, .zfree = release, .opaque = &f->ctx->memory};
    int code = inflateInit2(&f->z, f->bits);
    if (code != Z_OK) {
        return fail(f, code);
    }
    wg_status status = inflate_members(f, to);
    inflateEnd(&f->z);
    return status;
}

static wg_status inflate_block(inflater *f, size_t max_bytes, wgi_block *out)
{
    sink count = {.limit = max_bytes};
    wg_status status = inflate_to(f, &count);
    if (status != WG_OK || count.bytes == 0) {
        return status;
    }
    sink copy = {.limit = count.bytes};
    copy.data = wgi_alloc(&f->ctx->memory, count.bytes);
    if (copy.data == NULL) {
        return fail(f, Z_MEM_ERROR);
    }
    status = inflate_to(f, &copy);
    *out = (wgi_block){.data = copy.data, .bytes = count.bytes};
    if (status != WG_OK) {
        wgi_block_release(f->ctx, out);
    }
    return status;
}

static wg_status inflate_with(wg_context *ctx, const char *path, const wgi_block *in, int bits,
                              size_t max_bytes, wgi_block *out)
{
    *out = (wgi_block){0};
    inflater f = {.ctx = ctx, .path = path, .in = in, .bits = bits};
    f.piece = wgi_alloc(&ctx->memory, PIECE_BYTES);
    if (f.piece == NULL) {
        return fail(&f, Z_MEM_ERROR);
    }
    wg_status status = inflate_block(&f, max_bytes, out);
    wgi_release(&ctx->memory, f.piece, PIECE_BYTES);
    return status;
}

wg_status wgi_gzip_inflate(wg_context *ctx, const char *path, const wgi_block *in, size_t max_bytes,
                           wgi_block *out)
{
    return inflate_with(ctx, path, in, GZIP_BITS, max_bytes, out);
}

wg_status wgi_raw_inflate(wg_context *ctx, const char *path, const wgi_block *in, size_t max_bytes,
                          wgi_block *out)
{
    return inflate_with(ctx, path, in, RAW_BITS, max_bytes, out);
}

#else

static wg_status refuse(wg_context *ctx, const char *path, const char *how, wgi_block *out)
{
    *out = (wgi_block){0};
    return wgi_context_fail(ctx, WG_ERR_UNSUPPORTED, "%.600s: it is %s, and this build has no zlib",
                            path, how);
}

wg_status wgi_gzip_inflate(wg_context *ctx, const char *path, const wgi_block *in, size_t max_bytes,
                           wgi_block *out)
{
    (void)in;
    (void)max_bytes;
    return refuse(ctx, path, "gzipped", out);
}

wg_status wgi_raw_inflate(wg_context *ctx, const char *path, const wgi_block *in, size_t max_bytes,
                          wgi_block *out)
{
    (void)in;
    (void)max_bytes;
    return refuse(ctx, path, "deflated", out);
}

#endif

wg_status wgi_file_read_inflated(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                                 size_t max_bytes, wgi_block *out)
{
    wgi_block block;
    *out = (wgi_block){0};
    wg_status status = wgi_file_read(ctx, calls, path, max_bytes, &block);
    if (status != WG_OK || !wgi_gzip_is(&block)) {
        *out = block;
        return status;
    }
    status = wgi_gzip_inflate(ctx, path, &block, max_bytes, out);
    wgi_block_release(ctx, &block);
    return status;
}
