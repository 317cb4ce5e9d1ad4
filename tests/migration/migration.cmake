# What a context finds on the other thread, built as a user's code is: with mote::mote's compile options and defines.
add_executable(migration_probe ${CMAKE_CURRENT_SOURCE_DIR}/migration/migration_probe.cpp)
target_compile_options(migration_probe PRIVATE ${mote_warnings})
target_link_libraries(migration_probe PRIVATE mote::mote mote_internal)

# The quick share of bar 16; all compilers, levels and kinds of library: scripts/soak 16.
add_test(NAME bar.16 COMMAND migration_probe 20000)
set_tests_properties(bar.16 PROPERTIES TIMEOUT 120 LABELS bars)
