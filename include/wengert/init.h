/* Initialisers: how a tensor starts.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_INIT_H
#define WG_INIT_H

#include <wengert/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a tensor starts. Fans: of [in, out] they are in and out. */
typedef enum wg_init_kind {
    WG_INIT_ZEROS = 0,
    WG_INIT_NORMAL = 1,           /**< N(a, b^2); a mean, b standard deviation */
    WG_INIT_UNIFORM = 2,          /**< U[a, b) */
    WG_INIT_XAVIER_UNIFORM = 3,   /**< U[-l, l), l = gain sqrt(6/(in+out)); Glorot, Bengio 2010 */
    WG_INIT_XAVIER_NORMAL = 4,    /**< N(0, s^2), s = gain sqrt(2/(in+out)) */
    WG_INIT_HE_UNIFORM = 5,       /**< U[-l, l), l = sqrt(6/in); He et al. 2015 */
    WG_INIT_HE_NORMAL = 6,        /**< N(0, 2/in) */
    WG_INIT_TRUNCATED_NORMAL = 7, /**< N(a, b^2), drawn again outside of [a - 2b, a + 2b] */
    WG_INIT_ORTHOGONAL = 8, /**< gain times a matrix whose rows or columns, the fewer of them, are
                                 orthonormal; Saxe, McClelland, Ganguli 2014 */
    WG_INIT_CONSTANT = 9    /**< a */
} wg_init_kind;

typedef struct wg_init {
    wg_init_kind kind;
    double a;       /**< of normal, truncated normal, uniform and constant */
    double b;       /**< of normal, truncated normal and uniform */
    double gain;    /**< of Xavier and orthogonal; 0 means 1 */
    wg_rng *rng;    /**< the stream to draw from; NULL: the model's own, of the context's seed */
    double fan_in;  /**< of Xavier and He; 0: from the shape */
    double fan_out; /**< of Xavier; 0: from the shape */
} wg_init;

/** Fills a tensor, row-major, from init's stream, which the kinds that draw must have. Rank-2 fans
 * are [in, out]; of another rank, in is the product of all dims but the last, out the last. Layers
 * set the fans of theirs. An orthogonal matrix has the first dim as rows, all others as columns.
 * Errors: WG_ERR_ARGUMENT (also orthogonal of rank 0 or 1), WG_ERR_DTYPE, WG_ERR_OVERFLOW and
 * WG_ERR_MEMORY (orthogonal works in f64). */
WG_NODISCARD WG_API wg_status wg_init_tensor(wg_tensor *t, const wg_init *init);

#ifdef __cplusplus
}
#endif
#endif
