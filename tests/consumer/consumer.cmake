# Tiny programs, built as a user would build them: against an installed mote by find_package and by pkg-config, and with
# mote's source as a subdirectory; each with a static and with a shared library, and with one that puts mimalloc in malloc's
# place.
#
# The static library is the one that stands built, if it is one as it comes. The others are built without optimisation, and in this
# order, so that ccache has the objects from the second on.
find_program(MOTE_PKG_CONFIG pkg-config)
set(consumer_folder ${CMAKE_CURRENT_SOURCE_DIR}/consumer)
set(consumer_work ${PROJECT_BINARY_DIR}/consumer)
set(consumer_built "")
if(NOT BUILD_SHARED_LIBS AND NOT MOTE_MIMALLOC_OVERRIDE)
  set(consumer_built ${PROJECT_BINARY_DIR})
endif()

function(mote_add_consumer_test name kind)
  add_test(NAME consumer.${name}.${kind}
           COMMAND ${CMAKE_COMMAND} -D WHAT=${name} -D KIND=${kind} -D WORK=${consumer_work} -D GENERATOR=${CMAKE_GENERATOR}
                   -D MOTE=${PROJECT_SOURCE_DIR} -D BUILT=${consumer_built} -D "COMPILER=${CMAKE_CXX_COMPILER}"
                   -D PKG_CONFIG=${MOTE_PKG_CONFIG} -D "LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}" -D LIBDIR=${CMAKE_INSTALL_LIBDIR} -D READELF=${CMAKE_READELF}
                   -P ${consumer_folder}/check.cmake)
  set_tests_properties(consumer.${name}.${kind} PROPERTIES LABELS consumer TIMEOUT 600 ${ARGN})
endfunction()

foreach(kind static shared)
  mote_add_consumer_test(install ${kind} FIXTURES_SETUP mote_${kind})
  mote_add_consumer_test(find_package ${kind} FIXTURES_REQUIRED mote_${kind})
  mote_add_consumer_test(find_package_no_errno_define ${kind} FIXTURES_REQUIRED mote_${kind})
  mote_add_consumer_test(pkg_config ${kind} FIXTURES_REQUIRED mote_${kind})
  mote_add_consumer_test(add_subdirectory ${kind} DEPENDS consumer.install.shared)
endforeach()
if(MOTE_MIMALLOC_LIBRARY)
  mote_add_consumer_test(install override FIXTURES_SETUP mote_override DEPENDS consumer.install.shared)
  mote_add_consumer_test(find_package override FIXTURES_REQUIRED mote_override)
  mote_add_consumer_test(pkg_config override FIXTURES_REQUIRED mote_override)
endif()
