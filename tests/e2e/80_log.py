"""confer-log from end to end: a log, its witnesses, its clients, its monitor,
and what they do when one of them is broken, old, or lies."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, "tests/e2e/lib")
import release_log as rl  # noqa: E402
from confer import check  # noqa: E402
from release_log import DAY, NOW, Log, Witness, good, ref, run  # noqa: E402

TOP = os.environ["TMPDIR"]


def place(name):
    path = os.path.join(TOP, name)
    os.mkdir(path)
    return path


def expect(result, code, text, claim):
    """The exit code, and a text that says why."""
    got, out, err = result
    if got != code or text not in out + err:
        print(f"exit {got}, want {code} and {text!r}:\n{out}{err}")
    check(got == code and text in out + err, claim)


def put(log, name, seq, **kwargs):
    return log.file(name, rl.image(seq, **kwargs))


# ---- keys, command line ------------------------------------------------------

def keys():
    top = place("keys")
    path = os.path.join(top, "k")
    vkey = good("key", "new", "--kind", "witness", "--name", "w.example", path)
    check(good("key", "show", path) == vkey, "a key shows its public half")
    check(rl.read_key(path).vkey == vkey.strip(),
          "which another implementation makes of the file, too")
    check(os.stat(path).st_mode & 0o777 == 0o600, "the file is its owner's")
    expect(run("key", "new", "--kind", "log", "--name", "x", path), 2,
           "exists already", "a key is never written over")
    expect(run("key", "new", "--kind", "queen", "--name", "x", path), 1,
           "not queen", "there are four kinds of keys")
    os.chmod(path, 0o640)
    expect(run("key", "show", path), 2, "chmod 600",
           "a key that others may read is refused")


def command_line():
    check(run()[0] == 0 and "confer-log append" in run()[1],
          "without a command it says what there is")
    for command in ("key", "init", "append", "refresh", "prove", "verify",
                    "audit", "witness", "serve", "inspect"):
        code, out, _ = run("help", command)
        check(max(map(len, out.splitlines())) <= 80,
              f"help {command} fits a terminal")
        example = out.splitlines()[0]
        check(code == 0 and example.startswith(f"confer-log {command}"),
              f"help {command} begins with an example: {example}")
    expect(run("audit", "x", "--frob"), 1, "no option --frob",
           "an unknown option is a wrong usage")
    expect(run("inspect", "/nonexistent"), 2, "No such file",
           "a file that is not there is refused")
    strange = rl.write(os.path.join(TOP, "strange"), rl.signed(
        "a\x1b[31m\u202eb\n".replace("\x1b", "\u009b")))
    _, out, _ = run("inspect", strange)
    check("\u202e" not in out and "\\u202e" in out and "\\x9b" in out,
          "what a terminal would obey is shown, and not obeyed")


# ---- one log, three witnesses ------------------------------------------------

class World:
    """A log under two of three witnesses, with three records in it."""

    def __init__(self, name):
        self.top = place(name)
        self.witness = [Witness(self.top, f"w{i}") for i in (1, 2, 3)]
        self.log = Log(self.top, "log", self.witness, 2)
        for w in self.witness:
            w.start()
        self.records = [put(self.log, f"{i}.record", i) for i in (1, 2, 3)]
        self.proofs = os.path.join(self.top, "proofs")
        code, out, err = self.log.append(
            *self.records, "--proofs", self.proofs)
        if code:
            check(False, f"append: {code} {out}{err}")

    def proof(self, i):
        return os.path.join(self.proofs, f"{i}.proof")

    def verify(self, i, *args, now=NOW, trust=None):
        return run("verify", "--trust", trust or self.log.trust,
                   self.records[i - 1], self.proof(i), "--now", now, *args)

    def stop(self):
        for w in self.witness:
            if w.process and w.process.poll() is None:
                w.stop()


def whole(w):
    log, key = w.log, rl.read_key(w.log.key_file)
    size, root = rl.parse_checkpoint(log.checkpoint(), key)
    rl.verify_tree(os.path.join(log.dir, "public"), size, root)
    check(size == 3, "three records are three entries, by another reader too")
    for i in (1, 2, 3):
        expect(w.verify(i), 0, f"entry {i - 1} of 3, 3 of 3 witnesses",
               f"record {i} verifies offline")
    expect(w.verify(1, now=NOW + 8 * DAY), 2, "cosigned",
           "a week later its proof is stale")
    code, out = rl.run_json("verify", "--trust", log.trust, w.records[0],
                            w.proof(1), "--now", NOW)
    check(code == 0 and out["accepted"] and out["log"]["witnesses"] ==
          ["w1", "w2", "w3"] and out["deadline"] == NOW + 7 * DAY,
          "--json names the witnesses and the end")
    expect(run("verify", "--trust", log.trust, w.records[1], w.proof(1),
               "--now", NOW), 2, "not entry 0",
           "a proof is for one record")
    changed = log.file("changed", rl.read(w.records[0]).replace(
        b"version 1.0.1", b"version 1.0.2"))
    expect(run("verify", "--trust", log.trust, changed, w.proof(1), "--now",
               NOW), 2, "signatures", "a changed record is refused")


def names(w):
    """Proofs lie beside their records under the name that enclaves want."""
    for name, proof in (("image.record", "image.proof"), ("text", "text.proof"),
                        (".record", ".record.proof")):
        record = w.log.file(name, rl.read(w.records[0]))
        good("append", w.log.dir, record, "--proofs", w.top, "--now", NOW)
        check(os.path.exists(os.path.join(w.top, proof)),
              f"the proof of {name} is {proof}")
    expect(w.log.append(w.log.file("text.record", "x"), w.log.file("text", "y"),
                        "--proofs", w.top), 1, "two records have one name",
           "two proofs of one name are not written over each other")


def twice():
    """One record, named twice, in one append."""
    log = Log(place("twice"), "twice", [], 0)
    one = put(log, "1.record", 1)
    code, out = rl.run_json("append", log.dir, one, put(log, "2.record", 1),
                            "--now", NOW)
    check(code == 0 and [e["index"] for e in out["entries"]] == [0, 0],
          "a record named twice has one place")


def again(w):
    log = w.log
    before = log.checkpoint()
    expect(log.append(w.records[1], now=NOW + 60), 0, "there already",
           "a record that is there keeps its place")
    code, out = rl.run_json("append", log.dir, *w.records, "--now", NOW + 61)
    check([e["index"] for e in out["entries"]] == [0, 1, 2] and code == 0
          and all(e["already"] for e in out["entries"]),
          "and so do all of them")
    stat = os.stat(os.path.join(log.dir, "public", "checkpoint"))
    expect(run("refresh", log.dir, "--now", NOW + 120), 0, "nobody was asked",
           "a fresh checkpoint is left alone")
    after = os.stat(os.path.join(log.dir, "public", "checkpoint"))
    check((stat.st_ino, stat.st_mtime_ns) == (after.st_ino, after.st_mtime_ns),
          "and not even written again")
    for x in w.witness:
        x.stop()
        x.now = NOW + 2 * DAY
        x.start()
    expect(run("refresh", log.dir, "--now", NOW + 2 * DAY), 0, "w2 cosigned",
           "an old one is cosigned anew")
    size, root = before.splitlines()[1:3]
    check(log.checkpoint().splitlines()[1:3] == [size, root],
          "and is the same tree")


def refused(w):
    log = w.log
    before = log.checkpoint()
    for name, entry, why, claim in (
            ("skipped", rl.image(6), "the next is 5", "a skipped seq"),
            ("repeated", rl.image(2, life=80), "the next is 5",
             "a seq that was there"),
            ("one-key", rl.image(5, rl.RELEASE[:1]), "signed by 1",
             "too few release keys"),
            ("stranger", rl.image(5, [rl.STRANGER, rl.RELEASE[0]]),
             "signed by 1", "an unknown release key"),
            ("other", rl.record("image", 5, ["version 1"]), "no measurement",
             "a record that is none"),
            ("text", b"hello\n", "note", "a text that is no note")):
        expect(log.append(put(log, "4.record", 4), log.file(name, entry),
                          now=NOW + 2 * DAY), 2, why, f"{claim} is refused")
    check(log.checkpoint() == before,
          "and a batch with one such record changes nothing")


def proving(w):
    log = w.log
    out = os.path.join(w.top, "p")
    now = NOW + 2 * DAY
    for args in (("--index", 1), ("--record", w.records[1])):
        good("prove", log.dir, *args, "-o", out, "--now", now)
        expect(run("verify", "--trust", log.trust, w.records[1], out, "--now",
                   now), 0, "entry 1 of 3", f"a proof by {args[0]} verifies")
    expect(run("prove", log.dir, "--index", 3, "-o", out, "--now", now), 2,
           "no entry 3", "no proof of an entry that is not there")
    expect(run("prove", log.dir, "--record", put(log, "4.record", 4), "-o",
               out, "--now", now), 2, "no such record",
           "nor of a record that is not there")


def served(w):
    log = w.log
    now = NOW + 2 * DAY
    process, address = rl.listen("serve", log.dir, "--listen",
                                 "tcp:127.0.0.1:0")
    url = "http://" + address.split(":", 1)[1] + "/"
    expect(log.audit(where=url, now=now), 0, "nothing to look at",
           "an audit by URL finds nothing")
    expect(run("audit", url, log.dir, "--trust", log.trust, "--now", now,
               "--witness", w.witness[0].url, "--witness", w.witness[1].url),
           0, "nothing to look at", "nor with a mirror and two witnesses")
    out = os.path.join(w.top, "p")
    good("prove", url, "--record", w.records[2], "--trust", log.trust, "-o",
         out, "--now", now)
    expect(run("verify", "--trust", log.trust, w.records[2], out, "--now",
               now), 0, "entry 2 of 3", "anybody can make a proof, by URL")
    for where in (url, log.dir, os.path.join(log.dir, "public")):
        expect(run("inspect", where), 0, f"origin    {log.origin}",
               f"inspect shows the checkpoint of {where.split(':')[0]}")
    for file, what in ((w.records[0], "release record"),
                       (w.proof(1), "proof"), (log.trust, "trust file"),
                       (log.key_file, "signing key"),
                       (os.path.join(log.dir, "public/tile/0/000.p/3"),
                        "tile 0 of level 0"),
                       (os.path.join(log.dir, "public/tile/entries/000.p/3"),
                        "bundle of entries 0 to 2")):
        code, out, _ = run("inspect", file)
        check(code == 0 and out.startswith(what), f"and knows a {what}")
        check("tile" not in file or max(map(len, out.splitlines())) <= 80,
              "and fits a terminal")
    process.send_signal(signal.SIGTERM)
    check(process.wait(timeout=30) == 0, "serve stops when told")
    expect(log.audit(where=url, now=now), 3, "nothing listens", "then it is unreachable")


def quorum(w):
    """Witnesses go away one by one."""
    log = w.log
    now = NOW + 2 * DAY
    w.witness[2].stop()
    record = put(log, "4.record", 4)
    expect(log.append(record, "--proofs", w.proofs, now=now), 0,
           "w3 did not", "two of three witnesses are enough")
    w.witness[1].stop()
    record = put(log, "5.record", 5)
    proof = os.path.join(w.proofs, "5.proof")
    expect(log.append(record, "--proofs", w.proofs, now=now), 2,
           "confer-log refresh", "one is not")
    check(not os.path.exists(proof), "and there is no proof then")
    expect(run("prove", log.dir, "--index", 4, "-o", proof, "--now", now), 2,
           "do not make the quorum", "nor will there be one")
    expect(log.audit(now=now), 2, "below-quorum", "an audit says so")
    expect(run("refresh", log.dir, "--now", now), 2, "w2 did not",
           "refresh cannot help without witnesses")
    w.witness[1].now = w.witness[2].now = now
    w.witness[1].start()
    expect(run("refresh", log.dir, "--now", now), 0, "w2 cosigned",
           "and does when one is back")
    expect(log.append(record, "--proofs", w.proofs, now=now), 0,
           "there already", "the same append then writes the proof")
    expect(run("verify", "--trust", log.trust, record, proof, "--now", now),
           0, "entry 4 of 5, 2 of 3 witnesses", "which verifies")
    w.witness[2].start()


class Garbage:
    """In a witness's place: answers every request with the same bytes."""

    def __init__(self, path, answer):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.answer, self.held = answer, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            c.recv(65536)
            if self.answer is None:
                self.held.append(c)  # and never a word
                continue
            c.sendall(self.answer)
            c.close()


