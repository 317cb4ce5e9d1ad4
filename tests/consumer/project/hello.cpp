// A process, a message there and a message back.
#include <mote/mote.hpp>

#include <cstdio>
#include <string>

#if defined(NO_ERRNO_DEFINE) == defined(__const__)
#error "the errno define is not what this program asked for"
#endif

struct greeting {
  mote::pid from;
  std::string text;
};

void answer() {
  mote::receive([](greeting hello) { mote::send(hello.from, hello.text + ", world"); });
}

int main() {
  return mote::run([] {
    const mote::pid other = mote::spawn_link(answer);
    mote::send(other, greeting{mote::self(), "hello"});
    const auto heard = mote::receive<std::string>();
    std::puts(heard.c_str());
    return heard == "hello, world" ? 0 : 1;
  });
}
