/* Judging gradients that were written by hand, in this library or outside it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * This header and its one source file stand alone: they need the C library and libm, and no other
 * part of wengert.
 *
 *     double f(const double *x, size_t n, void *user);
 *     void g(const double *x, double *gradient, size_t n, void *user);
 *
 *     wg_check_report report;
 *     wg_check_function(f, g, x, n, NULL, NULL, &report);
 *     if (report.verdict != WG_CHECK_RIGHT) { wg_check_report_write(&report, &writer); }
 *
 * A report reads
 *
 *     gradient WRONG: 12 checked, 8 right, 4 wrong, 0 undecidable, 0 non-smooth (391 evaluations)
 *       w1[1,0]  analytic 0.0142  numeric 0.0131  error 2.1e-13  wrong
 *       w1: the gradient is transposed
 *
 * How it judges. A central difference comes first; what it cannot settle is settled by Ridders'
 * extrapolation with an error estimate e, which contains the measured noise of the function
 * (Moré and Wild, Estimating computational noise, 2011):
 *   right        the two agree within 4e, or both are exactly 0
 *   undecidable  e is at least a tenth of both: differences cannot tell. Never a pass
 *   wrong        everything else; among them a zero gradient where the function changes
 *   non-smooth   the one-sided differences disagree at every step: the point sits on a kink.
 * Counted and listed, not judged; more than 1% of them is no pass The verdict of the whole is wrong
 * if anything is wrong, else undecidable if anything is, else right. There is no tolerance to
 * choose. */
#ifndef WG_CHECK_H
#define WG_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(WG_STATIC) || !defined(__GNUC__)
#define WG_CHECK_API
#else
#define WG_CHECK_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** The outcome of a call, with the numbers of wg_status. It says whether the check could be made;
 * what it found is the report's verdict. */
typedef enum wg_check_status {
    WG_CHECK_OK = 0,
    WG_CHECK_ERR_ARGUMENT = 1,  /**< an argument is missing or out of its domain */
    WG_CHECK_ERR_SHAPE = 4,     /**< blocks or layers do not fit */
    WG_CHECK_ERR_MEMORY = 16,   /**< out of memory, or too little work space */
    WG_CHECK_ERR_OVERFLOW = 17, /**< a size does not fit */
    WG_CHECK_ERR_IO = 32        /**< a writer's own failure */
} wg_check_status;

/** The verdict on an element, a block or the whole. */
typedef enum wg_check_verdict {
    WG_CHECK_NONE = 0, /**< not checked */
    WG_CHECK_RIGHT = 1,
    WG_CHECK_WRONG = 2,
    WG_CHECK_UNDECIDABLE = 3,
    WG_CHECK_NON_SMOOTH = 4 /**< of elements alone */
} wg_check_verdict;

/** What the wrong elements of a block have in common. */
typedef enum wg_check_diagnosis {
    WG_CHECK_NO_DIAGNOSIS = 0, /**< nothing is wrong */
    WG_CHECK_UNKNOWN = 1,
    WG_CHECK_SIGN = 2,                    /**< the negative of the right gradient */
    WG_CHECK_FACTOR = 3,                  /**< a constant factor */
    WG_CHECK_SUM_FOR_MEAN = 4,            /**< n times too large */
    WG_CHECK_MEAN_FOR_SUM = 5,            /**< n times too small */
    WG_CHECK_TRANSPOSED = 6,              /**< element (i,j) holds what belongs to (j,i) */
    WG_CHECK_CONSTANT = 7,                /**< constant along `axis`, where the right one is not */
    WG_CHECK_MISSING = 8,                 /**< zero, where the function does change */
    WG_CHECK_AT_ACTIVATION = 9,           /**< s'(a) in place of s'(z) = a(1-a) */
    WG_CHECK_WEIGHTS_NOT_TRANSPOSED = 10, /**< the next layer's weights went in untransposed */
    WG_CHECK_UPDATED_EARLY = 11,          /**< the next layer's weights were updated before use */
    WG_CHECK_ON_A_KINK = 12               /**< nothing is wrong, but elements sit on kinks */
} wg_check_diagnosis;

/** One clause for a diagnosis, "the gradient is transposed"; never NULL. */
WG_CHECK_API const char *wg_check_diagnosis_text(wg_check_diagnosis diagnosis);

/** "RIGHT", "WRONG", "UNDECIDABLE", "NON-SMOOTH", "NOT CHECKED"; never NULL. */
WG_CHECK_API const char *wg_check_verdict_name(wg_check_verdict verdict);

/** The highest rank of a block. */
#define WG_CHECK_MAX_RANK 8

