// Bar 32. A process with a limited mailbox is flooded by eight others, by each policy; then two such flood each other. What
// lies in a mailbox stays within its limit and a tenth, by count as by the memory of the messages; what arrives is what the
// policy says; and all of them come to their end.
// Hit: a message that found the mailbox full.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>

namespace bars {

namespace {

constexpr std::size_t limit = 1024;
constexpr std::size_t most = limit + limit / 10;
constexpr std::uint64_t senders = 8;

/// How many exist, and the most that ever did.
std::atomic<std::int64_t> alive = 0, most_alive = 0;

/// A message that is counted for as long as it exists.
class parcel {
 public:
  parcel(std::uint64_t from, std::uint64_t number) : from_(from), number_(number) { count(); }
  parcel(parcel&& other) noexcept : from_(other.from_), number_(other.number_) { count(); }
  parcel(const parcel& other) noexcept : from_(other.from_), number_(other.number_) { count(); }
  parcel& operator=(const parcel&) noexcept = default;
  ~parcel() { alive.fetch_sub(1); }
  std::uint64_t from() const noexcept { return from_; }
  std::uint64_t number() const noexcept { return number_; }

 private:
  static void count() noexcept {
    const std::int64_t now = alive.fetch_add(1) + 1;
    for (std::int64_t seen = most_alive; now > seen && !most_alive.compare_exchange_weak(seen, now);) {}
  }
  std::uint64_t from_, number_;
};

struct tally {
  std::uint64_t received = 0, disorder = 0;
  std::uint64_t last_seen = 0;  ///< of the senders: how many whose last message came
};
struct finished {
  std::uint64_t full;
};

}  // namespace

}  // namespace bars

template <>
struct mote::message_traits<bars::parcel> {
  static constexpr bool owns_all = true;
};

