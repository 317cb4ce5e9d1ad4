"""gdb commands for programs made with mote, on a live program and on a core file:

    source .../mote.py
    mote processes [TEXT]   all processes, or those whose line holds the text
    mote bt PID|NAME        the calls on a process's stack, running or not
    mote scheduler [NUMBER] schedulers, and their last events

mote must have been compiled with debug information (-g). Nothing runs in the program, and nothing of it is changed.
"""

import gdb
import gdb.unwinder

STATES = ("free", "ready", "running", "waiting", "exiting")
WAITS = ("a message", "its time", "the answer of", "descriptor", "room in the mailbox of", "work done elsewhere")
EVENTS = ("none", "run", "ready", "spawn", "exit", "steal", "migrate", "raid", "fire", "idle", "handoff")
HIDDEN = 8
COUNT_MASK = (1 << 28) - 1
BOUNDED = 1 << 58


def plain(value):
    """The number in an atomic or a relaxed_cell."""
    names = [field.name for field in value.type.strip_typedefs().fields()]
    if "value_" in names:
        return plain(value["value_"])
    return int(value["_M_i"])


def pointer_in(unique):
    """What a unique_ptr holds."""
    held = unique.type.strip_typedefs().template_argument(0)  # the deleter takes no room
    return unique.address.cast(held.pointer().pointer()).dereference()


def text_in(string):
    return string["_M_dataplus"]["_M_p"].string(length=int(string["_M_string_length"]), errors="replace")


def elements(vector):
    at = vector["_M_impl"]["_M_start"]
    return [at[i] for i in range(int(vector["_M_impl"]["_M_finish"] - at))]


def runtimes():
    try:
        places = gdb.parse_and_eval("mote::detail::observed_runtimes")["places_"]["_M_elems"]
    except gdb.error as wrong:
        raise gdb.GdbError("no debug information of mote in this program: %s" % wrong)
    found = [places[i]["_M_b"]["_M_p"] for i in range(places.type.strip_typedefs().range()[1] + 1)]
    return [one.dereference() for one in found if int(one) != 0]


class Process:
    """One control block."""

    def __init__(self, home, block):
        self.home = home
        self.block = block
        self.state = STATES[plain(block["doing"])]
        self.flags = plain(block["flags"])
        self.name = self.label = ""
        details = pointer_in(block["details"])
        if int(details) != 0:
            self.name = text_in(details["name"])
            self.label = text_in(details["label"])

    @property
    def pid(self):
        return "<%d.%d.%d>" % (int(self.home["table"]["place_"]), int(self.block["index"]), plain(self.block["generation"]))

    def shown(self):
        return self.state != "free" and not self.flags & HIDDEN

    def messages(self):
        high = int(self.block["mail"]["state_"]["words_"][1])
        if high & BOUNDED:
            return self.counted(high)
        return (high & COUNT_MASK) + int(self.block["pending"]["count"]["value_"]["_M_i"])

    def counted(self, high):
        """Of a mailbox with limits, whose word counts all that has ever come."""
        bounds = self.home["table"]["bounds_"][int(self.block["index"])]
        waiting = high - plain(bounds["gone_count"]) & COUNT_MASK
        if waiting > COUNT_MASK // 2:  # gone is written a little before
            waiting = 0
        return waiting + sum(int(bounds["by_type"][i]["count"]) for i in range(int(bounds["types"])))

    def wait(self):
        if self.state != "waiting":
            return ""
        why = self.flags >> 12 & 7
        text = " for " + WAITS[why]
        on = plain(self.block["waits_on"])
        if why == 3:
            text += " %d" % on
        if why in (2, 4):
            text += " " + Process(self.home, self.home["table"]["blocks_"][on]).pid
        return text

    def line(self):
        text = self.pid
        if self.name:
            text += ' "%s"' % self.name
        if self.label:
            text += " (%s)" % self.label
        return text + " %s%s, messages: %d, reductions: %d" % (
            self.state, self.wait(), self.messages(), plain(self.block["reductions"]))

    def stack(self):
        """The lowest address and the one above the highest, or None."""
        ground = self.block["ground"]
        if int(ground) == 0:
            return None
        return int(ground["limit"]) - (64 << 10), int(ground)


def processes():
    for home in runtimes():
        blocks = home["table"]["blocks_"]
        for index in range(plain(home["table"]["carved_"])):
            one = Process(home, blocks[index])
            if one.shown():
                yield one


