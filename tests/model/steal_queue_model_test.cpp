// The claims of scheduler/steal_queue.hpp under all short interleavings, with rings of 2 and 4.
#include <gtest/gtest.h>

#include <array>

#include "scheduler/steal_queue.hpp"
#include "tests/model/model.hpp"

namespace mote::detail {
namespace {

struct item {
  model::data<int> bytes;
  int times_out = 0;
};

template <std::uint32_t Capacity, std::size_t ItemCount>
struct stock {
  steal_queue<item, Capacity> queue;
  std::array<item, ItemCount> items;
  std::size_t pushed = 0;

  /// As a scheduler makes ready the next `count` processes. Returns how many fitted.
  std::uint32_t push(std::uint32_t count) {
    std::array<item*, ItemCount> next{};
    for (std::uint32_t i = 0; i < count; ++i) {
      next[i] = &items[pushed + i];
      next[i]->bytes.write(static_cast<int>(pushed + i));
    }
    const std::uint32_t fitted = queue.push(next.data(), count);
    pushed += fitted;
    return fitted;
  }
  /// What a taker does with its loot: it reads and writes the items' bytes, which no other may do at the time.
  void use(item** loot, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      MOTE_CHECK(loot[i] != nullptr);
      ++loot[i]->times_out;
      EXPECT_EQ(loot[i]->bytes.read(), static_cast<int>(loot[i] - items.data()));
      loot[i]->bytes.write(-1);
    }
    for (std::uint32_t i = 1; i < count; ++i) EXPECT_LT(loot[i - 1], loot[i]) << "oldest first";
  }
  std::uint32_t pop(std::uint32_t most) {
    std::array<item*, Capacity> loot{};
    const std::uint32_t count = queue.pop(loot.data(), most);
    use(loot.data(), count);
    return count;
  }
  std::uint32_t steal(std::uint32_t most) {
    std::array<item*, Capacity> loot{};
    const std::uint32_t count = queue.steal(loot.data(), most);
    use(loot.data(), count);
    return count;
  }
  /// I2, once all threads have ended and the owner has taken what is left.
  void expect_each_came_out_once() {
    while (pop(1) > 0) continue;
    for (std::size_t i = 0; i < ItemCount; ++i) EXPECT_EQ(items[i].times_out, i < pushed ? 1 : 0) << "item " << i;
  }
};

// No dependency orders a thief's copying of a slot before its claim, so such a load counts as free to move (O2).
constexpr model::options strict{.reordered_loads = true};

// I2 I3 O1 O2. The ring turns: the owner reuses slots that the thief has just emptied, or is just reading.
TEST(steal_queue_model, one_thief_and_an_owner_that_reuses_the_slots) {
  model::explore(
      [](model::world& world) {
        stock<2, 4> goods;
        goods.push(1);
        world.together(
            [&] {
              goods.push(1);
              goods.pop(1);
              goods.push(1);
              goods.push(1);
            },
            [&] {
              goods.steal(2);
              goods.steal(2);
            });
        goods.expect_each_came_out_once();
      },
      strict);
}

TEST(steal_queue_model, two_thieves_and_an_owner_that_pushes_and_pops) {
  model::explore(
      [](model::world& world) {
        stock<2, 3> goods;
        goods.push(2);
        world.together(
            [&] {
              goods.pop(1);
              goods.push(1);
            },
            [&] { goods.steal(2); }, [&] { goods.steal(2); });
        goods.expect_each_came_out_once();
      },
      strict);
}

TEST(steal_queue_model, batches_against_a_thief_of_half) {
  model::explore(
      [](model::world& world) {
        stock<4, 6> goods;
        goods.push(3);
        world.together(
            [&] {
              goods.pop(2);
              goods.push(3);
              goods.pop(2);
            },
            [&] {
              goods.steal(4);
              goods.steal(1);
            });
        goods.expect_each_came_out_once();
      },
      strict);
}

// "0 means empty": the owner, however disturbed, gets something as long as there is anything.
TEST(steal_queue_model, the_owner_gets_an_item_unless_thieves_got_all) {
  model::explore(
      [](model::world& world) {
        stock<4, 2> goods;
        goods.push(2);
        std::uint32_t owner = 0, thief = 0;
        world.together([&] { owner = goods.pop(2); }, [&] { thief = goods.steal(1); });
        EXPECT_EQ(owner + thief, 2u);
      },
      strict);
}

// "Parking": push, fence, look for sleepers, against announce, fence, empty(). One of them sees the other.
TEST(steal_queue_model, empty_is_exact_enough_to_park_by) {
  model::explore([](model::world& world) {
    stock<2, 1> goods;
    atomic<bool> asleep{false};
    model::parker bed;
    world.together(
        [&] {
          goods.push(1);
          fence(seq_cst);
          if (asleep.load(relaxed)) bed.unpark();
        },
        [&] {
          asleep.store(true, relaxed);
          fence(seq_cst);
          if (goods.queue.empty()) bed.park();
        });
  });
}

}  // namespace
}  // namespace mote::detail
