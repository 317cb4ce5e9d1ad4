// How two processes are tied: link, unlink, monitor, demonitor and the end of either, by signals alone. A model of
// runtime/process/ties.cpp, links.hpp, drain.cpp and finish.cpp; the labels are theirs. docs/design/model.md says what stands
// for what. Searched by search.sh, whole and with each of the faults below.
//
// Each process makes OPS calls, monitors among them, in any order, hears of signals whenever it likes, and ends or lives on. Everything sent is
// delivered before the last checks, which so hold for every history of that length.
//
// quick     -DOPS=2
// thorough  -DOPS=2 -DTRAPS=1
// thorough  -DOPS=2 -DTRAPS=0
// thorough  -DOPS=3
//
// fault BARE_UNLINK    unlink forgets the entry at once, instead of keeping it until the acknowledgement (L2)
// fault LATE_LINK      a link signal sent before the peer knew of an unlink puts the link in force again (L2)
// fault NO_ENTRY       an exit signal is heeded without a link in force (L1)
// fault NO_ANSWER      who cannot reach the other does not answer in its place (L3)
// fault DROPPED_LATE   what reaches a later process of the block vanishes without an answer (D2)
// fault CLOSED_LAST    the ties are cut before the mailbox closes (X1)
// fault UNREAD         what lies in the mailbox when it closes is dropped (X1)
// fault DOWN_KEPT      a down is passed on without its entry (M1)
// fault NO_DEMONITOR   demonitor leaves its own entry where it is (M1)
// fault FORGOTTEN_UNSORTED  a link to one that has just ended is forgotten without a look at what that one sent (L2)
// rare  TRUSTED_ENTRY -DOPS=2 -DTRAPS=0  link takes an entry in force at its word, whose peer has ended without one (L4)
#ifndef TRAPS
#define TRAPS 3  // which of the two trap exits: a bit each
#endif

#define PEER (1 - me)
#define ROOM (4 * OPS + 3)  // both processes' calls, an acknowledgement or answer for each, and an end

mtype = { link_signal, unlink_signal, unlink_ack, linked_exit, monitor_signal, demonitor_signal, down };

typedef message { mtype kind; byte number; byte known; bool quiet };
typedef process {
  // as in the code
  bool in_force;      // the entry for the peer: links.hpp
  byte open_unlinks;
  bool refs[OPS];     // monitors of the peer, by number: refs.hpp
  bool watches[OPS];  // the peer's monitors of this one
  bool closed;        // the mailbox
  bool told_all;      // activity::free
  // what the user may rely on
  bool linked;             // in its own eyes
  byte unlinks;            // it has called
  byte unlinks_known;      // of the peer's, that it has handled
  byte made;               // monitors
  bool given_up[OPS];      // by demonitor
  byte downs[OPS];         // it has received, or found in its place
  bool quiet;              // it ended by a reason that its peer need not be told
  bool stays, dying;
};
process all[2];
chan mail[2] = [ROOM] of { message };
chan late[2] = [ROOM] of { message };  // pushed too late, into the block of the process that came after
byte ended;

#define SELF all[me]
#define OTHER all[PEER]
#define TRAPPING(who) (((TRAPS >> (who)) & 1) == 1)

// L1. The signal itself is heeded: it takes the entry away.
inline heed_exit(news) {
  if
#ifdef NO_ENTRY
  :: true ->
#else
  :: SELF.in_force ->
#endif
    assert(SELF.linked);  // nobody hears of a link that it has given up, nor twice of one
    SELF.linked = false;
    SELF.in_force = false;
    SELF.open_unlinks = 0;
    if
    :: TRAPPING(me) || news.quiet -> skip
    :: else -> SELF.dying = true
    fi
  :: else -> skip
  fi
}

inline hear_down(which) {
  if
#ifdef DOWN_KEPT
  :: true ->
#else
  :: SELF.refs[which] ->
#endif
    SELF.refs[which] = false;
    assert(!SELF.given_up[which]);  // none after demonitor(flush)
    SELF.downs[which]++;
    assert(SELF.downs[which] == 1)
  :: else -> skip
  fi
}

