/* rotary_embedding: pairs of elements turned by an angle that grows with their time.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a rotation is linear and its transpose is the rotation back, so that the op is its own
 * gradient, reversed. */
#if defined(WGI_REAL_PASS)

/* Turns the elements i and j of each row. */
static void K(turn)(const real *x, real *y, const rotary_rows *rows, accum cosine, accum sine)
{
    for (int64_t outer = 0; outer < rows->outer; outer++) {
        for (int64_t inner = 0; inner < rows->inner; inner++) {
            const int64_t at = rows->first + outer * rows->step + inner * rows->depth;
            const accum a = x[at + rows->i];
            const accum b = x[at + rows->j];
            y[at + rows->i] = (real)(a * cosine - b * sine);
            y[at + rows->j] = (real)(a * sine + b * cosine);
        }
    }
}

static wg_status K(rotary_embedding)(const wgi_args *args)
{
    const wgi_rotary_attr *attr = args->attr;
    const accum base = (accum)args->numbers[0];
    rotary_rows rows;
    const int64_t times = begin_rows(&args->in[0], attr, &rows);
    const int64_t half = rows.depth / 2;
    for (int64_t t = 0; t < times; t++) {
        const accum time = (accum)t + (accum)args->numbers[1];
        rows.first = t * rows.inner * rows.depth;
        for (int64_t pair = 0; pair < half; pair++) {
            const accum power = -2 * (accum)pair / (accum)rows.depth;
            const accum angle = time * A(pow)(base, power);
            const accum sine = A(sin)(angle);
            rows.i = attr->is_interleaved != 0 ? 2 * pair : pair;
            rows.j = attr->is_interleaved != 0 ? 2 * pair + 1 : pair + half;
            K(turn)
            (args->in[0].data, args->out[0].data, &rows, A(cos)(angle),
             attr->is_reverse != 0 ? -sine : sine);
        }
    }
    return WG_OK;
}

#else

#include "ops/call.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

#include <math.h>

/* The rows of one time, [outer, inner, depth], and the pair that is turned. */
typedef struct rotary_rows {
    int64_t outer;
    int64_t step;
    int64_t inner;
    int64_t depth;
    int64_t first;
    int64_t i;
    int64_t j;
} rotary_rows;

/* The number of times. */
static int64_t begin_rows(const wgi_view *x, const wgi_rotary_attr *attr, rotary_rows *rows)
{
    const int32_t time = x->rank - (attr->is_time_first != 0 ? 3 : 2);
    *rows = (rotary_rows){.outer = 1, .inner = 1, .depth = x->dims[x->rank - 1]};
    for (int32_t i = 0; i < x->rank - 1; i++) {
        rows->outer *= i < time ? x->dims[i] : 1;
        rows->inner *= i > time ? x->dims[i] : 1;
    }
    rows->step = x->dims[time] * rows->inner * rows->depth;
    return x->dims[time];
}

static wgi_draft draft_of(const wg_node *x, const wgi_rotary_attr *attr, const double numbers[2])
{
    return (wgi_draft){
        .op = WGI_OP_rotary_embedding, .n_in = 1, .in = x, .attr = attr, .numbers = numbers};
}

wg_node wg_rotary_embedding(wg_node x, const wg_rotary_options *options)
{
    const wg_rotary_options defaults = {.size = sizeof defaults};
    const wg_rotary_options *o = options != NULL ? options : &defaults;
    double numbers[2] = {10000, 0};
    wgi_rotary_attr attr = {0};
    const wgi_draft draft = draft_of(&x, &attr, numbers);
    if (o->size != sizeof *o) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, "set .size = sizeof of the options",
                          "the options have another size");
    }
    if (!isfinite(o->base) || o->base < 0 || !isfinite(o->offset)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL,
                          "base must be above 0 and offset finite: %g, %g", o->base, o->offset);
    }
    attr.is_interleaved = o->is_interleaved;
    attr.is_time_first = o->is_time_first;
    attr.is_reverse = o->is_reverse;
    numbers[0] = o->base != 0 ? o->base : numbers[0];
    numbers[1] = o->offset;
    return wgi_record(&draft);
}

static wg_status infer(wgi_infer *q)
{
    const wgi_rotary_attr *attr = q->attr;
    const wgi_view *x = &q->in[0];
    wg_status status = wgi_check_floating(q, 0);
    if (status == WG_OK) {
        status = wgi_check_min_rank(q, 0, attr->is_time_first != 0 ? 3 : 2);
    }
    if (status == WG_OK && x->dims[x->rank - 1] % 2 != 0) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "needs pairs: %lld (x, axis %d)",
                              (long long)x->dims[x->rank - 1], (int)x->rank - 1);
    }
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

