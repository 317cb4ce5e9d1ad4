"""Starts a server that speaks Redis's protocol, has redis-benchmark ask it, and prints what came of it as mote-bench would:
kv_load.py NAME WORKLOAD SCHEDULERS REQUESTS PROGRAM [ARGUMENT...], where {port} in an argument is the port to listen on."""

import csv
import socket
import subprocess
import sys

CLIENTS = 50
START_LIMIT_S = 10


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_until_it_answers(server, port):
    asked = ["redis-cli", "-p", str(port), "ping"]
    for _ in range(START_LIMIT_S * 20):
        if server.poll() is not None:
            sys.exit(f"kv_load: {server.args[0]} ended with {server.returncode}")
        if subprocess.run(asked, capture_output=True, text=True, check=False).stdout == "PONG\n":
            return
        try:
            server.wait(0.05)
        except subprocess.TimeoutExpired:
            pass
    sys.exit(f"kv_load: {server.args[0]} does not answer after {START_LIMIT_S} s")


def main():
    name, workload, schedulers, requests, *argv = sys.argv[1:]
    wanted = workload.removeprefix("kv_").upper()
    port = free_port()
    with subprocess.Popen([word.replace("{port}", str(port)) for word in argv], stdout=subprocess.DEVNULL) as server:
        try:
            wait_until_it_answers(server, port)
            said = subprocess.run(["redis-benchmark", "-p", str(port), "-c", str(CLIENTS), "-P", "1", "-n", requests, "-t", "set,get",
                                   "--csv"], capture_output=True, text=True, check=True).stdout
        finally:
            server.terminate()
    for row in csv.DictReader(said.splitlines()):
        if row["test"] == wanted:
            print(f"{name} {workload}_s{schedulers} requests_per_s {float(row['rps']):.6g} 1/s")
            print(f"{name} {workload}_s{schedulers} p99 {1000 * float(row['p99_latency_ms']):.6g} us")


if __name__ == "__main__":
    main()
