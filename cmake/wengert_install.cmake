# What `cmake --install` puts where: headers, both libraries, a CMake package, a pkg-config file, the
# printers for gdb, the command, the table of ops and the bindings.
# SPDX-License-Identifier: Apache-2.0
include(CMakePackageConfigHelpers)

set(wengert_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/wengert")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/wengert" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.h")
install(FILES "${WENGERT_GENERATED_DIR}/wengert/locations.h"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/wengert")
install(TARGETS wengert_static wengert_shared EXPORT wengert_targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT wengert_targets NAMESPACE wengert:: FILE wengertTargets.cmake
    DESTINATION "${wengert_package_dir}")

# What shows nodes and tensors in gdb.
install(FILES "${PROJECT_SOURCE_DIR}/tools/wengert_gdb.py"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/wengert")

# The command, and what tools on top read: the table of ops and the bindings made of it.
if(WENGERT_COMMAND)
    install(TARGETS wengert_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
    install(DIRECTORY "${PROJECT_BINARY_DIR}/share/wengert" DESTINATION "${CMAKE_INSTALL_DATADIR}"
        PATTERN "__pycache__" EXCLUDE)
endif()

if(WENGERT_HAVE_ONEDNN)
    string(REGEX MATCH "^[0-9]+" dnnl_VERSION_MAJOR "${dnnl_VERSION}")
    math(EXPR wengert_dnnl_next_major "${dnnl_VERSION_MAJOR} + 1")
endif()
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/wengertConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/wengertConfig.cmake" INSTALL_DESTINATION "${wengert_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/wengertConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/wengertConfig.cmake"
    "${PROJECT_BINARY_DIR}/wengertConfigVersion.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/Finddnnl.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/Findopenblas.cmake" DESTINATION "${wengert_package_dir}")

# The private libraries of the .pc file are the dependencies by their plain linker names; its prefix
# is found from where the file lies, so that an installed tree may be moved.
set(wengert_pc_private "-lm")
if(WENGERT_HAVE_ONEDNN)
    cmake_path(GET dnnl_LIBRARY PARENT_PATH wengert_dnnl_dir)
    string(PREPEND wengert_pc_private "-L${wengert_dnnl_dir} -ldnnl ")
endif()
if(WENGERT_HAVE_LAPACK)
    cmake_path(GET openblas_LIBRARY PARENT_PATH wengert_openblas_dir)
    string(PREPEND wengert_pc_private "-L${wengert_openblas_dir} -lopenblas ")
endif()
if(WENGERT_HAVE_ZLIB)
    string(PREPEND wengert_pc_private "-lz ")
endif()
if(WENGERT_HAVE_OPENMP)
    string(PREPEND wengert_pc_private "${OpenMP_C_FLAGS} ")
endif()
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig"
    OUTPUT_VARIABLE wengert_pc_prefix)
configure_file("${PROJECT_SOURCE_DIR}/cmake/wengert.pc.in" "${PROJECT_BINARY_DIR}/wengert.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/wengert.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
