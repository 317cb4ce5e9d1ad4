// expect-error: field<job, 1, [^/]*total[^/]*unsafe_share<int>.*this cannot cross to another OS process|this cannot cross to another OS process.*field<job, 1, [^/]*total[^/]*unsafe_share<int>
// A field is found in a container of structs, too.
#include <mote/isolated.hpp>
#include <mote/unsafe_share.hpp>

#include <utility>
#include <vector>

struct job {
  int number;
#ifdef MOTE_CONTROL
  int total;
#else
  mote::unsafe_share<int> total;
#endif
};

void work(std::vector<job>) {}

mote::monitored begin(std::vector<job> jobs) { return mote::spawn_monitor(mote::isolated, work, std::move(jobs)); }
