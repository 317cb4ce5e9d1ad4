// The claims of runtime/memory/blocks.hpp.
#include "runtime/memory/blocks.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>
#include <thread>
#include <vector>

#include "runtime/base/annotate.hpp"

namespace mote::detail {
namespace {

bool malloc_is_watched() {
  return running_on_valgrind() || dlsym(RTLD_DEFAULT, "__asan_init") != nullptr ||
         dlsym(RTLD_DEFAULT, "__tsan_init") != nullptr;
}

/// Built with MOTE_MIMALLOC_OVERRIDE, which is to say that it is linked.
bool mimalloc_is_everywhere() { return dlsym(RTLD_DEFAULT, "mi_malloc") != nullptr; }

/// The file name of the library that `function` lives in.
std::string_view home_of(void* function) {
  Dl_info info{};
  if (dladdr(function, &info) == 0) return {};
  const std::string_view path = info.dli_fname;
  return path.substr(path.rfind('/') + 1);
}

TEST(blocks, are_aligned_and_hold_what_is_written) {
  std::vector<unsigned char*> blocks;
  for (std::size_t size = 1; size <= 1 << 20; size *= 2) {
    auto* block = static_cast<unsigned char*>(allocate(size));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % (size < 16 ? 8 : alignof(std::max_align_t)), 0u) << size;
    std::memset(block, static_cast<int>(blocks.size()), size);
    blocks.push_back(block);
  }
  std::size_t size = 1;
  for (std::size_t i = 0; i < blocks.size(); ++i, size *= 2) {
    EXPECT_EQ(blocks[i][0], i);
    EXPECT_EQ(blocks[i][size - 1], i);
    deallocate(blocks[i]);
  }
}

TEST(blocks, may_be_freed_on_another_thread) {
  constexpr std::size_t count = 10'000;
  std::vector<void*> blocks(count);
  std::thread([&] {
    for (std::size_t i = 0; i < count; ++i) blocks[i] = std::memset(allocate(1 + i % 2000), 7, 1 + i % 2000);
  }).join();
  std::size_t intact = 0;
  for (void* block : blocks) {
    intact += *static_cast<unsigned char*>(block) == 7;
    deallocate(block);
  }
  EXPECT_EQ(intact, count);
}

TEST(blocks, of_nothing_are_still_freed) {
  deallocate(allocate(0));
  deallocate(nullptr);
  SUCCEED();
}

TEST(blocks, that_cannot_be_had_throw_bad_alloc) {
  if (malloc_is_watched()) GTEST_SKIP() << "the sanitizer ends the program instead";
  EXPECT_THROW(static_cast<void>(allocate(std::numeric_limits<std::size_t>::max() / 2)), std::bad_alloc);
}

TEST(blocks, come_from_mimalloc_unless_something_watches_malloc) {
  EXPECT_STREQ(allocator_name(), malloc_is_watched() || mimalloc_is_everywhere() ? "malloc" : "mimalloc");
}

TEST(blocks, leave_the_programs_malloc_alone) {
  if (malloc_is_watched()) GTEST_SKIP() << "the sanitizer is the program's malloc";
  if (mimalloc_is_everywhere()) GTEST_SKIP() << "built so that mimalloc is the program's malloc";
  EXPECT_EQ(home_of(dlsym(RTLD_DEFAULT, "malloc")), "libc.so.6");
  EXPECT_EQ(home_of(dlsym(RTLD_DEFAULT, "free")), "libc.so.6");
  EXPECT_EQ(home_of(dlsym(RTLD_DEFAULT, "_Znwm")), "libstdc++.so.6");
}

// Static objects may want blocks before main, and before or after this library's own constructors.
void* const early_block = allocate(100);

TEST(blocks, of_static_objects_go_back_to_whom_they_came_from) {
  void* const later_block = allocate(100);
  std::memset(early_block, 1, 100);
  std::memset(later_block, 2, 100);
  EXPECT_EQ(*static_cast<unsigned char*>(early_block), 1);
  deallocate(early_block);
  deallocate(later_block);
}

}  // namespace
}  // namespace mote::detail
