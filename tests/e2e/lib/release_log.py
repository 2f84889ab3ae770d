"""Release logs for the end-to-end scripts: keys, records, witnesses, and a
reader of its own that knows only SHA-256 and what docs/log.md says.

The signatures and trees are those of tools/gen/tlog_vectors.py, which shares no
line with the programs.
"""
import atexit
import base64
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, "tools/gen")
sys.dont_write_bytecode = True
import tlog_vectors as ref  # noqa: E402
from confer import BIN, check  # noqa: E402

LOG = f"{BIN}/confer-log"
NOW = 1800000000
DAY = 86400
WIDTH = 256


def run(*args, timeout=120, **kwargs):
    """(exit status, standard output, standard error) of confer-log."""
    p = subprocess.run([LOG, *map(str, args)], capture_output=True,
                       stdin=subprocess.DEVNULL, timeout=timeout, check=False,
                       **kwargs)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def run_json(*args, **kwargs):
    """(exit status, the object that --json prints)"""
    code, out, err = run(*args, "--json", **kwargs)
    try:
        value = json.loads(out)
    except ValueError:
        check(False, f"{args}: no JSON: {out!r} {err!r}")
    if value["exit"] != code:
        check(False, f"{args[0]} --json tells its exit code {code}")
    return code, value


def good(*args, **kwargs):
    """What it prints; it has to succeed."""
    code, out, err = run(*args, **kwargs)
    if code:
        check(False, f"confer-log {' '.join(map(str, args))}: {code}, {out}"
              f"{err}")
    return out


def write(path, data):
    with open(path, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def read_key(path):
    """A key file of confer-log as a key of the reference."""
    name, _, blob = read(path).decode().strip().split("+", 4)[2:]
    key = ref.Key(name)
    raw = base64.b64decode(blob)
    key.kind, key.seed = raw[0], raw[1:]
    key.pub = ref.public(key.seed)
    public = bytes([key.kind]) + key.pub
    key.id = ref.sha(name.encode() + b"\n" + public)[:4]
    key.vkey = f"{name}+{key.id.hex()}+{ref.b64(public)}"
    return key


# ---- records -----------------------------------------------------------------

RELEASE = [ref.Key("alice.example.org"), ref.Key("bob.example.org")]
STRANGER = ref.Key("mallory.example.org")


def signed(text, keys=None):
    lines = "".join(k.line(text) for k in keys or RELEASE)
    return (text + "\n" + lines).encode()


def record(kind, seq, lines, keys=None, channel="stable", at=NOW, life=90):
    head = ["confer-release/v1", f"kind {kind}", "product confer",
            f"channel {channel}", f"seq {seq}", f"issued {at}",
            f"not-before {at}", f"not-after {at + life * DAY}"]
    return signed("".join(x + "\n" for x in head + lines), keys)


def image(seq, keys=None, **kwargs):
    lines = [f"version 1.0.{seq}", ref.source(),
             f"recipe sha256:{ref.fake('recipe', 32)}",
             f"builder sha256:{ref.fake('builder', 32)}",
             f"sim {ref.fake(f'launch {seq}', 48)}"]
    return record("image", seq, lines, keys, **kwargs)


def retire(origin, size, root, successor, seq=1):
    return record("retire", seq, [
        f"log {origin}", f"last {size} {root.hex()}", "cause disk-lost",
        f"successor {successor}"], life=3650)


def policy(seq, at=NOW):
    return record("policy", seq, ["hardware any"], at=at, life=7)


# ---- a witness ---------------------------------------------------------------

class Witness:
    """`confer-log witness` on a Unix socket, until it is stopped."""

    def __init__(self, top, name, now=NOW):
        self.dir, self.name, self.now = os.path.join(top, name), name, now
        self.url = f"unix:{os.path.join(top, name)}.s"
        self.vkey = good("witness", self.dir, "--init",
                         f"{name}.example.net").strip()
        self.process = None

    def watch(self, vkey):
        good("witness", self.dir, "--add-log", vkey)

    def start(self):
        self.process = listen("witness", self.dir, "--listen", self.url,
                              "--now", self.now)[0]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(timeout=30) == 0,
              f"witness {self.name} stops when told")


