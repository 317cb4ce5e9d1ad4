// Calls that block, and long computations, beside the schedulers.
#pragma once

#include <mote/detail/blocking.hpp>

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace mote {

/// Runs f() on another thread, with a thread's whole stack, while the caller waits and the scheduler runs others: for a library's
/// call that blocks, or a computation without calls of the runtime's. f may capture, by reference too, since the caller waits.
/// Inside f no function that wants a process may be called: it is a plain thread.
/// Returns  what f returns, which must not be a reference to what ends with f. What f throws comes out here, errno as f left it.
/// Threads  at most options::max_threads at once; more wait for their turn.
/// Blocks   the caller until f has returned, whatever happens to it: an exit signal, kill too, takes effect then. May end the
///          process, before or after, never between. Throws usage_error in a plain thread, std::system_error when there is no
///          thread and none can be had.
/// In deterministic mode, and where a process may not wait (a destructor that the runtime runs), f runs in place.
template <class Function>
std::invoke_result_t<Function&> blocking(Function&& f) {
  using result = std::invoke_result_t<Function&>;
  if constexpr (std::is_void_v<result>) {
    detail::run_blocking([](void* of) { (*static_cast<std::remove_reference_t<Function>*>(of))(); },
                         const_cast<void*>(static_cast<const void*>(std::addressof(f))));
  } else if constexpr (std::is_reference_v<result>) {
    return *blocking([&f] { return std::addressof(f()); });
  } else {
    std::optional<result> value;
    auto keep = [&f, &value] { value.emplace(f()); };
    detail::run_blocking([](void* of) { (*static_cast<decltype(keep)*>(of))(); }, &keep);
    return *std::move(value);
  }
}

}  // namespace mote
