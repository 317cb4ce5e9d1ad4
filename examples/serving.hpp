// What the servers among the examples share: they run until the program is asked to end, and accept whatever happens.
#pragma once

#include <mote/mote.hpp>

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
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
    std::error_code error;
    mote::tcp_stream stream = listener.accept(error);
    if (!error) {
      mote::spawn(serve, std::move(stream), args...);
    } else {
      std::fprintf(stderr, "no connection accepted: %s\n", error.message().c_str());
    }
  }
}

/// A program's main: runs start() as the first process's beginning, and then until SIGINT or SIGTERM. What cannot be had is told
/// on stderr, and is the exit code 1.
template <class Start>
int serve_until_asked_to_end(const char* program, const mote::options& options, Start start) {
  const end_signals asked_to_end;
  return mote::run(
      [&] {
        try {
          start();
        } catch (const std::system_error& refused) {
          std::fprintf(stderr, "%s: %s\n", program, refused.what());
          return 1;
        }
        asked_to_end.wait();
        return 0;
      },
      options);
}
