// The hand-off: a process does not let go of its scheduler, and another thread takes the station over, with all that is ready
// there, while others raid it, while it is taken over once more, and while all ends. A model of scheduler/handoff.cpp (H1 to H3)
// and door.hpp (D1 to D3); the labels are theirs. docs/design/model.md says what stands for what.
//
// One station, as many schedulers as threads, one of which holds it at first; the others are spare. LONGS processes make short
// ones, CALLS in all, and between two calls may compute until all short ones have run: so what is left behind one ends the search
// with a deadlock. A raider has a station of its own elsewhere. The end comes when all is done, or at any time. Each step
// stands for one atomic operation, or for a part of a move that only the door keeps others out of.
//
// quick     -DTHREADS=2 -DLONGS=1 -DCALLS=2 -DRAIDER=1
// thorough  -DTHREADS=3 -DLONGS=1 -DCALLS=3 -DRAIDER=0
// thorough  -DTHREADS=3 -DLONGS=2 -DCALLS=2 -DRAIDER=1
//
// fault UNBORROWED    who takes a station looks whether its owner is outside, and does not borrow it (H1)
// fault UNFENCED      the owner looks for a borrower before its mark is to be seen (O3)
// fault UNTOLD        an owner that has lost its station goes on as if it had it (D3, H3)
// fault FOR_A_WHILE   who borrows does not look whether the scheduler is taken (D2)
// fault HOLDER_FIRST  the station's holder is published before the queue has moved, by one whose mark is not set (H2, D1)
// fault LEFT_BEHIND   the queue stays where it was

// The schedulers, by index.
bool inside[THREADS] = true, raided[THREADS], taken[THREADS];  // the door
bool has[THREADS];      // the station
byte ready[THREADS];    // short ones in slot and queue
byte waiting[THREADS];  // long ones there
byte turn[THREADS];     // dispatches
bool running[THREADS];  // a process
bool spare[THREADS];
bool touched[THREADS];  // somebody is at what the door guards: never two

byte holder;            // the station's
byte injected;          // long ones that have come in from outside
bool stopping;

byte calls = CALLS, made, done, ended, out;

#if THREADS == 2
#define ALL(what) (what[0] + what[1])
#else
#define ALL(what) (what[0] + what[1] + what[2])
#endif
#define NOTHING_LOST (made == done + ALL(ready) && LONGS == ended + ALL(waiting) + ALL(running) + injected)

inline touch(whose) { atomic { assert(!touched[whose]); touched[whose] = true } }

// door::borrow; its answer is in `got`.
inline borrow(victim) {
#ifdef UNBORROWED
  got = !inside[victim] && !taken[victim];
#else
  atomic { got = !raided[victim]; raided[victim] = true };
  if
  :: got ->
#ifndef FOR_A_WHILE
    got = !taken[victim];
#endif
    got = got && !inside[victim];
    if
    :: !got -> raided[victim] = false
    :: else -> skip
    fi
  :: else -> skip
  fi
#endif
}

// door::enter and wait; `got`: it is still the owner.
inline enter() {
#ifdef UNFENCED
  atomic { sees = raided[me] || taken[me] };
  inside[me] = true;
#else
  inside[me] = true;
  atomic { sees = raided[me] || taken[me] };
#endif
  got = true;
  if
  :: sees ->
    do
    :: atomic { !raided[me] -> got = !taken[me]; break }
    :: else ->
      inside[me] = false;
      !raided[me];
      inside[me] = true
    od
  :: else -> skip
  fi;
  sees = false;
#ifdef UNTOLD
  got = true;
#endif
  if
  :: got -> touch(me); assert(has[me])
  :: else -> assert(!has[me])
  fi
}
inline leave() { touched[me] = false; inside[me] = false }

inline move_queue() {
#ifndef LEFT_BEHIND
  ready[me] = ready[victim];
  ready[victim] = 0;
  waiting[me] = waiting[victim];
  waiting[victim] = 0
#else
  skip
#endif
}