def find(what):
    for one in processes():
        if what in (one.pid, one.pid.strip("<>"), one.name):
            return one
    raise gdb.GdbError("no process has the pid or name %s" % what)


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class Bridge(gdb.unwinder.Unwinder):
    """While it is given a context, the selected thread's innermost frame seems to be called from there."""

    def __init__(self):
        super().__init__("mote")
        self.context = None
        self.entered = False

    def __call__(self, frame):
        if self.context is None or self.entered:
            return None
        self.entered = True  # the frames above are unwound as any others
        word = gdb.lookup_type("unsigned long")
        sp = int(self.context["stack_pointer"])
        info = frame.create_unwind_info(FrameId(gdb.Value(sp - 16).cast(word), frame.read_register("rip").cast(word)))
        info.add_saved_register("rip", gdb.Value(int(self.context["resume"])).cast(word))
        info.add_saved_register("rsp", gdb.Value(sp).cast(word))
        info.add_saved_register("rbp", gdb.Value(int(self.context["frame_pointer"])).cast(word))
        return info


bridge = Bridge()
gdb.unwinder.register_unwinder(None, bridge, replace=True)


def print_frames(frame):
    number = 0
    while frame is not None and number < 200:
        place = frame.find_sal()
        where = " at %s:%d" % (place.symtab.filename, place.line) if place.symtab else ""
        print("#%-3d 0x%016x in %s ()%s" % (number, frame.pc(), frame.name() or "??", where))
        number += 1
        frame = frame.older()


def print_parked(one):
    where = one.block["where"]
    if int(where) == 0:
        return print("it has not begun, or is a server without a stack just now")
    bridge.context = where.cast(gdb.lookup_type("mote::detail::suspended").pointer()).dereference()
    bridge.entered = False
    gdb.invalidate_cached_frames()
    try:
        print_frames(gdb.newest_frame().older())
    finally:
        bridge.context = None
        gdb.invalidate_cached_frames()


def print_running(one):
    bounds = one.stack()
    before = gdb.selected_thread()
    try:
        for thread in gdb.selected_inferior().threads():
            thread.switch()
            if bounds and bounds[0] <= int(gdb.newest_frame().read_register("rsp")) < bounds[1]:
                return print_frames(gdb.newest_frame())
        print("no thread stands on its stack")
    finally:
        if before is not None:
            before.switch()


def in_cxx(command):
    """The names are C++'s, whatever language the selected frame is in."""
    def run(self, argument, from_tty):
        before = gdb.parameter("language")
        gdb.execute("set language c++", to_string=True)
        try:
            command(self, argument, from_tty)
        finally:
            gdb.execute("set language " + before, to_string=True)
    return run


class Mote(gdb.Command):
    """Processes and schedulers of mote."""

    def __init__(self):
        super().__init__("mote", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, prefix=True)


class Processes(gdb.Command):
    """mote processes [TEXT]: all processes, or those whose line holds the text."""

    def __init__(self):
        super().__init__("mote processes", gdb.COMMAND_DATA)

    @in_cxx
    def invoke(self, argument, from_tty):
        for one in processes():
            line = one.line()
            if argument in line:
                print(line)


class Backtrace(gdb.Command):
    """mote bt PID|NAME: the calls on a process's stack."""

    def __init__(self):
        super().__init__("mote bt", gdb.COMMAND_STACK)

    @in_cxx
    def invoke(self, argument, from_tty):
        one = find(argument.strip())
        print(one.line())
        if one.state == "running":
            print_running(one)
        else:
            print_parked(one)


class Scheduler(gdb.Command):
    """mote scheduler [NUMBER]: schedulers, and their last events."""

    def __init__(self):
        super().__init__("mote scheduler", gdb.COMMAND_DATA)

    @in_cxx
    def invoke(self, argument, from_tty):
        for home in runtimes():
            for pointer in elements(home["schedulers"]["stations_"]):
                one = pointer_in(pointer)["holder"]["_M_b"]["_M_p"].dereference()
                if argument.strip() in ("", str(int(one["index_"]))):
                    self.show(home, one)

    def show(self, home, one):
        running = one["running_"]["value_"]["_M_b"]["_M_p"]
        what = "runs nobody"
        if int(running) != 0:
            block = running.cast(gdb.lookup_type("mote::detail::process").pointer()).dereference()
            what = "runs " + Process(home, block).pid
        print("scheduler %d, thread %d, %s, %d turns" % (
            int(one["index_"]), plain(one["thread_"]), what, plain(one["dispatches_"])))
        ring = one["trace_"]
        written = plain(ring["written_"])
        first = int(home["table"]["blocks_"].cast(gdb.lookup_type("unsigned long"))) // 64 & 0xFFFFFFFF
        for at in range(max(0, written - 64), written):
            slot = ring["slots_"]["_M_elems"][at % 64]
            word = plain(slot["what"])
            subject = word & 0xFFFFFFFF
            index, rest = divmod((subject - first) & 0xFFFFFFFF, 4)
            named = rest == 0 and index < plain(home["table"]["carved_"])
            whom = Process(home, home["table"]["blocks_"][index]).pid if named else str(subject)
            what = EVENTS[word >> 32] if word >> 32 < len(EVENTS) else "?"
            print("  %s %s" % (what, whom))


Mote()
Processes()
Backtrace()
Scheduler()
