"""Shows wengert's nodes, types, tensors, parameters and graphs in gdb.

SPDX-License-Identifier: Apache-2.0

    (gdb) source tools/wengert_gdb.py
    (gdb) print loss
    $1 = node 7: mse(%5, %6) f32 [] 'loss' = {0.25} at xor.c:18
    (gdb) print *t
    $2 = f32 [2, 3] owned {0, 1, 2, 3, 4, 5}
    (gdb) wengert-graph g
    graph: 8 nodes, epoch 1, training, step 0
    %0 = input f32 [4, 2] = {0, 0, 0, 1, ...} at xor.c:14
    ...

gdb loads it by itself as <library file>-gdb.py beside the shared library, where that folder is in
gdb's auto-load safe path. The library must have debugging information: its structures are private.
Nothing is called in the program: what is shown is read from its memory, so a core file does as well.
What cannot be read is said to be so; no printer raises an error.
"""
import struct

import gdb
import gdb.printing

DTYPES = {1: ("f32", "f"), 2: ("f64", "d"), 3: ("i64", "q"), 4: ("bool", "?"), 5: ("u8", "B"),
          6: ("f128", None)}
LEAVES = ("input", "variable", "param", "constant", "gradient")
MAX_RANK = 8
SHOWN = 8             # elements of a tensor
SHOWN_IN_LISTS = 4
NO_ENTRY = 2**32 - 4  # from here on handles are those of failed calls
UNREADABLE = (gdb.error, gdb.MemoryError, RuntimeError, UnicodeDecodeError, OverflowError)


class Broken(Exception):
    """What was read cannot be what it should be; the text says why."""


def known(name):
    """A structure of the library, or None where there is no debugging information."""
    try:
        return gdb.lookup_type("struct " + name)
    except gdb.error:
        try:
            return gdb.lookup_type(name)
        except gdb.error:
            return None


def at(pointer, name):
    """What a pointer points to, as a structure of that name; Broken where there is nothing."""
    if int(pointer) == 0:
        raise Broken("NULL")
    target = known(name)
    if target is None:
        raise Broken("the library has no debugging information")
    value = pointer.cast(target.pointer()).dereference()
    value.fetch_lazy()
    return value


def text(pointer, limit=256):
    """A C string; '' for NULL."""
    if int(pointer) == 0:
        return ""
    return pointer.string("utf-8", "replace", length=-1)[:limit]


def element(array, i, name):
    """Element i of a wgi_array; Broken where it does not have one."""
    if i >= int(array["count"]):
        raise Broken(f"no element {i} in an array of {int(array['count'])}")
    return at(array["data"].cast(known(name).pointer()) + i, name)


def shape(dims):
    return "[" + ", ".join(str(d) for d in dims) + "]"


def dtype_name(dtype):
    return DTYPES[dtype][0] if dtype in DTYPES else f"dtype {dtype}?"


# ---- types and tensors ----------------------------------------------------------------------------

def show_type(t):
    rank = int(t["rank"])
    if not 0 <= rank <= MAX_RANK:
        raise Broken(f"a type of rank {rank}")
    return dtype_name(int(t["dtype"])) + " " + shape(int(t["dims"][i]) for i in range(rank))


def show_elements(tensor, limit):
    """'{1, 2, 3, ...}', or '' where the data cannot be shown."""
    count, data = int(tensor["type"]["count"]), int(tensor["data"])
    code = DTYPES.get(int(tensor["type"]["dtype"]), ("", None))[1]
    n = min(count, limit)
    if code is None or data == 0 or count < 0:
        return "{}" if count == 0 else ""
    raw = gdb.selected_inferior().read_memory(data, n * struct.calcsize(code)) if n > 0 else b""
    values = struct.unpack(f"={n}{code}", bytes(raw))
    shown = [str(v).lower() if code in "q?B" else f"{v:.6g}" for v in values]
    return "{" + ", ".join(shown + ["..."] * (count > n)) + "}"


def ownership(t):
    if bool(t["is_dead"]):
        return "a value past its reset"
    if bool(t["is_value"]):
        return "value"
    if int(t["base"]) != 0:
        return "part of a flat block"
    return "owned" if int(t["owned_bytes"]) > 0 or int(t["type"]["count"]) == 0 else "borrowed"


def show_tensor(t):
    words = [show_type(t["type"]), ownership(t), show_elements(t, SHOWN)]
    return " ".join(w for w in words if w)


