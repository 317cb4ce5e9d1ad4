# mote-bars, and the quick share of its bars: outcomes only, no times. The rest, and the times: scripts/soak.
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/bars/*.cpp)
add_executable(mote-bars ${sources})
# With ThreadSanitizer's calls in code that is not optimised, bar 26 would find some hogs in the midst of one.
target_compile_options(mote-bars PRIVATE ${mote_program_options} ${mote_pch_options}
                                         $<$<STREQUAL:${MOTE_SANITIZE},thread>:-O1>)
target_precompile_headers(mote-bars PRIVATE <mote/mote.hpp>)
target_compile_definitions(mote-bars PRIVATE MOTE_SANITIZED=$<BOOL:${MOTE_SANITIZE}>)
target_link_libraries(mote-bars PRIVATE mote::mote)

function(mote_add_bar name)
  add_test(NAME bar.${name} COMMAND mote-bars ${name} --quick ${ARGN})
  set_tests_properties(bar.${name} PROPERTIES TIMEOUT 120 LABELS bars COST 50)
endfunction()

mote_add_bar(1)
mote_add_bar(2)
mote_add_bar(3)
mote_add_bar(7)
mote_add_bar(8)
mote_add_bar(11)
mote_add_bar(12)
# A sanitizer has a handler and a report of its own for such a fault.
if(NOT MOTE_SANITIZE)
  mote_add_bar(19)
endif()
mote_add_bar(21)
mote_add_bar(25)
mote_add_bar(26)
mote_add_bar(27)
mote_add_bar(28)
mote_add_bar(31)
mote_add_bar(32)
mote_add_bar(33)
mote_add_bar(39)
if(NOT MOTE_SANITIZE AND MOTE_BUILD_TOOLS)  # under a sanitizer 10,000 processes take their time, and crashes are its own
  mote_add_bar(40)
  set_tests_properties(bar.40 PROPERTIES ENVIRONMENT DUMP_TOOL=$<TARGET_FILE:mote-dump>)
endif()
# A sanitizer's process takes several times the memory, and with ThreadSanitizer mappings of its own.
if(MOTE_SANITIZE STREQUAL "address")
  mote_add_bar(23 --count 2000)
elseif(NOT MOTE_SANITIZE)
  mote_add_bar(23)
endif()

# A few tests in which it matters who runs when. A sanitizer takes several times as long, and has the whole suite.
if(NOT MOTE_SANITIZE)
  add_test(NAME bar.17 COMMAND ${CMAKE_CURRENT_LIST_DIR}/crowded.sh $<TARGET_FILE:process_tests>
           "send.*:link.*:monitor.*:pinning.*:fairness.*:timers.*:idle_server.*")
  set_tests_properties(bar.17 PROPERTIES TIMEOUT 120 LABELS bars)
endif()
# Of a program with optimisation: else the tool takes minutes.
if(NOT MOTE_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_test(NAME bar.15 COMMAND ${CMAKE_CURRENT_LIST_DIR}/memcheck.sh $<TARGET_FILE:process_tests> 
           "link.ends_the_other*:monitor.tells_once*:send.copies*:request.is_answered:receive.takes_the_oldest*")
  set_tests_properties(bar.15 PROPERTIES TIMEOUT 120 LABELS bars SKIP_RETURN_CODE 77)
endif()

if(MOTE_SANITIZE STREQUAL "thread")
  mote_add_bar(shared)
  set_tests_properties(bar.shared PROPERTIES PASS_REGULAR_EXPRESSION "WARNING: ThreadSanitizer: data race")
  mote_add_bar(ordered)
endif()
