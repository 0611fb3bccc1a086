# The flags, as targets that others link.
# SPDX-License-Identifier: Apache-2.0
#
# wengert_flags      what all our C is compiled with: language, warnings, arithmetic, sanitizers
# wengert_internal   what the library's own sources need besides

# -ffp-contract=off is part of the promise that bits depend on the list alone; the other two
# arithmetic flags change no value.
add_library(wengert_flags INTERFACE)
target_compile_options(wengert_flags INTERFACE
    $<$<COMPILE_LANGUAGE:C>:-std=c11;-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow>
    $<$<COMPILE_LANGUAGE:C>:-ffp-contract=off;-fno-math-errno;-fno-trapping-math>
    $<$<BOOL:${WENGERT_WERROR}>:-Werror>)

if(WENGERT_SANITIZE)
    set(wengert_sanitizer_flags -fsanitize=${WENGERT_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=all)
    target_compile_options(wengert_flags INTERFACE ${wengert_sanitizer_flags})
    target_link_options(wengert_flags INTERFACE ${wengert_sanitizer_flags})
endif()

if(WENGERT_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "WENGERT_FUZZ needs clang: -DCMAKE_C_COMPILER=clang")
    endif()
    target_compile_options(wengert_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(WENGERT_COVERAGE)
    target_compile_options(wengert_flags INTERFACE --coverage)
    target_link_options(wengert_flags INTERFACE --coverage)
endif()

# True where object code carries more than what the sources say, which the tests of symbols and
# of the installed package cannot judge.
if(WENGERT_SANITIZE OR WENGERT_FUZZ OR WENGERT_COVERAGE)
    set(WENGERT_IS_INSTRUMENTED TRUE)
else()
    set(WENGERT_IS_INSTRUMENTED FALSE)
endif()

add_library(wengert_internal INTERFACE)
target_link_libraries(wengert_internal INTERFACE wengert_flags)
target_compile_definitions(wengert_internal INTERFACE _POSIX_C_SOURCE=200809L WG_NO_LOCATIONS)
target_include_directories(wengert_internal INTERFACE "${PROJECT_SOURCE_DIR}/src")
