-- wengert: reverse-mode automatic differentiation, through the C library's flat interface.
-- SPDX-License-Identifier: Apache-2.0
--
--   local w = require "wengert"
--   local ctx = w.context(); local g = ctx:graph(); local x = g:variable({1, 2}, {2})
--   (x * x):sum():backward(); x:gradient()          -- {2, 2}: data in row-major order, and the shape
--
-- Ops are w.ops.NAME(inputs..., {attributes}) and methods of nodes: x:softmax{axis = 1}. Errors are
-- raised with the text of the library. The library is that of WENGERT_LIBRARY, of the installation
-- that this file is part of, or the system's.
local ffi = require "ffi"

ffi.cdef [[
typedef struct wg_node { void *graph; uint32_t index; uint32_t epoch; } wg_node;
typedef struct wg_attribute { const char *name; int kind; int64_t integer; double real;
    const int64_t *list; size_t length; const char *text; } wg_attribute;
typedef struct wg_config { size_t size; const void *allocator; uint64_t seed; int32_t threads;
    uint32_t without; uint32_t without_passes; bool eager; bool thread_invariant;
    uint32_t plan_cache_count; size_t plan_cache_bytes; const void *log; int compute;
    size_t memory_limit; } wg_config;
typedef struct wg_init { int kind; double a; double b; double gain; void *rng; double fan_in; double fan_out; } wg_init;
typedef struct wg_sgd_options { size_t size; double rate; double momentum; double weight_decay;
    bool is_nesterov; double dampening; } wg_sgd_options;
typedef struct wg_adam_options { size_t size; double rate; double beta1; double beta2;
    double epsilon; double weight_decay; bool is_amsgrad; } wg_adam_options;
const char *wg_status_name(int status);
const char *wg_graph_error(void *g);
const char *wg_context_error(const void *ctx);
int wg_context_create(const wg_config *config, void **out);
void wg_context_destroy(void *ctx);
int wg_graph_create(void *ctx, void **out);
void wg_graph_destroy(void *g);
int wg_graph_reset(void *g);
int wg_graph_refresh(void *g);
int wg_graph_set_training(void *g, bool is_training);
wg_node wg_graph_node(void *g, uint32_t i);
wg_node wg_input(void *g, void *t);
wg_node wg_variable(void *g, void *t);
wg_node wg_use(void *g, void *p);
wg_node wg_name(wg_node n, const char *name);
wg_node wg_output(wg_node n, int32_t i);
int wg_keep(wg_node n);
bool wg_is_valid(wg_node n);
int wg_node_dtype(wg_node n);
int wg_backward(wg_node loss);
const void *wg_value(wg_node n);
const void *wg_gradient(wg_node n);
int wg_get_item(wg_node n, double *out);
int wg_tensor_from(void *ctx, int dtype, int32_t rank, const int64_t *dims, int source,
                   const void *data, void **out);
void wg_tensor_destroy(void *t);
int32_t wg_tensor_rank(const void *t);
const int64_t *wg_tensor_dims(const void *t);
int64_t wg_tensor_count(const void *t);
double wg_tensor_get(const void *t, int64_t i);
int wg_apply(void *g, const char *op, const uint32_t *inputs, size_t n_inputs,
             const wg_attribute *attributes, size_t n_attributes, uint32_t *outputs,
             size_t *n_outputs);
int wg_model_create(void *ctx, void **out);
void wg_model_destroy(void *m);
int wg_param_create(void *m, const char *name, int dtype, int32_t rank, const int64_t *dims,
                    const wg_init *init, void **out);
const void *wg_param_value(const void *p);
const void *wg_param_gradient(const void *p);
int wg_sgd_create(void *m, const wg_sgd_options *options, void **out);
int wg_adam_create(void *m, const wg_adam_options *options, void **out);
void wg_optimizer_destroy(void *o);
int wg_optimizer_step(void *o);
]]

local function open()
    local path = os.getenv "WENGERT_LIBRARY"
    local here = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$" or "."
    for _, middle in ipairs { "lib", "lib/" .. jit.arch .. "-linux-gnu",
                              "lib/" .. (jit.arch == "x64" and "x86_64" or "aarch64") .. "-linux-gnu" } do
        local name = here .. "/../../" .. middle .. "/libwengert.so"
        local file = not path and io.open(name)
        if file then
            file:close()
            path = name
        end
    end
    return ffi.load(path or "wengert")
end

local lib = open()
local M = { ops = {}, doc = {} }
local dtypes = { f32 = 1, f64 = 2, i64 = 3, bool = 4, u8 = 5 }
local inits = { zeros = 0, normal = 1, uniform = 2, xavier_uniform = 3, xavier_normal = 4,
                he_uniform = 5, he_normal = 6, truncated_normal = 7, orthogonal = 8, constant = 9 }

local function check(status, text)
    if status ~= 0 then
        text = ffi.string(text)
        error(text ~= "" and text or ffi.string(lib.wg_status_name(status)), 0)
    end
end

-- Keeps what a pointer was made from alive, and destroys it with the last reference.
local function own(pointer, destroy)
    return ffi.gc(pointer[0], destroy)
