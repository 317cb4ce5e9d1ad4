"""The systems: whether each is installed, how its program is built, and what runs one workload on it."""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "peers"

# In the order of the table, with the numbers of schedulers that each is for.
WORKLOADS = {
    "spawn_exit": (1, 2), "spawn_join_one": (1, 2), "parked_memory_100k": (1, 2), "parked_memory_1m": (1, 2),
    "pingpong_same": (1,), "pingpong_cross": (2,), "yield": (1,), "ring_503": (1, 2), "ring_100k": (1, 2),
    "fanin": (1, 2), "fanin_bounded1024": (1, 2), "skynet": (1, 2), "big": (1, 2), "timers": (1, 2), "fairness": (1,),
    "fairness_8_hogs": (1,), "idle_cpu": (2,),
    "wakeup_thread": (2,), "call_reply": (1,), "idle_servers_1m": (1, 2), "echo_50conn": (1, 2),
    "echo_1000conn": (1, 2), "wakeup_latency": (2,), "kv_get": (1,), "kv_set": (1,), "worker_roundtrip": (2,),
    "worker_spawn": (2,),
}
# What only mote has a program for.
ALONE = ("fairness_8_hogs", "call_reply", "idle_servers_1m", "worker_roundtrip", "worker_spawn")
# What redis-benchmark asks a server: how many requests, in full and in a quick run.
KV = ("kv_get", "kv_set")
KV_REQUESTS = (200_000, 20_000)
# A program that is measured from outside: what it is called as mote-bench's --serve and in the others' programs.
SERVERS = {"echo_50conn": "echo", "echo_1000conn": "echo", "wakeup_latency": "wakeup_latency"}
MESSAGES_AND_SPAWNS = ("spawn_exit", "spawn_join_one", "pingpong_same", "pingpong_cross", "ring_503", "fanin", "skynet")


class BuildError(Exception):
    pass


