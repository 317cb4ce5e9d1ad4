# tests/examples/<name>.sh runs the example <name>, given as its first argument, and checks what it says. The second says `small`
# where a sanitizer makes it slow. What takes long begins first.
if(MOTE_BUILD_EXAMPLES)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/examples/*.sh)
  foreach(script IN LISTS scripts)
    cmake_path(GET script STEM name)
    add_test(NAME example.${name} COMMAND bash ${script} $<TARGET_FILE:${name}> $<$<BOOL:${MOTE_SANITIZE}>:small>
             COMMAND_EXPAND_LISTS)
    set_tests_properties(example.${name} PROPERTIES TIMEOUT 300 LABELS example COST 100)
  endforeach()
endif()
