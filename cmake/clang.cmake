# Toolchain of the presets that need a current clang: the newest that is installed of those mote is tested with.
if(NOT CMAKE_CXX_COMPILER)
  find_program(MOTE_CLANG NAMES clang++-19 clang++-16)
  if(NOT MOTE_CLANG)
    message(FATAL_ERROR "Neither clang++-19 nor clang++-16 is installed (Debian's packages clang-19, clang-16).")
  endif()
  set(CMAKE_CXX_COMPILER ${MOTE_CLANG})
  string(REPLACE "clang++" "clang" CMAKE_C_COMPILER ${MOTE_CLANG})
endif()