// scheduler::take_over; its answer is in `got`.
inline take_over() {
  borrow(victim);
  if
  :: got && running[victim] && turn[victim] == seen ->
    touch(victim);
    touch(me);
    atomic { assert(has[victim] && !has[me]); has[victim] = false; has[me] = true };
#ifdef HOLDER_FIRST
    inside[me] = false;
    taken[me] = false;
    holder = me;
#endif
    move_queue();
    turn[me] = turn[victim];
    touched[victim] = false;
    inside[me] = true;  // own
    taken[me] = false;
    holder = me;  // H2
    atomic { raided[victim] = false; taken[victim] = true }  // take
  :: got && !(running[victim] && turn[victim] == seen) -> raided[victim] = false; got = false
  :: !got
  fi
}

// A thread of the pool; the first one has a scheduler with the station to begin with.
proctype thread(byte me) {
  byte victim = 0, seen = 0;
  bool got = false, sees = false;
  if
  :: me == 0 -> touch(me); goto next
  :: me > 0 -> goto serve
  fi;

next:  // run_until_stopped: from its own context, or from one process to the next
  if
  :: stopping || !has[me] -> goto over
  :: atomic { ready[me] > 0 -> ready[me]--; done++; turn[me]++; goto next }
  :: atomic { waiting[me] > 0 -> waiting[me]--; running[me] = true; turn[me]++ }
  :: atomic { injected > 0 -> injected--; running[me] = true; turn[me]++ }
  fi;
  do
  :: atomic { calls > 0 -> calls-- };
    leave();
    if
    :: done == made || stopping  // it computes
    :: true
    fi;
    enter();
    if
    :: got -> got = false; assert(has[me]); made++; ready[me]++
    :: else -> atomic { running[me] = false; injected++; goto over }  // H3: rejoin
    fi
  :: atomic { calls == 0 -> running[me] = false; ended++; break }
  od;
  goto next;

over:  // become_spare, give_spare
  if
  :: has[me] -> touched[me] = false; goto away  // the end has stopped it: it keeps its station
  :: else -> atomic { spare[me] = true; me = 0; goto serve }
  fi;

serve:  // the watch has seen a process there for long, and then some thread is asked
  if
  :: stopping -> goto away
  :: atomic { running[holder] && !inside[holder] -> seen = turn[holder] }
  fi;
  do  // take_spare
  :: atomic { spare[me] -> spare[me] = false; break }
  :: atomic { !spare[me] -> me = (me + 1) % THREADS }
  od;
  victim = holder;
  take_over();
  victim = 0;
  seen = 0;
  if
  :: got -> got = false; goto next
  :: else -> goto over
  fi;

away:
  out++
}

// scheduler::raid, by one that holds another station, and runs what it takes.
proctype raider() {
  byte victim = 0, loot = 0;
  bool got = false;
  do
  :: stopping -> break
  :: atomic { ready[holder] > 0 && !inside[holder] -> victim = holder };
    borrow(victim);
    if
    :: got ->
      touch(victim);
      assert(has[victim]);
      atomic { loot = (ready[victim] + 1) / 2; ready[victim] = ready[victim] - loot };
      touched[victim] = false;
      raided[victim] = false;
      atomic { done = done + loot; loot = 0; got = false }
    :: else -> skip
    fi;
    victim = 0
  od;
  out++
}

init {
  byte i = 0;
  bool early = false;
  atomic {
    has[0] = true;
    injected = LONGS;
    do
    :: i < THREADS -> spare[i] = i > 0; run thread(i); i++
    :: else -> i = 0; break
    od;
    if
    :: RAIDER > 0 -> run raider()
    :: else -> skip
    fi;
    if
    :: early = true
    :: early = false
    fi
  };
  if
  :: ended == LONGS && done == made
  :: early
  fi;
  stopping = true;
  out == THREADS + RAIDER;
  assert(ALL(has) == 1 && has[holder]);
  assert(NOTHING_LOST)
}
