// Frames: what comes in is what was sent, or is refused; bar 18 for what comes from an OS process.
#include "runtime/worker/frames.hpp"

#include <gtest/gtest.h>

#include <mote/mote.hpp>

#include <random>
#include <string>
#include <vector>

namespace {

using namespace mote::detail;

struct news {
  int number;
  std::string text;
  std::vector<double> values;
};

std::vector<std::byte> packet_of_each() {
  std::vector<std::byte> packet;
  const auto add = [&](const outbound& frame) { packet.insert(packet.end(), frame.frame.begin(), frame.frame.end()); };
  const envelope_ptr mail(make_envelope(news{1, "text", {1.5, 2.5}}));
  add(pack(head_of(mote::pid(1, 2, 3), {}, *mail), *mail));
  add(pack(signal_frame{mote::pid(1, 2, 3), mote::pid(4, 0, 1), signal_kind::exit, 5, 6, mote::reason::error("why")}));
  add(pack(finished_frame{mote::reason::shutdown}));
  return packet;
}

/// Reads all of it as an end of a wire does; returns how many frames there were.
int read_all(std::span<const std::byte> packet) {
  int count = 0;
  for (frame_reader frames(packet); !frames.at_end(); ++count) {
    std::span<const std::byte> body;
    const frame_kind kind = frames.next(body);
    mote::decoder in(body);
    if (kind == frame_kind::mail) {
      const auto head = in.get<mail_frame>();
      unpack(head, in);
    } else if (kind == frame_kind::signal) {
      in.get<signal_frame>();
    } else if (kind == frame_kind::finished) {
      in.get<finished_frame>();
    } else {
      in.get<start_frame>();
    }
    check_end(in);
  }
  return count;
}

TEST(frames, a_message_comes_back_as_it_was) {
  const envelope_ptr sent(make_envelope(news{7, "seven", {7.0}}));
  const outbound frame = pack(head_of(mote::pid(1, 2, 3), {}, *sent), *sent);
  frame_reader frames(frame.frame);
  std::span<const std::byte> body;
  ASSERT_EQ(frames.next(body), frame_kind::mail);
  mote::decoder in(body);
  const auto head = in.get<mail_frame>();
  EXPECT_EQ(head.to, mote::pid(1, 2, 3));
  const envelope_ptr got = unpack(head, in);
  EXPECT_EQ(static_cast<news*>(got->payload())->text, "seven");
  EXPECT_TRUE(frames.at_end());
}

TEST(frames, what_is_cut_short_is_refused) {
  const std::vector<std::byte> packet = packet_of_each();
  EXPECT_EQ(read_all(packet), 3);
  int whole = 0;
  for (std::size_t size = 1; size < packet.size(); ++size) {
    try {
      read_all(std::span<const std::byte>(packet).first(size));
      ++whole;  // cut between two frames
    } catch (const mote::decode_error&) {
    }
  }
  EXPECT_EQ(whole, 2);
}

TEST(frames, packets_with_errors_are_refused_or_read) {
  const std::vector<std::byte> packet = packet_of_each();
  std::minstd_rand random(18);
  int refused = 0, read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes = packet;
    for (auto errors = 1 + random() % 3; errors > 0; --errors) {
      bytes[random() % bytes.size()] = static_cast<std::byte>(random() >> 8);
    }
    try {
      read_all(bytes);
      ++read;
    } catch (const mote::decode_error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(read, 100);
}

TEST(frames, noise_is_refused) {
  std::minstd_rand random(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::byte> bytes(random() % 200 + 1);
    for (std::byte& each : bytes) each = static_cast<std::byte>(random() >> 8);
    EXPECT_THROW(read_all(bytes), mote::decode_error);
  }
}

}  // namespace
