# Reads src/ops/ops.def for the build: the list of sources and the location macros.
# SPDX-License-Identifier: Apache-2.0
#
# A row stands on a line of its own. WGI_OP(name, file), WGI_FORM(name, file) and WGI_LEAF(name) name
# public constructors, WGI_INTERNAL(name, file) an op without one.

# Sets <out> to the sources "<file>.c" that the rows name, each once, in order.
function(wengert_op_sources def out)
    file(STRINGS "${def}" rows REGEX "^WGI_(OP|INTERNAL|FORM)\\(")
    set(sources "")
    foreach(row IN LISTS rows)
        if(NOT row MATCHES "^WGI_[A-Z]+\\(([a-z0-9_]+), *([a-z0-9_]+)\\)")
            message(FATAL_ERROR "${def}: not a row: ${row}")
        endif()
        list(APPEND sources "${CMAKE_MATCH_2}.c")
    endforeach()
    list(REMOVE_DUPLICATES sources)
    set(${out} ${sources} PARENT_SCOPE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${def}")
endfunction()

# Sets <out> to the names of all public constructors, in order.
function(wengert_op_constructors def out)
    file(STRINGS "${def}" rows REGEX "^WGI_(OP|FORM|LEAF)\\(")
    set(names "")
    foreach(row IN LISTS rows)
        if(NOT row MATCHES "^WGI_[A-Z]+\\(([a-z0-9_]+)[,)]")
            message(FATAL_ERROR "${def}: not a row: ${row}")
        endif()
        list(APPEND names ${CMAKE_MATCH_1})
    endforeach()
    set(${out} ${names} PARENT_SCOPE)
endfunction()
