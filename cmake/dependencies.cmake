# Where each third-party package comes from: the system, else a pinned release that is downloaded at configure time.
# Debian's package names stand in scripts/packages.txt. Downloads: URL and SHA256 of the source archive.
include(FetchContent)
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # their options obey what is set here
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Downloads NAME, or stops with its name and Debian's package when downloads are switched off.
function(mote_fetch name debian_package url hash)
  if(NOT MOTE_FETCH_MISSING)
    message(FATAL_ERROR "${name} is missing (Debian: ${debian_package}), and MOTE_FETCH_MISSING is OFF.")
  endif()
  message(STATUS "mote: no ${name} on this system (Debian: ${debian_package}); downloading ${url}")
  FetchContent_Declare(${name} URL ${url} URL_HASH SHA256=${hash} DOWNLOAD_EXTRACT_TIMESTAMP OFF ${ARGN})
  FetchContent_MakeAvailable(${name})
  FetchContent_GetProperties(${name})
  set(${name}_SOURCE_DIR ${${name}_SOURCE_DIR} PARENT_SCOPE)
endfunction()

# What our own sources see beyond the public headers: the tree from its root, and concurrentqueue.
add_library(mote_internal INTERFACE)
target_include_directories(mote_internal INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(mote_internal INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-mcx16>)  # atomic_pair: cmpxchg16b
endif()

# runtime/os/held_mutexes.hpp. ThreadSanitizer has functions of its own in that place, and would no longer see a lock.
if(MOTE_CHECK_MUTEXES AND MOTE_SANITIZE STREQUAL "thread")
  message(FATAL_ERROR "MOTE_CHECK_MUTEXES and MOTE_SANITIZE=thread exclude each other.")
elseif(MOTE_CHECK_MUTEXES)
  target_compile_definitions(mote_internal INTERFACE MOTE_CHECK_MUTEXES=1)
endif()

find_path(MOTE_CONCURRENTQUEUE_INCLUDE concurrentqueue/concurrentqueue.h)
if(MOTE_CONCURRENTQUEUE_INCLUDE)
  target_include_directories(mote_internal SYSTEM INTERFACE ${MOTE_CONCURRENTQUEUE_INCLUDE})
else()
  # The header lies at the top of the archive; SOURCE_SUBDIR keeps its CMakeLists.txt out of our build.
  mote_fetch(concurrentqueue libconcurrentqueue-dev
             https://github.com/cameron314/concurrentqueue/archive/refs/tags/v1.0.4.tar.gz
             87fbc9884d60d0d4bf3462c18f4c0ee0a9311d0519341cac7cbd361c885e5281
             SOURCE_DIR ${PROJECT_BINARY_DIR}/_deps/include/concurrentqueue SOURCE_SUBDIR none)
  target_include_directories(mote_internal SYSTEM INTERFACE ${concurrentqueue_SOURCE_DIR}/..)
endif()

# Boost: jump_fcontext and make_fcontext. The static library, so that a switch is a direct call.
set(Boost_USE_STATIC_LIBS ON)
find_package(boost_context 1.81 CONFIG QUIET)
if(NOT boost_context_FOUND)
  find_package(Boost 1.81 QUIET COMPONENTS context)
endif()
if(NOT TARGET Boost::context)
  mote_fetch(boost libboost-context1.81-dev
             https://archives.boost.io/release/1.81.0/source/boost_1_81_0.tar.bz2
             71feeed900fbccca04a3b4f2f84a7c217186f28a940ed8b7ed4725986baf99fa SOURCE_SUBDIR none)
  target_include_directories(mote_internal SYSTEM INTERFACE ${boost_SOURCE_DIR})
else()
  target_link_libraries(mote_internal INTERFACE Boost::headers)
endif()

# mimalloc is opened at run time from the system's shared library, because linking that would replace malloc in the whole
# program. Where there is none, its sources become part of ours.
find_library(MOTE_MIMALLOC_LIBRARY NAMES mimalloc libmimalloc.so.2)
if(NOT MOTE_MIMALLOC_LIBRARY)
  if(MOTE_MIMALLOC_OVERRIDE)
    message(FATAL_ERROR "MOTE_MIMALLOC_OVERRIDE needs the shared library of mimalloc (Debian: libmimalloc-dev).")
  endif()
  mote_fetch(mimalloc libmimalloc-dev https://github.com/microsoft/mimalloc/archive/v2.0.9.tar.gz
             4a29edae32a914a706715e2ac8e7e4109e25353212edeed0888f4e3e15db5850 SOURCE_SUBDIR none)
endif()

# Links or builds in Boost's jump.
function(mote_add_boost_context target)
  if(TARGET Boost::context)
    target_link_libraries(${target} PRIVATE Boost::context)
  else()
    set(fcontext ${boost_SOURCE_DIR}/libs/context/src/asm)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
      set(abi x86_64_sysv_elf_gas)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
      set(abi arm64_aapcs_elf_gas)
    else()
      message(FATAL_ERROR "mote: no build of Boost.Context's sources for ${CMAKE_SYSTEM_PROCESSOR} is known here.")
    endif()
    target_sources(${target} PRIVATE ${fcontext}/jump_${abi}.S ${fcontext}/make_${abi}.S ${fcontext}/ontop_${abi}.S)
  endif()
endfunction()

# The one file that asks for it sees the definition: all others compile to the same objects.
macro(mote_blocks_know definition)
  set_property(SOURCE ${PROJECT_SOURCE_DIR}/runtime/memory/blocks.cpp APPEND PROPERTY COMPILE_DEFINITIONS ${definition}=1)
endmacro()

# Links or builds in what the library itself needs.
function(mote_add_dependencies target)
  mote_add_boost_context(${target})
  if(MOTE_MIMALLOC_OVERRIDE)
    # The user's program mentions no name of it, which must not make the linker drop it.
    target_link_libraries(${target} PUBLIC -Wl,--push-state,--no-as-needed ${MOTE_MIMALLOC_LIBRARY} -Wl,--pop-state)
    mote_blocks_know(MOTE_MIMALLOC_OVERRIDE)
  elseif(NOT MOTE_MIMALLOC_LIBRARY)
    target_sources(${target} PRIVATE ${mimalloc_SOURCE_DIR}/src/static.c)
    target_include_directories(${target} SYSTEM PRIVATE ${mimalloc_SOURCE_DIR}/include)
    mote_blocks_know(MOTE_MIMALLOC_BUILT_IN)
  endif()
endfunction()

if(MOTE_BUILD_TESTS)
  find_package(GTest 1.12 QUIET)
  if(NOT TARGET GTest::gtest_main)
    set(INSTALL_GTEST OFF)
    mote_fetch(googletest libgtest-dev https://github.com/google/googletest/archive/refs/tags/release-1.12.1.tar.gz
               81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2)
  endif()
endif()
if((MOTE_BUILD_BENCH OR MOTE_BUILD_TOOLS OR MOTE_BUILD_TESTS) AND NOT MOTE_MODEL)
  find_package(nlohmann_json 3.11 QUIET)
  if(NOT TARGET nlohmann_json::nlohmann_json)
    mote_fetch(nlohmann_json nlohmann-json3-dev https://github.com/nlohmann/json/archive/refs/tags/v3.11.2.tar.gz
               d69f9deb6a75e2580465c6c4c5111b89c4dc2fa94e3a85fcd2ffcd9a143d9273)
  endif()
endif()
if(MOTE_BUILD_BENCH AND NOT MOTE_MODEL)
  find_package(benchmark 1.7 QUIET)
  if(NOT TARGET benchmark::benchmark)
    set(BENCHMARK_ENABLE_TESTING OFF)
    set(BENCHMARK_ENABLE_INSTALL OFF)
    mote_fetch(benchmark libbenchmark-dev https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz
               6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7)
  endif()
endif()
if((MOTE_BUILD_BENCH OR MOTE_BUILD_EXAMPLES OR MOTE_BUILD_TOOLS) AND NOT MOTE_MODEL)
  find_package(CLI11 2.1 CONFIG QUIET)
  if(NOT TARGET CLI11::CLI11)
    mote_fetch(cli11 libcli11-dev https://github.com/CLIUtils/CLI11/archive/v2.1.2.tar.gz
               26291377e892ba0e5b4972cdfd4a2ab3bf53af8dac1f4ea8fe0d1376b625c8cb)
  endif()
endif()
