// What the compiler is told about the few paths that every message, spawn and switch takes.
#pragma once

/// This function's callees become part of it, as far as they are in the same source file (the kernel's files are compiled as
/// one, see cmake/library.cmake).
#define MOTE_FLATTEN __attribute__((flatten))

/// Rarely called: kept out of line, so that the paths that are often taken stay short.
#define MOTE_COLD __attribute__((cold, noinline))
