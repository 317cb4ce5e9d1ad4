// An overflow in a program that is compiled without the flags that mote::mote gives its users (process.cmake): told all the same,
// as long as no frame is larger than a guard.
#include "runtime/base/annotate.hpp"
#include "tests/in_process.hpp"

#include <cstddef>

#if defined(__const__)
#error "this file is to be compiled as if by somebody who does not take mote's flags"
#endif

#if !defined(MOTE_ASAN) && !defined(MOTE_TSAN)

namespace mote::test {
namespace {

// The frame is written to at its far end alone.
template <std::size_t Bytes>
__attribute__((noinline)) int dig(int frames) {
  volatile char frame[Bytes];
  frame[0] = static_cast<char>(frames);
  return frames == 0 ? frame[0] : dig<Bytes>(frames - 1) + frame[0];
}

template <std::size_t Bytes>
void dig_without_end() {
  dig<Bytes>(1 << 24);
}

TEST(own_flags, leave_an_overflow_its_reason) {
  in_every_mode([] {
    for (void (*const body)() : {&dig_without_end<64>, &dig_without_end<8 * 1024>, &dig_without_end<60 * 1024>}) {
      const reason why = news_of(spawn_monitor([](std::uintptr_t run) { reinterpret_cast<void (*)()>(run)(); },
                                               reinterpret_cast<std::uintptr_t>(body)).monitor);
      EXPECT_EQ(why.kind(), reason_kind::stack_overflow) << why;
    }
  });
}

}  // namespace
}  // namespace mote::test

#endif
