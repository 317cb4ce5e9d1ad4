// Schedulers that make work, share and steal it, sleep and are woken, and end; with a process now and then that does not let go
// of its thread until all other work is done, so that whatever is left behind it anywhere, or submitted while all sleep, ends
// the search with a deadlock. A model of scheduler/search.cpp, dispatch.cpp, balance.cpp and idle.hpp; the labels are theirs.
// docs/design/model.md says what stands for what.
//
// A plain thread submits MAKERS processes, another one PLAIN short ones. A maker makes SHORTS short ones and then computes until all short
// ones have run: so there must be fewer makers than schedulers. Each step stands for one atomic operation; where the fence of a fault is
// missing, the look behind it may come first.
//
// quick     -DN=2 -DMAKERS=1 -DSHORTS=2
// thorough  -DN=2 -DMAKERS=1 -DSHORTS=2 -DTIMERS=1
// thorough  -DN=2 -DMAKERS=1 -DSHORTS=1 -DPLAIN=1 -DTIMERS=1
// thorough  -DN=2 -DMAKERS=0 -DSHORTS=0 -DPLAIN=2 -DTIMERS=1
//
// fault SUBMIT_UNFENCED  who submits looks for sleepers before its work is to be seen (W1, O1)
// fault PARK_UNFENCED    who parks looks at the queues before it has announced itself (W1, O1)
// fault NO_LOOK          who parks does not look again (W1)
// fault TWO_WAKERS       a parked bit is taken away by two (W3)
// fault NO_WATCH         nobody watches (W5)
// fault UNWATCHED        neither who makes work nor who goes to work beside others asks whether there is a watcher (W5)
// fault WATCH_TO_THE_END the watcher sleeps for good when all are parked, without a second look (W5)
// fault COUNTED          whether all are parked is judged by their number, which a slow waker has not lowered yet (W5)
// fault NO_RAID          the watcher leaves what is stuck where it is (S4)
// fault DOOR_UNFENCED    the owner looks for a raider before its mark is to be seen (O3)
// fault DOOR_UNHEEDED    the owner does not wait for a raider (S2)
// fault UNANNOUNCED_END  the schedulers are woken before they are told to stop
// With plain threads more, which takes longer:
// rare  NO_SUCCESSOR  -DN=2 -DMAKERS=1 -DSHORTS=0 -DPLAIN=1  the last searcher that finds work does not look for more (W2)
// rare  SILENT_WAKER  -DN=2 -DMAKERS=1 -DSHORTS=0 -DPLAIN=1 -DTIMERS=1  a waker that woke nobody does not look again (O1)
#define NOBODY 255
#ifndef PLAIN
#define PLAIN 0
#endif
#define TOTAL (MAKERS * SHORTS + PLAIN)
#define INJECTED (injected + makers > 0)
#ifndef TIMERS
#define TIMERS 0  // sleeps that end by themselves
#endif

// The stations, by index.
byte ready[N];   // short ones in the slot and the private queue
byte ring[N];    // offered to thieves
bool parked[N];  // idle_set's bits
bool permit[N];
bool inside[N] = true, raided[N];  // the door
bool passed[N] = true, raiding[N];  // who is behind it: never both

byte injected, makers;  // in the injector: short ones, and makers
byte parked_count, searching, watcher = NOBODY;
bool stopping;

byte done, ended, timers = TIMERS, out;

#define STUCK(who) (ready[who] > 0 && !inside[who])
#if N == 2
#define PARKED (parked[0] + parked[1])
#define ANY_STUCK (STUCK(0) || STUCK(1))
#define ANY_RING (ring[0] > 0 || ring[1] > 0)
#else
#define PARKED (parked[0] + parked[1] + parked[2])
#define ANY_STUCK (STUCK(0) || STUCK(1) || STUCK(2))
#define ANY_RING (ring[0] > 0 || ring[1] > 0 || ring[2] > 0)
#endif
#ifdef COUNTED
#undef PARKED
#define PARKED parked_count
#endif
#define SOMETHING_TO_DO (stopping || ready[me] > 0 || INJECTED || ANY_RING)

// scheduler::enter, wait_at_door
inline enter() {
#ifdef DOOR_UNFENCED
  sees = raided[me];
  inside[me] = true;
#else
  inside[me] = true;
  sees = raided[me];
#endif
#ifndef DOOR_UNHEEDED
  do
  :: sees ->
    inside[me] = false;
    !raided[me];
    inside[me] = true;
    sees = raided[me]
  :: else -> break
  od;
#endif
  atomic { passed[me] = true; sees = false; assert(!raiding[me]) }
}
inline leave() { atomic { passed[me] = false; inside[me] = false } }