namespace bars {

namespace {

// Each now and then asks how it went.
void flood(mote::pid judge, mote::pid to, std::uint64_t from, std::uint64_t count, bool asks) {
  std::uint64_t full = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (asks && i % 4 == 0) {
      full += mote::try_send(to, parcel(from, i)) == mote::send_result::full;
    } else {
      mote::send(to, parcel(from, i));
    }
  }
  mote::send(judge, finished{full});
}

void take(tally& sum, std::array<std::uint64_t, senders>& next, std::uint64_t count, const parcel& one) {
  ++sum.received;
  if (one.number() < next[one.from()]) ++sum.disorder;
  next[one.from()] = one.number() + 1;
  if (one.number() + 1 == count) ++sum.last_seen;
}

// Receives all there is until it is told that no more comes, which overtakes nothing.
void consume(mote::pid judge, std::uint64_t count) {
  tally sum;
  std::array<std::uint64_t, senders> next{};
  const auto any = [&](parcel one) {
    take(sum, next, count, one);
    return true;
  };
  while (mote::receive(any, [](finished) { return false; })) {}
  while (mote::receive(any, mote::after(std::chrono::nanoseconds(0), [] { return false; }))) {}
  mote::send(judge, sum);
}

struct totals {
  complaints wrong;
  std::uint64_t hits = 0;
  std::size_t longest = 0;
};

mote::spawn_options limited(mote::when_full policy) {
  mote::spawn_options options;
  options.mailbox = {.messages = limit, .policy = policy, .types = {mote::limit_for<finished>({}), mote::limit_for<mote::pid>({})}};
  return options;
}

// Looks at the mailboxes until so many senders have finished.
void watch(const std::vector<mote::pid>& flooded, std::uint64_t wanted, totals& sum) {
  while (wanted != 0) {
    for (const mote::pid one : flooded) {
      if (const auto seen = mote::info(one)) sum.longest = std::max(sum.longest, seen->mailbox_messages);
    }
    if (const auto one = mote::receive<finished>(std::chrono::microseconds(200))) {
      sum.hits += one->full;
      --wanted;
    }
  }
}

void flood_one(mote::when_full policy, std::uint64_t count, totals& sum) {
  const std::uint64_t each = count / senders;
  const mote::pid to = mote::spawn(limited(policy), consume, mote::self(), each);
  const bool parks = policy == mote::when_full::park_sender;
  for (std::uint64_t i = 0; i < senders; ++i) mote::spawn(flood, mote::self(), to, i, each, !parks);
  watch({to}, senders, sum);
  mote::send(to, finished{0});
  const auto got = mote::receive<tally>();
  if (got.disorder != 0) sum.wrong.add("%llu messages came out of order", static_cast<unsigned long long>(got.disorder));
  if (parks && got.received != each * senders) {
    sum.wrong.add("%llu of %llu messages came", static_cast<unsigned long long>(got.received),
                  static_cast<unsigned long long>(each * senders));
  }
  if (parks && sum.longest >= limit) ++sum.hits;
}

// The receiver does not receive: what it finds in the end tells the policy.
void flood_sleeper(mote::when_full policy, std::uint64_t count, totals& sum) {
  struct woken {};
  const mote::pid to = mote::spawn(
      limited(policy),
      [](mote::pid judge) {
        mote::receive_reply<woken>(mote::request(judge, woken{}));
        std::uint64_t first = 0, received = 0, last = 0;
        while (const auto one = mote::receive<parcel>(std::chrono::nanoseconds(0))) {
          if (received++ == 0) first = one->number();
          last = one->number();
        }
        mote::send(judge, std::array{first, last, received});
      },
      mote::self());
  mote::spawn(flood, mote::self(), to, std::uint64_t{0}, count, true);
  watch({to}, 1, sum);
  mote::receive([](mote::reply_to asked, woken) { mote::reply(asked, woken{}); });
  const auto [first, last, received] = mote::receive<std::array<std::uint64_t, 3>>();
  const bool newest = policy == mote::when_full::drop_oldest;
  const std::uint64_t begin = newest ? count - limit : 0;
  if (received != limit || first != begin || last != begin + limit - 1) {
    sum.wrong.add("%s: %llu messages, %llu to %llu", newest ? "drop_oldest" : "drop_newest",
                  static_cast<unsigned long long>(received), static_cast<unsigned long long>(first),
                  static_cast<unsigned long long>(last));
  }
}

void flood_each_other(mote::when_full policy, std::uint64_t count, totals& sum) {
  const auto body = [](mote::pid judge, std::uint64_t times) {
    const mote::pid peer = mote::receive<mote::pid>();
    flood(judge, peer, 0, times, true);
    while (mote::receive<parcel>(std::chrono::nanoseconds(0))) {}
  };
  const mote::pid a = mote::spawn(limited(policy), body, mote::self(), count / 2);
  const mote::pid b = mote::spawn(limited(policy), body, mote::self(), count / 2);
  mote::send(a, b);
  mote::send(b, a);
  watch({a, b}, 2, sum);
}

void end_flooded(std::uint64_t count, totals& sum) {
  const auto [to, ended] = mote::spawn_monitor(limited(mote::when_full::end_receiver), [] { mote::receive<finished>(); });
  mote::spawn(flood, mote::self(), to, std::uint64_t{0}, count, true);
  watch({to}, 1, sum);
  const auto news = mote::receive<mote::down>();
  if (news.why.kind() != mote::reason_kind::mailbox_full) sum.wrong.add("it ended by %s", to_string(news.why).c_str());
}

verdict run(const trial& now) {
  totals sum;
  const std::uint64_t part = now.count / 16;
  std::int64_t worst_alive = 0;
  for (const unsigned schedulers : {1u, 2u}) {
    mote::run(
        [&] {
          using enum mote::when_full;
          for (const auto policy : {park_sender, drop_newest, drop_oldest}) {
            most_alive = 0;
            flood_one(policy, part, sum);
            worst_alive = std::max<std::int64_t>(worst_alive, most_alive);
          }
          for (const auto policy : {drop_newest, drop_oldest}) {
            flood_sleeper(policy, part, sum);
            flood_each_other(policy, part, sum);
          }
          end_flooded(part, sum);
        },
        {.schedulers = schedulers});
  }
  if (sum.longest > most) sum.wrong.add("%zu messages in a mailbox of %zu", sum.longest, limit);
  // One more is in the hands of each sender, and of the receiver a few while they are moved.
  if (worst_alive > static_cast<std::int64_t>(most + 4 * senders)) {
    sum.wrong.add("%lld messages existed at once", static_cast<long long>(worst_alive));
  }
  return {sum.wrong.count(), sum.hits, std::to_string(sum.longest) + "_of_" + std::to_string(limit)};
}

}  // namespace

extern const bar mailbox_flood{"32", "messages", 10'000'000, 400'000, run};

}  // namespace bars
