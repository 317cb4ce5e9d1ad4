# The commands for gdb, on a program of their own.
add_executable(gdb_subject ${CMAKE_CURRENT_SOURCE_DIR}/gdb/subject.cpp)
target_link_libraries(gdb_subject PRIVATE mote::mote)
target_compile_options(gdb_subject PRIVATE ${mote_warnings} -g)
if(NOT MOTE_SANITIZE)
  # Two tests, so that one that is skipped shows.
  foreach(kind live dead)
    add_test(NAME gdb.commands_${kind}
             COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/gdb/gdb_test.sh ${PROJECT_SOURCE_DIR} $<TARGET_FILE:gdb_subject> ${kind})
    set_tests_properties(gdb.commands_${kind} PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77)
  endforeach()
endif()
