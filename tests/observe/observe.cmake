# The reader of mote-dump is tested on what the library writes.
target_sources(observe_tests PRIVATE ${PROJECT_SOURCE_DIR}/tools/mote_dump/dump_file.cpp)
target_link_libraries(observe_tests PRIVATE nlohmann_json::nlohmann_json)