// idle_set::unpark_self, of anyone; `got` says who cleared the bit.
inline unpark(who) {
#ifdef TWO_WAKERS
  got = parked[who];
  parked[who] = false;
#else
  atomic { got = parked[who]; parked[who] = false };
#endif
  if
  :: got -> parked_count--
  :: else -> skip
  fi
}

// idle_set::wake_one, and the unpark that the waker owes.
inline wake_one() {
  if
  :: parked_count == 0 -> skip
  :: else -> wake_if_nobody_searches()
  fi
}
inline wake_if_nobody_searches() {
  do
  :: atomic { searching == 0 -> searching = 1 };  // W4
    who = 0; got = false;
    do
    :: who < N && !parked[who] -> who++
    :: who < N && parked[who] ->
      unpark(who);
      if
      :: got -> break
      :: else -> who++
      fi
    :: who == N -> break
    od;
    if
    :: got -> atomic { permit[who] = true; who = 0; got = false; break }
    :: else -> skip
    fi;
    atomic { searching--; who = 0 };
#ifdef SILENT_WAKER
    break  // O1
#else
    look_for_parked();
    if
    :: got -> got = false
    :: else -> break
    fi
#endif
  :: atomic { searching != 0 -> break }
  od
}
inline look_for_parked() {
  do
  :: who < N && !parked[who] -> who++
  :: who < N && parked[who] -> atomic { got = true; who = 0; break }
  :: who == N -> atomic { who = 0; break }
  od
}

// Leaves in `sees` whether anything is to be found outside: one look at a time.
inline look_at_offers() {
  who = 0;
  if
  :: INJECTED -> sees = true
  :: else ->
    do
    :: who < N && ring[who] == 0 -> who++
    :: who < N && ring[who] != 0 -> atomic { sees = true; break }
    :: who == N -> break
    od
  fi;
  who = 0
}

inline needs_watcher() {
  if
  :: parked_count == 0 -> skip
  :: else ->
    if
    :: watcher != NOBODY -> skip
    :: else ->
      if
      :: searching == 0 -> sees = true
      :: else -> skip
      fi
    fi
  fi
}

// scheduler::stop_idling
inline stop_idling() {
  last = true;
  if
  :: searches -> atomic { searches = false; last = (searching == 1); searching-- }
  :: else -> skip
  fi;
#ifndef NO_SUCCESSOR
  if
  :: last ->
    if
    :: ready[me] > 0 -> sees = true  // W2
    :: else -> look_at_offers()
    fi;
#ifndef UNWATCHED
    if
    :: !sees && PARKED + 1 < N -> needs_watcher()  // W5
    :: else -> skip
    fi;
#endif
    if
    :: sees -> sees = false; wake_one()
    :: else -> skip
    fi
  :: else -> skip
  fi;
#endif
  last = false
}

// idle_set::become_watcher, which leaves its answer in `got`.
inline become_watcher() {
  got = false;
#ifndef NO_WATCH
  do
  :: atomic { watcher == NOBODY -> watcher = me };
    if
    :: PARKED < N -> atomic { got = true; break }
    :: else -> watcher = NOBODY
    fi;
    if
#ifdef WATCH_TO_THE_END
    :: true -> break
#else
    :: PARKED == N -> break
    :: else -> skip
#endif
    fi
  :: atomic { watcher != NOBODY -> break }
  od
#endif
}


// scheduler::raid: half of what is there, rounded up.
inline raid(victim) {
  if
  :: atomic { !raided[victim] -> raided[victim] = true };
    if
    :: !inside[victim] ->
      raiding[victim] = true;
      assert(!passed[victim]);
      atomic {
        taken = (ready[victim] + 1) / 2;
        ready[victim] = ready[victim] - taken;
        ready[me] = ready[me] + taken;
        taken = 0
      };
      assert(!passed[victim]);
      raiding[victim] = false
    :: else -> skip
    fi;
    raided[victim] = false
  :: else -> skip
  fi
}

