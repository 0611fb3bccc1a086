/* Models: named parameters and the tree of modules that they stand in.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_MODEL_H
#define WG_MODEL_H

#include <wengert/graph.h>
#include <wengert/init.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A set of named parameters, in order of creation. It owns them. */
typedef struct wg_model wg_model;

/** Creates an empty model. Errors: WG_ERR_ARGUMENT, WG_ERR_MEMORY. */
WG_NODISCARD WG_API wg_status wg_model_create(wg_context *ctx, wg_model **out);

/** Destroys a model and its parameters; graphs that used them must have been reset or destroyed.
 * NULL does nothing. */
WG_API void wg_model_destroy(wg_model *m);

/**
 * Makes a read-only view of m for another context: parameters of the same names on the same
 * memory, frozen for good. Several contexts may read at once if none writes. m must outlive it, and
 * is not flattened meanwhile.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_model_share(wg_model *m, wg_context *ctx, wg_model **out);

/** The context of a model; NULL for NULL. */
WG_API wg_context *wg_model_context(const wg_model *m);

/** The number of parameters, and of their elements in all; 0 for NULL. */
WG_API size_t wg_model_count(const wg_model *m);
WG_API int64_t wg_model_elements(const wg_model *m);

/** The i-th parameter; NULL where there is none. Owned by the model. */
WG_API wg_param *wg_model_param(const wg_model *m, size_t i);

/** The parameter of that name; NULL where there is none. */
WG_API wg_param *wg_model_find(const wg_model *m, const char *name);

/* ---- modules ------------------------------------------------------------------------------ */

/**
 * Begins a module: a part of the model with a name. The names of parameters, buffers and modules
 * that are made before it ends stand below it: "weight" within "attn.q" within "encoder.0" is
 * "encoder.0.attn.q.weight". The library's layers are made so, and yours are on equal terms:
 *
 *     wg_status s = wg_module_begin(m, name, "mlp", &mlp->module);
 *     if (s != WG_OK) {
 *         return s;
 *     }
 *     s = wg_linear_create(m, "up", width, 4 * width, NULL, &mlp->up);
 *     s = s ? s : wg_linear_create(m, "down", 4 * width, width, NULL, &mlp->down);
 *     return wg_module_end(m, s);
 *
 * name  as a parameter's; may hold dots itself
 * kind  what it is, for summaries; 1 to 63 bytes of printable ASCII, copied
 * out   owned by the model; may be NULL
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_NAME (also a path over 255 bytes), WG_ERR_MEMORY; no module has
 * begun then.
 */
WG_NODISCARD WG_API wg_status wg_module_begin(wg_model *m, const char *name, const char *kind,
                                              const wg_module **out);

/**
 * Ends the module that was begun last.
 *
 * status   how making it went. If it is not WG_OK, the model is again as it was when the module
 *          began: the parameters made since then are no longer in it, and its stream of random
 *          numbers goes on from there. Streams of your own are not set back
 * returns  status
 *
 * Until every module has ended, the model is neither flattened nor shared, and no optimizer steps.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_STATE (none has begun).
 */
WG_NODISCARD WG_API wg_status wg_module_end(wg_model *m, wg_status status);

/** The whole name, "encoder.0.attn.q", and the kind; "" for NULL. Owned by the model. */
WG_API const char *wg_module_name(const wg_module *module);
WG_API const char *wg_module_kind(const wg_module *module);

/** The number of modules, and the i-th in order of beginning; NULL where there is none. */
WG_API size_t wg_model_module_count(const wg_model *m);
WG_API const wg_module *wg_model_module(const wg_model *m, size_t i);

/**
 * Freezes or thaws every parameter at or below a name: "encoder" is "encoder.0.weight" too, not
 * "encoders.weight". Buffers stay frozen.
 *
 * path  the whole name of a module or parameter; NULL or "": all
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_NAME (nothing stands there), WG_ERR_STATE (thawing a shared
 * model).
 */
WG_API wg_status wg_model_set_frozen(wg_model *m, const char *path, bool is_frozen);

/* ---- parameters --------------------------------------------------------------------------- */

