"""What the end-to-end scripts share: a running `confer up`, and claims about it.

A script imports this from tests/e2e/lib, builds a Service, and calls check().
Exit status: 0 all claims hold, 1 one does not, 77 something is not here.
"""
import json
import os
import signal
import subprocess
import sys
import time

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
BIN = os.path.join(BUILD, "bin")
VECTORS = os.environ.get("CONFER_VECTORS", "../shared/vectors")
START_S = 60  # sanitizers, and a machine that others use


def check(claim, text):
    """One claim: print it, and end the script if it does not hold."""
    print(("ok   " if claim else "FAIL ") + text, flush=True)
    if not claim:
        sys.exit(1)


def skip(why):
    print(f"SKIP: {why}")
    sys.exit(77)


def vector(name):
    path = os.path.join(VECTORS, name)
    if not os.path.exists(path):
        skip(f"{path} is not on this machine")
    return path


def children(pid):
    """All processes below pid, in their order: [(name, pid)]"""
    below, found = [pid], []
    for p in sorted(int(d) for d in os.listdir("/proc") if d.isdigit()):
        try:
            with open(f"/proc/{p}/stat", encoding="ascii",
                      errors="replace") as f:
                stat = f.read()
        except OSError:
            continue
        name = stat[stat.index("(") + 1:stat.rindex(")")]
        parent = int(stat[stat.rindex(")") + 2:].split()[1])
        if parent in below:
            below.append(p)
            found.append((name, p))
    return found


class Service:
    """`confer up --serve` in a home of its own, until the script ends."""

    def __init__(self, *options, home=None):
        self.home = home or os.path.join(os.environ["TMPDIR"], "h")
        self.process = subprocess.Popen(
            [f"{BIN}/confer", "up", "--serve", "--home", self.home, *options],
            stdin=subprocess.DEVNULL)
        state = os.path.join(self.home, "up", "running.json")
        end = time.monotonic() + START_S
        while not os.path.exists(state):
            if self.process.poll() is not None:
                check(False, f"confer up ended with {self.process.returncode}")
            if time.monotonic() > end:
                check(False, f"confer up is ready within {START_S} s")
            time.sleep(0.05)
        with open(state, encoding="utf-8") as f:
            self.address = json.load(f)["address"]
        self.enclave = dict(children(self.process.pid))["confer-enclave"]

    def confer(self, command, *args, **kwargs):
        """Start `confer COMMAND` in this home."""
        return subprocess.Popen(
            [f"{BIN}/confer", command, "--home", self.home, *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **kwargs)

    def ask(self, *args):
        """(exit status, answer, what was said on stderr)"""
        p = self.confer("ask", *args)
        out, err = p.communicate(timeout=120)
        return p.returncode, out.decode(), err.decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(timeout=30) == 0, "confer up stops when told")
