// What the servers among the examples share: they run until the program is asked to end, and accept whatever happens.
#pragma once

#include <mote/mote.hpp>

#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

/// SIGINT and SIGTERM as something a process can wait for. Made in main, before any other thread is there, so that no thread
/// takes them the usual way.
class end_signals {
 public:
  end_signals() {
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &both, nullptr);
    descriptor_ = signalfd(-1, &both, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~end_signals() { close(descriptor_); }
  end_signals(const end_signals&) = delete;
  end_signals& operator=(const end_signals&) = delete;

  /// In a process: until one of the two comes.
  void wait() const { mote::wait_readable(descriptor_); }

 private:
  int descriptor_;
};

/// A listener on this port of all addresses; says on stdout which port that is. Throws std::system_error.
inline mote::tcp_listener listen_on(std::uint16_t port) {
  mote::tcp_listener listener = mote::tcp_listener::listen({mote::ip_address::any_v6(), port});
  std::printf("listening on port %u\n", static_cast<unsigned>(listener.local_endpoint().port));
  std::fflush(stdout);
  return listener;
}

/// For ever: serve(stream, args...) as a process of its own for each connection. One that cannot be had now (the limit of
/// open files is reached, say) is told on stderr, and waits until it can.
template <class Serve, class... Args>
[[noreturn]] void accept_for_ever(mote::tcp_listener listener, Serve serve, const Args&... args) {
  for (;;) {
    try {
      mote::spawn(serve, listener.accept(), args...);
    } catch (const std::system_error& refused) {
      std::fprintf(stderr, "no connection accepted: %s\n", refused.what());
    }
  }
}

/// In a connection's process: does what a client has asked for, to the end. No exit signal but kill ends the process
/// meanwhile; one that has come ends it afterwards.
template <class Work>
void carry_out(Work&& work) {
  mote::trap_exit(true);
  std::forward<Work>(work)();
  mote::trap_exit(false);
  if (const auto asked = mote::receive<mote::exited>(std::chrono::nanoseconds(0))) mote::exit(asked->why);
}

/// Lets no client in any more, and waits a second, at most, for the connections to carry out what they have in hand.
/// acceptor: linked to the caller, in accept_for_ever.
inline void stop_serving(mote::pid acceptor) {
  const auto end = [](mote::pid who) {
    mote::monitor(who);
    mote::exit(who, mote::reason::shutdown);
  };
  mote::unlink(acceptor);
  end(acceptor);
  mote::receive<mote::down>();
  std::size_t open = 0;
  for (const mote::pid each : mote::processes()) {
    const auto seen = mote::info(each);
    if (!seen || seen->parent != acceptor) continue;
    end(each);
    ++open;
  }
  const auto until = mote::now() + std::chrono::seconds(1);
  while (open != 0 && mote::receive<mote::down>(until - mote::now())) --open;
}

/// A program's main: start() as the first process's beginning returns the acceptor's pid; then until SIGINT or SIGTERM; then
/// stop_serving, and finish(). What cannot be had is told on stderr, and is the exit code 1.
template <class Start, class Finish>
int serve_until_asked_to_end(const char* program, const mote::options& options, Start start, Finish finish) {
  const end_signals asked_to_end;
  return mote::run(
      [&] {
        mote::pid acceptor;
        try {
          acceptor = start();
        } catch (const std::system_error& refused) {
          std::fprintf(stderr, "%s: %s\n", program, refused.what());
          return 1;
        }
        asked_to_end.wait();
        stop_serving(acceptor);
        finish();
        return 0;
      },
      options);
}
