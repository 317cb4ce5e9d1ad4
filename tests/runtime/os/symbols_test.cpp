// Addresses of code have names, also of functions that no other module sees.
#include "runtime/os/symbols.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace mote::detail;

// Kept from being inlined, so that it has a symbol.
__attribute__((noinline)) int hidden_away(int value) {
  volatile int kept = value;
  return kept + 1;
}

const void* code_of(int (*function)(int)) { return reinterpret_cast<const void*>(function); }

TEST(function_at, names_a_function_that_only_its_own_file_sees) {
  EXPECT_EQ(hidden_away(1), 2);
  EXPECT_EQ(function_at(code_of(&hidden_away)), "(anonymous namespace)::hidden_away(int)");
}

TEST(function_at, names_a_librarys_function) {
  const std::string name = function_at(reinterpret_cast<const void*>(&std::atoi));
  EXPECT_NE(name.find("atoi"), std::string::npos) << name;
}

TEST(function_at, knows_nothing_of_what_is_no_code) {
  int local = 0;
  EXPECT_EQ(function_at(&local), "?");
  EXPECT_EQ(function_at(nullptr), "?");
}

TEST(find_code, tells_the_module_and_an_offset_inside_of_it) {
  const code_place first = find_code(code_of(&hidden_away));
  const code_place second = find_code(static_cast<const char*>(code_of(&hidden_away)) + 1);
  EXPECT_NE(std::string_view(first.module).find("runtime_tests"), std::string_view::npos) << first.module;
  EXPECT_EQ(second.offset, first.offset + 1);
  EXPECT_STREQ(second.symbol, first.symbol);
}

code_place found_in_handler;
void find_in_handler(int) { found_in_handler = find_code(code_of(&hidden_away)); }

TEST(find_code, works_in_a_signal_handler) {
  std::signal(SIGUSR2, &find_in_handler);
  std::raise(SIGUSR2);
  std::signal(SIGUSR2, SIG_DFL);
  EXPECT_STREQ(found_in_handler.symbol, find_code(code_of(&hidden_away)).symbol);
  EXPECT_NE(found_in_handler.symbol[0], '\0');
}

TEST(demangled, leaves_what_is_no_linkers_name_as_it_is) {
  EXPECT_EQ(demangled("main"), "main");
  EXPECT_EQ(demangled("_Z3digi"), "dig(int)");
}

}  // namespace