/** A part of the vector that is a tensor of its own, row-major from `offset`. */
typedef struct wg_check_block {
    const char *name; /**< NULL: unnamed; read during the call alone */
    int32_t rank;     /**< 0 to WG_CHECK_MAX_RANK */
    int64_t dims[WG_CHECK_MAX_RANK];
    size_t offset;
} wg_check_block;

/**
 * What the caller knows of a sigmoid layer a = s(z), z = input * weights, at the point that is
 * checked. From two such layers the checker can name mistakes of backpropagation that no ratio
 * betrays: a derivative taken at the activation, weights not transposed, weights updated too early.
 * A name is given only where the layer explains both the numeric and the wrong gradient.
 */
typedef struct wg_check_layer {
    size_t block;                      /**< index of the weights among the blocks */
    size_t rows;                       /**< samples */
    size_t inputs;                     /**< units below */
    size_t outputs;                    /**< units of this layer */
    bool is_row_per_unit;              /**< weights are [outputs, inputs]; else [inputs, outputs] */
    const double *input;               /**< [rows, inputs] */
    const double *activation;          /**< [rows, outputs] */
    const double *upstream;            /**< [rows, outputs], dL/da; NULL: comes from `next` */
    const struct wg_check_layer *next; /**< the layer above, which must have an upstream; or NULL */
} wg_check_layer;

/** Where the memory of a check comes from; as wg_allocator. */
typedef struct wg_check_allocator {
    void *(*allocate)(void *user, size_t bytes, size_t alignment);
    void (*release)(void *user, void *block, size_t bytes);
    void *user;
} wg_check_allocator;

/** Where text goes; `write` takes all bytes or returns a status, which is handed on. */
typedef struct wg_check_writer {
    wg_check_status (*write)(void *user, const char *data, size_t bytes);
    void *user;
} wg_check_writer;

/** Elements by verdict. */
typedef struct wg_check_counts {
    size_t checked;
    size_t right;
    size_t wrong;
    size_t undecidable;
    size_t non_smooth;
} wg_check_counts;

/** What was found in a block. */
typedef struct wg_check_result {
    wg_check_verdict verdict;
    wg_check_counts counts;
    wg_check_diagnosis diagnosis;
    double factor; /**< analytic over numeric: of SIGN, FACTOR, SUM_FOR_MEAN and MEAN_FOR_SUM */
    size_t n;      /**< the n of SUM_FOR_MEAN and MEAN_FOR_SUM */
    int32_t axis;  /**< of CONSTANT */
    double rate;   /**< of UPDATED_EARLY: the learning rate that explains it */
} wg_check_result;

/** The bytes of a block's name that a report keeps, with the closing 0. */
#define WG_CHECK_NAME_BYTES 48

/** An element of the gradient. */
typedef struct wg_check_element {
    char block[WG_CHECK_NAME_BYTES];
    size_t block_index;
    size_t index; /**< within the block */
    int32_t rank;
    int64_t position[WG_CHECK_MAX_RANK];
    double analytic;
    double numeric;
    double error; /**< the estimated error of `numeric` */
    wg_check_verdict verdict;
} wg_check_element;

/** How many elements a report lists. */
#define WG_CHECK_LISTED 8

/** A report, of fixed size and with no pointers. All zero after a failed call. */
typedef struct wg_check_report {
    wg_check_verdict verdict;
    wg_check_counts counts;
    wg_check_counts directions; /**< random directions, counted likewise */
    uint64_t evaluations;       /**< of the function; the gradient is evaluated once */
    uint64_t seed;
    double value;    /**< the function at the point; of the first output where there are several */
    double noise;    /**< its estimated absolute error */
    double distance; /**< max |analytic - numeric| / max(1, max |numeric|) over what was judged */
    wg_check_result finding; /**< of the block that tells most: named, or with the worst element */
    char finding_block[WG_CHECK_NAME_BYTES];
    size_t n_worst;
    wg_check_element worst[WG_CHECK_LISTED]; /**< wrong before undecidable, then by size */
    size_t n_kinks;
    wg_check_element kinks[WG_CHECK_LISTED]; /**< the first non-smooth elements */
} wg_check_report;

/** `elements` for really all of them, however many there are. */
#define WG_CHECK_ALL SIZE_MAX

