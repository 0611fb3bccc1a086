# Measures functions and files, in the format that .clang-format gives them.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: awk -f functions.awk FILES
# Prints "function LINES PARAMETERS FILE:LINE NAME" and "file LINES FILE" rows. A function is
# measured from the first line of its signature to its closing brace; a macro of several lines
# counts as a function.
#
# Relies on the format: a body opens with { and closes with } in the first column, and nothing else
# does.

function forget()
{
    start = 0
    signature = ""
}

# The number of parameters in the parentheses that close the signature. Leaves what stands before
# them in before_parameters.
function count_parameters(text,    n, i, c, depth, commas, inside)
{
    n = length(text)
    depth = 0
    commas = 0
    for (i = n; i > 0; i--) {
        c = substr(text, i, 1)
        if (c == ")") {
            depth++
        } else if (c == "(") {
            depth--
            if (depth == 0) {
                break
            }
        } else if (c == "," && depth == 1) {
            commas++
        }
    }
    before_parameters = substr(text, 1, i - 1)
    inside = substr(text, i + 1)
    return inside ~ /^(void)?\)[ \t]*$/ ? 0 : commas + 1
}

function report_file()
{
    if (last_file != "") {
        print "file", last_line, last_file
    }
}

FNR == 1 {
    report_file()
    forget()
    in_body = 0
    macro_start = 0
}

{
    last_file = FILENAME
    last_line = FNR
}

# Macros: from #define to the first line that does not go on.
macro_start && !/\\$/ {
    print "function", FNR - macro_start + 1, 0, FILENAME ":" macro_start, macro_name
    macro_start = 0
    next
}

macro_start {
    next
}

/^[ \t]*#[ \t]*define.*\\$/ {
    macro_start = FNR
    macro_name = $0
    sub(/^[ \t]*#[ \t]*define[ \t]+/, "", macro_name)
    sub(/[^A-Za-z0-9_].*/, "", macro_name)
    next
}

in_body {
    if (/^}/) {
        parameters = count_parameters(signature)
        name = before_parameters
        sub(/[^A-Za-z0-9_]+$/, "", name)
        sub(/^.*[^A-Za-z0-9_]/, "", name)
        print "function", FNR - start + 1, parameters, FILENAME ":" start, name
        in_body = 0
        forget()
    }
    next
}

/^{/ && start {
    in_body = 1
    next
}

/^[ \t]*$/ || /^#/ || /;[ \t]*$/ || /\*\/[ \t]*$/ || /^}/ {
    forget()
    next
}

/^[A-Za-z_]/ && !start {
    start = FNR
}

start {
    sub(/[ \t]*\/\/.*/, "")
    signature = signature " " $0
}

END {
    report_file()
}