end

local function int64s(list)
    local out = ffi.new("int64_t[?]", math.max(#list, 1))
    for i, v in ipairs(list) do
        out[i - 1] = v
    end
    return out
end

-- The elements of a tensor in row-major order, and its shape; a number where its rank is 0.
local function read(t)
    if t == nil then
        return nil
    end
    local rank, dims, values, shape = lib.wg_tensor_rank(t), lib.wg_tensor_dims(t), {}, {}
    for i = 1, tonumber(lib.wg_tensor_count(t)) do
        values[i] = lib.wg_tensor_get(t, i - 1)
    end
    for i = 1, rank do
        shape[i] = tonumber(dims[i - 1])
    end
    return rank == 0 and values[1] or values, shape
end

-- ---- nodes -------------------------------------------------------------------------------------

local Node, Graph, Context, Model, Optimizer = {}, {}, {}, {}, {}
Graph.__index, Context.__index, Model.__index, Optimizer.__index = Graph, Context, Model, Optimizer
Node.__index = function(_, name) return Node[name] or M.ops[name] end
Graph.__index = function(_, name) return Graph[name] or M.ops[name] end

local function node(graph, handle)
    if not lib.wg_is_valid(handle) then
        error(ffi.string(lib.wg_graph_error(graph.p)), 0)
    end
    return setmetatable({ graph = graph, h = handle }, Node)
end

local function is_node(x)
    return getmetatable(x) == Node
end

-- Names the node for messages; returns it.
function Node:name_as(name)
    lib.wg_name(self.h, name)
    return self
end

-- Has every later run deliver the value; returns the node.
function Node:keep()
    check(lib.wg_keep(self.h), lib.wg_graph_error(self.graph.p))
    return self
end

-- The i-th output, from 0, of the op that made this node.
function Node:output(i)
    return node(self.graph, lib.wg_output(self.h, i))
end

function Node:backward()
    check(lib.wg_backward(self.h), lib.wg_graph_error(self.graph.p))
end

function Node:item()
    local out = ffi.new "double[1]"
    check(lib.wg_get_item(self.h, out), lib.wg_graph_error(self.graph.p))
    return out[0]
end

function Node:value()
    local t = lib.wg_value(self.h)
    if t == nil then
        error(ffi.string(lib.wg_graph_error(self.graph.p)), 0)
    end
    return read(t)
end

-- A variable's gradient; nil while there is none.
function Node:gradient()
    return read(lib.wg_gradient(self.h))
end

Node.__add = function(a, b) return M.ops.add(a, b) end
Node.__sub = function(a, b) return M.ops.sub(a, b) end
Node.__mul = function(a, b) return M.ops.mul(a, b) end
Node.__div = function(a, b) return M.ops.div(a, b) end
Node.__unm = function(a) return M.ops.neg(a) end

-- ---- graphs ------------------------------------------------------------------------------------

local function leaf(graph, record, data, shape, dtype)
    local flat = type(data) == "table" and data or { data }
    local values = ffi.new("double[?]", math.max(#flat, 1), flat)
    local out = ffi.new "void *[1]"
    shape = shape or {}
    check(lib.wg_tensor_from(graph.ctx.p, dtypes[dtype or "f32"], #shape, int64s(shape), 2, values,
                             out), lib.wg_context_error(graph.ctx.p))
    local handle = record(graph.p, out[0])
    lib.wg_tensor_destroy(out[0])
    return node(graph, handle)
end

-- Data in row-major order, or a number; f32 unless told.
function Graph:input(data, shape, dtype)
    return leaf(self, lib.wg_input, data, shape, dtype)
end

function Graph:variable(data, shape, dtype)
    return leaf(self, lib.wg_variable, data, shape, dtype)
end

function Graph:use(param)
    self.kept[#self.kept + 1] = param
    return node(self, lib.wg_use(self.p, param.p))
end

function Graph:reset()
    check(lib.wg_graph_reset(self.p), lib.wg_graph_error(self.p))
    self.kept = {}
end

function Graph:refresh()
    check(lib.wg_graph_refresh(self.p), lib.wg_graph_error(self.p))
end

function Graph:set_training(is_training)
    check(lib.wg_graph_set_training(self.p, is_training), lib.wg_graph_error(self.p))
end

function Context:graph()
    local out = ffi.new "void *[1]"
    check(lib.wg_graph_create(self.p, out), lib.wg_context_error(self.p))
    return setmetatable({ ctx = self, kept = {}, p = own(out, lib.wg_graph_destroy) }, Graph)
end

-- options: seed, threads, eager
function M.context(options)
    options = options or {}
    local out = ffi.new "void *[1]"
    local config = ffi.new("wg_config", { size = ffi.sizeof "wg_config" })
    config.seed, config.threads = options.seed or 0, options.threads or 0
    config.eager = options.eager or false
    check(lib.wg_context_create(config, out), "")
    -- The library demands that a context goes last, which a collector does not promise: it stays.
    return setmetatable({ p = out[0] }, Context)
end

-- ---- models ------------------------------------------------------------------------------------

local Param = {}
Param.__index = Param

function Param:value()
    return read(lib.wg_param_value(self.p))
end

function Param:gradient()
    return read(lib.wg_param_gradient(self.p))
end

function Context:model()
    local out = ffi.new "void *[1]"
    check(lib.wg_model_create(self.p, out), lib.wg_context_error(self.p))
    return setmetatable({ ctx = self, p = out[0] }, Model) -- graphs refer to it: it stays too
end

-- init: a name; a and b are mean and deviation, or the ends of an interval.
function Model:param(name, shape, dtype, init, a, b)
    local out = ffi.new "void *[1]"
    local how = ffi.new("wg_init", { kind = inits[init or "xavier_uniform"], a = a or 0, b = b or 1 })
    check(lib.wg_param_create(self.p, name, dtypes[dtype or "f32"], #shape, int64s(shape), how, out),
          lib.wg_context_error(self.ctx.p))
    return setmetatable({ model = self, p = out[0] }, Param)
end

local function optimizer(model, create, kind, options)
    local out = ffi.new "void *[1]"
    options.size = ffi.sizeof(kind)
    check(create(model.p, ffi.new(kind, options), out), lib.wg_context_error(model.ctx.p))
    return setmetatable({ model = model, p = own(out, lib.wg_optimizer_destroy) }, Optimizer)
end

-- options: rate, momentum, weight_decay, is_nesterov, dampening; rate, beta1, beta2, epsilon,
-- weight_decay, is_amsgrad
function Model:sgd(options)
    return optimizer(self, lib.wg_sgd_create, "wg_sgd_options", options)
end

function Model:adam(options)
    return optimizer(self, lib.wg_adam_create, "wg_adam_options", options or {})
end

function Optimizer:step()
    check(lib.wg_optimizer_step(self.p), lib.wg_context_error(self.model.ctx.p))
end

-- ---- ops ---------------------------------------------------------------------------------------

local setters = {
    integer = function(a, v)
        if type(v) == "string" and not dtypes[v] then
            a.kind, a.text = 4, v
        else
            a.kind, a.integer = 1, v == true and 1 or v == false and 0 or dtypes[v] or v
        end
    end,
    real = function(a, v) a.kind, a.real = 2, v end,
    list = function(a, v, kept)
        v = type(v) == "table" and v or { v }
        kept[#kept + 1] = int64s(v)
        a.kind, a.list, a.length = 3, kept[#kept], #v
    end,
    text = function(a, v) a.kind, a.text = 4, v end,
}

-- What is left out of `given` and has no default is left out of the call.
local function attributes_of(op, spec, given)
    local list, n, kept, known = ffi.new("wg_attribute[?]", #spec + 1), 0, { given }, {}
    for _, s in ipairs(spec) do
        local v = given[s.name]
        known[s.name] = true
        if v == nil then
            v = s.default
        end
        if v ~= nil then
            list[n].name = s.name
            setters[s.kind](list[n], v, kept)
            n = n + 1
        end
    end
    for name in pairs(given) do
        if not known[name] then
            error(op .. ": attribute '" .. tostring(name) .. "' is none of the op's", 3)
        end
    end
    return list, n, kept
end

-- Inputs are nodes, or numbers, which take the dtype of the first node; a table ends them.
local function apply(op, spec, ...)
    local given, graph, first = { ... }, nil, nil
    local n = select("#", ...)
    while n > 0 and given[n] == nil do
        n = n - 1
    end
    local attributes = {}
    if n > 0 and type(given[n]) == "table" and getmetatable(given[n]) == nil then
        attributes, n = given[n], n - 1
    end
    for i = 1, n do
        first = first or (is_node(given[i]) and given[i] or nil)
    end
    graph = first and first.graph or given[1]
    local from = first and 1 or 2 -- without inputs the graph stands before the attributes
    if type(graph) ~= "table" or getmetatable(graph) ~= Graph then
        error(op .. ": an input is missing", 3)
    end
    local inputs = ffi.new("uint32_t[?]", n + 1)
    for i = from, n do
        local x = given[i]
        if type(x) == "number" then
            x = M.ops.number(graph, { dtype = lib.wg_node_dtype(first.h), value = x })
        elseif not is_node(x) or x.graph ~= graph or not lib.wg_is_valid(x.h) then
            error(op .. ": input " .. i .. " is no node of this graph", 3)
        end
        inputs[i - from] = x.h.index
    end
    local list, n_attributes, kept = attributes_of(op, spec, attributes)
    local out, n_out = ffi.new "uint32_t[1]", ffi.new("size_t[1]", 1)
    local status = lib.wg_apply(graph.p, op, inputs, n - from + 1, list, n_attributes, out, n_out)
    check(status, lib.wg_graph_error(graph.p))
    kept[1] = nil -- what the attributes point to is held until here
    return node(graph, lib.wg_graph_node(graph.p, out[0]))
end

local function define(name, doc, spec)
    M.doc[name] = doc
    M.ops[name] = function(...) return apply(name, spec, ...) end
end