proctype scheduler(byte me) {
  byte who = 0, left = 0, taken = 0;
  bool searches = false, sees = false, got = false, last = false, maker = false;

next:  // run_thread
  if
  :: stopping -> goto over
  :: else -> skip
  fi;
  // What is its own it finds; anything else it may miss, since it looks just before another puts it there.
  if
  :: atomic { ready[me] > 0 -> ready[me]--; goto found }
  :: atomic { ring[me] > 0 -> ring[me]--; goto found }
  :: atomic { injected > 0 -> injected--; goto found }
  :: atomic { makers > 0 -> makers--; maker = true; goto found }
  :: atomic { ready[me] == 0 && ring[me] == 0 -> skip }
  fi;
  // search
  if
  :: !searches && (searching == 0 || 2 * searching < N) -> atomic { searching++; searches = true }
  :: true
  fi;
  who = 0;
  do
  :: atomic { who < N && who != me && ring[who] > 0 -> ring[who]--; who = 0; goto found }
  :: atomic { who < N -> who++ }
  :: atomic { who == N -> who = 0; break }
  od;

  // park
#ifdef PARK_UNFENCED
  sees = SOMETHING_TO_DO;
#endif
  parked[me] = true;
  parked_count++;
  if
  :: searches -> atomic { searching--; searches = false }
  :: else -> skip
  fi;
#ifndef NO_LOOK
#ifndef PARK_UNFENCED
  if
  :: stopping || ready[me] > 0 -> sees = true
  :: else -> look_at_offers()  // W1
  fi;
#endif
#endif
  if
  :: sees -> sees = false; goto rise
  :: else -> skip
  fi;
  become_watcher();
  if
  :: got -> got = false; goto watch
  :: else -> skip
  fi;
sleep:
  if
  :: atomic { permit[me] -> permit[me] = false }
  :: atomic { timers > 0 && !stopping -> timers-- }
  fi;
rise:
  unpark(me);
  atomic { searches = !got; got = false };  // W3
  goto next;

watch:  // its sleep ends by itself; whenever it would see nothing, nothing has changed
  if
  :: atomic { permit[me] -> permit[me] = false }
#ifndef NO_RAID
  :: ANY_STUCK
#endif
  :: SOMETHING_TO_DO || PARKED == N || !parked[me]
  fi;
  if
  :: SOMETHING_TO_DO || !parked[me] -> watcher = NOBODY; goto rise
  :: else -> skip
  fi;
  if
  :: PARKED == N ->
    watcher = NOBODY;
    become_watcher();
    if
    :: got -> got = false; goto watch
    :: else -> goto sleep
    fi
  :: else -> skip
  fi;
#ifndef NO_RAID
  who = 0;
  do
  :: who < N && who != me && STUCK(who) -> raid(who);
    if
    :: ready[me] > 0 -> break
    :: else -> who++
    fi
  :: who < N -> who++
  :: who == N -> break
  od;
  who = 0;
  if
  :: ready[me] > 0 ->
    watcher = NOBODY;
    unpark(me);
    atomic { searches = !got; got = false; ready[me]--; goto found }
  :: else -> skip
  fi;
#endif
  goto watch;

found:
  stop_idling();
dispatch:
  if
  :: maker ->
    leave();
    left = SHORTS;
    do
    :: left > 0 ->
      enter();
      ready[me]++;
#ifndef UNWATCHED
      needs_watcher();  // make_ready
      if
      :: sees -> sees = false; wake_one()
      :: else -> skip
      fi;
#endif
      left--;
      leave()
    :: left == 0 -> break
    od;
    done == TOTAL;  // computes
    maker = false;
    enter();
    ended++
  :: else -> done++
  fi;
  // pick: from one process straight to the next
  if
  :: atomic { ready[me] >= 2 && ring[me] == 0 -> ring[me] = ready[me] / 2; ready[me] = ready[me] - ring[me] };  // share
    wake_one()
  :: true
  fi;
  if
  :: atomic { ready[me] > 0 -> ready[me]--; goto dispatch }
  :: atomic { ready[me] == 0 -> goto next }
  fi;

over:
  out++
}

// Plain threads: scheduler_group::submit, and stop.
inline submit(what) {
#ifdef SUBMIT_UNFENCED
  if
  :: parked_count == 0 -> what++
  :: else -> what++; wake_if_nobody_searches()
  fi
#else
  what++;
  wake_one()
#endif
}

proctype second_thread() {
  byte who = 0, left = PLAIN;
  bool got = false;
  do
  :: left > 0 -> left--; submit(injected)
  :: left == 0 -> break
  od;
  out++
}

init {
  byte me = 0, who = 0, left = MAKERS;
  bool got = false;
  atomic {
    do
    :: me < N -> run scheduler(me); me++
    :: else -> break
    od;
    me = 0;
    run second_thread()
  };
  do
  :: left > 0 -> left--; submit(makers)
  :: left == 0 -> break
  od;
  ended == MAKERS && done == TOTAL;
#ifndef UNANNOUNCED_END
  stopping = true;
#endif
  do
  :: me < N -> permit[me] = true; me++
  :: else -> break
  od;
  stopping = true;
  out == N + 1;
  assert(done == TOTAL && !INJECTED);
  assert(parked_count == 0)
}
