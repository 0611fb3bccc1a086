"""wengert: reverse-mode automatic differentiation, through the C library's flat interface.

    ctx = Context(); g = Graph(ctx); x = g.variable([1.0, 2.0])
    (x * x).sum().backward(); x.gradient()          # [2.0, 4.0]

Ops are functions of this module and of `ops`, and methods of Node: softmax(x, axis=1), x.softmax(axis=1).
Errors are raised as Error with the text of the library. The library is looked for at
$WENGERT_LIBRARY, in the installation that this file is part of, and where the system looks.
"""
# SPDX-License-Identifier: Apache-2.0
import ctypes as _c
import glob as _glob
import os as _os

F32, F64, I64, BOOL, U8 = 1, 2, 3, 4, 5
_DTYPES = {"f32": F32, "f64": F64, "i64": I64, "bool": BOOL, "u8": U8}
_CTYPES = {F32: _c.c_float, F64: _c.c_double, I64: _c.c_int64, BOOL: _c.c_bool, U8: _c.c_uint8}
_FORMATS = {"f": F32, "d": F64, "q": I64, "l": I64, "?": BOOL, "B": U8}
_P, _I32, _I64, _U32, _SIZE, _F64 = (_c.c_void_p, _c.c_int32, _c.c_int64, _c.c_uint32, _c.c_size_t,
                                     _c.c_double)


class _Handle(_c.Structure):
    _fields_ = [("graph", _P), ("index", _U32), ("epoch", _U32)]


class _Attribute(_c.Structure):
    _fields_ = [("name", _c.c_char_p), ("kind", _c.c_int), ("integer", _I64), ("real", _F64),
                ("list", _c.POINTER(_I64)), ("length", _SIZE), ("text", _c.c_char_p)]


class _Config(_c.Structure):
    _fields_ = [("size", _SIZE), ("allocator", _P), ("seed", _c.c_uint64), ("threads", _I32),
                ("without", _U32), ("without_passes", _U32), ("eager", _c.c_bool),
                ("thread_invariant", _c.c_bool), ("plan_cache_count", _U32),
                ("plan_cache_bytes", _SIZE), ("log", _P), ("compute", _c.c_int),
                ("memory_limit", _SIZE)]


class _Init(_c.Structure):
    _fields_ = [("kind", _c.c_int), ("a", _F64), ("b", _F64), ("gain", _F64), ("rng", _P),
                ("fan_in", _F64), ("fan_out", _F64)]


class _Sgd(_c.Structure):
    _fields_ = [("size", _SIZE), ("rate", _F64), ("momentum", _F64), ("weight_decay", _F64),
                ("is_nesterov", _c.c_bool), ("dampening", _F64)]


class _Adam(_c.Structure):
    _fields_ = [("size", _SIZE), ("rate", _F64), ("beta1", _F64), ("beta2", _F64), ("epsilon", _F64),
                ("weight_decay", _F64), ("is_amsgrad", _c.c_bool)]


class _Reading(_c.Structure):
    _fields_ = [("size", _SIZE), ("model", _P), ("max_bytes", _SIZE)]


class _Writing(_c.Structure):
    _fields_ = [("size", _SIZE), ("has_data", _c.c_bool)]


_WRITE = _c.CFUNCTYPE(_c.c_int, _P, _P, _SIZE)


class _Writer(_c.Structure):
    _fields_ = [("write", _WRITE), ("user", _P)]


def _open():
    prefix = _os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "..", "..")
    found = [path for middle in ("lib", "lib*", _os.path.join("lib*", "*"))
             for path in _glob.glob(_os.path.join(prefix, middle, "libwengert.so"))]
    return _c.CDLL(_os.environ.get("WENGERT_LIBRARY") or (found + ["libwengert.so"])[0])


