// The doors to simulated runs (<mote/sim.hpp>).
#pragma once

#include <cstdint>
#include <type_traits>

namespace mote::sim {
struct options;
struct result;
struct search;
struct findings;
struct difference;
}  // namespace mote::sim

namespace mote::detail {

/// A user's main, which the caller keeps until it is over.
struct simulated_main {
  int (*call)(void* main);
  void* main;
};
sim::result simulate(std::uint64_t seed, simulated_main main, const sim::options& given);
sim::findings explore_simulated(simulated_main main, const sim::search& what, const sim::options& given);
sim::difference compare_simulated(std::uint64_t seed, simulated_main main, const sim::options& given);

template <class Main>
simulated_main simulated(Main& main) {
  const auto call = [](void* what) -> int {
    if constexpr (std::is_void_v<std::invoke_result_t<Main&>>) {
      (*static_cast<Main*>(what))();
      return 0;
    } else {
      return (*static_cast<Main*>(what))();
    }
  };
  return {call, const_cast<void*>(static_cast<const void*>(&main))};
}

template <class Main, class Step>
auto with_main(Main& main, Step step) {
  if constexpr (std::is_function_v<Main>) {
    auto* const pointer = &main;
    return step(simulated(pointer));
  } else {
    return step(simulated(main));
  }
}

}  // namespace mote::detail
