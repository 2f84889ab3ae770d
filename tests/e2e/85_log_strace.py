"""The append that is shipped, on a kernel that fails: each system call that
touches a file, once the log is open, is where kill -9 strikes, or fails with
EIO, ENOSPC or EINTR, one at a time, at 255 -> 256 and 256 -> 257 entries.

After each: what was acknowledged is there; the same record again is taken, or,
in every other case, another one in its place, unless the first was fixed
before; the audit of all is clean; and this log has one signed root per size.

Without SWEEP, 40 cases by chance, and no more than 12 seconds of them; else SWEEP
is their number, or `all`. SWEEP_SIZE=65535 is for 65535 -> 65537, from where the
append begins to write.
"""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, "tests/e2e/lib")
import release_log as rl  # noqa: E402
from confer import check, skip  # noqa: E402
from release_log import NOW, Log, ref  # noqa: E402

SWEEP = os.environ.get("SWEEP", "40")
SECONDS = 1e9 if "SWEEP" in os.environ else 12
SIZE = int(os.environ.get("SWEEP_SIZE", "255"))
SEED = int(os.environ.get("SWEEP_SEED", str(int(time.time()))))
FAULTS = ["signal=KILL", "error=EIO", "error=ENOSPC", "error=EINTR"]
CALLS = {"openat", "read", "pread64", "write", "pwrite64", "fsync",
         "fdatasync", "close", "link", "linkat", "rename", "renameat",
         "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "flock",
         "fcntl", "ftruncate", "statfs", "fstatfs", "stat", "fstat", "lstat",
         "newfstatat", "statx", "access", "faccessat", "faccessat2",
         "getdents64", "lseek", "chmod", "fchmod", "fchmodat"}
LARGE = 1000  # a log of so many entries is not made of records
REFUSED = 2  # the exit status of a record that does not fit
KILLED = -9


def strace(options, command):
    return subprocess.run(
        ["strace", "-f", "-qq", *options, "--", *command], check=False,
        capture_output=True, stdin=subprocess.DEVNULL, timeout=120)


class Step:
    """Appends of one batch, or of another, to copies of one log."""

    def __init__(self, top, log, size, batch, other):
        self.top, self.log, self.size = top, log, size
        self.batch, self.other = batch, other  # paths of records
        self.copy = os.path.join(top, "copy")
        self.key = rl.read_key(log.key_file)
        self.parsed = {}  # what a note says; reading one takes a while
        self.codes = {}
        self.with_batch = self.sure(batch)
        self.with_other = self.sure(other)
        self.before = self.fresh()

    # ---- the log -------------------------------------------------------------

    def fresh(self):
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.log.dir, self.copy)
        return self.look()

    def look(self):
        """(size, root) of the head; the public one may be of less."""
        head = rl.read(f"{self.copy}/state/head").decode()
        head = head.split("\n", 1)[1].rsplit("sha256 ", 1)[0]
        public = rl.read(f"{self.copy}/public/checkpoint").decode()
        for note in head, public:
            if note not in self.parsed:
                self.parsed[note] = rl.parse_checkpoint(note, self.key)
        signed, shown = self.parsed[head], self.parsed[public]
        check_quietly(shown in (signed, (self.size, shown[1])),
                      f"shown is {shown}, signed {signed}")
        return signed

    def command(self, records):
        return ["append", self.copy, *records, "--now", str(NOW), "--quiet"]

    def sure(self, records):
        """The tree after an append without a fault."""
        self.fresh()
        code, out, err = rl.run(*self.command(records))
        check_quietly(code == 0, f"append without a fault: {out}{err}")
        return self.look()

    # ---- the cases -----------------------------------------------------------

    def calls(self):
        """[(name, its how manieth)] from when the log is opened."""
        trace = os.path.join(self.top, "trace")
        self.fresh()
        p = strace(["-o", trace], [rl.LOG, *self.command(self.batch)])
        check_quietly(p.returncode == 0, f"strace: {p.stderr}")
        count, found = {}, []
        for line in rl.read(trace).decode().splitlines():
            m = re.match(r"\d+ +(\w+)\(", line)
            if m is None or m[1] not in CALLS:
                continue
            count[m[1]] = count.get(m[1], 0) + 1
            begin = f'"{self.copy}/state"' if self.size < LARGE else "fstatfs("
            if found or begin in line:
                found.append((m[1], count[m[1]]))
        check(len(found) > 100, f"{len(found)} calls touch files from "
              f"{self.size} to {self.with_batch[0]} entries")
        return found

    def cases(self):
        return [(*call, fault, swap) for call in self.calls()
                for fault in FAULTS for swap in (False, True)]

    def run(self, call, nth, fault, swap):
        name = f"{self.size} entries, {call} number {nth}, {fault}: "
        self.fresh()
        p = strace(["-o", os.devnull, "-e", f"trace={call}", "-e",
                    f"inject={call}:{fault}:when={nth}"],
                   [rl.LOG, *self.command(self.batch)])
        code = p.returncode
        self.codes[code] = self.codes.get(code, 0) + 1
        check_quietly(code == KILLED if "KILL" in fault else code in
                      (0, 1, REFUSED, 4, 6), f"{name}exit {code}")
        signed = self.look()
        check_quietly(signed == self.with_batch or (
            signed == self.before and code != 0), f"{name}head is {signed}")
        self.again(name, signed, self.other if swap else self.batch)

    def again(self, name, signed, records):
        """Once more, without a fault."""
        code, out, err = rl.run(*self.command(records))
        now = self.look()
        if records == self.batch:
            fine = code == 0 and now == self.with_batch
        elif now == self.with_batch:  # which was fixed before, with that seq
            fine = code == REFUSED
        else:
            fine = code == 0 and now == self.with_other and \
                signed == self.before
        check_quietly(fine, f"{name}then exit {code}, {now}, {out}{err}")
        if self.size < LARGE:
            code, out, err = self.log.audit("--full", where=self.copy)
            check_quietly(code == 0, f"{name}the audit: {out}{err}")
        else:
            rl.verify_tree(f"{self.copy}/public", *now)


