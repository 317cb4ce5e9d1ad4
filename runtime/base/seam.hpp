// The one place where the runtime asks for the time, for a choice between alternatives, or for a random number. Nothing else
// in the runtime does. Each scheduler has a seam; deterministic mode puts another implementation behind the same calls.
#pragma once

#include <cstdint>
#include <span>

namespace mote {
class reason;
}

namespace mote::detail {

class trace_ring;
struct envelope;

/// A process's call, as it enters the runtime.
struct runtime_call {
  const char* name;
  const envelope* mail;  ///< what it sends, or nullptr
  std::uint64_t about;   ///< the other process's key, or 0
};

/// What a simulated world may refuse.
enum class mishap : std::uint8_t { memory, connection, os_process };

/// The names by which seam::next knows schedulers, apart from all that name processes.
constexpr std::uint64_t scheduler_name(std::uint64_t index) noexcept { return ~std::uint64_t{0} - index; }
constexpr bool names_scheduler(std::uint64_t name) noexcept { return name > ~std::uint64_t{0} - 1024; }

/// Used by its scheduler's thread only.
class seam {
 public:
  seam() = default;
  seam(const seam&) = delete;
  seam& operator=(const seam&) = delete;
  virtual ~seam() = default;

  /// Nanoseconds of a clock that never goes back.
  virtual std::uint64_t now_ns() noexcept = 0;
  /// One of the alternatives 0 .. count - 1; count > 0.
  virtual std::uint32_t choose(std::uint32_t count) noexcept = 0;
  /// 64 bits for the user's program.
  virtual std::uint64_t random() noexcept = 0;
  /// How many reductions the process that runs next may use, where `usual` is the rule.
  virtual std::int32_t slice(std::int32_t usual) noexcept = 0;
  /// Whether the order of ready processes is to be asked of choose.
  virtual bool orders() const noexcept = 0;
  /// Nothing can run before this time. True: time has gone there by itself; false: the caller has to wait.
  virtual bool skip_to(std::uint64_t deadline_ns) noexcept = 0;

  // ---- asked and told by one that orders ----
  /// Which of those that are ready goes on, by their names: numbers that are each one's own for the whole run. Not empty.
  virtual std::uint32_t next(std::span<const std::uint64_t> names) noexcept {
    return choose(static_cast<std::uint32_t>(names.size()));
  }
  /// More are ready than next is asked about just now.
  virtual void leaves_out() noexcept {}
  /// That scheduler has come to where it decides who runs, with these events behind it.
  virtual void look(unsigned scheduler, const trace_ring& events) noexcept {
    static_cast<void>(scheduler), static_cast<void>(events);
  }
  /// The process of that name calls the runtime there.
  virtual void called(unsigned scheduler, std::uint64_t who, const runtime_call& what) noexcept {
    static_cast<void>(scheduler), static_cast<void>(who), static_cast<void>(what);
  }
  /// Whether the world refuses this now.
  virtual bool fails(mishap) noexcept { return false; }
  /// Whether it may postpone mail.
  virtual bool is_slow() const noexcept { return false; }
  /// From one to another process, by their keys. True: the mail is the seam's, which delivers it later, and after what it has
  /// postponed between those two before.
  virtual bool postpones(std::uint64_t from, std::uint64_t to, envelope* mail) noexcept {
    return static_cast<void>(from), static_cast<void>(to), static_cast<void>(mail), false;
  }
  /// Delivers what it has postponed between those two: more follows that cannot wait.
  virtual void hurry(std::uint64_t from, std::uint64_t to) noexcept { static_cast<void>(from), static_cast<void>(to); }
  /// When the first of what is postponed is due; the largest number: nothing is.
  virtual std::uint64_t due_ns() const noexcept { return ~std::uint64_t{0}; }
  /// Drops what is postponed. Whether there was any.
  virtual bool drop_postponed() noexcept { return false; }
  /// The process of that name, or the runtime in its name, is done with this mail, or drops it unread.
  virtual void freed(unsigned scheduler, std::uint64_t who, const envelope& mail, bool dropped) noexcept {
    static_cast<void>(scheduler), static_cast<void>(who), static_cast<void>(mail), static_cast<void>(dropped);
  }
  /// The process of that name ends, in no orderly way.
  virtual void ended(std::uint64_t who, const reason& why) noexcept { static_cast<void>(who), static_cast<void>(why); }
  /// Whether the run is over, finished or not: nobody goes on.
  virtual bool is_over() const noexcept { return false; }
  /// Nothing is ready, and nothing ever will be.
  virtual void stands() noexcept {}
};

/// A small generator with 2^64 states: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
class split_mix {
 public:
  explicit constexpr split_mix(std::uint64_t seed) noexcept : state_(seed) {}
  constexpr std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  /// 0 .. count - 1, by Lemire's multiplication; the bias is below 2^-32.
  constexpr std::uint32_t below(std::uint32_t count) noexcept {
    return static_cast<std::uint32_t>((next() >> 32) * count >> 32);
  }

