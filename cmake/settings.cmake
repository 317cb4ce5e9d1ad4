# Compiler, warnings, sanitizers, where programs land: all that holds for each of our targets.
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

# gcc's list, clang knows each of them too.
set(mote_warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(MOTE_WERROR)
  list(APPEND mote_warnings -Werror)
endif()
list(TRANSFORM mote_warnings REPLACE "(.+)" "$<$<COMPILE_LANGUAGE:CXX>:\\1>")

if(NOT PROJECT_IS_TOP_LEVEL)
  return()  # the rest is for our own build; a host project has its own mind
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# Assertions stay in every build, so no NDEBUG anywhere.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_CXX_FLAGS_RELEASE "-O2")

find_program(MOTE_CCACHE ccache)
if(MOTE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Sloppiness: what precompiled headers need. No hashed folder: builds in different folders share objects.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1
                                  ${MOTE_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set(mote_pch_options -fpch-preprocess)
  else()
    set(mote_pch_options -Xclang -fno-pch-timestamp)
  endif()
endif()

# For all but the library. A sanitizer's checks, once optimised, take half of a compiler's time and more.
set(mote_program_options ${mote_warnings})
if(MOTE_SANITIZE)
  list(APPEND mote_program_options -O0 $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # which then guesses
endif()
if(MOTE_SANITIZE STREQUAL "address")
  # vptr: it looks at an object through a pipe, and takes it for none where descriptors are used up.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(MOTE_SANITIZE STREQUAL "thread")
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "MOTE_SANITIZE=thread needs clang: gcc's ThreadSanitizer dies at about 8,000 processes.")
  endif()
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(MOTE_SANITIZE)
  message(FATAL_ERROR "MOTE_SANITIZE is '${MOTE_SANITIZE}'; it can be address, thread, or empty.")
endif()
