// The isolated processes that a runtime has started, and the way to them: by the process that stands for each.
#pragma once

#include "runtime/process/core.hpp"
#include "runtime/worker/wire.hpp"

#include <shared_mutex>
#include <unordered_map>

namespace mote::detail {

/// Any thread.
class family final : public abroad {
 public:
  explicit family(runtime& home) noexcept : home_(home) {}

  std::uint32_t new_serial() noexcept { return serials_.fetch_add(1, relaxed) + 1; }
  /// From here on the process of this key stands for that one. Nobody need say when it does no longer. Throws std::bad_alloc.
  void add(std::uint32_t serial, std::uint64_t key);

  /// The other side of an isolated process's wire, for who scripts its end; from here until forgotten. Throws std::bad_alloc.
  void know_far_side(std::uint32_t serial, far_side& which);
  void forget_far_side(std::uint32_t serial) noexcept;
  far_side* far_side_of(std::uint32_t serial) const noexcept;

  forwarded forward(pid to, envelope_ptr mail, moment when) override;
  bool has_ended(std::uint64_t foreign_key) const noexcept override;
  std::uint64_t stand_in_for(pid who) const noexcept override;
  pid stood_for(std::uint64_t key) const noexcept override;

 private:
  std::uint64_t key_of_serial(std::uint32_t serial) const noexcept;
  bool is_gone(std::uint64_t key) const noexcept;
  void forget_ended();

  runtime& home_;
  atomic<std::uint32_t> serials_{0};
  mutable std::shared_mutex lock_;
  std::unordered_map<std::uint32_t, std::uint64_t> keys_;     // by serial
  std::unordered_map<std::uint64_t, std::uint32_t> serials_of_;  // by key
  std::unordered_map<std::uint32_t, far_side*> far_sides_;  // by serial; of simulated ones
  std::size_t worth_a_look_ = 64;
};

/// A message in the form in which a stand-in or a gate takes it: a frame in an envelope of the same kind. asker: of a request.
envelope* wrap(pid to, pid asker, envelope& mail);

}  // namespace mote::detail
