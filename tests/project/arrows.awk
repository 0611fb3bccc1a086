# Reads every #include of the tree and fails where a room reaches into one that it must not touch.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: cd ROOT && awk -f arrows.awk -v ops="names..." FILES
# `ops` are the names of the ops, of which the graph may know add and fill alone.
# FILES are relative to ROOT: src/..., include/wengert/..., examples/..., bench/...
#
# The rules, one per room: which folders of src it may name in quotes, and whether it may include
# the public headers. context.c is the composition root and may name every room.

BEGIN {
    may["core"] = "core"
    may["ops"] = "ops core"
    may["graph"] = "graph core"
    may["backends/reference"] = "backends/reference core ops/params.h"
    may["backends/native"] = "backends/native core ops/params.h"
    may["backends/onednn"] = "backends/onednn core ops/params.h"
    may["backends/lapack"] = "backends/lapack core ops/params.h"
    may["backends/user"] = "backends/user core"
    may["model"] = "model core"
    may["data"] = "data core"
    may["io"] = "io core"
    may["inspect"] = "inspect core"
    may["train"] = "train core"
    may["cli"] = "cli"
    may["root"] = "core graph ops backends model data io inspect train"
    may["include"] = ""
    may["examples"] = ""
    may["bench"] = "bench"

    # Headers of the system that any room may use: C11, and the POSIX that files need.
    split("assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp " \
        "signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn " \
        "string tgmath threads time uchar wchar wctype " \
        "fcntl unistd sys/stat sys/types", list, " ")
    for (i in list) {
        system_header[list[i] ".h"] = 1
    }

    # Libraries: the rooms that may use them.
    library["oneapi/dnnl/dnnl.h"] = "backends/onednn bench"
    library["oneapi/dnnl/dnnl_version.h"] = "backends/onednn"
    library["omp.h"] = "backends/native backends/onednn root"
    library["zlib.h"] = "core"
    library["nlopt.h"] = "examples"

    n_ops = split(ops, op_list, " ")
    for (i = 1; i <= n_ops; i++) {
        if (op_list[i] != "add" && op_list[i] != "fill") {
            is_op[op_list[i]] = 1
        }
    }
    faults = 0
}

function fault(text)
{
    printf "%s:%d: %s\n", FILENAME, FNR, text
    faults++
}

function room_of(path,    part)
{
    split(path, part, "/")
    if (part[1] != "src") {
        return part[1]
    }
    if (part[2] == "backends") {
        return "backends/" part[3]
    }
    return part[2] ~ /\.[ch]$/ ? "root" : part[2]
}

# Whether `target` is one of the blank-separated folders or files of `allowed`, or inside one.
function is_in(target, allowed,    list, n, i)
{
    n = split(allowed, list, " ")
    for (i = 1; i <= n; i++) {
        if (target == list[i] || index(target, list[i] "/") == 1) {
            return 1
        }
    }
    return 0
}

# Paths start at src, and those of the benchmarks, which are no part of it, at the root.
function check_quoted(target,    line, start)
{
    start = room == "bench" ? "" : "src/"
    if (!is_in(target, may[room])) {
        fault("room " room " must not include \"" target "\"")
    } else if ((getline line < (start target)) < 0) {
        fault("\"" target "\" is not a path inside " (start == "" ? "the tree" : "src"))
    }
    close(start target)
}

function check_angled(target)
{
    if (target in library) {
        if (!is_in(room, library[target])) {
            fault("room " room " must not include <" target ">")
        }
    } else if (index(target, "wengert/") == 1) {
        check_public(target)
    } else if (!(target in system_header)) {
        fault("room " room " must not include <" target ">")
    }
}

function check_public(target)
{
    if (room == "examples" && target != "wengert/wengert.h" &&
            target != "wengert/stdio.h") {
        fault("an example includes <wengert/wengert.h> and <wengert/stdio.h>, not <" target ">")
    } else if (room == "graph" && target == "wengert/ops.h") {
        fault("the graph speaks of traits and must not include <" target ">")
    } else if (FILENAME ~ /include\/wengert\/check\.h$/) {
        fault("check.h stands alone and must not include <" target ">")
    }
}

function name_op(name)
{
    if (name in is_op) {
        fault("the graph speaks of traits and must not name the op " name)
    }
}

FNR == 1 {
    room = room_of(FILENAME)
    if (!(room in may)) {
        fault("room " room " has no rule")
        may[room] = ""
    }
}

# A file may be included through a macro NAME_FILE, whose definition then counts as the include.
/^[ \t]*#[ \t]*define[ \t]+[A-Z0-9_]+_FILE[ \t]+"/ || /^[ \t]*#[ \t]*include/ {
    target = $0
    if (match(target, /"[^"]*"/)) {
        check_quoted(substr(target, RSTART + 1, RLENGTH - 2))
    } else if (match(target, /<[^>]*>/)) {
        check_angled(substr(target, RSTART + 1, RLENGTH - 2))
    } else if (target !~ /include[ \t]+[A-Z0-9_]+_FILE[ \t]*$/) {
        fault("an include that cannot be read")
    }
    next
}

# The graph names no op: neither its constructor, nor its number, nor its name as a text of its
# own. Hints in messages may.
room == "graph" {
    rest = $0
    while (match(rest, /"[^"]*"/)) {
        name_op(substr(rest, RSTART + 1, RLENGTH - 2))
        rest = substr(rest, 1, RSTART - 1) " " substr(rest, RSTART + RLENGTH)
    }
    while (match(rest, /(wg_|WGI_OP_)[A-Za-z0-9_]+/)) {
        name = tolower(substr(rest, RSTART, RLENGTH))
        rest = substr(rest, RSTART + RLENGTH)
        sub(/^(wg_|wgi_op_)/, "", name)
        name_op(name)
    }
}

END {
    exit faults > 0
}