_lib = _open()
for _line in """
    status_name:s:i graph_error:s:p context_error:s:p context_create:i:pp context_destroy:v:p
    graph_create:i:pp graph_destroy:v:p graph_reset:i:p graph_refresh:i:p graph_set_training:i:pb
    graph_count:u:p graph_node:n:pu graph_write:i:ppp graph_read:i:pszp input:n:pp variable:n:pp
    use:n:pp name:n:ns keep:i:n output:n:ni is_valid:b:n node_dtype:i:n node_rank:i:n node_dim:l:ni backward:i:n
    value:p:n gradient:p:n get_item:i:np tensor_from:i:piipipp tensor_destroy:v:p tensor_dtype:i:p
    tensor_rank:i:p tensor_dims:p:p tensor_count:l:p tensor_data:p:p apply:i:pspzpzpp
    model_create:i:pp model_destroy:v:p model_find:p:ps param_create:i:psiippp param_value:p:p
    param_gradient:p:p model_save:i:ps model_load:i:ps sgd_create:i:ppp adam_create:i:ppp
    optimizer_destroy:v:p optimizer_step:i:p
""".split():
    _name, _result, _arguments = _line.split(":")
    _kinds = {"s": _c.c_char_p, "i": _c.c_int, "p": _P, "v": None, "b": _c.c_bool, "u": _U32,
              "n": _Handle, "l": _I64, "z": _SIZE}
    _function = getattr(_lib, "wg_" + _name)
    _function.restype = _kinds[_result]
    _function.argtypes = [_kinds[_a] for _a in _arguments]


class Error(Exception):
    """What the library refused, with its text."""


def _check(status, text):
    if status != 0:
        raise Error(text.decode(errors="replace") or _lib.wg_status_name(status).decode())


def _dtype(dtype):
    return _DTYPES[dtype] if isinstance(dtype, str) else dtype


def _int64s(values):
    return (_I64 * len(values))(*values)


def _flatten(data, shape, depth, out):
    """Nested lists as one flat list; the shape is that of the first elements."""
    if not isinstance(data, (list, tuple)):
        out.append(data)
        return depth
    if depth == len(shape):
        shape.append(len(data))
    ends = [_flatten(part, shape, depth + 1, out) for part in data]
    if len(data) != shape[depth] or any(end != ends[0] for end in ends):
        raise Error("nested lists are not rectangular")
    return ends[0] if ends else depth + 1


def _tensor(ctx, data, dtype):
    """A tensor of the library's from nested lists, or from what has a buffer (numpy, array)."""
    out = _P()
    if isinstance(data, (list, tuple, int, float)):
        flat, shape = [], []
        _flatten(data, shape, 0, flat)
        dtype = _dtype(dtype or F32)
        source = I64 if dtype in (I64, BOOL, U8) else F64
        values = (_CTYPES[source] * max(len(flat), 1))(*flat)
    else:
        view = memoryview(data)
        source, shape = _FORMATS[view.format], list(view.shape)
        values = _c.create_string_buffer(view.tobytes(), max(view.nbytes, 1))
    _check(_lib.wg_tensor_from(ctx._p, _dtype(dtype or source), len(shape), _int64s(shape), source,
                               values, _c.byref(out)), _lib.wg_context_error(ctx._p))
    return out


def _nested(t):
    """A tensor's elements as nested lists; a number where its rank is 0; None for None."""
    if not t:
        return None
    rank, count = _lib.wg_tensor_rank(t), _lib.wg_tensor_count(t)
    dims = _c.cast(_lib.wg_tensor_dims(t), _c.POINTER(_I64))[:rank] if rank > 0 else []
    kind = _CTYPES[_lib.wg_tensor_dtype(t)]
    values = _c.cast(_lib.wg_tensor_data(t), _c.POINTER(kind))[:count] if count > 0 else []
    for i in range(rank - 1, 0, -1):
        n, rows = dims[i], 1
        for d in dims[:i]:
            rows *= d
        values = [values[k * n:(k + 1) * n] for k in range(rows)]
    return values if rank > 0 else values[0]


class Context:
    """The engine that runs graphs."""

    def __init__(self, seed=0, threads=0, eager=False):
        self._p = _P()
        config = _Config(size=_c.sizeof(_Config), seed=seed, threads=threads, eager=eager)
        _check(_lib.wg_context_create(_c.byref(config), _c.byref(self._p)), b"")

    def __del__(self):
        _lib.wg_context_destroy(self._p)