/** Options; set `size` to sizeof(wg_check_options). A zero elsewhere is the default. */
typedef struct wg_check_options {
    size_t size;
    uint64_t seed;     /**< of samples and directions */
    size_t elements;   /**< checked per block, drawn at random; 0: all, and of more than 65,536
                            elements in total 200 per block */
    size_t directions; /**< random directions tested besides; 0: 4 where elements were left out */
    const wg_check_block *blocks; /**< the layout; NULL: one block "x" */
    size_t n_blocks;              /**< elements outside all blocks are not checked */
    wg_check_result *results;     /**< n_blocks of them are filled; NULL: none */
    const wg_check_layer *layers; /**< for diagnosis; NULL: none */
    size_t n_layers;
    const size_t *counts;                /**< sizes a mean may have been taken over (a batch) */
    size_t n_counts;                     /**< the blocks' own sizes are always tried */
    const wg_check_allocator *allocator; /**< NULL: malloc and free */
    void *work;                          /**< wg_check_work_bytes of memory, aligned for a double;
                                              then nothing is allocated */
    size_t work_bytes;
    double tolerance; /**< of `jv` and of wg_check_compare, relative; 0: 1e-9 */
} wg_check_options;

/**
 * What is checked: one of five forms, told by the callbacks that are set. All others are NULL.
 *
 *   f, g                a function and its gradient; `jv` besides settles what differences cannot
 *   f32, g32            the same in single precision; the noise decides the steps
 *   vector, vjp         y = F(x), and the gradient of <u, F(x)>
 *   vector, jacobian    y = F(x), and dy_i/dx_j, row-major [m, n]
 *   g, hessian_vector   a gradient, and the Hessian times v
 *
 * The callbacks may not change x and must give the same values for the same x.
 */
typedef struct wg_check_problem {
    size_t size; /**< sizeof(wg_check_problem) */
    size_t n;    /**< size of x; positive */
    size_t m;    /**< size of y in the vector forms, else 0 */
    void *user;  /**< handed to every callback */
    double (*f)(const double *x, size_t n, void *user);
    void (*g)(const double *x, double *gradient, size_t n, void *user);
    float (*f32)(const float *x, size_t n, void *user);
    void (*g32)(const float *x, float *gradient, size_t n, void *user);
    void (*vector)(const double *x, size_t n, double *y, size_t m, void *user);
    void (*vjp)(const double *x, size_t n, const double *u, size_t m, double *gradient, void *user);
    void (*jacobian)(const double *x, size_t n, double *jacobian, size_t m, void *user);
    void (*hessian_vector)(const double *x, const double *v, double *hv, size_t n, void *user);
    /** The derivative of f along v, found without the gradient's own rules; *scale is the sum of
     * the absolute values of its contributions. NaN where it cannot be told. */
    double (*jv)(const double *x, const double *v, size_t n, double *scale, void *user);
    const double *direction; /**< u (m) or v (n) of the forms that have one; NULL: random */
} wg_check_problem;

/**
 * Checks a gradient against its function.
 *
 * f, g     the function and its gradient
 * x        n numbers, the point; not changed
 * options  or NULL
 * report   filled; zeroed on failure
 *
 * Errors: WG_CHECK_ERR_ARGUMENT, WG_CHECK_ERR_SHAPE, WG_CHECK_ERR_MEMORY, WG_CHECK_ERR_OVERFLOW.
 */
WG_CHECK_API wg_check_status wg_check_function(
    double (*f)(const double *x, size_t n, void *user),
    void (*g)(const double *x, double *gradient, size_t n, void *user), const double *x, size_t n,
    void *user, const wg_check_options *options, wg_check_report *report);

/** As wg_check_function in single precision. Steps are chosen by the measured noise. */
WG_CHECK_API wg_check_status wg_check_function_f32(
    float (*f)(const float *x, size_t n, void *user),
    void (*g)(const float *x, float *gradient, size_t n, void *user), const float *x, size_t n,
    void *user, const wg_check_options *options, wg_check_report *report);

/**
 * Checks a problem of any form at x. The elements are those of the gradient, of the Jacobian ([m,
 * n], block "J") or of the product ("Hv"). For f32 the elements of x are rounded to float first.
 * Errors: as wg_check_function; WG_CHECK_ERR_ARGUMENT also where the callbacks are of no one form.
 */
WG_CHECK_API wg_check_status wg_check_run(const wg_check_problem *problem, const double *x,
                                          const wg_check_options *options, wg_check_report *report);

/**
 * Compares a gradient with one that is known to be right, element by element: right within
 * `tolerance` times the largest known element of its block. Diagnoses as the other calls do.
 * Errors: as wg_check_function.
 */
WG_CHECK_API wg_check_status wg_check_compare(const double *mine, const double *known, size_t n,
                                              const wg_check_options *options,
                                              wg_check_report *report);

/** The bytes of work space that a problem needs; 0 where it is none or they do not fit. A
 * comparison of n elements needs those of {f, g} with the same n. */
WG_CHECK_API size_t wg_check_work_bytes(const wg_check_problem *problem);

/** Writes a report as text. Errors: WG_CHECK_ERR_ARGUMENT, the writer's. */
WG_CHECK_API wg_check_status wg_check_report_write(const wg_check_report *report,
                                                   const wg_check_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
