// Uses __const__ as the keyword that gcc and clang take it for, and therefore is built without the errno define.
#include <mote/mote.hpp>

static __const__ int answer = 42;

int main() {
  return mote::run([] { return answer - 42; });
}