def garbage(w):
    """A witness that is down, mute, or writes nonsense is one that is not."""
    log = w.log
    now = NOW + 2 * DAY
    w.witness[2].stop()
    path = w.witness[2].url.split(":", 1)[1]
    key = rl.read_key(log.key_file)
    own = key.line(log.checkpoint().split("\n\n")[0] + "\n").encode()
    for seq, (what, answer) in enumerate((
            ("noise", bytes(range(256)) * 64),
            ("an error page", b"HTTP/1.1 500 No\r\n\r\nsorry"),
            ("an empty body", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            ("a line of the log itself", b"HTTP/1.1 200 OK\r\n\r\n" + own),
            ("silence", None)), 6):
        if os.path.exists(path):
            os.unlink(path)
        server = Garbage(path, answer)
        code, out, err = log.append(put(log, f"{seq}.record", seq), now=now)
        server.listener.close()
        check(code == 0 and "w3 did not" in out,
              f"{what} from a witness is no cosignature {err}")
    os.unlink(path)
    w.witness[2].start()
    expect(run("refresh", log.dir, "--force", "--now", now), 0, "w3 cosigned",
           "and when it is back it takes the whole way at once")
    expect(log.audit("--full", now=now), 0, "nothing to look at",
           "an audit of all of it finds nothing")


# ---- one writer --------------------------------------------------------------

def second_writer(w):
    """While one append waits for a mute witness, another one is refused."""
    log = w.log
    now = NOW + 2 * DAY
    w.witness[2].stop()
    path = w.witness[2].url.split(":", 1)[1]
    server = Garbage(path, None)
    first = subprocess.Popen(
        [rl.LOG, "append", log.dir, put(log, "11.record", 11), "--now",
         str(now)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not server.held:
        check(first.poll() is None, "an append waits for its witness")
    expect(log.append(put(log, "11.record", 11), now=now), 2, "holds the lock",
           "a second writer is refused at once")
    expect(log.audit(now=now), 0, "nothing to look at",
           "readers are not, and the old checkpoint stands meanwhile")
    server.held[0].close()
    check(first.wait(timeout=60) == 0, "and the first one ends well")
    server.listener.close()
    os.unlink(path)
    w.witness[2].start()


def broken_disk(w):
    log = w.log
    now = NOW + 2 * DAY
    record = put(log, "12.record", 12)
    full = os.path.join(w.top, "full")
    os.mkdir(full)
    if os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", full],
            stderr=subprocess.DEVNULL, check=False).returncode == 0:
        try:
            on_tmpfs(w, full, record, now)
        finally:
            subprocess.run(["umount", "-l", full], check=True)
    else:
        print("SKIP: a full and a read-only disk: cannot mount a tmpfs here")


def on_tmpfs(w, full, record, now):
    copy = os.path.join(full, "log")
    shutil.copytree(w.log.dir, copy)
    expect(run("append", copy, record, "--now", now), 6, "disk has",
           "a disk without room takes no record")
    expect(w.log.audit(where=copy, now=now), 0, "nothing to look at",
           "and nothing has changed")
    subprocess.run(["mount", "-o", "remount,ro", full], check=True)
    expect(run("append", copy, record, "--now", now), 6, "Read-only",
           "nor does a read-only one")
    expect(w.log.audit(where=copy, now=now), 0, "nothing to look at",
           "which can still be audited")


# ---- copies, clocks ----------------------------------------------------------

def old_copy(w):
    """The directory is put back as it was some entries ago."""
    log = w.log
    now = NOW + 2 * DAY
    backup = os.path.join(w.top, "backup")
    state = os.path.join(w.top, "audit-state")
    shutil.copytree(log.dir, backup)
    expect(log.append(put(log, "12.record", 12), now=now), 0, "",
           "a backup is made, and the log goes on")
    expect(log.audit("--state", state, now=now), 0, "", "an audit saw it")
    mixed = os.path.join(w.top, "mixed")
    shutil.copytree(log.dir, mixed)
    shutil.rmtree(os.path.join(mixed, "state"))
    shutil.copytree(os.path.join(backup, "state"),
                    os.path.join(mixed, "state"))
    other = log.file("12b.record", rl.image(12, life=60))
    expect(run("append", mixed, other, "--now", now), 6, "an old copy",
           "an old private half beside a newer public one is refused")
    expect(run("append", backup, other, "--now", now), 6, "another tree",
           "an old copy of both: the witnesses refuse it")
    expect(run("append", backup, other, "--now", now), 6, "never signs again",
           "and it is dead from then on")
    expect(run("refresh", backup, "--now", now), 6, "never signs",
           "for good")
    expect(log.audit("--state", state, where=backup, now=now), 2, "shrunk",
           "who saw the log before notices such a copy")
    expect(log.append(put(log, "13.record", 13), now=now), 0, "",
           "the true log goes on")


def clock_back(w):
    log = w.log
    expect(log.append(put(log, "14.record", 14), now=NOW - 30 * DAY), 2, "in the future",
           "with the clock set back no cosignature of now counts")
    expect(run("refresh", log.dir, "--now", NOW + 2 * DAY), 0, "",
           "and with the clock right again all is well")
    expect(log.audit("--full", now=NOW + 2 * DAY), 0, "nothing to look at",
           "nothing was lost by it")


# ---- lies --------------------------------------------------------------------

def tampered(w):
    log = w.log
    now = NOW + 2 * DAY
    state = os.path.join(w.top, "tamper-state")
    expect(log.audit("--state", state, now=now), 0, "", "a log is audited")
    for path, at in (("tile/0/000.p/14", 40), ("tile/entries/000.p/14", 400)):
        copy = tempfile.mkdtemp(dir=w.top)
        shutil.copytree(os.path.join(log.dir, "public"), copy,
                        dirs_exist_ok=True)
        file = os.path.join(copy, path)
        data = bytearray(rl.read(file))
        data[at] ^= 1
        os.chmod(file, 0o644)
        rl.write(file, bytes(data))
        expect(log.audit("--full", where=copy, now=now), 2, "tile-mismatch",
               f"a flipped bit in {path} is found")


def forked(w):
    """The log's owner signs another history for somebody else."""
    log, now = w.log, NOW + 2 * DAY
    key = rl.read_key(log.key_file)
    public = os.path.join(log.dir, "public")
    size, _ = rl.parse_checkpoint(log.checkpoint(), key)
    entries = rl.entries_of(public, size)
    entries[-1] = rl.image(14, life=50)
    fork = os.path.join(w.top, "fork")
    shutil.copytree(public, fork)
    leaves = [ref.leaf_hash(e) for e in entries]
    text = f"{key.name}\n{size}\n{ref.b64(ref.root(leaves))}\n"
    cosigned = "".join(
        k.line(text, now) for k in (
            rl.read_key(os.path.join(x.dir, "key")) for x in w.witness))
    for path, data in (
            ("checkpoint", text + "\n" + key.line(text) + cosigned),
            (f"tile/0/000.p/{size}", b"".join(leaves)),
            (f"tile/entries/000.p/{size}", b"".join(
                len(e).to_bytes(2, "big") + e for e in entries))):
        file = os.path.join(fork, path)
        os.chmod(file, 0o644)
        rl.write(file, data)
    state = os.path.join(w.top, "fork-state")
    expect(log.audit("--state", state, where=fork, now=now), 0, "",
           "even with all its witnesses a fork alone looks sound")
    expect(log.audit("--state", state, now=now), 5, "MISBEHAVED",
           "but not to who sees both")
    kept = [os.path.join(d, f) for d, _, names in os.walk(
        os.path.join(state, "evidence")) for f in names]
    texts = [rl.read(f).decode() for f in kept]
    check(any(text in t for t in texts)
          and any(log.checkpoint().split("\n\n")[0] in t for t in texts),
          f"and both signed checkpoints are kept: {len(kept)} files")
    evidence = os.path.join(w.top, "evidence")
    expect(run("audit", log.dir, fork, "--trust", log.trust, "--evidence",
               evidence, "--now", now), 5, "MISBEHAVED",
           "a mirror that shows the fork proves it, too")
    check(os.listdir(evidence), "with evidence")


# ---- the end of a log --------------------------------------------------------

def standby(w):
    """The log ends, another one that clients know already goes on."""
    log, now = w.log, NOW + 2 * DAY
    key = rl.read_key(log.key_file)
    next_log = Log(w.top, "next", [], 0)  # its own trust file comes below
    for x in w.witness:
        x.stop()
        x.watch(next_log.vkey)
        x.start()
    both = log.file("both.trust", Log.trust_text(
        [log.vkey, next_log.vkey], w.witness, 2))
    for one in (log, next_log):
        one.trust = both
        shutil.copy(both, os.path.join(one.dir, "state", "trust"))
    size, root = rl.parse_checkpoint(log.checkpoint(), key)
    end = log.file("retire.record", rl.retire(
        log.origin, size, root, next_log.origin))
    live = log.file("live.record", rl.entries_of(
        os.path.join(log.dir, "public"), size)[-1])
    expect(log.append(end, now=now), 0, "", "a log is retired in order")
    expect(log.append(put(log, "15.record", 15), now=now), 2,
           "ends with its retire", "and takes nothing after that")
    expect(next_log.append(end, live, "--proofs", w.proofs, now=now), 0, "",
           "its successor begins with that, and logs again what is live")
    expect(run("verify", "--trust", both, live, os.path.join(
        w.proofs, "live.proof"), "--now", now), 0, "entry 1 of 2",
        "clients that know both accept the record there")
    expect(next_log.append(put(log, "15.record", 15), now=now), 0, "",
           "and the next release goes there")
    for one in (log, next_log):
        expect(one.audit("--full", now=now), 0, "nothing to look at",
               f"an audit of {one.origin} finds nothing")


def rebuilding():
    """The monitor builds a release again, by a command of its own."""
    log = Log(place("rebuild"), "own", [], 0)
    lines = ["version 1.0.1", ref.source(),
             f"recipe sha256:{ref.fake('recipe', 32)}",
             f"builder sha256:{ref.fake('builder', 32)}",
             f"file kernel 5 sha256:{ref.fake('kernel', 32)}",
             f"snp 4 EPYC-v4 {ref.fake('snp4', 48)} policy 0000000000030000"]
    record = log.file("1.record", rl.record("image", 1, lines))
    expect(log.append(record), 0, "no witnesses", "a log of one machine")
    build = "grep -E '^(file|snp) ' \"$CONFER_RECORD\""
    expect(log.audit("--rebuild", build), 0, "rebuilt",
           "a build that gives the same lines is the release")
    expect(log.audit("--rebuild", f"{build} | sed 's/kernel 5/kernel 6/'"), 2,
           "rebuild-differs", "one that gives others is an alarm")
    expect(log.audit("--rebuild", "sleep 9", "--rebuild-timeout", 1), 2,
           "rebuild-failed", "and so is one that does not end")


def modes():
    """What everybody may read does not hang on the umask of who writes it."""
    before = os.umask(0o077)
    try:
        log = Log(place("modes"), "log", [], 0)
        expect(log.append(log.file("1.record", rl.image(1))), 0, "in the log",
               "a log is made and appended to under umask 077")
    finally:
        os.umask(before)
    public = {"checkpoint": 0o644, "tile": 0o755, "tile/0": 0o755,
              "tile/0/000.p/1": 0o444, "tile/entries/000.p/1": 0o444, "": 0o755}
    private = {"": 0o700, "key": 0o600, "head": 0o600, "lock": 0o600,
               "trust": 0o644}
    for part, wanted in ("public", public), ("state", private):
        found = {n: os.stat(os.path.join(log.dir, part, n)).st_mode & 0o777
                 for n in wanted}
        check(found == wanted, f"{part}/ has the modes of docs/log.md")


def init_again():
    """Killed before the last file was there, init is started again."""
    top = place("again")
    other = os.path.join(top, "other.key")
    vkey = good("key", "new", "--kind", "log", "--name", "log.example.org",
                other).strip()
    log = Log(top, "log", [], 0, also=[vkey])
    trust = os.path.join(log.dir, "state", "trust")
    again = ("init", log.dir, "--trust", log.trust, "--key")
    expect(run(*again, log.key_file), 2, "there is a log in",
           "a log is not made anew")
    os.remove(trust)
    expect(run(*again, other), 2, "there is a log in",
           "another key does not finish it")
    check(not os.path.exists(trust), "and leaves it alone")
    good(*again, log.key_file)
    expect(log.append(log.file("1.record", rl.image(1))), 0, "in the log",
           "an init that was cut short is finished by the next")


def main():
    keys()
    modes()
    init_again()
    twice()
    command_line()
    rebuilding()
    w = World("world")
    try:
        for part in (whole, names, again, refused, proving, served, quorum,
                     garbage, second_writer, broken_disk, old_copy, clock_back,
                     tampered, forked, standby):
            part(w)
    finally:
        w.stop()


main()