class Graph:
    """The list of recorded ops."""

    def __init__(self, ctx):
        self.ctx, self._p, self._kept = ctx, _P(), []
        _check(_lib.wg_graph_create(ctx._p, _c.byref(self._p)), _lib.wg_context_error(ctx._p))

    def __del__(self):
        _lib.wg_graph_destroy(self._p)

    def _check(self, status):
        _check(status, _lib.wg_graph_error(self._p))

    def _node(self, handle):
        if not _lib.wg_is_valid(handle):
            raise Error(_lib.wg_graph_error(self._p).decode(errors="replace"))
        return Node(self, handle)

    def _leaf(self, function, data, dtype):
        t = _tensor(self.ctx, data, dtype)
        handle = function(self._p, t)
        _lib.wg_tensor_destroy(t)
        return self._node(handle)

    def reset(self):
        """Forgets the list; all nodes become stale."""
        self._check(_lib.wg_graph_reset(self._p))
        self._kept.clear()

    def refresh(self):
        """Keeps the list and drops the results."""
        self._check(_lib.wg_graph_refresh(self._p))

    def set_training(self, is_training):
        self._check(_lib.wg_graph_set_training(self._p, is_training))

    def input(self, data, dtype=None):
        """Data without gradient: nested lists, f32 unless told, or what has a buffer."""
        return self._leaf(_lib.wg_input, data, dtype)

    def variable(self, data, dtype=None):
        """Data that wants a gradient."""
        return self._leaf(_lib.wg_variable, data, dtype)

    def use(self, param):
        """A parameter as a node."""
        self._kept.append(param.model)
        return self._node(_lib.wg_use(self._p, param._p))

    def nodes(self):
        return [self._node(_lib.wg_graph_node(self._p, i))
                for i in range(_lib.wg_graph_count(self._p))]

    def write(self, has_data=False):
        """The list as text."""
        pieces = []
        write = _WRITE(lambda user, data, n: pieces.append(_c.string_at(data, n)) or 0)
        options = _Writing(_c.sizeof(_Writing), has_data)
        self._check(_lib.wg_graph_write(self._p, _c.byref(options), _c.byref(_Writer(write))))
        return b"".join(pieces).decode(errors="surrogateescape")

    def read(self, text, model=None):
        """Records a list from its text; returns its nodes."""
        text = text.encode(errors="surrogateescape")
        options = _Reading(_c.sizeof(_Reading), model._p if model else None, 0)
        _check(_lib.wg_graph_read(self._p, text, len(text), _c.byref(options)),
               _lib.wg_context_error(self.ctx._p))
        self._kept.append(model)
        return self.nodes()


class Node:
    """An entry of a graph's list; the ops are its methods."""

    def __init__(self, graph, handle):
        self.graph, self._h = graph, handle

    @property
    def index(self):
        return self._h.index

    @property
    def shape(self):
        return tuple(_lib.wg_node_dim(self._h, i) for i in range(_lib.wg_node_rank(self._h)))

    @property
    def dtype(self):
        return _lib.wg_node_dtype(self._h)

    def name_as(self, name):
        """Names the node for messages; returns it."""
        _lib.wg_name(self._h, name.encode())
        return self

    def keep(self):
        """Has every later run deliver the value; returns the node."""
        self.graph._check(_lib.wg_keep(self._h))
        return self

    def output(self, i):
        """The i-th output of the op that made this one."""
        return self.graph._node(_lib.wg_output(self._h, i))

    def backward(self):
        """Adds the gradients of this one element to those of variables and parameters."""
        self.graph._check(_lib.wg_backward(self._h))

    def item(self):
        out = _F64()
        self.graph._check(_lib.wg_get_item(self._h, _c.byref(out)))
        return out.value

    def value(self):
        """The elements as nested lists."""
        t = _lib.wg_value(self._h)
        if not t:
            raise Error(_lib.wg_graph_error(self.graph._p).decode(errors="replace"))
        return _nested(t)

    def gradient(self):
        """A variable's gradient as nested lists; None while there is none."""
        return _nested(_lib.wg_gradient(self._h))

    def __add__(self, b): return ops.add(self, b)
    def __radd__(self, a): return ops.add(a, self)
    def __sub__(self, b): return ops.sub(self, b)
    def __rsub__(self, a): return ops.sub(a, self)
    def __mul__(self, b): return ops.mul(self, b)
    def __rmul__(self, a): return ops.mul(a, self)
    def __truediv__(self, b): return ops.div(self, b)
    def __rtruediv__(self, a): return ops.div(a, self)
    def __matmul__(self, b): return ops.matmul(self, b)
    def __neg__(self): return ops.neg(self)


