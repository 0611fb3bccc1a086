/* Data: tables of text, data sets, splits and batches.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_DATA_H
#define WG_DATA_H

#include <wengert/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Rows of examples: features x, of [n, ...], and labels y, of [n, ...] or none. Immutable; holds
 * references to its tensors.
 */
typedef struct wg_dataset wg_dataset;

/* ---- text --------------------------------------------------------------------------------- */

/** Whether the first line of a table names its columns. */
typedef enum wg_csv_header {
    /** It does where one of its feature fields is not a number. So columns that are named by
     * numbers alone ("2019,2020,class") want WG_CSV_HEADER_YES, and features that are not numbers
     * in the first row pass for a header: WG_CSV_HEADER_NO then tells what is wrong with them. */
    WG_CSV_HEADER_AUTO = 0,
    WG_CSV_HEADER_YES = 1,
    WG_CSV_HEADER_NO = 2
} wg_csv_header;

/** What the label column holds. */
typedef enum wg_csv_labels {
    WG_CSV_LABELS_AUTO = 0,     /**< integers where the first row's label is one, else names */
    WG_CSV_LABELS_NONE = 1,     /**< there is no label column: all columns are features */
    WG_CSV_LABELS_INTEGERS = 2, /**< y is i64 [n], the values as they stand */
    WG_CSV_LABELS_NAMES = 3,    /**< y is i64 [n], classes in order of first appearance */
    WG_CSV_LABELS_NUMBERS = 4   /**< y is f32 [n, 1], for regression */
} wg_csv_labels;

/** Options of wg_csv_read. Set `size` to sizeof(wg_csv_options); a zero elsewhere is the default.
 */
typedef struct wg_csv_options {
    size_t size;
    wg_csv_header header;
    wg_csv_labels labels;
    int32_t label_column; /**< 1 is the first; 0: the last */
    char separator;       /**< 0: ',' */
    double scale;         /**< multiplies every feature, not the labels; 0: 1 */
    size_t max_bytes;     /**< bytes of text at most, inflated; 0: 256 MiB */
} wg_csv_options;

/**
 * Reads a table of comma-separated text, plain or compressed with gzip (told by its first bytes),
 * into features f32 [n, d] and labels.
 *
 * path     a regular file
 * options  NULL for the defaults
 * out      owned by the caller; NULL on failure
 *
 * Lines end in LF or CRLF; blanks around a field are dropped; a field may stand in double quotes,
 * a quote within it doubled, but holds no line end. Every row has the same number of fields, none
 * empty, none over 255 bytes. Numbers are decimal with '.' whatever the locale, finite, and
 * correctly rounded to f32; integers fit 64 bits. Empty lines are accepted at the end alone. No
 * single allocation exceeds four times the text and a constant.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_IO, WG_ERR_FORMAT (wg_context_error tells the line and the
 * number of the field: "digits.csv:17:3: not a number: 'x'"), WG_ERR_RANGE (label_column,
 * more than max_bytes), WG_ERR_UNSUPPORTED (gzip without zlib), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_csv_read(wg_context *ctx, const char *path,
                                          const wg_csv_options *options, wg_dataset **out);

/* ---- IDX ---------------------------------------------------------------------------------- */

/**
 * Reads a file of IDX, the format of MNIST, plain or compressed with gzip (told by its first
 * bytes): two bytes 0, the element type, the rank, big-endian dims and data. Types u8 gives a u8
 * tensor, i8, i16 and i32 give i64, f32 and f64 the same.
 *
 * path  a regular file of at most 1 GiB, inflated too
 * out   owned by the caller; NULL on failure
 *
 * The file holds exactly its shape's data.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_IO, WG_ERR_FORMAT (wg_context_error tells the byte:
 * "train.idx:2: 0x07 is no element type of IDX"), WG_ERR_RANGE (a rank outside 1..WG_MAX_RANK, more
 * than 1 GiB), WG_ERR_OVERFLOW (a shape whose bytes do not fit), WG_ERR_UNSUPPORTED (gzip without
 * zlib), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_idx_read(wg_context *ctx, const char *path, wg_tensor **out);

/** Options of wg_idx_read_dataset. Set `size` to sizeof(wg_idx_options); a zero elsewhere is the
 * default. */
