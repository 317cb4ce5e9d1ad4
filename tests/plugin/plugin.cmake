# A plugin that brings mote along, and a host that loads and unloads it and knows nothing of mote. A sanitizer stays where it was
# loaded first.
if(NOT MOTE_SANITIZE AND NOT BUILD_SHARED_LIBS)
  add_library(mote_plugin MODULE ${CMAKE_CURRENT_SOURCE_DIR}/plugin/plugin.cpp)
  target_compile_options(mote_plugin PRIVATE ${mote_warnings} $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_libraries(mote_plugin PRIVATE mote::mote)
  add_executable(plugin_host ${CMAKE_CURRENT_SOURCE_DIR}/plugin/host.cpp)
  target_compile_features(plugin_host PRIVATE cxx_std_20)
  target_compile_options(plugin_host PRIVATE ${mote_warnings})
  target_link_libraries(plugin_host PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
  add_test(NAME plugin.unloads COMMAND plugin_host $<TARGET_FILE:mote_plugin> 100)
  set_tests_properties(plugin.unloads PROPERTIES TIMEOUT 120)
endif()
