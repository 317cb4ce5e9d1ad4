// Places that perf, bpftrace and SystemTap can watch in a running program (USDT): until somebody does, each is one instruction
// that does nothing, and a note in the file. docs/observing.md names them and what they tell.
//
// A library built where <sys/sdt.h> is missing (Debian: systemtap-sdt-dev) has none.
#pragma once

#if __has_include(<sys/sdt.h>) && (defined(__x86_64__) || defined(__aarch64__))
#define SDT_USE_VARIADIC
#include <sys/sdt.h>
/// MOTE_PROBE(name, values...): 1 to 12 integers or pointers, best those at hand: what has to be computed for it costs always.
#define MOTE_PROBE(name, ...) STAP_PROBEV(mote, name, __VA_ARGS__)
#else
#define MOTE_PROBE(name, ...) static_cast<void>(0)
#endif
