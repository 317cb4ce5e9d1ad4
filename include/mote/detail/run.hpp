// The doors through which a plain thread enters the runtime.
#pragma once

#include <mote/detail/envelope.hpp>
#include <mote/pid.hpp>

namespace mote {
struct options;
}

namespace mote::detail {

class runtime;

int run_main(const options& given, int (*call)(void* main), void* main);
void deliver_from_outside(runtime& where, pid to, envelope* mail);

}  // namespace mote::detail
