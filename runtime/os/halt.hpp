// Threads that stand still in a signal handler while somebody looks at them: where each was tells its registers.
//
// H1  One looks at a time. A signal carries the number of the look it belongs to; who gets it when that look is over goes on
//     at once.
// H2  Who comes takes a place of that very look, in one step with seeing that it is open; then fills it in. Once the time is up
//     the look takes nobody in, and waits for those between the two: each place of its count is filled, and nobody writes later.
// O1  a halted thread's registers, and all it did before, -> arrived (release) -> the one who looks (acquire).
// O2  the end of the look (release) -> the halted thread (acquire).
// O3  the end of a look, its reads of the places (release) -> the beginning of the next (acquire), and who takes a place of that
//     (acquire): the beginning is a change of the same word, which carries the release on.
// O4  the handler is installed, then its number (release) -> who sends the signal (acquire).
#pragma once

#include "runtime/os/backtrace.hpp"
#include "runtime/os/this_thread.hpp"

#include <cstddef>
#include <cstdint>

namespace mote::detail {

/// While one lives, threads can be halted by this signal. Several may live at a time; the first one's number holds.
/// number  of the signal; its handler is ours until the last of them goes, unless somebody puts another there. A signal that is
///         none of ours goes on to the handler that was there before; without one it does nothing, as SIGURG does by default.
///         0: threads cannot be halted.
class halt_signal {
 public:
  explicit halt_signal(int number) noexcept;
  halt_signal(const halt_signal&) = delete;
  halt_signal& operator=(const halt_signal&) = delete;
  ~halt_signal();

 private:
  const int number_;
};

/// The number of the signal that halts; 0: there is none now. Any thread.
int halting_signal() noexcept;

struct halted_thread {
  int thread = 0;  ///< the kernel's number
  frame_registers registers;
};

/// Halts threads of this OS process, as far as they come to it in time, and lets them go on at its end. Those in a blocking
/// call of the system are interrupted in it (EINTR, unless the call is one that is restarted). Async-signal-safe. The thread
/// that makes it is not halted.
class halted_threads {
 public:
  static constexpr std::size_t most = 2048;
  static constexpr std::uint64_t usual_wait_ns = 200'000'000;

  /// numbers(i): the i-th of `count` threads, 0 for none. Waits until all have come or the time is up. Another look under way is
  /// waited for as long.
  template <class Numbers>
  halted_threads(std::size_t count, Numbers&& numbers, std::uint64_t wait_ns = usual_wait_ns) noexcept {
    if (!begin(wait_ns)) return;
    for (std::size_t i = 0; i < count; ++i) ask(numbers(i));
    await(wait_ns);
  }
  halted_threads(const halted_threads&) = delete;
  halted_threads& operator=(const halted_threads&) = delete;
  ~halted_threads();

  std::size_t size() const noexcept { return count_; }
  const halted_thread& operator[](std::size_t index) const noexcept;

 private:
  bool begin(std::uint64_t wait_ns) noexcept;
  void ask(int thread) noexcept;
  void await(std::uint64_t wait_ns) noexcept;

  bool mine_ = false;
  std::size_t asked_ = 0;
  std::size_t count_ = 0;  // of those that came
};

}  // namespace mote::detail