/**
 * Adds a parameter. In a shared model it finds the one of that name instead: what makes the layers
 * of a model makes them anew for a view of it.
 *
 * name  unique in the model, with the names of the modules that have begun 1 to 255 bytes of
 *       printable ASCII; copied
 * init  NULL: zeros
 * out   owned by the model; may be NULL
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_NAME (not a name, taken; of a shared model: not there),
 * WG_ERR_SHAPE and WG_ERR_DTYPE (of a shared model: the one there is another), WG_ERR_DTYPE (not
 * floating), those of wg_tensor_create.
 */
WG_NODISCARD WG_API wg_status wg_param_create(wg_model *m, const char *name, wg_dtype dtype,
                                              int32_t rank, const int64_t *dims,
                                              const wg_init *init, wg_param **out);

/**
 * Adds a buffer: a tensor of the model that never learns, running statistics say. It is a parameter
 * that is frozen for good; files hold it, and wg_assign writes it.
 * Arguments and errors: as wg_param_create.
 */
WG_NODISCARD WG_API wg_status wg_buffer_create(wg_model *m, const char *name, wg_dtype dtype,
                                               int32_t rank, const int64_t *dims,
                                               const wg_init *init, wg_param **out);

/** Whether it is a buffer; false for NULL. */
WG_API bool wg_param_is_buffer(const wg_param *p);

/** The name; "" for NULL. Owned by the parameter. */
WG_API const char *wg_param_name(const wg_param *p);

/** The value; NULL for NULL. Owned by the parameter. Write through wg_tensor_data_mutable, which
 * gives NULL for a shared one. */
WG_API wg_tensor *wg_param_value(const wg_param *p);

/** The gradient, or NULL while it is empty. Owned by the parameter. */
WG_API const wg_tensor *wg_param_gradient(const wg_param *p);

/** Marks the gradient empty. NULL does nothing. */
WG_API void wg_param_clear_gradient(wg_param *p);

/** Marks every gradient of a model empty. NULL does nothing. */
WG_API void wg_model_clear_gradients(wg_model *m);

/** A frozen parameter wants no gradient in lists recorded from now on, and is skipped by
 * optimizers. Errors: WG_ERR_ARGUMENT, WG_ERR_STATE (thawing a shared one, or a buffer). */
WG_API wg_status wg_param_set_frozen(wg_param *p, bool is_frozen);
WG_API bool wg_param_is_frozen(const wg_param *p);

/* ---- all parameters at once --------------------------------------------------------------- */

/**
 * Moves the values of all parameters into one block of memory, and the gradients into another, so
 * that tools see each as one vector: wg_model_flat_value, wg_model_flat_gradient. Parameters, their
 * names, tensors, gradients and versions stay what they are, and graphs that recorded them go on;
 * only addresses that wg_tensor_data gave before are past.
 *
 * The parameters lie in their order of creation, row-major, each at the next multiple of 64 bytes:
 * wg_param_flat_offset. The elements between them are zeros and belong to nobody.
 *
 * Parameters added later lie elsewhere. Until the model is flattened again, into new blocks, it
 * then has no flat views; those of before, if they were retained, keep a copy that is refused by
 * graphs that recorded it. A model that is flat stays as it is. Not from within a callback of a
 * run.
 *
 * Errors, by which nothing has changed: WG_ERR_ARGUMENT, WG_ERR_STATE (a shared model, one with
 * views by wg_model_share, or inside a callback), WG_ERR_DTYPE (the parameters are of
 * several dtypes), WG_ERR_OVERFLOW, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_model_flatten(wg_model *m);

/**
 * The values as one tensor of rank 1, on the parameters' own memory; NULL where the model is not
 * flat. Owned by the model. Writable as any tensor: a write through it counts as a change of every
 * parameter, a write to a parameter as a change of the vector, so that graphs refuse what they
 * recorded before.
 */
WG_API wg_tensor *wg_model_flat_value(wg_model *m);

/**
 * The gradients likewise, where backward runs leave them; NULL where the model is not flat. The
 * elements of parameters whose gradient is empty are set to 0 by this call. Writing changes what
 * the next optimizer step reads, for parameters whose gradient is not empty.
 */