class Param:
    """A named tensor that learns."""

    def __init__(self, model, pointer):
        self.model, self._p = model, pointer

    def value(self):
        return _nested(_lib.wg_param_value(self._p))

    def gradient(self):
        return _nested(_lib.wg_param_gradient(self._p))


class Model:
    """Parameters by name."""

    INITS = {"zeros": 0, "normal": 1, "uniform": 2, "xavier_uniform": 3, "xavier_normal": 4,
             "he_uniform": 5, "he_normal": 6,
             "truncated_normal": 7, "orthogonal": 8, "constant": 9}

    def __init__(self, ctx):
        self.ctx, self._p = ctx, _P()
        self._check(_lib.wg_model_create(ctx._p, _c.byref(self._p)))

    def __del__(self):
        _lib.wg_model_destroy(self._p)

    def _check(self, status):
        _check(status, _lib.wg_context_error(self.ctx._p))

    def param(self, name, shape, dtype="f32", init="xavier_uniform", a=0.0, b=1.0):
        """Adds a parameter; a and b are mean and deviation, or the ends of an interval."""
        out, how = _P(), _Init(Model.INITS[init], a, b, 0, None)
        self._check(_lib.wg_param_create(self._p, name.encode(), _dtype(dtype), len(shape),
                                         _int64s(shape), _c.byref(how), _c.byref(out)))
        return Param(self, out)

    def save(self, path):
        self._check(_lib.wg_model_save(self._p, _os.fsencode(path)))

    def load(self, path):
        self._check(_lib.wg_model_load(self._p, _os.fsencode(path)))


class _Optimizer:
    def __init__(self, model, create, options):
        self.model, self._p = model, _P()
        model._check(create(model._p, _c.byref(options), _c.byref(self._p)))

    def __del__(self):
        _lib.wg_optimizer_destroy(self._p)

    def step(self):
        self.model._check(_lib.wg_optimizer_step(self._p))


class SGD(_Optimizer):
    def __init__(self, model, rate, momentum=0.0, weight_decay=0.0, nesterov=False,
                 dampening=0.0):
        super().__init__(model, _lib.wg_sgd_create,
                         _Sgd(_c.sizeof(_Sgd), rate, momentum, weight_decay, nesterov,
                              dampening))


class Adam(_Optimizer):
    def __init__(self, model, rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0,
                 amsgrad=False):
        super().__init__(model, _lib.wg_adam_create,
                         _Adam(_c.sizeof(_Adam), rate, beta1, beta2, epsilon, weight_decay,
                               amsgrad))


def _attribute(name, kind, value):
    a = _Attribute(name=name.encode(), kind=kind)
    if isinstance(value, str) and kind == 1:
        kind = a.kind = 4 if value not in _DTYPES else 1
        value = _DTYPES.get(value, value)
    if kind == 1:
        a.integer = int(value)
    elif kind == 2:
        a.real = value
    elif kind == 3:
        value = value if isinstance(value, (list, tuple)) else [value]
        a.list, a.length = _int64s(value), len(value)
    else:
        a.text = value.encode()
    return a


def _apply(graph, op, inputs, attributes):
    """Records an op by name. Numbers among the inputs become nodes of the dtype of the first node."""
    given = list(inputs)
    while given and given[-1] is None:
        given.pop()
    nodes = [x for x in given if isinstance(x, Node)]
    if (not nodes and not graph) or None in given:
        raise Error(op + ": an input is missing")
    graph = graph or nodes[0].graph
    for i, x in enumerate(given):
        if not isinstance(x, Node):
            given[i] = ops.number(graph, dtype=nodes[0].dtype, value=x)
        elif x.graph is not graph:
            raise Error(op + ": an input is of another graph")
    stale = [x for x in given if not _lib.wg_is_valid(x._h)]
    if stale:
        raise Error(op + ": an input is from before a reset")
    listed = [_attribute(*a) for a in attributes if a[2] is not None]
    out, n_out = _U32(), _SIZE(1)
    graph._check(_lib.wg_apply(
        graph._p, op.encode(), (_U32 * len(given))(*[x.index for x in given]), len(given),
        (_Attribute * len(listed))(*listed), len(listed), _c.byref(out), _c.byref(n_out)))
    return graph._node(_lib.wg_graph_node(graph._p, out.value))