typedef struct wg_idx_options {
    size_t size;
    double scale;      /**< multiplies every element of x; 0: 1/255 for u8, 1 for other types */
    bool has_channels; /**< x is [n, 1, rows, columns], for convolutions, not [n, rows * columns] */
    size_t max_bytes;  /**< bytes of each file at most, inflated too; 0: 1 GiB */
} wg_idx_options;

/**
 * Reads two files of IDX, as wg_idx_read does, into a data set.
 *
 * images_path  [n, ...] of any type and rank: x is f32, scaled, and [n, the product of the other
 *              dims]; with has_channels [n, rows, columns] becomes [n, 1, rows, columns], and rank
 *              4 is taken as [n, channels, rows, columns]
 * labels_path  [n] of an integer type: y is i64 [n]; NULL: there are no labels
 * options      NULL for the defaults
 * out          owned by the caller; NULL on failure
 *
 * Errors: as wg_idx_read, and WG_ERR_SHAPE (other counts, which are both told; other ranks),
 * WG_ERR_DTYPE (labels that are no integers).
 */
WG_NODISCARD WG_API wg_status wg_idx_read_dataset(wg_context *ctx, const char *images_path,
                                                  const char *labels_path,
                                                  const wg_idx_options *options, wg_dataset **out);

/* ---- running text ------------------------------------------------------------------------- */

/** A text as numbers of symbols, and the vocabulary that tells which symbol has which number. */
typedef struct wg_text wg_text;

/** What is one symbol. */
typedef enum wg_text_unit {
    WG_TEXT_CHARACTERS = 0, /**< a code point of UTF-8 */
    WG_TEXT_BYTES = 1,      /**< a byte, whatever the encoding */
    /** A word of UTF-8: letters and digits of ASCII, '_' and all beyond ASCII in a row; any other
     * printing character is a word of its own. Blanks and control characters divide words and are
     * left out. */
    WG_TEXT_WORDS = 2
} wg_text_unit;

/** How a vocabulary is numbered. */
typedef enum wg_text_order {
    WG_TEXT_BY_CODE = 0, /**< by the bytes of the symbols, which is the order of code points */
    WG_TEXT_BY_COUNT = 1 /**< the most frequent first, equals by their bytes */
} wg_text_order;

/** Options of wg_text_read. Set `size` to sizeof(wg_text_options); a zero elsewhere is the default.
 */
typedef struct wg_text_options {
    size_t size;
    wg_text_unit unit;
    wg_text_order order;
    bool is_lower;       /**< A to Z are read as a to z */
    const char *unknown; /**< symbol 0, which stands for all that have no number; NULL: none */
    int64_t max_symbols; /**< keeps the most frequent, so many with `unknown`; needs it. 0: all */
    const wg_text *vocabulary; /**< numbers by this text's vocabulary instead, with its unit, case
                                  and unknown symbol; the five options above stay 0 */
    size_t max_bytes;          /**< bytes of text at most, inflated; 0: 256 MiB */
} wg_text_options;

/**
 * Reads a text as symbols, plain or compressed with gzip (told by its first bytes). The numbers are
 * a function of text and options alone.
 *
 * path     a regular file; a byte-order mark of UTF-8 at its start is left out, but for bytes
 * options  NULL for the defaults: characters, by code
 * out      owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_IO, WG_ERR_FORMAT (not UTF-8: "book.txt:1071: not UTF-8" counts
 * bytes from 0, after inflating), WG_ERR_RANGE (more than max_bytes; a symbol without a number),
 * WG_ERR_UNSUPPORTED (gzip without zlib), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_text_read(wg_context *ctx, const char *path,
                                           const wg_text_options *options, wg_text **out);

/** As wg_text_read of a file that holds these bytes, plain; messages call it "text". `data` may be
 * NULL where `bytes` is 0. */
WG_NODISCARD WG_API wg_status wg_text_create(wg_context *ctx, const char *data, size_t bytes,
                                             const wg_text_options *options, wg_text **out);

/** Destroys a text; its tensor stays with who has retained it. NULL does nothing. */
WG_API void wg_text_destroy(wg_text *text);

/** The whole text: i64 [n], n its symbols, 0 for none. Owned by `text`; NULL for NULL. */
WG_API wg_tensor *wg_text_symbols(const wg_text *text);