def show_param(p):
    value = at(p["value"], "wg_tensor")
    told = f"'{text(p['name'])}' {show_type(value['type'])}"
    told += " shared" if bool(p["is_shared"]) else " frozen" if bool(p["is_frozen"]) else ""
    told += " " + show_elements(value, SHOWN)
    if int(p["gradient"]) == 0 or bool(p["is_gradient_empty"]):
        return told + ", no gradient"
    return told + ", gradient " + show_elements(at(p["gradient"], "wg_tensor"), SHOWN)


# ---- the list -------------------------------------------------------------------------------------

def names_of(entries):
    """The names that a list was given, by entry; the last one counts."""
    names = {}
    for i in range(int(entries["names"]["count"])):
        name = element(entries["names"], i, "wgi_node_name")
        names[int(name["node"])] = name["text"].string("utf-8", "replace")
    return names


class Entry:
    """An entry of a graph's list, read as the library reads it."""

    def __init__(self, graph, index, names=None):
        self.graph, self.list, self.index = graph, graph["list"], index
        self.names = names_of(graph["list"]) if names is None else names
        self.record = element(self.list["records"], index, "wgi_entry")
        self.is_leaf = int(self.record["op"]) == 0

    def op(self):
        if self.is_leaf:
            kind = int(self.record["attr"])
            return LEAVES[kind] if kind < len(LEAVES) else "leaf"
        table = at(at(self.graph["ctx"], "wg_context")["ops"], "wgi_op_table")
        number = int(self.record["op"])
        if number >= int(table["count"]):
            raise Broken(f"op {number} of {int(table['count'])}")
        return text(at(table["ops"][number], "wgi_op")["name"])

    def inputs(self):
        if self.is_leaf:
            return []
        head = element(self.list["records"], self.index - int(self.record["part"]), "wgi_entry")
        n, first = int(head["n_in"]), int(head["in"][0])
        if n <= 3:
            return [int(head["in"][i]) for i in range(n)]
        if first + n > int(self.list["operands"]["count"]):
            raise Broken("operands outside the list")
        operands = self.list["operands"]["data"].cast(gdb.lookup_type("unsigned int").pointer())
        return [int(operands[first + i]) for i in range(n)]

    def type(self):
        rank, first = int(self.record["rank"]), int(self.record["dims"])
        if rank > MAX_RANK or (rank > 0 and first + rank > int(self.list["dims"]["count"])):
            raise Broken(f"dims of rank {rank} outside the list")
        dims = self.list["dims"]["data"].cast(gdb.lookup_type("long").pointer())
        return (dtype_name(int(self.record["dtype"])) + " "
                + shape(int(dims[first + i]) for i in range(rank)))

    def leaf(self):
        return element(self.list["leaves"], int(self.record["in"][0]), "wgi_leaf")

    def name(self):
        if self.index in self.names:
            return self.names[self.index]
        if self.is_leaf and int(self.leaf()["param"]) != 0:
            return text(at(self.leaf()["param"], "wg_param")["name"])
        return ""

    def site(self):
        if self.index >= int(self.list["sites"]["count"]):
            return ""
        site = element(self.list["sites"], self.index, "wgi_site")
        file = text(site["file"])
        return f"{file}:{int(site['line'])}" if file else ""

    def value(self, limit):
        """The elements where the value is there: of a leaf, or computed and kept."""
        if self.is_leaf:
            return show_elements(at(self.leaf()["tensor"], "wg_tensor"), limit)
        values = self.graph["value_of"]
        if self.index >= int(values["count"]):
            return ""
        place = values["data"].cast(known("wg_tensor").pointer().pointer())[self.index]
        return show_elements(at(place, "wg_tensor"), limit) if int(place) != 0 else ""

    def show(self, limit):
        """'relu(%2) f32 [4] 'h' = {...} at mlp.c:41', without what is not known."""
        inputs = ", ".join(f"%{i}" for i in self.inputs())
        part = int(self.record["part"])
        call = self.op() if self.is_leaf else f"{self.op()}({inputs})" + (f".{part}" if part else "")
        name, value, site = self.name(), self.value(limit), self.site()
        return (f"{call} {self.type()}" + (f" '{name}'" if name else "")
                + (f" = {value}" if value else "") + (f" at {site}" if site else ""))


def show_failure(f):
    name, op = f["name"].string("utf-8", "replace"), text(f["op"])
    head = op + (f" '{name}'" if name else "")
    return (head + ": " if head else "") + f["detail"].string("utf-8", "replace")


