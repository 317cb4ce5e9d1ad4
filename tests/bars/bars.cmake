# mote-bars, and the quick share of its bars: outcomes only, no times. The rest, and the times: scripts/soak.
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/bars/*.cpp)
add_executable(mote-bars ${sources})
target_compile_options(mote-bars PRIVATE ${mote_warnings})
target_link_libraries(mote-bars PRIVATE mote::mote)

function(mote_add_bar name)
  add_test(NAME bar.${name} COMMAND mote-bars ${name} --quick ${ARGN})
  set_tests_properties(bar.${name} PROPERTIES TIMEOUT 120 LABELS bars)
endfunction()

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
mote_add_bar(31)
# A sanitizer's process takes several times the memory, and with ThreadSanitizer mappings of its own.
if(MOTE_SANITIZE STREQUAL "address")
  mote_add_bar(23 --count 2000)
elseif(NOT MOTE_SANITIZE)
  mote_add_bar(23)
endif()

if(MOTE_SANITIZE STREQUAL "thread")
  mote_add_bar(shared)
  set_tests_properties(bar.shared PROPERTIES PASS_REGULAR_EXPRESSION "WARNING: ThreadSanitizer: data race")
  mote_add_bar(ordered)
endif()
