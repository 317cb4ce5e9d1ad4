// The claims of runtime/os/halt_look.hpp (H1, H2, O1 to O3 of halt.hpp) under all short interleavings, with two places.
#include <gtest/gtest.h>

#include "runtime/os/halt_look.hpp"
#include "tests/model/model.hpp"

#include <array>

namespace mote::detail {
namespace {

struct looks {
  basic_halt_look<2> state;
  std::array<model::data<int>, 2> places;
  model::data<int> told;  ///< by who looks, to the halted
  atomic<std::uint32_t> signals{0};  ///< the look whose signal is out

  /// One look, which waits for nobody: what it finds in the places of those who came. Its signals are sent once it has begun.
  int look(std::uint32_t number) {
    while (!state.try_begin(number)) spin_pause();
    signals.store(number, relaxed);  // the kernel orders a signal's sender and handler; nothing here relies on that
    const std::size_t count = state.close();
    while (!state.have_arrived(count)) spin_pause();
    int sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += places[i].read();
    told.write(static_cast<int>(number));
    state.end();
    return sum;
  }
  /// A handler. True: it was halted.
  bool handle(std::uint32_t number, int registers) {
    std::size_t place = 0;
    if (signals.load(relaxed) < number || !state.take_place(number, place)) return false;
    places[place].write(registers);
    state.arrive();
    while (state.lasts(number)) spin_pause();
    return true;
  }
};

// H2 O1 O2
TEST(halt_look_model, a_look_reads_what_those_wrote_who_came_and_nobody_writes_later) {
  model::explore([](model::world& world) {
    looks here;
    int seen = 0;
    bool first = false, second = false;
    world.together([&] { seen = here.look(1); },
                   [&] {
                     first = here.handle(1, 10);
                     EXPECT_TRUE(!first || here.told.read() == 1);
                   },
                   [&] { second = here.handle(1, 100); });
    EXPECT_EQ(seen, (first ? 10 : 0) + (second ? 100 : 0));
  });
}

// H1 O3. A late signal of an earlier look takes no place of a later one, and the places are written anew after they were read.
TEST(halt_look_model, looks_take_turns_and_a_late_signal_belongs_to_none) {
  model::explore([](model::world& world) {
    looks here;
    int first_seen = 0, second_seen = 0;
    bool first = false, second = false;
    world.together(
        [&] {
          first_seen = here.look(1);
          second_seen = here.look(2);
        },
        [&] { first = here.handle(1, 10); }, [&] { second = here.handle(2, 100); });
    EXPECT_EQ(first_seen, first ? 10 : 0);
    EXPECT_EQ(second_seen, second ? 100 : 0);
  });
}

// H1. Two want to look at once.
TEST(halt_look_model, two_looks_are_one_after_the_other) {
  model::explore([](model::world& world) {
    looks here;
    bool halted = false;
    int first = 0, second = 0;
    world.together([&] { first = here.look(1); }, [&] { second = here.look(2); }, [&] { halted = here.handle(2, 10); });
    EXPECT_EQ(first, 0);
    EXPECT_EQ(second, halted ? 10 : 0);
  });
}

}  // namespace
}  // namespace mote::detail