/** The number of symbols that have a number; 0 for NULL. */
WG_API int64_t wg_text_vocabulary_size(const wg_text *text);

/** Symbol i as it stands in the text (a byte that is NUL: ""); NULL where there is none. Valid as
 * long as `text`. */
WG_API const char *wg_text_symbol(const wg_text *text, int64_t i);

/**
 * Numbers the symbols of a string by a text's vocabulary.
 *
 * string  UTF-8, or any bytes where symbols are bytes
 * out     receives the numbers; NULL with room 0 to ask how many there are
 * n       set to how many there are, also where room is too small; 0 on other failures
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_FORMAT (not UTF-8), WG_ERR_RANGE (more than `room`; a symbol
 * without a number where the text has no unknown one), WG_ERR_MEMORY; `out` is unchanged then.
 */
WG_NODISCARD WG_API wg_status wg_text_encode(const wg_text *text, const char *string, int64_t *out,
                                             size_t room, size_t *n);

/**
 * Cuts numbered text into examples for predicting the next symbol: row i of x is symbols
 * [i * stride, i * stride + length), and y is the same one further.
 *
 * symbols  i64 [n], n > length
 * length   >= 1
 * stride   >= 1; below `length` the rows overlap, and take as much more memory
 * out      x and y are i64 [rows, length], rows = (n - length - 1) / stride + 1, copied; owned by
 *          the caller, NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (length, stride), WG_ERR_DTYPE, WG_ERR_SHAPE (the rank, or
 * too few symbols), WG_ERR_STATE (a value of a graph), WG_ERR_OVERFLOW, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_dataset_windows(wg_context *ctx, const wg_tensor *symbols,
                                                 int64_t length, int64_t stride, wg_dataset **out);

/* ---- data sets ---------------------------------------------------------------------------- */

/**
 * Makes a data set of tensors, to which it takes references.
 *
 * x    rank >= 1, any dtype; its first dim counts the examples
 * y    rank >= 1 with the same first dim, or NULL
 * out  owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT (also tensors of another context), WG_ERR_SHAPE, WG_ERR_STATE (a value of
 * a graph), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_dataset_create(wg_context *ctx, wg_tensor *x, wg_tensor *y,
                                                wg_dataset **out);

/** Destroys a data set; batches made from it stay usable. NULL does nothing. */
WG_API void wg_dataset_destroy(wg_dataset *d);

/** The number of examples; 0 for NULL. */
WG_API int64_t wg_dataset_count(const wg_dataset *d);

/** The features, and the labels (NULL where there are none); NULL for NULL. Owned by d. */
WG_API wg_tensor *wg_dataset_x(const wg_dataset *d);
WG_API wg_tensor *wg_dataset_y(const wg_dataset *d);

/** The number of class names; 0 where the labels are not names, and for NULL. */
WG_API int64_t wg_dataset_class_count(const wg_dataset *d);

/** The name of class i; NULL where there is none. Valid as long as d. */
WG_API const char *wg_dataset_class_name(const wg_dataset *d, int64_t i);

/**
 * Divides the examples in two: n_test of them into `test`, the others into `train`, copied.
 *
 * n_test  0 to the number of examples
 * rng     the stream that shuffles the rows first, advanced on success alone; NULL: the last
 *         n_test rows are the test
 * train, test  owned by the caller, class names included; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (n_test), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_dataset_split(const wg_dataset *d, int64_t n_test, wg_rng *rng,
                                               wg_dataset **train, wg_dataset **test);

/**
 * Copies rows: dst[i] = src[indices[i]] for i < n, along the first axis.
 *
 * src  [m, ...], rank >= 1
 * dst  [n, ...], of src's dtype and other dims; not src. Its version is bumped
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_DTYPE, WG_ERR_SHAPE, WG_ERR_RANGE (an index outside [0, m)),
 * WG_ERR_STATE (a tensor without data, or a dst that cannot be written); dst is unchanged then.
 */
WG_API wg_status wg_tensor_rows(const wg_tensor *src, const int64_t *indices, int64_t n,
                                wg_tensor *dst);

/* ---- transforms --------------------------------------------------------------------------- */

