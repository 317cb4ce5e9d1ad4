// What happens to descriptors: their numbers are used again at once, there are only so many, and none is left over.
#include "runtime/os/system_refusal.hpp"
#include "tests/few_descriptors.hpp"
#include "tests/in_process.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <mote/net.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

const endpoint any_port{ip_address::loopback_v4(), 0};

template <class Body>
void on_schedulers(Body&& body) {
  for (const unsigned count : {1u, 2u}) in_mode({count, {}}, body);
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* const folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

// Each connection brings its own number and nothing else, while the numbers of descriptors are used again and again and
// events of the last connections are still under way: readers see exactly what was written to their own connection.
TEST(descriptors, used_again_bring_no_event_of_an_earlier_owner) {
  on_schedulers([] {
    constexpr int clients = 8, rounds = 300;
    tcp_listener listener = tcp_listener::listen(any_port);
    const endpoint at = listener.local_endpoint();
    const pid server = spawn(
        [](tcp_listener from) {
          for (;;) {
            spawn(
                [](tcp_stream with) {
                  std::error_code gone;
                  with.write(with.read_until("\n", 32, gone), gone);
                },
                from.accept());
          }
        },
        std::move(listener));
    std::vector<ref> all;
    for (int i = 0; i < clients; ++i) {
      all.push_back(spawn_monitor(
                        [](endpoint to, int number) {
                          for (int round = 0; round < rounds; ++round) {
                            tcp_stream stream = tcp_stream::connect(to);
                            // Nothing has been written, so nothing may be said to be there.
                            std::array<char, 32> into;
                            std::error_code error;
                            EXPECT_EQ(stream.read(into, error, 0ns), 0u);
                            EXPECT_EQ(error, std::errc::timed_out);
                            const std::string sent = std::to_string(number) + " " + std::to_string(round) + "\n";
                            stream.write(sent);
                            EXPECT_EQ(stream.read_until("\n", 32), sent);
                            if (round % 3 == 0) stream.abort();  // its error comes when the number has another owner
                          }
                        },
                        at, i)
                        .monitor);
    }
    for (const ref client : all) EXPECT_FALSE(news_of(client));
    kill(server);
  });
}

TEST(descriptors, without_one_left_are_an_error_that_names_the_limit) {
  const std::system_error refused = detail::system_refusal(EMFILE, "mote::tcp_listener::accept");
  EXPECT_EQ(refused.code(), std::errc::too_many_files_open);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  EXPECT_NE(std::string(refused.what()).find(std::to_string(files.rlim_cur) + " (RLIMIT_NOFILE)"), std::string::npos);
}

TEST(descriptors, without_one_left_accept_says_so_slowly_and_recovers) {
  on_schedulers([] {
    tcp_listener listener = tcp_listener::listen(any_port);
    const endpoint at = listener.local_endpoint();
    std::vector<tcp_stream> waiting;
    tcp_stream accepted;
    std::vector<std::error_code> told;  // looked at afterwards: sanitizers need descriptors to look at what is
    {
      const few_descriptors limit(2);
      waiting.push_back(tcp_stream::connect(at));
      waiting.push_back(tcp_stream::connect(at));
      // A loop that goes on does not spin: each attempt waits, longer and longer.
      std::error_code error;
      const auto begun = now();
      for (int i = 0; i < 4; ++i) {
        listener.accept(error);
        told.push_back(error);
      }
      EXPECT_GE(now() - begun, 70ms);
      tcp_stream::connect(at, error);
      told.push_back(error);
    }
    for (const std::error_code& error : told) EXPECT_EQ(error, std::errc::too_many_files_open);
    for (tcp_stream& one : waiting) {
      accepted = listener.accept();  // nothing was lost
      one.write("!");
      std::array<char, 1> got;
      EXPECT_EQ(accepted.read(got), 1u);
    }
  });
}

TEST(descriptors, are_all_given_back) {
  const std::size_t before = open_descriptors();
  on_schedulers([] {
    tcp_listener listener = tcp_listener::listen(any_port);
    std::vector<tcp_stream> all;
    for (int i = 0; i < 20; ++i) {
      all.push_back(tcp_stream::connect(listener.local_endpoint()));
      all.push_back(listener.accept());
    }
    // Held by one that ends, by one that is killed, in a mailbox, and by the first process itself.
    spawn([](tcp_stream) {}, std::move(all[0]));
    spawn([](tcp_stream held) { held.read_until("x", 10); }, std::move(all[1]));
    send(spawn(&wait_for_ever), std::move(all[2]));
  });
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace mote::test