WG_API wg_tensor *wg_model_flat_gradient(wg_model *m);

/** The place of the parameter's first element in the flat views; -1 where there are none. */
WG_API int64_t wg_param_flat_offset(const wg_param *p);

/**
 * Copy all elements, of any model, to or from memory of the caller's own: parameters in order of
 * creation, row-major, nothing in between; n is wg_model_elements. Gradients that are empty read as
 * zeros. Setting converts as wg_cast does, values of frozen parameters too; gradients of frozen
 * ones are passed over, the others count from then on as if a backward run had made them. Errors,
 * by which nothing has changed: WG_ERR_ARGUMENT, WG_ERR_RANGE (n is another count), WG_ERR_STATE
 * (setting, of a shared model), WG_ERR_MEMORY (setting gradients).
 */
WG_NODISCARD WG_API wg_status wg_model_get_values(const wg_model *m, double *out, size_t n);
WG_NODISCARD WG_API wg_status wg_model_set_values(wg_model *m, const double *values, size_t n);
WG_NODISCARD WG_API wg_status wg_model_get_gradients(const wg_model *m, double *out, size_t n);
WG_NODISCARD WG_API wg_status wg_model_set_gradients(wg_model *m, const double *gradients,
                                                     size_t n);

/* ---- files -------------------------------------------------------------------------------- */

/**
 * Writes all parameters as safetensors (little-endian, C order) into a temporary file beside
 * `path`, then renames it over it: a reader sees the old file or the new one, whole.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_IO, WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_model_save(const wg_model *m, const char *path);

/**
 * Reads parameters by name. Names and shapes must agree exactly; floating and small integer dtypes
 * are converted. All or nothing: on an error no parameter has changed. Of a checkpoint
 * (checkpoint.h) the parameters are read, and the rest is passed over.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_STATE (a shared model), WG_ERR_IO, WG_ERR_FORMAT, WG_ERR_NAME
 * (missing or unexpected), WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_MEMORY; wg_context_error tells the
 * names at fault of every kind together, and which ones were likely meant:
 *
 *   net.safetensors: it does not fit the model
 *     missing     encoder.0.attn.weight
 *     unexpected  encoder.0.atn.weight
 *     hint: 'encoder.0.atn.weight' is not in the model; did you mean 'encoder.0.attn.weight'?
 */
WG_NODISCARD WG_API wg_status wg_model_load(wg_model *m, const char *path);

/** What wg_model_load_with reads, for fine tuning. Set `size` to sizeof(wg_model_load_options); a
 * zero elsewhere is the default, and all defaults are wg_model_load. */
typedef struct wg_model_load_options {
    size_t size;
    /** Begins the names of the tensors that are looked at; the others are passed over. NULL: "". */
    const char *prefix_in_file;
    /** Begins the names of the parameters that are read, in the place of prefix_in_file; the others
     * stay as they are. NULL: "". */
    const char *prefix_in_model;
    bool allow_missing;    /**< parameters that the file does not have stay as they are */
    bool allow_unexpected; /**< tensors that the model does not have are passed over */
    bool allow_mismatched; /**< parameters of another shape or dtype stay as they are */
} wg_model_load_options;

/** What a load found; the counts are right after a failure to fit, too. */
typedef struct wg_model_load_report {
    size_t loaded;     /**< parameters read; 0 after a failure */
    size_t missing;    /**< parameters that the file does not have */
    size_t unexpected; /**< tensors that the model does not have */
    size_t mismatched; /**< parameters that the file has in another shape or dtype */
} wg_model_load_report;

/**
 * Reads parameters by name, as far as the options ask: "encoder.0.weight" of the model from
 * "module.encoder.0.weight" of the file, or all but the last layer. What is not allowed is an error
 * as in wg_model_load, and so is a file of which nothing at all fits. All or nothing.
 *
 * options  NULL: the defaults
 * report   may be NULL
 *
 * Errors: those of wg_model_load.
 */
WG_NODISCARD WG_API wg_status wg_model_load_with(wg_model *m, const char *path,
                                                 const wg_model_load_options *options,
                                                 wg_model_load_report *report);

#ifdef __cplusplus
}
#endif
#endif
