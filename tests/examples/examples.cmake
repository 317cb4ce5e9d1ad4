# tests/examples/<name>.sh runs the example <name>, given as its first argument, and checks what it says.
if(MOTE_BUILD_EXAMPLES)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/examples/*.sh)
  foreach(script IN LISTS scripts)
    cmake_path(GET script STEM name)
    add_test(NAME example.${name} COMMAND bash ${script} $<TARGET_FILE:${name}>)
    set_tests_properties(example.${name} PROPERTIES TIMEOUT 300 LABELS example)
  endforeach()
endif()