// Posts to the peer; `reached` tells whether it is for the caller to answer. A block that has had its process's end may take it
// all the same: its next process has it then (D2).
inline post(kind_, number_) {
  out.kind = kind_; out.number = number_; out.known = SELF.unlinks_known; out.quiet = SELF.quiet;
  if
  :: !OTHER.closed -> mail[PEER]!out; reached = true
  :: OTHER.closed -> reached = false
  :: OTHER.told_all -> late[PEER]!out; reached = true
  fi;
  out.kind = 0; out.number = 0; out.known = 0; out.quiet = false
}

inline acknowledged() {
  if
  :: SELF.open_unlinks > 0 -> SELF.open_unlinks--
  :: else -> skip
  fi
}

// One signal, as handle_signal does it.
inline handle() {
  if
  :: in.kind == link_signal ->
    if
#ifdef LATE_LINK
    :: true ->
#else
    :: SELF.open_unlinks == 0 ->  // L2
#endif
      SELF.in_force = true;
      if
      :: in.known == SELF.unlinks -> SELF.linked = true
      :: else -> skip
      fi
    :: else -> skip
    fi
  :: in.kind == unlink_signal ->
    SELF.unlinks_known++;
    SELF.in_force = false;
    SELF.linked = false;
    post(unlink_ack, 0)
  :: in.kind == unlink_ack -> acknowledged()
  :: in.kind == linked_exit -> heed_exit(in)
  :: in.kind == monitor_signal -> SELF.watches[in.number] = true
  :: in.kind == demonitor_signal -> SELF.watches[in.number] = false
  :: in.kind == down -> hear_down(in.number)
  fi;
  in.kind = 0; in.number = 0; in.known = 0; in.quiet = false
}

inline sort_mail() {
  do
  :: mail[me]?in -> handle()
  :: empty(mail[me]) -> break
  od
}

// L3: by the caller itself.
inline answered_noproc() {
  forget_link();
  if
  :: TRAPPING(me) -> skip
  :: else -> SELF.dying = true
  fi
}

// The peer has ended, and what it sent before that is in the mailbox: a link there must not put in force again what is given up.
inline forget_link() {
  SELF.linked = false;
  SELF.in_force = false;
#ifndef FORGOTTEN_UNSORTED
  SELF.open_unlinks++;  // all void, until it is forgotten
  sort_mail();
#endif
  SELF.open_unlinks = 0
}

inline call_link() {
  done = false;
  if
  :: SELF.in_force ->
#ifndef TRUSTED_ENTRY
    if
    :: OTHER.told_all ->  // L4: what it had to say is in the mailbox
      sort_mail();
      done = !SELF.in_force
    :: else -> done = true
    fi
#else
    done = true
#endif
  :: else -> skip
  fi;
  assert(!(done && SELF.linked && OTHER.told_all));  // who has ended without a word is not linked to
  if
  :: done || SELF.dying -> skip
  :: else ->
    SELF.linked = true;
    SELF.in_force = true;
    post(link_signal, 0);
    if
#ifndef NO_ANSWER
    :: !reached -> answered_noproc()
#endif
    :: else -> skip
    fi
  fi
}

// Between the look at the mail and the request, and between that and the look whether the peer takes signals, it may end.
inline call_unlink() {
  atomic { sort_mail(); reached = false };
  if
  :: SELF.in_force && !SELF.dying ->
    atomic {
      if
      :: OTHER.closed -> forget_link()  // L4: takes_signals
      :: else -> skip
      fi
    };
    atomic {
      if
      :: SELF.in_force ->
        SELF.unlinks++;
        SELF.linked = false;
        SELF.in_force = false;
#ifndef BARE_UNLINK
        SELF.open_unlinks++;
#endif
        post(unlink_signal, 0);
        if
        :: !reached -> forget_link()
        :: else -> skip
        fi
      :: else -> skip
      fi;
      reached = false
    }
  :: else -> skip
  fi
}

inline call_monitor() {
  if
  :: SELF.made < OPS ->
    SELF.refs[SELF.made] = true;
    SELF.made++;
    post(monitor_signal, SELF.made - 1);
    if
#ifndef NO_ANSWER
    :: !reached -> hear_down(SELF.made - 1)
#endif
    :: else -> skip
    fi
  :: else -> skip
  fi
}

