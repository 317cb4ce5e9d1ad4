// What the starter runs. Only zygote.cpp uses it.
#pragma once

#include "runtime/os/zygote.hpp"

namespace mote::detail {

/// control: where requests come from. program: its pidfd. In an OS process of its own, with one thread.
[[noreturn]] void run_zygote(int control, int program, void (*body)(const os_process_start&));

}  // namespace mote::detail
