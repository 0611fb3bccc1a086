# How a room hands its sources to the library.
# SPDX-License-Identifier: Apache-2.0
include(ops_def)

# Adds sources of the calling folder to the library, and so to its build for the tests.
function(wengert_sources)
    foreach(source IN LISTS ARGN)
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
        target_sources(wengert_objects PRIVATE "${source}")
    endforeach()
endfunction()

# Compiles one source of the calling folder with further options, in every build of it.
function(wengert_source_options source)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    set_property(SOURCE "${source}" TARGET_DIRECTORY wengert_objects
        APPEND PROPERTY COMPILE_OPTIONS ${ARGN})
endfunction()

# Adds sources that are built once for each instruction set, with HOT(name) naming that build's
# version of a symbol: see src/backends/native/isa.h. What is generated is a file that includes the
# source, so that each build of the library has them all.
set(WENGERT_HOT_SETS base)
set(WENGERT_HOT_OPTIONS_base "")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    list(APPEND WENGERT_HOT_SETS avx2 avx512)
    set(WENGERT_HOT_OPTIONS_avx2 -mavx2 -mfma)
    set(WENGERT_HOT_OPTIONS_avx512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma
        -mprefer-vector-width=512)
endif()

# gcc's address sanitizer misaligns the vectors of frames that it keeps to detect their use after
# return (gcc bug 110027): in hot files it keeps none.
set(WENGERT_HOT_SANITIZE "")
if(WENGERT_SANITIZE MATCHES "address" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    set(WENGERT_HOT_SANITIZE --param=asan-use-after-return=0)
endif()

function(wengert_hot_sources)
    foreach(source IN LISTS ARGN)
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
        cmake_path(GET source STEM name)
        foreach(set IN LISTS WENGERT_HOT_SETS)
            set(generated "${CMAKE_CURRENT_BINARY_DIR}/${name}_${set}.c")
            file(CONFIGURE OUTPUT "${generated}" @ONLY CONTENT
                "#define HOT(name) name##_${set}\n#include \"${source}\"\n")
            wengert_sources("${generated}")
            wengert_source_options("${generated}" ${WENGERT_HOT_OPTIONS_${set}}
                -fopenmp-simd ${WENGERT_HOT_SANITIZE}
                $<$<AND:$<C_COMPILER_ID:GNU>,$<CONFIG:Release>>:-O3>)
            set_property(SOURCE "${generated}" TARGET_DIRECTORY wengert_objects
                APPEND PROPERTY OBJECT_DEPENDS "${source}")
        endforeach()
    endforeach()
endfunction()