inline call_demonitor(which) {
  atomic { sort_mail(); reached = false };
  atomic {
  if
  :: SELF.made > which && !SELF.given_up[which] ->
    SELF.given_up[which] = true;
    SELF.downs[which] = 0;  // flushed, if it had come
    if
    :: SELF.refs[which] ->
#ifndef NO_DEMONITOR
      SELF.refs[which] = false;
#endif
      post(demonitor_signal, which);
      reached = false
    :: else -> skip
    fi
  :: else -> skip
  fi
  }
}

inline cut_ties() {
  if
  :: SELF.in_force && (!SELF.quiet || TRAPPING(PEER)) -> post(linked_exit, 0)  // L4
  :: else -> skip
  fi;
  SELF.in_force = false;
  i = 0;
  do
  :: i < OPS && SELF.watches[i] ->
    post(down, i);
    SELF.watches[i] = false
  :: i < OPS && !SELF.watches[i] -> i++
  :: i == OPS -> i = 0; break
  od
}

inline close_mailbox() {
  SELF.closed = true;
#ifdef UNREAD
  do
  :: mail[me]?in -> skip
  :: empty(mail[me]) -> break
  od;
  in.kind = 0; in.number = 0; in.known = 0; in.quiet = false
#else
  sort_mail()
#endif
}

#define RESTS(who) ((all[who].stays && !all[who].dying) || all[who].told_all)
#define QUIET (RESTS(0) && RESTS(1) && empty(mail[0]) && empty(mail[1]) && empty(late[0]) && empty(late[1]))

proctype one(byte me) {
  message in, out;
  byte calls = 0, i = 0;
  bool reached = false, done = false;

  do
  :: atomic { nempty(mail[me]) -> mail[me]?in; handle(); reached = false }
  :: calls < OPS && !SELF.dying ->
    calls++;
    if
    :: atomic { call_link(); reached = false; done = false }
    :: call_unlink()
    :: atomic { call_monitor(); reached = false }
    :: call_demonitor(0)
#if OPS > 1
    :: call_demonitor(1)
#endif
    fi
  :: atomic { calls == OPS && !SELF.dying && !SELF.stays -> SELF.stays = true }
  :: atomic { !SELF.dying && !SELF.stays -> SELF.dying = true; SELF.quiet = true }
  :: atomic { !SELF.dying && !SELF.stays -> SELF.dying = true }
  :: SELF.dying -> break
  :: QUIET -> goto over
  od;
  // finish.cpp
#ifdef CLOSED_LAST
  atomic { cut_ties(); reached = false };
  atomic { close_mailbox(); reached = false };
#else
  atomic { close_mailbox(); reached = false };  // X1
  atomic { cut_ties(); reached = false };
#endif
  SELF.told_all = true;  // X2
over:
  ended++
}

// D2. The process that has the block after `me`: it answers in that one's name.
proctype next_in_block(byte me) {
  message in, out;
  bool reached = false;
end:
  do
  :: atomic {
      late[me]?in;
#ifndef DROPPED_LATE
      if
      :: in.kind == link_signal -> post(linked_exit, 0)
      :: in.kind == unlink_signal -> post(unlink_ack, 0)
      :: in.kind == monitor_signal -> post(down, in.number)
      :: else -> skip
      fi;
#endif
      in.kind = 0; in.number = 0; in.known = 0; in.quiet = false;
      reached = false
    }
  od
}

init {
  byte me, i;
  atomic { run one(0); run one(1); run next_in_block(0); run next_in_block(1) };
  ended == 2;
  d_step {
    me = 0;
    do
    :: me < 2 && !SELF.dying ->
      assert(SELF.open_unlinks == 0 || OTHER.dying);
      assert(SELF.in_force == SELF.linked);
      if
      :: !OTHER.dying -> assert(SELF.in_force == OTHER.in_force)
      :: else -> assert(!SELF.linked || (OTHER.quiet && !TRAPPING(me)))  // L4
      fi;
      i = 0;
      do
      :: i < SELF.made ->
        if
        :: SELF.given_up[i] -> assert(SELF.downs[i] == 0)
        :: else -> assert(SELF.downs[i] == (OTHER.dying -> 1 : 0))
        fi;
        if
        :: !OTHER.dying -> assert(OTHER.watches[i] == !SELF.given_up[i])
        :: else -> skip
        fi;
        i++
      :: else -> break
      od;
      me++
    :: me < 2 && SELF.dying -> me++
    :: me == 2 -> break
    od
  }
}
