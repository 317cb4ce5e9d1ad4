// What a runtime needs before it runs, so that its processes can start isolated ones.
#pragma once

namespace mote {
struct options;
}

namespace mote::detail {

class runtime;

/// Before there is anything that need not be copied. Does nothing for a program that starts none anywhere. Plain thread.
void prepare_starter(const options& given);
/// Does nothing for a program that starts none anywhere. Plain thread.
void prepare_family(runtime& home);

}  // namespace mote::detail
