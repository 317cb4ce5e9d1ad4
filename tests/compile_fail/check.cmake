# Compiles SOURCE, which must fail with an error that matches the regular expression in its first line,
#     // expect-error: REGEX
# and compiles it again with -DMOTE_CONTROL, which takes the mistake out: it must succeed, or the file is wrong elsewhere.
# COMMAND: the compiler with what it needs to find the public headers.
cmake_minimum_required(VERSION 3.25)
file(STRINGS ${SOURCE} first LIMIT_COUNT 1)
if(NOT first MATCHES "^// expect-error: (.+)$")
  message(FATAL_ERROR "${SOURCE}:1: this line must be `// expect-error: REGEX`")
endif()
set(expected "${CMAKE_MATCH_1}")
set(command ${COMMAND} -fsyntax-only)

execute_process(COMMAND ${command} -DMOTE_CONTROL ${SOURCE} RESULT_VARIABLE result ERROR_VARIABLE errors)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "with -DMOTE_CONTROL it must compile, but does not:\n${errors}")
endif()
execute_process(COMMAND ${command} ${SOURCE} RESULT_VARIABLE result ERROR_VARIABLE errors)
if(result EQUAL 0)
  message(FATAL_ERROR "it compiles, and should not")
endif()
if(NOT errors MATCHES "${expected}")
  message(FATAL_ERROR "no error matches `${expected}`:\n${errors}")
endif()
message(STATUS "refused as expected: ${CMAKE_MATCH_0}")