/**
 * A shift and a scale for each feature, x -> (x - shift) * scale: fitted to one set of examples,
 * applied to others. The features of a tensor lie along axis 1: a number in each row of [n, d], a
 * channel of [n, channels, rows, columns]; all of [n] is one feature. Immutable.
 */
typedef struct wg_scaling wg_scaling;

/** What a scaling is fitted to. */
typedef enum wg_scaling_kind {
    WG_SCALING_STANDARD = 0, /**< mean 0 and variance 1, that of the population (divided by n) */
    WG_SCALING_RANGE = 1     /**< the smallest value 0, the largest 1 */
} wg_scaling_kind;

/**
 * Fits a scaling to examples, in f64. A constant feature is shifted to 0 and not scaled; one that
 * is not finite throughout gives what is not finite.
 *
 * x    rank >= 1, any dtype, with at least one element
 * out  owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_SHAPE, WG_ERR_STATE (a value past its reset), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_scaling_fit(const wg_tensor *x, wg_scaling_kind kind,
                                             wg_scaling **out);

/**
 * Makes a scaling of given numbers: those of wg_scaling_shift and wg_scaling_scale of an earlier
 * one, or any others.
 *
 * n             >= 1 features; 1: the numbers hold for all elements of whatever they are applied to
 * shift, scale  n of each, copied
 * out           owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (n), WG_ERR_OVERFLOW, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_scaling_create(wg_context *ctx, int64_t n, const double *shift,
                                                const double *scale, wg_scaling **out);

/** NULL does nothing. */
WG_API void wg_scaling_destroy(wg_scaling *s);

/** The shifts and the scales, f64 [n]: to be read and saved. Owned by s; NULL for NULL. */
WG_API wg_tensor *wg_scaling_shift(const wg_scaling *s);
WG_API wg_tensor *wg_scaling_scale(const wg_scaling *s);

/**
 * Applies a scaling, (x - shift) * scale, or undoes it, x / scale + shift; in f64, then rounded.
 *
 * x    rank >= 1, any dtype, with the scaling's number of features
 * out  f64 where x is, else f32, of x's shape; owned by the caller, NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT (also a tensor of another context), WG_ERR_SHAPE, WG_ERR_STATE (a value
 * past its reset), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_scaling_apply(const wg_scaling *s, const wg_tensor *x,
                                               wg_tensor **out);
WG_NODISCARD WG_API wg_status wg_scaling_invert(const wg_scaling *s, const wg_tensor *x,
                                                wg_tensor **out);

/** A data set of d's features scaled, with d's labels and class names; owned by the caller, NULL on
 * failure. Errors: as wg_scaling_apply. */
WG_NODISCARD WG_API wg_status wg_dataset_scale(const wg_dataset *d, const wg_scaling *s,
                                               wg_dataset **out);

/**
 * A data set of d's features, with labels as rows of a 1 among 0s: y i64 [n] becomes f32
 * [n, n_classes].
 *
 * n_classes  0: as many as d has class names, or else the largest label and one
 * out        shares x and class names with d; owned by the caller, NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_STATE (there are no labels), WG_ERR_DTYPE, WG_ERR_SHAPE,
 * WG_ERR_RANGE (n_classes; a label outside [0, n_classes), told with its row), WG_ERR_OVERFLOW,
 * WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_dataset_one_hot(const wg_dataset *d, int64_t n_classes,
                                                 wg_dataset **out);

/**
 * Moves each image by its own random numbers of pixels, in [-most, most] down and right, zeros
 * where nothing comes in; all channels of an image alike. In place, for batches: call it between
 * wg_batches_next and the graph's use of the batch.
 *
 * images  [n, rows, columns] or [n, channels, rows, columns], any dtype; its version is bumped
 * rng     the stream, two draws for each image in order. To go on bit by bit after a stop, save
 *         it beside the wg_batches_state
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_SHAPE, WG_ERR_RANGE (most < 0), WG_ERR_STATE (a value of a
 * graph); nothing has changed then.
 */
WG_API wg_status wg_images_shift(wg_tensor *images, int32_t most, wg_rng *rng);

/** Mirrors each image left to right with a probability in [0, 1]; one draw for each. Otherwise as
 * wg_images_shift; WG_ERR_RANGE (probability). */
WG_API wg_status wg_images_flip(wg_tensor *images, double probability, wg_rng *rng);

