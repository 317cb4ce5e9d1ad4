# The programs in the documents are compiled as a user's would be, run, and held to the output printed below them.
# One build of them is enough: what they call is tested under every preset.
if(NOT MOTE_SANITIZE)
  file(GLOB documents CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/docs/*.md)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${documents} ${CMAKE_CURRENT_SOURCE_DIR}/docs/extract.awk)
  set(fresh ${CMAKE_CURRENT_BINARY_DIR}/docs.fresh)
  set(kept ${CMAKE_CURRENT_BINARY_DIR}/docs)
  file(REMOVE_RECURSE ${fresh})
  file(MAKE_DIRECTORY ${fresh} ${kept})
  execute_process(COMMAND awk -v folder=${fresh} -f ${CMAKE_CURRENT_SOURCE_DIR}/docs/extract.awk ${documents}
                  OUTPUT_VARIABLE programs COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" programs "${programs}")
  foreach(program IN LISTS programs)
    string(REGEX MATCH "^(.*) (.*) (.*)$" ignored "${program}")
    set(name ${CMAKE_MATCH_1})
    set(code ${CMAKE_MATCH_2})
    set(schedulers ${CMAKE_MATCH_3})
    configure_file(${fresh}/${name}.cpp ${kept}/${name}.cpp COPYONLY)  # untouched when it is the same
    add_executable(doc_${name} ${kept}/${name}.cpp)
    target_compile_options(doc_${name} PRIVATE ${mote_program_options})
    target_link_libraries(doc_${name} PRIVATE mote::mote)
    add_test(NAME docs.${name} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/docs/run_program.sh $<TARGET_FILE:doc_${name}>
                                       ${code} ${schedulers} ${fresh}/${name}.out)
    set_tests_properties(docs.${name} PROPERTIES TIMEOUT 60 LABELS docs)
  endforeach()
endif()
add_test(NAME docs.links COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/docs/links.sh ${PROJECT_SOURCE_DIR})
add_test(NAME docs.reference COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/docs/reference.sh ${PROJECT_SOURCE_DIR})
set_tests_properties(docs.links docs.reference PROPERTIES TIMEOUT 60 LABELS docs)
