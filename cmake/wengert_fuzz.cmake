# How a fuzz target is declared.
# SPDX-License-Identifier: Apache-2.0

# wengert_fuzz_target(name sources...): a libFuzzer program over the library's insides.
function(wengert_fuzz_target name)
    add_executable(${name} ${ARGN})
    target_compile_definitions(${name} PRIVATE _POSIX_C_SOURCE=200809L)
    target_link_libraries(${name} PRIVATE wengert_testing wengert_flags)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
