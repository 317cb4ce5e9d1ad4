# The switch over Boost's jump, which aarch64 uses, on this machine: it passes the tests of our own.
add_executable(context_portable_tests ${PROJECT_SOURCE_DIR}/runtime/stack/context.cpp ${folder}/stack/context_test.cpp)
target_compile_definitions(context_portable_tests PRIVATE MOTE_PORTABLE_SWITCH=1)
target_link_libraries(context_portable_tests PRIVATE mote_test_settings)
mote_add_boost_context(context_portable_tests)
gtest_discover_tests(context_portable_tests TEST_PREFIX portable. DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                     PROPERTIES TIMEOUT 120)