def show_graph(g):
    if not bool(g["is_alive"]):
        return "graph: destroyed"
    n = int(g["list"]["records"]["count"])
    told = (f"graph: {n} node{'s' * (n != 1)}, epoch {int(g['epoch'])}, "
            + ("training" if bool(g["is_training"]) else "evaluation") + f", step {int(g['step'])}")
    if int(g["failure"]["status"]) != 0:
        return told + ", failed: " + show_failure(g["failure"])
    if int(g["run_failure"]["status"]) != 0:
        return told + ", last run failed: " + show_failure(g["run_failure"])
    return told


def show_node(n):
    if int(n["graph"]) == 0:
        return "no node: a zero handle"
    index, epoch = int(n["index"]), int(n["epoch"])
    graph = at(n["graph"], "wg_graph")
    if not bool(graph["is_alive"]):
        return f"node {index}: stale, its graph is destroyed"
    if epoch != int(graph["epoch"]):
        return f"node {index}: stale, of epoch {epoch} in a graph at {int(graph['epoch'])}"
    if index >= NO_ENTRY:
        return "failed node: " + show_failure(graph["failure"])
    if index >= int(graph["list"]["records"]["count"]):
        return f"node {index}: no such entry in the list"
    return f"node {index}: {Entry(graph, index).show(SHOWN)}"


# ---- what gdb calls -------------------------------------------------------------------------------

SHOWERS = {"wg_node": show_node, "wgi_type": show_type, "wg_tensor": show_tensor,
           "wg_param": show_param, "wg_graph": show_graph}


def told(shower, value):
    """What a shower says of a value, or why it cannot."""
    try:
        return shower(value)
    except Broken as error:
        return f"<{error}>"
    except UNREADABLE as error:
        return f"<not readable: {error}>"


class Shown:
    """A printer of one line."""

    def __init__(self, make):
        self.make = make

    def to_string(self):
        return self.make()


class Printers(gdb.printing.PrettyPrinter):
    """Finds the printer of a structure, or of a pointer to an opaque one."""

    def __init__(self):
        super().__init__("wengert", [])

    def __call__(self, value):
        kind = value.type.unqualified().strip_typedefs()
        if kind.code == gdb.TYPE_CODE_PTR:
            target = kind.target().unqualified()
            tag = target.strip_typedefs().tag or target.name
            if tag not in ("wg_tensor", "wg_param", "wg_graph") or known(tag) is None:
                return None
            return Shown(lambda: f"{int(value):#x} " + told(lambda v: SHOWERS[tag](at(v, tag)), value))
        tag = kind.tag or value.type.name
        if tag not in SHOWERS or known("wg_graph") is None:
            return None
        return Shown(lambda: told(SHOWERS[tag], value))


class GraphCommand(gdb.Command):
    """wengert-graph EXPRESSION: writes the list of a graph, one entry a line.

The expression is a wg_graph *, or a wg_node, whose graph is then meant. Entries show their op with
its operands, dtype, shape, name, the first elements of values that are there, and the source line."""

    def __init__(self):
        super().__init__("wengert-graph", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("wengert-graph wants a wg_graph * or a wg_node")
        value = gdb.parse_and_eval(argument)
        kind = value.type.unqualified().strip_typedefs()
        if kind.code == gdb.TYPE_CODE_STRUCT and kind.tag == "wg_node":
            value = value["graph"]
        elif kind.code == gdb.TYPE_CODE_STRUCT and kind.tag == "wg_graph":
            value = value.address
        elif kind.code != gdb.TYPE_CODE_PTR:
            raise gdb.GdbError("wengert-graph wants a wg_graph * or a wg_node")
        self.write(value)

    @staticmethod
    def write(pointer):
        try:
            graph = at(pointer, "wg_graph")
            print(show_graph(graph))
            count = int(graph["list"]["records"]["count"]) if bool(graph["is_alive"]) else 0
            names = names_of(graph["list"]) if count > 0 else {}
        except Broken as error:
            raise gdb.GdbError(f"no graph: {error}")
        except UNREADABLE as error:
            raise gdb.GdbError(f"no graph: {error}")
        for i in range(count):
            line = told(lambda i: Entry(graph, i, names).show(SHOWN_IN_LISTS), i)
            print(f"%{i} = {line}")
            if line.startswith("<"):
                return


gdb.printing.register_pretty_printer(gdb.current_objfile(), Printers(), replace=True)
GraphCommand()
