// Mail whose sender found the receiver alive, and which reaches the block after a later process has taken it: pushed here as
// such a sender does, with the generation before the block's.
#include "runtime/process/core.hpp"
#include "tests/in_process.hpp"

namespace mote::test {
namespace {

namespace inside = mote::detail;

// Who had the caller's block before it, as far as a pid tells.
pid predecessor() { return pid(self().place(), self().index(), self().generation() - 1); }

void push_late(inside::envelope* mail) {
  const inside::entry door("test");
  mail->generation = predecessor().generation();
  std::uint64_t load = 0;
  ASSERT_EQ(door.self().mail.push(mail, 1, mail->kind == inside::envelope_kind::signal, load), inside::pushed::queued);
}

void push_late(inside::signal_kind what, ref which = {}) {
  inside::envelope* const mail = inside::make_envelope(inside::signal{what, which.slot(), self(), which.number(), {}});
  mail->kind = inside::envelope_kind::signal;
  push_late(mail);
}

// A link, as the caller sees one to its predecessor.
void link_to_predecessor() {
  const inside::entry door("test");
  door.self().links.insert(inside::key_of(predecessor())) = 1;
}

TEST(late_mail, of_a_message_vanishes) {
  in_every_mode([] {
    push_late(inside::make_envelope(7));
    EXPECT_TRUE(none_left<int>());
  });
}

TEST(late_mail, of_a_monitor_is_answered_noproc) {
  in_every_mode([] {
    ref which;
    {
      const inside::entry door("test");
      which = inside::add_monitor(door.here(), door.self(), inside::key_of(predecessor()));
    }
    push_late(inside::signal_kind::monitor, which);
    const down news = receive<down>();
    EXPECT_EQ(news.monitor, which);
    EXPECT_EQ(news.from, predecessor());
    EXPECT_EQ(news.why, reason::noproc);
  });
}

TEST(late_mail, of_a_link_is_answered_noproc) {
  in_every_mode([] {
    trap_exit(true);
    link_to_predecessor();
    push_late(inside::signal_kind::link);
    const exited news = receive<exited>();
    EXPECT_EQ(news.from, predecessor());
    EXPECT_EQ(news.why, reason::noproc);
    EXPECT_EQ(info(self())->links, 0u);
  });
}

TEST(late_mail, of_an_unlink_is_acknowledged) {
  in_every_mode([] {
    link_to_predecessor();
    {
      const inside::entry door("test");
      *door.self().links.find(inside::key_of(predecessor())) = 2;  // not in force, one unlink on its way
    }
    push_late(inside::signal_kind::unlink);
    until([] {
      checkpoint();
      return info(self())->links == 0;
    });
  });
}

TEST(late_mail, of_a_request_is_answered_noproc) {
  in_every_mode([] {
    const ref which = request(spawn(wait_for_ever), 1);
    inside::envelope* const mail = inside::make_envelope(1, sizeof(std::uint64_t));
    mail->kind = inside::envelope_kind::request;
    mail->mark = which.number();
    mail->slot = which.slot() & 0xFFFFFF;
    inside::asker_of(*mail) = inside::key_of(self());
    push_late(mail);
    EXPECT_TRUE(none_left<int>());
    EXPECT_THROW(receive_reply<int>(which), no_reply);
  });
}

}  // namespace
}  // namespace mote::test
