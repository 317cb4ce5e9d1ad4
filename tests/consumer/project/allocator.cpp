// All of the program's memory is mimalloc's, inside of processes and outside, by malloc and by new.
#include <mote/mote.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

extern "C" bool mi_is_in_heap_region(const void* block) noexcept;

static int wrong(const char* where) {
  void* const given = std::malloc(100);
  const std::string text(100, 'x');
  const int count = !mi_is_in_heap_region(given) + !mi_is_in_heap_region(text.data());
  std::free(given);
  if (count != 0) std::printf("%s: %d of 2 blocks are not mimalloc's\n", where, count);
  return count;
}

int main() {
  const int outside = wrong("in main");
  return outside + mote::run([] { return wrong("in a process"); });
}
