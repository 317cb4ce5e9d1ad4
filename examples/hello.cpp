// The smallest conversation: one process asks another for its greeting and prints it.
#include <mote/mote.hpp>

#include <cstdio>
#include <string>

namespace {

struct ask {
  mote::pid from;
  std::string name;
};
struct greeting {
  std::string text;
};

// A process: a plain function with a mailbox. It serves for ever; the link to its parent ends it.
void greeter() {
  for (;;) mote::receive([](const ask& question) { mote::send(question.from, greeting{"hello, " + question.name}); });
}

}  // namespace

int main() {
  return mote::run([] {
    const mote::pid server = mote::spawn_link(greeter);
    mote::send(server, ask{mote::self(), "world"});
    mote::receive([](const greeting& answer) { std::printf("%s\n", answer.text.c_str()); });
  });
}
