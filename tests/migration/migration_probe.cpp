// One context that goes on on another thread after every switch, and does there what processes do: yields inside catch,
// before a rethrow, in a destructor during unwinding, around errno, floating-point modes and thread-locals. Counts what
// was wrong afterwards.
//
//   migration_probe [COUNT]     COUNT hops of each kind, 20,000 unless given
//
// Prints a line a kind, "migration KIND wrong N of COUNT, HITS on another thread", and ends with 1 when any N is not 0
// or any HITS is. It stands alone, so that it can be built by any compiler, optimised in any way, with the runtime's
// sources or against its library. Users' settings belong to it: -D__const__=__unused__, without which the C library's
// errno is read through an address computed on the thread before.
// Built with MOTE_PROBE_UNTREATED it takes the bare jump and a plain thread_local instead, and must fail.
#include <atomic>
#include <cerrno>
#include <cfenv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

#include "runtime/base/thread_local.hpp"
#include "runtime/stack/context.hpp"
#include "runtime/stack/stack_cache.hpp"

#if defined(MOTE_PROBE_UNTREATED)
#include <boost/context/detail/fcontext.hpp>
#endif

namespace probe {

using mote::detail::arrival;
using mote::detail::context;
using mote::detail::machine;
using mote::detail::stack;

struct station {  // one of the two threads
  machine on;
  std::atomic<context> inbox{nullptr};
};

#if defined(MOTE_PROBE_UNTREATED)
thread_local station* plain_station = nullptr;
inline station* this_station() { return plain_station; }
inline void set_this_station(station* value) { plain_station = value; }
#else
MOTE_THREAD_POINTER(station, this_station)
#endif

station stations[2];
stack* travellers_stack = nullptr;
std::atomic<bool> ended{false};
long wanted = 20'000;
bool failed = false;

// What the traveller knows of where it is: from its arrival, not from the thread.
machine* now_on = nullptr;
context back_to = nullptr;

arrival jump([[maybe_unused]] stack* to_stack, context to, machine& on) {
#if defined(MOTE_PROBE_UNTREATED)
  const auto came = boost::context::detail::jump_fcontext(to, &on);
  return {came.fctx, static_cast<machine*>(came.data)};
#else
  return mote::detail::switch_context(to, to_stack, on);
#endif
}

// Suspends the traveller; it goes on on the other thread. true: it really did.
[[gnu::noinline]] bool hop() {
  const machine* const before = now_on;
  const arrival came = jump(nullptr, back_to, *now_on);
  now_on = came.on;
  back_to = came.from;
  return now_on != before;
}

struct tally {
  const char* kind;
  long wrong = 0;
  long hits = 0;

  void check(bool moved, bool right) {
    hits += moved ? 1 : 0;
    wrong += right ? 0 : 1;
  }
  ~tally() {
    std::printf("migration %s wrong %ld of %ld, %ld on another thread\n", kind, wrong, wanted, hits);
    std::fflush(stdout);
    if (wrong != 0 || hits != wanted) failed = true;
  }
};

void catching() {
  tally seen{"yield_in_catch"};
  for (long i = 0; i < wanted; ++i) {
    try {
      throw i;
    } catch (long mine) {
      const std::exception_ptr held = std::current_exception();
      const bool moved = hop();
      seen.check(moved, mine == i && std::current_exception() == held);
    }
  }
}

void rethrowing() {
  tally seen{"yield_before_rethrow"};
  for (long i = 0; i < wanted; ++i) {
    bool moved = false;
    try {
      try {
        throw i;
      } catch (...) {
        moved = hop();
        throw;
      }
    } catch (long again) {
      seen.check(moved, again == i);
    }
  }
}

struct hops_in_destructor {
  tally& seen;
  ~hops_in_destructor() {
    const bool moved = hop();
    seen.check(moved, now_on->uncaught_exceptions() == 1 && std::uncaught_exceptions() == 1);
  }
};

void unwinding() {
  tally seen{"yield_while_unwinding"};
  for (long i = 0; i < wanted; ++i) {
    try {
      hops_in_destructor guard{seen};
      throw i;
    } catch (long) {}
  }
}

void using_errno() {
  tally seen{"errno"};
  for (long i = 0; i < wanted; ++i) {
    const int mine = static_cast<int>(i % 100) + 1;
    errno = mine;
    const bool moved = hop();
    seen.check(moved, errno == mine);
  }
}

void using_thread_pointer() {
  tally seen{"thread_pointer"};
  for (long i = 0; i < wanted; ++i) {
    const bool before = &this_station()->on == now_on;
    const bool moved = hop();
    seen.check(moved, before && &this_station()->on == now_on);
  }
}

void using_rounding() {
  tally seen{"rounding"};
  static constexpr int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  for (long i = 0; i < wanted; ++i) {
    std::fesetround(modes[i % 4]);
    const bool moved = hop();
    seen.check(moved, std::fegetround() == modes[i % 4]);
  }
  std::fesetround(FE_TONEAREST);
}

void travel(arrival came) {
  now_on = came.on;
  back_to = came.from;
  catching();
  rethrowing();
  unwinding();
  using_errno();
  using_thread_pointer();
  using_rounding();
  ended.store(true, std::memory_order_release);
  jump(nullptr, back_to, *now_on);
}

context begin_travel() {
#if defined(MOTE_PROBE_UNTREATED)
  return boost::context::detail::make_fcontext(travellers_stack->top(), travellers_stack->usable_bytes(),
                                               [](boost::context::detail::transfer_t came) {
                                                 travel({came.fctx, static_cast<machine*>(came.data)});
                                               });
#else
  return mote::detail::make_context(*travellers_stack, travel);
#endif
}

// nullptr: the traveller has ended.
context await(station& mine) {
  for (int round = 1; !ended.load(std::memory_order_acquire); ++round) {
    if (mine.inbox.load(std::memory_order_relaxed) != nullptr)
      return mine.inbox.exchange(nullptr, std::memory_order_acquire);
    if (round % 512 == 0) std::this_thread::yield();
  }
  return nullptr;
}

// A thread waits for the traveller, runs it until it leaves, and hands it to the other thread. Each thread dirties what
// belongs to it, so that a traveller who sees it sees something wrong.
void serve(station& mine, station& other) {
  for (int turn = 0;; ++turn) {
    const context next = await(mine);
    if (next == nullptr) return;
    errno = 1000 + turn % 7;
    const arrival left = jump(travellers_stack, next, mine.on);
    if (ended.load(std::memory_order_acquire)) return;
    other.inbox.store(left.from, std::memory_order_release);
  }
}

void work(int index) {
  station& mine = stations[index];
  mine.on.bind();
  set_this_station(&mine);
  serve(mine, stations[1 - index]);
}

int run() {
  mote::detail::stack_arena arena(mote::detail::stack_options{.arena_bytes = std::size_t{1} << 28});
  mote::detail::stack_cache cache(arena);
  travellers_stack = cache.take(2);
  stations[0].inbox.store(begin_travel(), std::memory_order_release);
  std::thread first([] { work(0); });
  std::thread second([] { work(1); });
  first.join();
  second.join();
  cache.give(travellers_stack);
  return failed ? 1 : 0;
}

}  // namespace probe

int main(int count, char** arguments) {
  if (count > 1) probe::wanted = std::strtol(arguments[1], nullptr, 10);
  return probe::run();
}
