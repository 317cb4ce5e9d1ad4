// Supervision by hand. A parent that traps exits starts a worker which keeps failing, hears of each death through the link,
// prints the reason and starts another, a few times and no more.
#include <mote/mote.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

constexpr int most_restarts = 3;

struct out_of_paper {
  int tray;
};

// Ends in another way at each attempt. Its parent sees them all as one thing: an exit reason.
void printer(int attempt) {
  switch (attempt) {
    case 0:
      throw std::runtime_error("paper jam");
    case 1:
      mote::exit(mote::reason::error("no toner", 42));
    case 2:
      mote::exit(mote::reason::with(out_of_paper{2}, "no paper"));
    default:
      mote::receive<std::string>();  // waits for work that never comes
  }
}

// A worker between two others: the middle one dies with its child, since links run both ways and it does not trap exits.
void department() {
  mote::spawn_link(printer, 0);
  mote::receive<std::string>();
}

mote::reason reason_of_death(mote::pid child) {
  return mote::receive(mote::when([=](const mote::exited& news) { return news.from == child; },
                                  [](const mote::exited& news) { return news.why; }));
}

void tell(const char* who, const mote::reason& why) {
  std::printf("%s ended: %s\n", who, to_string(why).c_str());
  if (const auto* empty = why.value<out_of_paper>()) std::printf("  (tray %d is empty)\n", empty->tray);
}

}  // namespace

int main() {
  return mote::run([] {
    mote::trap_exit(true);
    for (int restarts = 0; restarts < most_restarts; ++restarts) {
      tell("printer", reason_of_death(mote::spawn_link(printer, restarts)));
    }
    std::printf("%d restarts are enough\n", most_restarts);

    tell("department", reason_of_death(mote::spawn_link(department)));

    const mote::pid idle = mote::spawn_link(printer, most_restarts);
    mote::exit(idle, mote::reason::shutdown);
    tell("idle printer", reason_of_death(idle));

    const mote::pid stubborn = mote::spawn_link(printer, most_restarts);
    mote::kill(stubborn);
    tell("stubborn printer", reason_of_death(stubborn));
  });
}
