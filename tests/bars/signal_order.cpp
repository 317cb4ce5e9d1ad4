// Bar 7. One process sends another three messages, an exit, and three messages. Whatever the receiver does, it may see
// of them the first three, in order, or the first few of those: never one that was sent behind the exit.
// Hit: it had seen some, and its mailbox was still open when the last three came.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <optional>

namespace bars {

namespace {

struct numbered {
  int number;
};
struct saw {
  int number;
};
struct sent {
  int behind;  // of the three behind the exit, how many the mailbox took
};

enum class reading { plainly, swallowing_exits, looking_for_the_last };

void read_all(mote::pid judge, reading how) {
  const auto tell = [judge](numbered mail) { mote::send(judge, saw{mail.number}); };
  for (int swallowed = 0;;) {
    try {
      if (how == reading::looking_for_the_last) {
        mote::receive(mote::when([](const numbered& mail) { return mail.number > 3; }, tell),
                      mote::after(std::chrono::nanoseconds(0), [] {}));
      }
      mote::receive(tell);
    } catch (...) {
      if (how != reading::swallowing_exits || ++swallowed == 3) throw;
    }
  }
}

void pause(random_numbers& random) {
  switch (random.below(6)) {
    case 0:
      return mote::yield();
    case 1:
      return spin_for(random.below(3000));
    default:
      return;
  }
}

void send_around_an_exit(mote::pid judge, mote::pid to, const mote::reason& why, std::uint64_t seed) {
  random_numbers random(seed);
  for (int number = 1; number <= 3; ++number) {
    mote::send(to, numbered{number});
    pause(random);
  }
  mote::exit(to, why);
  int behind = 0;
  for (int number = 4; number <= 6; ++number) {
    pause(random);
    behind += mote::try_send(to, numbered{number}) == mote::send_result::delivered ? 1 : 0;
  }
  mote::send(judge, sent{behind});
}

/// Where the two run; nothing: where the scheduler puts them.
struct placement {
  const char* text;
  std::optional<unsigned> sender, receiver;
};

// One race. True: it was hit.
bool race(const placement& where, std::uint64_t seed, complaints& wrong) {
  random_numbers random(seed);
  const mote::reason why = random.below(2) == 0 ? mote::reason::kill : mote::reason::error("enough");
  const auto how = static_cast<reading>(random.below(3));
  const auto [receiver, watch] = mote::spawn_monitor({.scheduler = where.receiver}, read_all, mote::self(), how);
  mote::spawn({.scheduler = where.sender}, send_around_an_exit, mote::self(), receiver, why, random.next());
  int seen = 0;
  bool in_order = true;
  const auto note = [&](saw mail) {
    in_order &= mail.number == ++seen;
    return std::optional<mote::reason>();
  };
  std::optional<mote::reason> end;
  while (!end) end = mote::receive(note, [](mote::down news) { return std::optional<mote::reason>(news.why); });
  const int behind = mote::receive<sent>().behind;
  if (!in_order || seen > 3)
    wrong.add("%s, seed %llu: saw %d, in order: %d", where.text, static_cast<unsigned long long>(seed), seen, in_order);
  if (*end != (why == mote::reason::kill ? mote::reason::killed : why)) {
    wrong.add("%s, seed %llu: ended by %s", where.text, static_cast<unsigned long long>(seed), to_string(*end).c_str());
  }
  return seen > 0 && behind > 0;
}

// A machine that is busy with other things may run one scheduler after the other for long: then more rounds are played, until
// the race has been hit, up to fifty times as many.
std::uint64_t real_races(const placement& where, const trial& now, complaints& wrong) {
  std::uint64_t hits = 0;
  mote::run(
      [&] {
        for (std::uint64_t i = 0; i < now.count || (hits == 0 && i < 50 * now.count); ++i) {
          hits += race(where, now.seed + i, wrong) ? 1 : 0;
        }
      },
      {.schedulers = 2, .max_processes = 1024});
  return hits;
}

// Each in a deterministic runtime of its own, whose one scheduler chooses by the seed.
std::uint64_t seeded_races(const trial& now, complaints& wrong) {
  std::uint64_t hits = 0;
  for (std::uint64_t seed = now.seed; seed < now.seed + 10 * now.count; ++seed) {
    mote::run(
        [&] {
          hits += race({"deterministic", {}, {}}, seed, wrong) ? 1 : 0;
        },
        {.max_processes = 64, .deterministic_seed = seed});
  }
  return hits;
}

verdict run(const trial& now) {
  complaints wrong;
  const std::uint64_t same = real_races({"same scheduler", 0, 0}, now, wrong);
  const std::uint64_t different = real_races({"different schedulers", 0, 1}, now, wrong);
  const std::uint64_t seeded = seeded_races(now, wrong);
  std::fprintf(stderr, "  hit: same scheduler %llu of %llu, different ones %llu of %llu, seeds %llu of %llu\n",
               static_cast<unsigned long long>(same), static_cast<unsigned long long>(now.count),
               static_cast<unsigned long long>(different), static_cast<unsigned long long>(now.count),
               static_cast<unsigned long long>(seeded), static_cast<unsigned long long>(10 * now.count));
  if (same == 0 || different == 0 || seeded == 0) wrong.add("one of the three ways never hit the race");
  return {wrong.count(), same + different + seeded,
          std::to_string(wrong.count()) + "_wrong_of_" + std::to_string(12 * now.count)};
}

}  // namespace

extern const bar signal_order{"7", "races on the same scheduler, as many on two, ten times as many seeds", 1000, 100,
                              run};

}  // namespace bars
