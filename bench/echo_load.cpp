#include "bench/echo_load.hpp"

#include "bench/harness.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace bench {

namespace {

constexpr std::size_t message_bytes = 64;
constexpr std::int64_t warm_up_ns = 500'000'000;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), std::string("echo load: ") + what);
}

class load {
 public:
  load(std::uint16_t port, unsigned connections) : queue_(epoll_create1(EPOLL_CLOEXEC)), all_(connections) {
    for (connection& one : all_) open(one, port);
  }
  ~load() {
    for (const connection& one : all_) close(one.descriptor);
    close(queue_);
  }
  load(const load&) = delete;
  load& operator=(const load&) = delete;

  echo_figures run(double seconds) {
    for (connection& one : all_) send_one(one);
    const std::int64_t warm = clock_ns() + warm_up_ns, end = warm + static_cast<std::int64_t>(seconds * 1e9);
    std::int64_t last = warm;
    std::array<epoll_event, 256> events;
    while (clock_ns() < end) {
      const int count = epoll_wait(queue_, events.data(), static_cast<int>(events.size()), 1000);
      if (count < 0 && errno != EINTR) fail("epoll_wait");
      for (int i = 0; i < count; ++i) {
        connection& one = all_[events[static_cast<std::size_t>(i)].data.u32];
        if (!receive(one)) continue;
        const std::int64_t now = clock_ns();
        if (now >= warm) late_.push_back(now - one.sent_ns), last = now;
        send_one(one);
      }
    }
    if (late_.empty()) throw std::system_error(ETIMEDOUT, std::generic_category(), "echo load: no answer");
    std::sort(late_.begin(), late_.end());
    return {static_cast<double>(late_.size()) * 1e9 / static_cast<double>(last - warm), percentile(late_, 0.5) / 1e3,
            percentile(late_, 0.99) / 1e3};
  }

 private:
  struct connection {
    int descriptor = -1;
    std::size_t received = 0;
    std::int64_t sent_ns = 0;
  };

  void open(connection& one, std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    one.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (one.descriptor < 0) fail("socket");
    if (connect(one.descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
    const int on = 1;
    setsockopt(one.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.u32 = static_cast<std::uint32_t>(&one - all_.data());
    if (epoll_ctl(queue_, EPOLL_CTL_ADD, one.descriptor, &wanted) != 0) fail("epoll_ctl");
  }

  void send_one(connection& one) {
    std::array<char, message_bytes> message;
    message.fill('x');
    one.received = 0;
    one.sent_ns = clock_ns();
    if (send(one.descriptor, message.data(), message_bytes, MSG_NOSIGNAL) != ssize_t{message_bytes}) fail("send");
  }

  bool receive(connection& one) {
    std::array<char, message_bytes> message;
    const ssize_t got = recv(one.descriptor, message.data(), message_bytes - one.received, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return false;
    if (got <= 0) fail("recv");
    one.received += static_cast<std::size_t>(got);
    return one.received == message_bytes;
  }

  int queue_;
  std::vector<connection> all_;
  std::vector<std::int64_t> late_;
};

}  // namespace

echo_figures load_echo_server(std::uint16_t port, unsigned connections, double seconds) {
  return load(port, connections).run(seconds);
}

}  // namespace bench
