# One consumer test. WHAT: install, find_package, find_package_no_errno_define, pkg_config or add_subdirectory.
# KIND: static or shared. WORK: a folder of ours. MOTE: the source tree. The rest: what our own build uses.
cmake_minimum_required(VERSION 3.25)
set(prefix ${WORK}/${KIND})
set(shared_libs OFF)
if(KIND STREQUAL "shared")
  set(shared_libs ON)
endif()
# The flags of preset release, so that ccache has mote's objects.
set(common -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=RelWithDebInfo -D MOTE_WERROR=ON
           "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O2 -g" -D BUILD_SHARED_LIBS=${shared_libs})
set(ENV{CMAKE_CXX_COMPILER_LAUNCHER} "${LAUNCHER}")

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Builds and runs tests/consumer/project by CMake.
function(check_project)
  set(folder ${WORK}/${WHAT}_${KIND})
  file(REMOVE_RECURSE ${folder})
  run(${CMAKE_COMMAND} -S ${MOTE}/tests/consumer/project -B ${folder} ${common} ${ARGV})
  run(${CMAKE_COMMAND} --build ${folder} -j 2)
  run(${folder}/hello)
  run(${folder}/keyword)
endfunction()

# Builds and runs one program with nothing but a compiler and pkg-config.
function(check_pkg_config program)
  execute_process(COMMAND ${PKG_CONFIG} ${ARGN} --cflags --libs mote OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  set(output ${WORK}/${program}_${KIND})
  run(${COMPILER} -std=c++20 -O2 ${MOTE}/tests/consumer/project/${program}.cpp -o ${output} ${flags})
  run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${prefix}/${LIBDIR} ${output})
endfunction()

if(WHAT STREQUAL "install")
  file(REMOVE_RECURSE ${prefix})
  run(${CMAKE_COMMAND} -S ${MOTE} -B ${WORK}/mote_${KIND} ${common} -D CMAKE_INSTALL_LIBDIR=${LIBDIR}
      -D MOTE_BUILD_TESTS=OFF -D MOTE_BUILD_BENCH=OFF -D MOTE_BUILD_EXAMPLES=OFF)
  run(${CMAKE_COMMAND} --build ${WORK}/mote_${KIND} -j 2)
  run(${CMAKE_COMMAND} --install ${WORK}/mote_${KIND} --prefix ${prefix})
elseif(WHAT STREQUAL "find_package")
  check_project(-D CMAKE_PREFIX_PATH=${prefix})
elseif(WHAT STREQUAL "find_package_no_errno_define")
  check_project(-D CMAKE_PREFIX_PATH=${prefix} -D MOTE_ERRNO_DEFINE=OFF)
elseif(WHAT STREQUAL "add_subdirectory")
  check_project(-D MOTE_SOURCE=${MOTE})
elseif(WHAT STREQUAL "pkg_config")
  if(NOT PKG_CONFIG)
    message(FATAL_ERROR "pkg-config is missing (Debian's package pkg-config).")
  endif()
  set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
  check_pkg_config(hello)
  check_pkg_config(keyword --define-variable=errno_define=)
else()
  message(FATAL_ERROR "no consumer test is called '${WHAT}'")
endif()