static void gradient(wgi_rule *rule)
{
    wgi_rotary_attr attr = *(const wgi_rotary_attr *)rule->attr;
    attr.is_reverse = attr.is_reverse == 0;
    wgi_draft draft = draft_of(&rule->dy[0], &attr, NULL);
    draft.number = rule->number;
    rule->dx[0] = wgi_record(&draft);
}

#define WGI_KERNEL_FILE "ops/rotary.c"
#include "ops/for_each_real.h"

#define OPTIONS(...) (&(const wg_rotary_options){.size = sizeof(wg_rotary_options), __VA_ARGS__})

WGI_BUILD(halves, wg_rotary_embedding(in[0], NULL))
WGI_BUILD(pairs, wg_rotary_embedding(in[0], OPTIONS(.is_interleaved = true, .base = 100.0)))
WGI_BUILD(time_first, wg_rotary_embedding(in[0], OPTIONS(.is_time_first = true, .offset = 7.0)))
WGI_BUILD(reverse, wg_rotary_embedding(in[0], OPTIONS(.is_reverse = true, .offset = 2.0)))
WGI_BUILD(size, wg_rotary_embedding(in[0], &(const wg_rotary_options){0}))
WGI_BUILD(bad_base, wg_rotary_embedding(in[0], OPTIONS(.base = -1.0)))

static const wgi_sample samples[] = {
    WGI_GOOD("halves", halves, 1, WGI_IN_4(2, 2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("pairs", pairs, 1, WGI_IN_3(2, 3, 6, WGI_NORMAL)),
    WGI_GOOD("time first", time_first, 1, WGI_IN_4(2, 3, 2, 4, WGI_NORMAL)),
    WGI_GOOD("reverse", reverse, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("size 1", halves, 1, WGI_IN_2(1, 2, WGI_NORMAL)),
    WGI_GOOD("no time", halves, 1, WGI_IN_3(2, 0, 4, WGI_NORMAL)),
    WGI_GOOD("no depth", pairs, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
};

static const wgi_sample bad[] = {
    WGI_BAD("odd", halves, WG_ERR_SHAPE, "rotary_embedding: needs pairs: 3 (x, axis 1)", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("rank", time_first, WG_ERR_SHAPE, "rotary_embedding: needs rank >= 3: 2 (x)", 1,
            WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_BAD("integers", halves, WG_ERR_DTYPE, "rotary_embedding: needs a floating dtype: i64 (x)",
            1, WGI_IN_TYPED(4, WG_I64, 3)),
    WGI_BAD("base", bad_base, WG_ERR_ARGUMENT,
            "rotary_embedding: base must be above 0 and offset finite: -1, 0", 1,
            WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_BAD("size", size, WG_ERR_ARGUMENT, "rotary_embedding: the options have another size", 1,
            WGI_IN_2(2, 4, WGI_NORMAL)),
};

#define FLAG(title)                                                                                \
    {                                                                                              \
        .name = #title, .kind = WGI_ATTR_FLAG, .is_optional = true,                                \
        .place = WGI_AT_I64(wgi_rotary_attr, title)                                                \
    }
#define NUMBER(title, index)                                                                       \
    {                                                                                              \
        .name = (title), .kind = WGI_ATTR_REAL, .is_optional = true, .place = WGI_AT_NUMBER(index) \
    }

static const wgi_attribute attributes[] = {
    FLAG(is_interleaved), FLAG(is_time_first), FLAG(is_reverse),
    NUMBER("base", 0),    NUMBER("offset", 1),
};

static wg_node call(const wgi_call *c)
{
    const wg_rotary_options options = {
        .size = sizeof options,
        .is_interleaved = wgi_call_flag(c, 0),
        .is_time_first = wgi_call_flag(c, 1),
        .is_reverse = wgi_call_flag(c, 2),
        .base = wgi_call_real(c, 3),
        .offset = wgi_call_real(c, 4),
    };
    return wg_rotary_embedding(wgi_call_in(c, 0), &options);
}

const wgi_op wgi_op_rotary_embedding = {
    .name = "rotary_embedding",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .n_numbers = 2,
    .attr_bytes = sizeof(wgi_rotary_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(rotary_embedding)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

#endif