 private:
  std::uint64_t state_;
};

/// Most slices are short, so that processes are switched inside what they do; some are whole, so that bursts happen too.
std::int32_t drawn_slice(split_mix& random, std::int32_t usual) noexcept;

/// Deterministic mode: everything comes from the seed, and time is virtual. It stands still while anything can run and jumps
/// to the next timer when nothing can; each slice takes a microsecond, so that who polls the clock sees it move.
class deterministic_seam final : public seam {
 public:
  explicit deterministic_seam(std::uint64_t seed) noexcept : random_(seed), user_random_(split_mix(~seed).next()) {}
  std::uint64_t now_ns() noexcept override { return now_; }
  std::uint32_t choose(std::uint32_t count) noexcept override { return count == 1 ? 0 : random_.below(count); }
  std::uint64_t random() noexcept override { return user_random_.next(); }
  std::int32_t slice(std::int32_t usual) noexcept override;
  bool orders() const noexcept override { return true; }
  bool skip_to(std::uint64_t deadline_ns) noexcept override;

 private:
  split_mix random_, user_random_;
  std::uint64_t now_ = 1'000'000'000;
};

/// One scheduler's share in a seam that several have, so that they have one clock and one seed. What is drawn and when goes to
/// the one behind it.
class shared_seam : public seam {
 public:
  /// whole: outlives this.
  explicit shared_seam(seam& whole) noexcept : whole_(whole) {}
  std::uint64_t now_ns() noexcept override { return whole_.now_ns(); }
  std::uint32_t choose(std::uint32_t count) noexcept override { return whole_.choose(count); }
  std::uint64_t random() noexcept override { return whole_.random(); }
  std::int32_t slice(std::int32_t usual) noexcept override { return whole_.slice(usual); }
  bool orders() const noexcept override { return whole_.orders(); }
  bool skip_to(std::uint64_t deadline_ns) noexcept override { return whole_.skip_to(deadline_ns); }
  std::uint32_t next(std::span<const std::uint64_t> names) noexcept override { return whole_.next(names); }
  void leaves_out() noexcept override { whole_.leaves_out(); }
  void look(unsigned scheduler, const trace_ring& events) noexcept override { whole_.look(scheduler, events); }
  void called(unsigned scheduler, std::uint64_t who, const runtime_call& what) noexcept override {
    whole_.called(scheduler, who, what);
  }
  bool fails(mishap what) noexcept override { return whole_.fails(what); }
  void freed(unsigned scheduler, std::uint64_t who, const envelope& mail, bool dropped) noexcept override {
    whole_.freed(scheduler, who, mail, dropped);
  }
  void ended(std::uint64_t who, const reason& why) noexcept override { whole_.ended(who, why); }
  bool is_over() const noexcept override { return whole_.is_over(); }

 protected:
  seam& whole_;
};

/// Of a scheduler that runs as another's guest: what it does is its host's doing, and told by nobody. Alone it may go ahead in
/// time.
class guest_seam final : public shared_seam {
 public:
  using shared_seam::shared_seam;
  std::uint64_t now_ns() noexcept override { return whole_.now_ns() + ahead_ns_; }
  bool skip_to(std::uint64_t deadline_ns) noexcept override;
  void look(unsigned, const trace_ring&) noexcept override {}
  void called(unsigned, std::uint64_t, const runtime_call&) noexcept override {}
  void freed(unsigned, std::uint64_t, const envelope&, bool) noexcept override {}
  void ended(std::uint64_t, const reason&) noexcept override {}

 private:
  std::uint64_t ahead_ns_ = 0;
};

}  // namespace mote::detail