/* ---- batches ------------------------------------------------------------------------------ */

/** Walks over a data set batch by batch, each epoch in a new order. */
typedef struct wg_batches wg_batches;

/** A batch. The tensors belong to the wg_batches and are overwritten by its next call: reset or
 * refresh graphs that recorded them. */
typedef struct wg_batch {
    wg_tensor *x;  /**< [n, ...] */
    wg_tensor *y;  /**< [n, ...], or NULL without labels */
    int64_t n;     /**< examples in this batch */
    int64_t first; /**< examples of this epoch before it */
} wg_batch;

/** All that decides which batches follow: save it, and set it to go on from there. */
typedef struct wg_batches_state {
    wg_rng rng;   /**< the stream as it was before this epoch's shuffle */
    int64_t next; /**< examples of this epoch already handed out */
} wg_batches_state;

/**
 * Creates the batches of a data set. All memory is taken here, none by wg_batches_next.
 *
 * batch      examples in each, >= 1
 * rng        the stream that shuffles each epoch; copied. NULL: the rows as they stand
 * drop_last  leave out the last batch of an epoch where it is not full
 * out        owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (batch), WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_batches_create(const wg_dataset *d, int64_t batch,
                                                const wg_rng *rng, bool drop_last,
                                                wg_batches **out);

/** NULL does nothing. */
WG_API void wg_batches_destroy(wg_batches *b);

/**
 * Fills the next batch of the epoch and returns true; at its end returns false, zeroes *out, and
 * has begun the next epoch. It cannot fail: false for NULL.
 */
WG_API bool wg_batches_next(wg_batches *b, wg_batch *out);

/** The number of batches in an epoch; 0 for NULL. */
WG_API int64_t wg_batches_count(const wg_batches *b);

/** Reads and sets the state. Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (next is not at a batch of this
 * data set; nothing has changed). */
WG_API wg_status wg_batches_get_state(const wg_batches *b, wg_batches_state *out);
WG_API wg_status wg_batches_set_state(wg_batches *b, const wg_batches_state *state);

/* ---- streams ------------------------------------------------------------------------------ */

/**
 * Walks over numbered text for stateful recurrent networks, which carry their state from each batch
 * to the next (backpropagation through time, truncated to `steps`): the text is cut into `batch`
 * streams of equal length, and row k of every batch goes on where row k of the one before ended.
 */
typedef struct wg_streams wg_streams;

/**
 * Creates the streams of a text, to whose tensor it takes a reference. All memory is taken here.
 *
 * symbols    i64 [n], n > batch; stream k is symbols [k * l, k * l + l], l = (n - 1) / batch, of
 *            which neighbours share the end; (n - 1) % batch symbols at the end are left out
 * batch      >= 1
 * steps      >= 1
 * drop_last  leave out the last batch of an epoch where it has fewer steps
 * out        owned by the caller; NULL on failure
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (batch, steps), WG_ERR_DTYPE, WG_ERR_SHAPE (the rank, or
 * too few symbols), WG_ERR_STATE (a value of a graph), WG_ERR_OVERFLOW, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_streams_create(wg_tensor *symbols, int64_t batch, int64_t steps,
                                                bool drop_last, wg_streams **out);

/** NULL does nothing. */
WG_API void wg_streams_destroy(wg_streams *s);

/**
 * Fills the next batch and returns true; at the end of the text returns false, zeroes *out, and is
 * at the start again. x and y are i64 [batch, steps] ([batch, the rest] at the last), y one symbol
 * further than x; n is `batch`; first is the steps of this epoch before it, so that 0 says: begin
 * with a fresh state. The tensors belong to the wg_streams and are overwritten by its next call. It
 * cannot fail: false for NULL.
 */
WG_API bool wg_streams_next(wg_streams *s, wg_batch *out);

/** The number of batches in an epoch; 0 for NULL. */
WG_API int64_t wg_streams_count(const wg_streams *s);

/** All that decides which batches follow: the steps of this epoch already handed out; 0 for NULL.
 */
WG_API int64_t wg_streams_state(const wg_streams *s);

/** Goes on from a state. Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (it is at no batch of these streams;
 * nothing has changed). */
WG_API wg_status wg_streams_set_state(wg_streams *s, int64_t state);

#ifdef __cplusplus
}
#endif
#endif
