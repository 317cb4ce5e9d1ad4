# cmake --install: headers, library, what find_package(mote) and pkg-config read.
include(CMakePackageConfigHelpers)
set(mote_config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/mote)

install(TARGETS mote EXPORT mote-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/mote DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

get_target_property(mote_type mote TYPE)
set(mote_private_libraries "")
set(mote_needs_boost OFF)
if(mote_type STREQUAL "STATIC_LIBRARY")
  # A static library does not carry what it is built on.
  string(APPEND mote_private_libraries " -ldl")
  if(TARGET Boost::context)
    set(mote_needs_boost ON)
    string(PREPEND mote_private_libraries " -lboost_context")
  endif()
endif()
if(MOTE_MIMALLOC_OVERRIDE)
  string(APPEND mote_private_libraries " -Wl,--push-state,--no-as-needed -lmimalloc -Wl,--pop-state")
endif()
if(MOTE_ERRNO_DEFINE)
  set(mote_errno_define "-D__const__=__unused__")
endif()

install(EXPORT mote-targets NAMESPACE mote:: DESTINATION ${mote_config_folder})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/mote-config.cmake.in ${PROJECT_BINARY_DIR}/mote-config.cmake
                              INSTALL_DESTINATION ${mote_config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/mote-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mote-config.cmake ${PROJECT_BINARY_DIR}/mote-config-version.cmake
        DESTINATION ${mote_config_folder})

# The prefix is found from where mote.pc lies, so that the tree may be moved and `cmake --install --prefix` holds.
file(RELATIVE_PATH mote_prefix_from_pc /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${PROJECT_SOURCE_DIR}/cmake/mote.pc.in ${PROJECT_BINARY_DIR}/mote.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/mote.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
