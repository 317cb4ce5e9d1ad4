# The library target mote::mote: what it is built from, and what its users are compiled and linked with.
file(GLOB_RECURSE mote_sources CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/runtime/*.cpp ${PROJECT_SOURCE_DIR}/mailbox/*.cpp ${PROJECT_SOURCE_DIR}/scheduler/*.cpp)
file(GLOB_RECURSE mote_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/mote/*.hpp)

# Every name is visible in the shared library: what users instantiate from the headers calls functions of mote::detail.
add_library(mote ${mote_sources} ${mote_headers})
add_library(mote::mote ALIAS mote)
# Objects are the same for static and shared builds: position-independent, and without a define that tells them apart.
set_target_properties(
  mote PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                  POSITION_INDEPENDENT_CODE ON DEFINE_SYMBOL "" LINKER_LANGUAGE CXX)
# The files that every message, spawn and switch passes through are compiled as one, so that the compiler sees the whole way.
file(GLOB mote_hot_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/scheduler/*.cpp
     ${PROJECT_SOURCE_DIR}/runtime/process/*.cpp)
list(FILTER mote_hot_sources EXCLUDE REGEX "/(blocking|crossing|handoff|info|names|outside|outside_mailbox|overflow|random|turn_watch|values)\\.cpp$")
set_target_properties(mote PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
set_source_files_properties(${mote_hot_sources} PROPERTIES UNITY_GROUP kernel)
# The other folders' files for the compiler's time, which is a half of it then. Those left out have names of their own in common
# with others, as `lock`.
foreach(folder IN ITEMS io observe os sim worker)
  file(GLOB mote_folder_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runtime/${folder}/*.cpp)
  list(FILTER mote_folder_sources EXCLUDE REGEX "/(fork_watch|futex|halt|locks_left|probe|quit|stand_in|zygote_loop)\\.cpp$")
  set_source_files_properties(${mote_folder_sources} PROPERTIES UNITY_GROUP ${folder})
endforeach()
target_compile_features(mote PUBLIC cxx_std_20)
target_include_directories(mote PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                       $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(mote PUBLIC Threads::Threads PRIVATE $<BUILD_INTERFACE:mote_internal> ${CMAKE_DL_LIBS})

# A function with a large frame must not step over the guard page below its process's stack into a neighbour's: the
# probes make it touch every page on the way, so that the guard catches it.
target_compile_options(mote PUBLIC $<$<COMPILE_LANGUAGE:C,CXX>:-fstack-clash-protection>)
# Lazy binding takes about 3 KiB of stack at the first call of each library function; processes have little.
target_link_options(mote PUBLIC LINKER:-z,now)
# glibc declares the functions behind errno and pthread_self() __attribute__((__const__)), so compilers keep their results
# over a call in which a process may have moved to another thread. The define turns that attribute into a harmless one.
# It breaks code that uses __const__ as a keyword. Who has such code sets the property MOTE_NO_ERRNO_DEFINE on that target,
# or MOTE_ERRNO_DEFINE to OFF before find_package() or add_subdirectory(), and reads errno only in noinline functions.
set_target_properties(mote PROPERTIES MOTE_ERRNO_DEFINE ${MOTE_ERRNO_DEFINE} EXPORT_PROPERTIES MOTE_ERRNO_DEFINE)
set(mote_defined_for_all "$<BOOL:$<TARGET_PROPERTY:mote::mote,MOTE_ERRNO_DEFINE>>")
set(mote_defined_for_this "$<NOT:$<BOOL:$<TARGET_PROPERTY:MOTE_NO_ERRNO_DEFINE>>>")
set(mote_defined_here "$<AND:$<COMPILE_LANGUAGE:C,CXX>,${mote_defined_for_all},${mote_defined_for_this}>")
target_compile_definitions(mote PRIVATE __const__=__unused__ INTERFACE $<${mote_defined_here}:__const__=__unused__>)

target_compile_options(mote PRIVATE ${mote_warnings} -fexceptions)
# gcc's unique symbols would keep a plugin that brings mote along in memory for good (docs/embedding.md).
target_compile_options(mote PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
# The library is loaded with the program, so thread-locals may be reached at a fixed offset, without a call.
target_compile_options(mote PRIVATE -ftls-model=initial-exec -fno-plt -fno-semantic-interposition)
# Two neighbouring fields that are wanted apart would be taken apart in a vector register, and through memory.
target_compile_options(mote PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-tree-slp-vectorize>)
# Reading these is more than half of what most of the files would cost a compiler.
target_precompile_headers(mote PRIVATE <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <deque>
                          <functional> <memory> <mutex> <optional> <span> <string> <string_view> <system_error> <thread>
                          <unordered_map> <utility> <vector>)
target_compile_options(mote PRIVATE ${mote_pch_options})
mote_add_dependencies(mote)
