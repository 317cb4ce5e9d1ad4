// A handler that stands before somebody else's, to whom it passes the signal on.
//
// F1  A handler reads what was there before without a lock: that is complete before ours is installed, and changes only after ours
//     has been taken out again.
// F2  in_chain_ stays set while somebody else's handler may still call ours: then ours is not installed a second time, or it
//     would come to stand behind itself.
#pragma once

#include <csignal>

namespace mote::detail {

/// One signal. install and remove by one thread at a time; pass_on inside of the handler, any thread.
class chained_signal {
 public:
  using handler = void (*)(int number, siginfo_t* what, void* machine_state);

  /// Puts ours before what is there. What the earlier handler wanted blocked while it runs holds for ours.
  void install(int number, handler ours) noexcept;
  /// Puts the earlier one back, unless the program has put one of its own over ours meanwhile: then that stays, and ours with it.
  void remove() noexcept;
  /// Whoever had the signal before has it now, as if it had come straight there. By default that ends the program when the
  /// handler returns.
  void pass_on(siginfo_t* what, void* machine_state) const noexcept;
  /// Whether that is a handler of the program's, not what the system does with the signal, or nothing.
  bool has_earlier() const noexcept {
    return (before_.sa_flags & SA_SIGINFO) != 0 || (before_.sa_handler != SIG_DFL && before_.sa_handler != SIG_IGN);
  }
  int number() const noexcept { return number_; }

 private:
  int number_ = 0;
  bool in_chain_ = false;  // F2
  handler ours_ = nullptr;
  struct sigaction before_ {};
};

}  // namespace mote::detail
