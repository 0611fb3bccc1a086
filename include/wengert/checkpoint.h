/* Checkpoints: all of a training in one file, to go on from.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CHECKPOINT_H
#define WG_CHECKPOINT_H

#include <wengert/data.h>
#include <wengert/io.h>
#include <wengert/model.h>
#include <wengert/optimizer.h>
#include <wengert/schedule.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A number of the program's own, an epoch or the best loss: one of the two pointers, not NULL, is
 * what is saved and where it is loaded to. */
typedef struct wg_checkpoint_number {
    const char *name; /**< unique among numbers, 1 to 255 bytes of printable ASCII */
    double *real;
    int64_t *integer;
} wg_checkpoint_number;

/** A tensor of the program's own, saved, and loaded in place: dtype and shape must agree. */
typedef struct wg_checkpoint_tensor {
    const char *name; /**< unique among tensors, 1 to 255 bytes of printable ASCII */
    wg_tensor *tensor;
} wg_checkpoint_tensor;

/**
 * What belongs to a training. Set `size` to sizeof(wg_checkpoint); a zero elsewhere leaves that
 * part out. The same struct serves to save and to load:
 *
 *     wg_checkpoint_number epoch = {.name = "epoch", .integer = &n};
 *     wg_checkpoint all = {.size = sizeof all, .model = m, .optimizer = o, .batches = b,
 *                          .graph = g, .numbers = &epoch, .n_numbers = 1};
 *
 * Everything is saved to the last bit. A program that makes its objects as before, in a context of
 * the same seed, loads, and goes on has the bits of one that never stopped. It saves at the end of
 * a step: between wg_optimizer_step (and wg_schedule_step) and the next reset or refresh of the
 * graph. Gradients are not saved.
 */
typedef struct wg_checkpoint {
    size_t size;
    wg_model *model;         /**< every parameter, under its own name */
    wg_optimizer *optimizer; /**< its state of every parameter, and the rate */
    wg_schedule *schedule;   /**< wg_schedule_state */
    wg_batches *batches;     /**< wg_batches_state */
    wg_streams *streams;     /**< wg_streams_state */
    wg_graph *graph;         /**< its random stream and step */
    wg_rng *const *rngs;     /**< n_rngs streams of the program's own */
    size_t n_rngs;
    const wg_checkpoint_number *numbers;
    size_t n_numbers;
    const wg_checkpoint_tensor *tensors;
    size_t n_tensors;
} wg_checkpoint;

/**
 * Writes a checkpoint over `path`, as wg_safetensors_write does: a reader, and a program that was
 * killed, finds the old file or the new one, whole.
 *
 * The file is safetensors. Parameters stand under their own names, so that wg_model_load and other
 * programs read it as weights. All else has names that begin with "wengert.", and the metadata have
 * an entry "wengert.checkpoint" with the version of this form, "1":
 *
 *     wengert.optimizer.*      the optimizer's state; metadata "wengert.optimizer": its name
 *     wengert.rate             F64 []: its rate
 *     wengert.schedule.counts  I64 [4]: kind, step, n_bad, cooldown
 *     wengert.schedule.rates   F64 [3]: base, level, best
 *     wengert.batches          I64 [5]: the four words of rng, next
 *     wengert.streams          I64 []
 *     wengert.graph            I64 [3]: stream, step, the context's seed
 *     wengert.rngs             I64 [n, 4]
 *     wengert.number.NAME      F64 [] or I64 []
 *     wengert.tensor.NAME      as it is
 *
 * where an I64 stands for the same 64 bits without a sign. While it saves, it holds a copy of the
 * optimizer's state.
 * Errors: WG_ERR_ARGUMENT (also parts of another context), WG_ERR_NAME (taken, or not of the form
 * above; a parameter whose name begins with "wengert."), WG_ERR_STALE (a tensor without data),
 * WG_ERR_IO, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_checkpoint_save(wg_context *ctx, const char *path,
                                                 const wg_checkpoint *checkpoint);

/**
 * Reads the parts that are asked for; others in the file are passed over, so that an evaluation
 * asks for the model alone. All or nothing: the whole file is judged before the first change, and
 * on an error everything is as it was.
 *
 * Parameters must agree as in wg_model_load. Optimizer and schedule must be of the same kind; their
 * options are the program's. The schedule's rate and then the saved rate are set. Graphs that
 * recorded a parameter must be reset or refreshed, as after an optimizer's step.
 *
 * Errors: WG_ERR_ARGUMENT (also parts of another context), WG_ERR_IO, WG_ERR_FORMAT (no checkpoint,
 * one of a later version, or a part that is not of its form), WG_ERR_NAME (a part, number, tensor
 * or parameter that the file does not have), WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_RANGE (batches or
 * streams of other data, another number of rngs), WG_ERR_STATE (another optimizer, schedule or
 * seed; a shared model; a tensor that cannot be written; inside a callback), WG_ERR_MEMORY;
 * wg_context_error tells which.
 */
WG_NODISCARD WG_API wg_status wg_checkpoint_load(wg_context *ctx, const char *path,
                                                 const wg_checkpoint *checkpoint);

#ifdef __cplusplus
}
#endif
#endif
