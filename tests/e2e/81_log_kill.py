"""kill -9 at any moment of an append, KILLS times (default 100), under a reader
that checks every checkpoint it sees with code of its own.

What may not happen: two roots for one size; a checkpoint whose tiles are
missing or wrong; an entry that is lost once it was published; a log that does
not go on.
"""
import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, "tests/e2e/lib")
import release_log as rl  # noqa: E402
from confer import check  # noqa: E402
from release_log import NOW, Log, Witness, ref  # noqa: E402

TOP = os.environ["TMPDIR"]
KILLS = int(os.environ.get("KILLS", "100"))
SEED = int(os.environ.get("KILL_SEED", str(int(time.time()))))
BATCH = 3  # records of one append, at most


# ---- the reader: a process of its own ----------------------------------------

def reader(public, key, stop, report):
    """Read until `stop` exists; write {size: root} or what was wrong."""
    seen, looks = {}, 0
    try:
        while not os.path.exists(stop):
            note = rl.read(os.path.join(public, "checkpoint")).decode()
            size, root = rl.parse_checkpoint(note, key)
            looks += 1
            if seen.get(size, root) != root:
                raise ValueError(f"two roots of size {size}")
            if seen and size < max(seen):
                raise ValueError(f"size {size} after {max(seen)}")
            if size not in seen:
                rl.verify_tree(public, size, root)
                seen[size] = root
        result = {"seen": {n: r.hex() for n, r in seen.items()},
                  "looks": looks}
    except (ValueError, OSError) as e:
        result = {"error": f"{type(e).__name__}: {e}"}
    rl.write(report, json.dumps(result))


def start_reader(*args):
    pid = os.fork()
    if pid == 0:
        reader(*args)
        os._exit(0)
    return pid


# ---- the writer --------------------------------------------------------------

class Writer:
    def __init__(self, log):
        self.log, self.seq, self.acknowledged = log, 1, []
        self.random = random.Random(SEED)
        self.files = self.next_batch()
        self.typical = 0.0

    def next_batch(self):
        n = self.random.randint(1, BATCH)
        batch = [self.log.file(f"{s}.record", rl.image(s))
                 for s in range(self.seq, self.seq + n)]
        self.seq += n
        return batch

    def start(self):
        return subprocess.Popen(
            [rl.LOG, "append", self.log.dir, *self.files, "--now", str(NOW),
             "--quiet"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def done(self, code, err):
        """The append has ended by itself: it has to have succeeded."""
        if code:
            check(False, f"append after a kill: exit {code}, {err.decode()}")
        self.acknowledged += [rl.read(f) for f in self.files]
        self.files = self.next_batch()

    def measure(self, runs=5):
        start = time.monotonic()
        for _ in range(runs):
            p = self.start()
            err = p.communicate(timeout=60)[1]
            self.done(p.returncode, err)
        self.typical = (time.monotonic() - start) / runs

    def kill_one(self):
        """True if it was killed, False if it was done before that."""
        p = self.start()
        try:
            p.wait(self.random.uniform(0, 1.1 * self.typical))
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
        err = p.communicate(timeout=60)[1]
        if p.returncode != -signal.SIGKILL:
            self.done(p.returncode, err)
        return p.returncode == -signal.SIGKILL


def kill_all(writer):
    kills = runs = 0
    while kills < KILLS:
        runs += 1
        kills += writer.kill_one()
    p = writer.start()  # what the last kill left is finished
    err = p.communicate(timeout=60)[1]
    writer.done(p.returncode, err)
    return runs


def main():
    witness = Witness(TOP, "w1")
    other = Witness(TOP, "w2")
    log = Log(TOP, "log", [witness, other], 1 + 1)
    witness.start()
    other.start()
    public = os.path.join(log.dir, "public")
    stop, report = os.path.join(TOP, "stop"), os.path.join(TOP, "report")
    key = rl.read_key(log.key_file)
    pid = start_reader(public, key, stop, report)
    writer = Writer(log)
    writer.measure()
    begin = time.monotonic()
    runs = kill_all(writer)
    took = time.monotonic() - begin
    rl.write(stop, "")
    os.waitpid(pid, 0)
    result = json.loads(rl.read(report))
    check("error" not in result, "the reader saw nothing wrong"
          + (": " + result["error"] if "error" in result else ""))
    size, root = rl.parse_checkpoint(log.checkpoint(), key)
    leaves = rl.verify_tree(public, size, root)
    for n, r in result["seen"].items():
        if ref.root(leaves[:int(n)]).hex() != r:
            check(False, f"size {n} was another tree when it was seen")
    check(len(result["seen"]) > 1, f"{len(result['seen'])} sizes were seen in "
          f"{result['looks']} looks, each the same tree as at the end")
    wanted = [ref.leaf_hash(e) for e in writer.acknowledged]
    check(leaves == wanted, f"all {len(wanted)} records are there, once, and "
          "in their order")
    code, out, err = log.audit("--full")
    check(code == 0, f"the audit of all of it is clean {err}{out}")
    witness.stop()
    other.stop()
    print(f"{KILLS} kills in {runs} runs, {took:.1f} s, "
          f"{1000 * writer.typical:.0f} ms for an append alone, seed {SEED}")


main()
