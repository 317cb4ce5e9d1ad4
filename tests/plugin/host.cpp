// host PLUGIN ROUNDS: loads a plugin that uses mote, runs it and unloads it, so often, and fails when anything of it is left:
// code, threads, mappings, descriptors, handlers. Then goes on and ends as a program does.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <unistd.h>

namespace {

struct in_use {
  long threads = 0, descriptors = 0, mappings = 0;
};

long entries(const char* folder) {
  const std::filesystem::directory_iterator each(folder);
  return std::distance(begin(each), end(each));
}

in_use look() {
  in_use now{entries("/proc/self/task"), entries("/proc/self/fd"), 0};
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) ++now.mappings;
  return now;
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

void one_round(const char* path) {
  void* const plugin = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) fail(::dlerror());
  const auto run = reinterpret_cast<int (*)()>(::dlsym(plugin, "run_plugin"));
  const int result = run != nullptr ? run() : -4;
  if (result != 42) fail("the plugin returned " + std::to_string(result));
  if (::dlclose(plugin) != 0) fail(::dlerror());
  if (void* const still = ::dlopen(path, RTLD_NOW | RTLD_NOLOAD)) {
    ::dlclose(still);
    fail("the plugin stays loaded");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) fail("host PLUGIN ROUNDS");
  const int rounds = std::atoi(argv[2]);
  struct sigaction faults {};
  ::sigaction(SIGSEGV, nullptr, &faults);
  const auto terminate_before = std::get_terminate();
  in_use first;
  for (int round = 0; round < rounds; ++round) {
    if (round == rounds / 4) first = look();
    // Every other round by a thread of its own, whose thread-locals end after the plugin has gone.
    if (round % 2 == 0) {
      one_round(argv[1]);
    } else {
      std::thread([&] { one_round(argv[1]); }).join();
    }
  }
  const in_use last = look();
  std::printf("threads %ld -> %ld, descriptors %ld -> %ld, mappings %ld -> %ld\n", first.threads, last.threads,
              first.descriptors, last.descriptors, first.mappings, last.mappings);
  struct sigaction now {};
  ::sigaction(SIGSEGV, nullptr, &now);
  if (now.sa_sigaction != faults.sa_sigaction) fail("a handler of SIGSEGV is left");
  if (std::get_terminate() != terminate_before) fail("a terminate handler is left");
  if (last.threads != first.threads || last.descriptors != first.descriptors) fail("threads or descriptors are left");
  if (last.mappings > first.mappings + 4) fail("mappings are left");
  if (const pid_t child = ::fork(); child == 0) std::_Exit(0);  // no fork handler is left that points to where the plugin was
}