def listen(*args):
    """(process, address) of a command that says `listening ADDR`."""
    p = subprocess.Popen([LOG, *map(str, args), "--quiet"],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    atexit.register(p.kill)
    line = p.stdout.readline().decode().split()
    if line[:1] != ["listening"]:
        check(False, f"confer-log {args[0]} listens: {line}")
    return p, line[1]


# ---- a log -------------------------------------------------------------------

class Log:
    """A log in top/NAME with a trust file; `quorum` of the witnesses."""

    def __init__(self, top, name, witnesses, quorum, also=()):
        self.top, self.dir = top, os.path.join(top, name)
        self.origin = f"{name}.example.org"
        self.key_file = os.path.join(top, f"{name}.key")
        self.vkey = good("key", "new", "--kind", "log", "--name", self.origin,
                         self.key_file).strip()
        self.trust = write(os.path.join(top, f"{name}.trust"), self.trust_text(
            [self.vkey, *also], witnesses, quorum))
        for w in witnesses:
            w.watch(self.vkey)
        good("init", self.dir, "--key", self.key_file, "--trust", self.trust)

    @staticmethod
    def trust_text(logs, witnesses, quorum):
        lines = ["confer-trust/v1", "product confer", "channel stable"]
        if not witnesses:
            lines.append("local")
        lines += [f"release-key {k.vkey}" for k in RELEASE]
        lines.append("threshold 2")
        lines += [f"operator {w.name}.example.net Operator {w.name}"
                  for w in witnesses] + [""]
        lines += [f"log {x}" for x in logs]
        lines += [f"witness {w.name} {w.vkey} {w.url}" for w in witnesses]
        if witnesses:
            lines += [f"group g {quorum} "
                      + " ".join(w.name for w in witnesses), "quorum g"]
        else:
            lines.append("quorum none")
        return "\n".join(lines) + "\n"

    def file(self, name, data):
        return write(os.path.join(self.top, name), data)

    def append(self, *args, now=NOW, **kwargs):
        return run("append", self.dir, *args, "--now", now, **kwargs)

    def checkpoint(self):
        return read(os.path.join(self.dir, "public", "checkpoint")).decode()

    def audit(self, *args, now=NOW, where=None):
        return run("audit", where or self.dir, "--trust", self.trust,
                   "--now", now, *args)


# ---- a reader that believes nothing ------------------------------------------

def parse_checkpoint(note, key):
    """(size, root), after checking the log's signature."""
    text, lines = note.split("\n\n", 1)
    text += "\n"
    if key.line(text) not in lines:
        raise ValueError(f"checkpoint without the log's signature: {note!r}")
    origin, size, root = text.splitlines()
    if origin != key.name:
        raise ValueError(f"checkpoint of {origin}")
    return int(size), base64.b64decode(root)


def tile_path(level, index, width):
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
    name = "/".join(["x" + g for g in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{name}" + (f".p/{width}" if width < WIDTH else "")


def read_tile(public, level, index, width):
    """The file as the size names it, or the full one, cut."""
    try:
        return read(os.path.join(public, tile_path(level, index, width)))
    except FileNotFoundError:
        if width == WIDTH:
            raise
        return None


def level_of(public, level, count):
    """All hashes of a level, from its tiles."""
    hashes = []
    for index in range(-(-count // WIDTH)):
        width = min(WIDTH, count - index * WIDTH)
        data = read_tile(public, level, index, width)
        if data is None:
            data = read_tile(public, level, index, WIDTH)[:32 * width]
        if len(data) != 32 * width:
            raise ValueError(f"tile {level}/{index}: {len(data)} bytes")
        hashes += [data[i:i + 32] for i in range(0, len(data), 32)]
    return hashes


def entries_of(public, count):
    entries = []
    for index in range(-(-count // WIDTH)):
        width = min(WIDTH, count - index * WIDTH)
        data = read_tile(public, "entries", index, width)
        if data is None:
            data = read_tile(public, "entries", index, WIDTH)
        at = 0
        for _ in range(width):
            n = int.from_bytes(data[at:at + 2], "big")
            entries.append(data[at + 2:at + 2 + n])
            at += 2 + n
    return entries


def verify_tree(public, size, root):
    """The leaf hashes, if bundles, every level of tiles and the root agree."""
    leaves = [ref.leaf_hash(e) for e in entries_of(public, size)]
    level, hashes = 0, leaves
    while hashes:
        if level_of(public, level, len(hashes)) != hashes:
            raise ValueError(f"size {size}: tiles of level {level} differ")
        hashes = [ref.root(hashes[i:i + WIDTH])
                  for i in range(0, len(hashes) - WIDTH + 1, WIDTH)]
        level += 1
    if ref.root(leaves) != root:
        raise ValueError(f"size {size}: the entries have another root")
    return leaves
