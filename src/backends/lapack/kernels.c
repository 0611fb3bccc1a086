/* The kernels of the LAPACK backend: what is accepted, and the choice of the type.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every size is at least 1 and fits the library's integers, and the library keeps to the
 * threads that a problem allows. How many it has may change its bits, so it is refused where they
 * must not depend on that. */
#include "backends/lapack/kernels.h"

#include <string.h>

#include "backends/lapack/library.h"
#include "ops/params.h"

/* Below this size of the smaller axis a call costs more than the plain loops. */
#define MIN_SIZE 16

/* Above it work arrays, of about 8 squares, would not fit the library's integers. */
#define MAX_SIZE 8192

typedef struct sizes {
    size_t batch;
    int m;
    int n;
    int k; /* the smaller one */
} sizes;

static sizes sizes_of(const wgi_view *x)
{
    sizes z = {.batch = 1};
    z.m = (int)x->dims[x->rank - 2];
    z.n = (int)x->dims[x->rank - 1];
    z.k = z.m < z.n ? z.m : z.n;
    for (int32_t i = 0; i < x->rank - 2; i++) {
        z.batch *= (size_t)x->dims[i];
    }
    return z;
}

#define real float
#define L(routine) s##routine##_
#define K(name) name##_f32
#include "backends/lapack/loops.h"
#undef real
#undef L
#undef K

#define real double
#define L(routine) d##routine##_
#define K(name) name##_f64
#include "backends/lapack/loops.h"
#undef real
#undef L
#undef K

/* ---- what is accepted --------------------------------------------------------------------- */

static const char *check_threads(const wgi_problem *problem)
{
    if (problem->is_thread_invariant) {
        return "its bits may depend on the number of threads";
    }
    return openblas_get_num_threads() > problem->threads ? "the library uses more threads" : NULL;
}

static const char *check_matrices(const wgi_view *x)
{
    if (x->dtype != WG_F32 && x->dtype != WG_F64) {
        return "the dtype is not f32 or f64";
    }
    if (x->count == 0) {
        return "a size is 0";
    }
    const int64_t m = x->dims[x->rank - 2];
    const int64_t n = x->dims[x->rank - 1];
    if (m > MAX_SIZE || n > MAX_SIZE) {
        return "too large";
    }
    return NULL;
}

const char *wgi_lapack_accepts(const wgi_problem *problem)
{
    const char *reason = check_matrices(problem->in);
    if (reason != NULL) {
        return reason;
    }
    const sizes z = sizes_of(problem->in);
    return z.k < MIN_SIZE ? "small" : check_threads(problem);
}

const char *wgi_lapack_accepts_solve(const wgi_problem *problem)
{
    const char *reason = wgi_lapack_accepts(problem);
    reason = reason != NULL ? reason : check_matrices(problem->out);
    if (reason != NULL) {
        return reason;
    }
    if (problem->in[1].count != problem->out->count) {
        return "b broadcasts";
    }
    const size_t a = sizes_of(problem->in).batch;
    return a != 1 && a != sizes_of(problem->out).batch ? "a broadcasts" : NULL;
}

/* ---- room --------------------------------------------------------------------------------- */

/* So many numbers of the operand's type, and so many ints. */
static wg_status want(const wgi_problem *problem, size_t numbers, size_t ints, wgi_prepared *out)
{
    const size_t size = problem->in->dtype == WG_F32 ? sizeof(float) : sizeof(double);
    *out = (wgi_prepared){.scratch_bytes = numbers * size + ints * sizeof(int),
                          .threads = openblas_get_num_threads()};
    return WG_OK;
}

wg_status wgi_lapack_prepare_nothing(const wgi_problem *problem, wgi_prepared *out)
{
    return want(problem, 0, 0, out);
}

wg_status wgi_lapack_prepare_lu(const wgi_problem *problem, wgi_prepared *out)
{
    return want(problem, 0, (size_t)sizes_of(problem->in).n, out);
}

wg_status wgi_lapack_prepare_qr(const wgi_problem *problem, wgi_prepared *out)
{
    const sizes z = sizes_of(problem->in);
    const int room = problem->in->dtype == WG_F32 ? qr_room_f32(&z) : qr_room_f64(&z);
    return want(problem, (size_t)z.k + (size_t)room, 0, out);
}

wg_status wgi_lapack_prepare_eigh(const wgi_problem *problem, wgi_prepared *out)
{
    const sizes z = sizes_of(problem->in);
    int numbers = 0;
    int ints = 0;
    if (problem->in->dtype == WG_F32) {
        eigh_room_f32(&z, &numbers, &ints);
    } else {
        eigh_room_f64(&z, &numbers, &ints);
    }
    return want(problem, (size_t)numbers, (size_t)ints, out);
}

wg_status wgi_lapack_prepare_svd(const wgi_problem *problem, wgi_prepared *out)
{
    const sizes z = sizes_of(problem->in);
    const int room = problem->in->dtype == WG_F32 ? svd_room_f32(&z) : svd_room_f64(&z);
    return want(problem, (size_t)z.m * (size_t)z.n + (size_t)room, 8 * (size_t)z.k, out);
}

/* ---- running ------------------------------------------------------------------------------ */

#define RUN(name)                                                                                  \
    wg_status wgi_lapack_run_##name(const wgi_prepared *prepared, const wgi_args *args)            \
    {                                                                                              \
        (void)prepared;                                                                            \
        return args->in->dtype == WG_F32 ? name##_f32(args) : name##_f64(args);                    \
    }

RUN(lu)
RUN(cholesky)
RUN(qr)
RUN(eigh)
RUN(svd)
RUN(triangular)
