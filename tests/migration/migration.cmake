# What a context finds on the other thread, built as a user's code is: with mote::mote's compile options and defines.
add_executable(migration_probe ${folder}/migration_probe.cpp)
target_compile_options(migration_probe PRIVATE ${mote_warnings})
target_link_libraries(migration_probe PRIVATE mote::mote mote_internal)

# The quick share of bar 16; all compilers, levels and kinds of library: scripts/soak 16.
add_test(NAME bar.16 COMMAND migration_probe 20000)
set_tests_properties(bar.16 PROPERTIES TIMEOUT 120 LABELS bars)

# The same without what mote does about it, which must come out wrong: else the probe would prove nothing. Sanitizers end it at
# the first switch that they are not told of.
if(NOT MOTE_SANITIZE)
  add_executable(migration_probe_untreated ${folder}/migration_probe.cpp)
  target_compile_options(migration_probe_untreated PRIVATE ${mote_warnings})
  target_compile_definitions(migration_probe_untreated PRIVATE MOTE_PROBE_UNTREATED=1)
  target_link_libraries(migration_probe_untreated PRIVATE mote::mote mote_internal)
  mote_add_boost_context(migration_probe_untreated)
  add_test(NAME bar.16.untreated COMMAND migration_probe_untreated 2000)
  set_tests_properties(bar.16.untreated PROPERTIES TIMEOUT 120 LABELS bars PASS_REGULAR_EXPRESSION "errno wrong [1-9]")
endif()