def build(command, folder=None, **environment):
    """Runs a compiler; BuildError with what it said when it fails."""
    done = subprocess.run(command, cwd=folder, env=os.environ | environment, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise BuildError(f"{' '.join(map(str, command))}\n{done.stdout}")


@dataclass
class System:
    """A system whose program takes the workload's name and the number of schedulers."""

    name: str
    needs: str  # a program on the path, or a file, without which the system is not there
    package: str  # Debian's, which brings it
    workloads: tuple
    program: Path = None
    aliases: dict = field(default_factory=dict)  # workload: what it is called here

    def is_there(self):
        return shutil.which(self.needs) is not None or Path(self.needs).exists()

    def build(self, folder):
        """Builds its program in a folder of its own."""

    def command(self, workload, schedulers, quick):
        """argv and what to add to the environment."""
        name = self.aliases.get(workload, workload)
        return [self.program, name, str(schedulers)], ({"QUICK": "1"} if quick else {})


def kv_load(name, workload, schedulers, quick, server):
    """argv that measures the server, an argv with {port} where the port belongs."""
    return [sys.executable, Path(__file__).with_name("kv_load.py"), name, workload, str(schedulers), str(KV_REQUESTS[quick]),
            *server]


class Mote(System):
    def command(self, workload, schedulers, quick):
        if workload in KV:
            server = [self.program.with_name("kv_server"), "--port", "{port}", "--schedulers", str(schedulers)]
            return kv_load(self.name, workload, schedulers, quick, server), {}
        name = self.aliases.get(workload, workload)
        options = ["--quick"] if quick else []
        return [self.program, "--schedulers", str(schedulers), *options, name], {}


class Redis(System):
    def command(self, workload, schedulers, quick):
        server = ["redis-server", "--port", "{port}", "--save", "", "--appendonly", "no"]
        return kv_load(self.name, workload, schedulers, quick, server), {}


class AsUser(System):
    """bench/as_user, against a copy of the library that is installed from mote-bench's build into our folder."""

    def build(self, folder):
        library = Path(self.needs).resolve().parent.parent
        build(["cmake", "--build", library, "--target", "mote", "mote-dump"])
        build(["cmake", "--install", library, "--prefix", folder / "installed"])
        build(["cmake", "-S", ROOT / "bench" / "as_user", "-B", folder / "build", "-D", "CMAKE_BUILD_TYPE=Release",
               "-D", "CMAKE_CXX_FLAGS_RELEASE=-O2", "-D", f"CMAKE_PREFIX_PATH={folder / 'installed'}"])
        build(["cmake", "--build", folder / "build"])
        self.program = folder / "build" / "as_user"

    def command(self, workload, schedulers, quick):
        count = {"skynet": 100_000, "fanin": 800_000, "spawn_exit": 100_000, "spawn_join_one": 100_000}
        return [self.program, str(schedulers), str(count.get(workload, 500_000) if quick else 0), workload], {}


class Go(System):
    driver = None  # mote-bench, which measures what must be measured from outside

    def build(self, folder):
        self.program = folder / "bench"
        build(["go", "build", "-o", self.program, "."], PEERS / "go")

    def command(self, workload, schedulers, quick):
        argv, environment = super().command(workload, schedulers, quick)
        if workload in SERVERS:
            server = f"exec {shlex.quote(str(self.program))} {SERVERS[workload]}"
            argv = [self.driver, "--schedulers", str(schedulers), *(["--quick"] if quick else []), "--peer", self.name,
                    "--peer-server", server, workload]
        return argv, environment | {"GOMAXPROCS": str(schedulers)}


class Erlang(System):
    def build(self, folder):
        self.program = folder
        build(["erlc", "-o", folder, PEERS / "erlang" / "bench.erl"])

    def command(self, workload, schedulers, quick):
        _, environment = super().command(workload, schedulers, quick)
        return ["erl", "-noinput", "+S", f"{schedulers}:{schedulers}", "+P", "2000000", "-pa", self.program, "-run",
                "bench", "main", workload], environment


class Tokio(System):
    def build(self, folder):
        """From the crates that Debian installs, where they are; else from the registry."""
        self.program = folder / "release" / "bench"
        command = ["cargo", "build", "-q", "--release", "--target-dir", folder]
        crates = Path("/usr/share/cargo/registry")
        if any(crates.glob("tokio-1*")):
            command += ["--offline", "--config", 'source.crates-io.replace-with="debian"', "--config",
                        f'source.debian.directory="{crates}"']
        sources = folder / "source"
        shutil.copytree(PEERS / "tokio", sources, dirs_exist_ok=True)  # cargo writes its lock file beside them
        build(command, sources)


class Cpp(System):
    libraries = ()
    standard = "c++20"

    def build(self, folder):
        self.program = folder / "bench"
        build([os.environ.get("CXX", "c++"), f"-std={self.standard}", "-O3", "-DNDEBUG", "-o", self.program,
               PEERS / self.name / "main.cpp", *self.libraries, "-pthread"])


class BoostFiber(Cpp):
    libraries = ("-lboost_fiber", "-lboost_context")


class Caf(Cpp):
    libraries = ("-lcaf_core",)
    standard = "c++17"


def all_systems(bench):
    """bench: the program mote-bench."""
    every = tuple(w for w in WORKLOADS if w not in KV or shutil.which("redis-benchmark"))
    bounded = "fanin_bounded1024"
    managed = tuple(w for w in WORKLOADS if w not in ("wakeup_thread", bounded, *ALONE, *SERVERS, *KV))
    tokio = (*managed, bounded, "wakeup_thread")
    actors = MESSAGES_AND_SPAWNS + ("ring_100k", "big")
    thread_names = {"spawn_join_one": "thread_spawn_join", "pingpong_same": "thread_pingpong",
                    "pingpong_cross": "thread_pingpong", "yield": "thread_yield"}
    go = Go("go", "go", "golang-go", (*managed, bounded, *SERVERS), aliases={bounded: "fanin"})
    go.driver = bench
    return [
        Mote("mote", bench, "", every, bench),
        AsUser("as_user", bench, "", (*actors, "yield")),
        Mote("threads", bench, "", tuple(thread_names), bench, thread_names),
        Mote("fork", bench, "", ("spawn_join_one",), bench, {"spawn_join_one": "fork_wait"}),
        go,
        Erlang("erlang", "erl", "erlang-base", managed),
        Tokio("tokio", "cargo", "cargo, librust-tokio-dev", tokio, aliases={bounded: "fanin_bounded"}),
        BoostFiber("boost_fiber", "/usr/include/boost/fiber/all.hpp", "libboost-fiber1.81-dev", (*actors, bounded, "yield"),
                   aliases={bounded: "fanin"}),
        Caf("caf", "/usr/include/caf/all.hpp", "libcaf-dev", actors),
        Redis("redis", "redis-server", "redis-server", KV if shutil.which("redis-benchmark") else ()),
    ]
