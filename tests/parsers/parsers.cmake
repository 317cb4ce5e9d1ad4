# What mote-dump reads is one of the parsers.
target_sources(parsers_tests PRIVATE $<TARGET_OBJECTS:mote_dump_file>)
target_link_libraries(parsers_tests PRIVATE nlohmann_json::nlohmann_json)
target_compile_definitions(parsers_tests PRIVATE MOTE_SANITIZED=$<BOOL:${MOTE_SANITIZE}>)
