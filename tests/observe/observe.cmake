# The reader of mote-dump is tested on what the library writes.
target_sources(observe_tests PRIVATE $<TARGET_OBJECTS:mote_dump_file>)
target_link_libraries(observe_tests PRIVATE nlohmann_json::nlohmann_json)

add_test(NAME observe.probes COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/observe/probes_test.sh $<TARGET_FILE:observe_tests> ${PROJECT_SOURCE_DIR})
set_tests_properties(observe.probes PROPERTIES TIMEOUT 60 SKIP_RETURN_CODE 77 ENVIRONMENT "CXX=${CMAKE_CXX_COMPILER}")