def check_quietly(claim, text):
    if not claim:
        check(False, text)


# ---- the logs ------------------------------------------------------------------

def by_hand(log, size):
    """Make it a log of `size` entries that are no records. Signing so many would
    take an hour; the tree does not care."""
    public = os.path.join(log.dir, "public")
    entries = [b"entry %d" % i for i in range(size)]
    bundle = [len(e).to_bytes(2, "big") + e for e in entries]
    leaves = [ref.leaf_hash(e) for e in entries]
    levels = {"entries": bundle, 0: leaves}
    while len(levels[len(levels) - 2]) >= rl.WIDTH:
        below = levels[len(levels) - 2]
        levels[len(levels) - 1] = [
            ref.root(below[i:i + rl.WIDTH])
            for i in range(0, len(below) - rl.WIDTH + 1, rl.WIDTH)]
    for level, items in levels.items():
        for at in range(0, len(items), rl.WIDTH):
            part = items[at:at + rl.WIDTH]
            path = os.path.join(public, rl.tile_path(
                level, at // rl.WIDTH, len(part)))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            rl.write(path, b"".join(part))
    key, root = rl.read_key(log.key_file), ref.root(leaves)
    text = f"{log.origin}\n{size}\n{ref.b64(root)}\n"
    note = text + "\n" + key.line(text)
    head = f"confer-log-head/v1\n{note}".encode()
    rl.write(os.path.join(log.dir, "state", "head"),
             head + f"sha256 {ref.sha(head).hex()}\n".encode())
    rl.write(os.path.join(public, "checkpoint"), note)


def make_steps(top):
    """The steps, each from a log of its own."""
    if SIZE >= LARGE:
        log = Log(top, "large", [], 0)
        by_hand(log, SIZE)
        batch = [log.file(f"{s}.record", rl.image(s)) for s in (1, 2)]
        other = [log.file("other", rl.image(1, at=NOW - 1))]
        return [Step(top, log, SIZE, batch, other)]
    steps, records = [], None
    for size in SIZE, SIZE + 1:
        log = Log(top, f"log{size}", [], 0)
        if records is None:
            records = [log.file(f"{s}.record", rl.image(s))
                       for s in range(1, SIZE + 3)]
        code, out, err = log.append(*records[:size])
        check_quietly(code == 0, f"a log of {size} records {out}{err}")
        other = log.file(f"{size}.other",
                         rl.image(size + 1, at=NOW - 1))
        steps.append(Step(top, log, size, [records[size]], [other]))
    return steps


def sweep(steps):
    cases = [(step, case) for step in steps for case in step.cases()]
    of, done, begin = len(cases), 0, time.monotonic()
    if SWEEP != "all":
        random.Random(SEED).shuffle(cases)
        cases = cases[:int(SWEEP)]
    for step, case in cases:
        if time.monotonic() > begin + SECONDS:
            break
        step.run(*case)
        done += 1
    for step in steps:
        codes = ", ".join(f"{n} times {c}" for c, n in
                          sorted(step.codes.items()))
        check(True, f"from {step.size} entries: each append was whole, or "
              f"nothing, or finished by the next; exit status {codes}")
    check(done > 4, f"{done} of {of} cases, {time.monotonic() - begin:.1f} s, "
          f"seed {SEED}")


def main():
    if shutil.which("strace") is None:
        skip("strace is not installed")
    if strace(["-o", os.devnull, "-e", "inject=close:error=EIO:when=999"],
              ["true"]).returncode:
        skip("ptrace is not permitted here")
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="confer", dir=memory) as top:
        steps = make_steps(top)
        print(f"prepared in {time.monotonic() - begin:.1f} s", flush=True)
        sweep(steps)


main()
