"""A public deployment in small, by the shipped programs alone: offline release
keys, a rebuilder, a log served over HTTP, the witnesses of three operators, an
enclave with the proofs. What its clients say while all goes well; when a witness
is down, a release is withdrawn, the past is shown once more, the log forks, and
when it dies; and what the auditor says."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, "tests/e2e/lib")
import model  # noqa: E402
import release_log as rl  # noqa: E402
from confer import BIN, check  # noqa: E402
from release_log import DAY, LOG, ref, run  # noqa: E402

TOP = os.environ["TMPDIR"]
NOW = int(time.time())  # the enclave and its clients have no other clock
ISSUED = NOW - 3 * DAY - 3600
OPERATORS = ("A", "B", "C")
RECORDS = ("image", "model", "policy", "rebuild")


def path(*names):
    return os.path.join(TOP, *names)


def folder(*names):
    os.makedirs(path(*names), exist_ok=True)
    return path(*names)


def words(text):
    """Text as it is read: lines are broken anywhere."""
    return " ".join(text.split())


def tool(program, *args):
    """What it prints; it has to succeed."""
    p = subprocess.run([f"{BIN}/{program}", *map(str, args)],
                       capture_output=True, stdin=subprocess.DEVNULL,
                       timeout=60, check=False)
    if p.returncode:
        check(False, f"{program} {' '.join(map(str, args))}: {p.returncode} "
              f"{p.stdout.decode()}{p.stderr.decode()}")
    return p.stdout.decode()


def expect(result, code, texts, claim):
    """The exit code, and the texts that say why."""
    got, out, err = result
    said = words(out + " " + err)
    bad = [t for t in ([texts] if isinstance(texts, str) else texts)
           if t not in said]
    if got != code or bad:
        print(f"exit {got}, want {code} and {bad}:\n{out}{err}")
    check(got == code and not bad, claim)


# ---- the parties -------------------------------------------------------------

class Witness:
    """One operator's: A's on TCP, the others' on Unix sockets."""

    def __init__(self, operator):
        self.operator = operator
        self.key_name = f"{operator.lower()}.example.net/witness"
        self.dir = path(f"witness-{operator}")
        self.vkey = rl.good("witness", self.dir, "--init",
                            self.key_name).strip()
        self.listen = ("tcp:127.0.0.1:0" if operator == "A"
                       else f"unix:{path(operator)}.sock")
        self.process = self.url = self.listen_at = None

    def watch(self, vkey):
        rl.good("witness", self.dir, "--add-log", vkey)

    def start(self):
        self.process, at = rl.listen("witness", self.dir, "--listen",
                                     self.listen)
        kind, where = at.split(":", 1)
        host, _, port = where.rpartition(":")
        self.listen_at = (kind, where if kind == "unix" else (host, int(port)))
        self.url = at if kind == "unix" else f"http://{where}/"

    def cosign(self, body):
        """Its lines under a checkpoint, asked as any log would."""
        kind, at = self.listen_at
        s = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
        s.connect(at)
        s.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: witness\r\n"
                  b"Content-Length: %d\r\n\r\n" % len(body.encode())
                  + body.encode())
        answer = b""
        while data := s.recv(4096):
            answer += data
        head, lines = answer.decode().split("\r\n\r\n", 1)
        check(" 200 " in head.splitlines()[0],
              f"the witness of {self.operator} cosigns")
        return lines

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(timeout=30) == 0,
              f"the witness of {self.operator} stops when told")


class Log:
    """A log, and who serves it."""

    def __init__(self, name):
        self.origin = f"log.example.org/{name}"
        self.key = path(f"log-{name}.key")
        self.vkey = rl.good("key", "new", "--kind", "log", "--name",
                            self.origin, self.key).strip()
        self.dir, self.process, self.url = path(f"log-{name}"), None, None

    def init(self, trust):
        rl.good("init", self.dir, "--key", self.key, "--trust", trust)
        self.process, self.url = serve(self.dir)

    def append(self, records, proofs):
        return run("append", self.dir, *(path("work", f"{r}.record")
                                         for r in records), "--proofs", proofs)

    def public(self):
        return os.path.join(self.dir, "public")

    def checkpoint(self):
        return rl.read(os.path.join(self.public(), "checkpoint")).decode()

    def tree(self):
        """(entries, size, root)"""
        size, root = rl.parse_checkpoint(self.checkpoint(),
                                         rl.read_key(self.key))
        return rl.entries_of(self.public(), size), size, root

    def audit(self, *args, trust, state="audit"):
        return run("audit", self.url, *args, "--trust", trust, "--state",
                   path(state))


def serve(where):
    process, at = rl.listen("serve", where, "--listen", "tcp:127.0.0.1:0")
    return process, "http://" + at.split(":", 1)[1] + "/"


class Enclave:
    """Started by hand over a folder of records, on a simulated processor."""

    def __init__(self):
        self.model = model.path()
        self.launch = ["--launch", f"enclave={BIN}/confer-enclave",
                       "--launch", f"model={self.model}"]
        self.tee = f"unix:{path('tee')}"
        self.address = f"unix:{path('enclave')}"
        self.root = tool("confer-simtee", "root", "--home",
                         path("simtee")).strip()
        tee = subprocess.Popen(
            [f"{BIN}/confer-simtee", "serve", "--home", path("simtee"),
             "--listen", self.tee, *self.launch],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        rl.atexit.register(tee.kill)
        check(tee.stdout.readline().startswith(b"listening"),
              "the simulated processor listens")
        self.process = None

    def measured(self):
        """MEASUREMENT of a report: attestation.md, 4.2 and section 1."""
        s = socket.socket(socket.AF_UNIX)
        s.connect(path("tee"))
        s.sendall(b"confsim\x01" + os.urandom(64))
        answer = b""
        while data := s.recv(4096):
            answer += data
        check(answer[:12] == b"confsim\x01" + bytes(4) and
              len(answer) == 12 + 1184 + 323, "it reports what was launched")
        return answer[12 + 0x90:12 + 0x90 + 48].hex()

    def show(self, records):
        """Start anew, showing these. Until it says that it is ready."""
        self.stop()
        self.process = subprocess.Popen(
            [f"{BIN}/confer-enclave", "--listen", self.address, "--model",
             self.model, "--records", records, "--simtee", self.tee,
             "--context", "512", "--slots", "1", "--kv-memory", "64",
             "--speculate", "--pin"],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        rl.atexit.register(self.process.kill)
        for line in self.process.stderr:
            if b" confer-enclave ready " in line:
                return
        check(False, "the enclave is ready")

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
            self.process.stderr.close()


class World:
    def __init__(self):
        self.enclave = Enclave()
        self.witness = {x: Witness(x) for x in OPERATORS}
        self.log, self.standby = Log("1"), Log("2")
        self.signers = [tool("confer", "release", "key",
                             f"example.org/release-{i}",
                             path(f"signer-{i}")).strip() for i in (1, 2, 3)]
        self.rebuilder = tool("confer", "release", "key", "X",
                              path("rebuilder")).strip()
        for w in self.witness.values():
            for log in (self.log, self.standby):
                w.watch(log.vkey)
            w.start()
        self.trust = rl.write(path("trust"), self.trust_text())
        folder("work")
        for log in (self.log, self.standby):
            log.init(self.trust)

    def trust_text(self, also=()):
        w = self.witness.values()
        logs = sorted([self.log.vkey, self.standby.vkey, *also])
        lines = ["confer-trust/v1", "product confer", "channel stable"]
        lines += [f"release-key {k}" for k in self.signers]
        lines += ["threshold 2", f"rebuilder-key {self.rebuilder}"]
        lines += [f"operator {x.key_name} {x.operator}" for x in w]
        lines += [f"sim-root {self.enclave.root}", ""]
        lines += [f"log {x}" for x in logs]
        lines += [f"witness {x.operator} {x.vkey} {x.url}" for x in w]
        lines += ["group all-of-us 2 A B C", "quorum all-of-us"]
        return "\n".join(lines) + "\n"

    # ---- records ----

    def make(self, kind, *args, name=None, by=(1, 3)):
        """A record in work/, signed; it is called what enclaves call it."""
        out = path("work", f"{name or kind}.record")
        tool("confer", "release", "make", kind, "-o", out, *args)
        for i in by:
            tool("confer", "release", "sign", "--key", path(f"signer-{i}"),
                 out)
        return out

    def append(self, proofs, records=RECORDS, log=None):
        """All of them, proven under one checkpoint, as an enclave shows them."""
        where = folder(proofs)
        result = (log or self.log).append(records, where)
        for r in records:
            shutil.copy(path("work", f"{r}.record"), where)
        return result

    def watched(self):
        return [x for w in self.witness.values() for x in ("--witness", w.url)]

    # ---- clients ----

    def confer(self, command, *args, home="home", trust=None):
        p = subprocess.run(
            [f"{BIN}/confer", command, *args, self.enclave.address, "--home",
             path(home), "--trust", trust or self.trust,
             "--accept-simulated"], capture_output=True, check=False,
            stdin=subprocess.DEVNULL, timeout=60)
        return p.returncode, p.stdout.decode(), p.stderr.decode()

    def verify(self, proofs, **kwargs):
        self.enclave.show(path(proofs))
        return self.confer("verify", **kwargs)


# ---- while all is well -------------------------------------------------------

def release(w):
    """What docs/releasing.md says, in its order."""
    sim = w.enclave.measured()
    check(sim == tool("confer-simtee", "measure",
                      *w.enclave.launch).strip(),
          "which is what the files measure")
    image = w.make(
        "image", "--product", "confer", "--seq", "1", "--version", "1.4.0",
        "--source", "https://example.org/confer.git", "--commit", "a" * 40,
        "--tree", "b" * 40, "--recipe", "Makefile", "--builder",
        "sha256:" + "c" * 64, "--file", f"enclave={BIN}/confer-enclave",
        "--sim", sim, "--model", f"demo={w.enclave.model}", "--now", ISSUED)
    w.make("model", "--product", "confer", "--seq", "1", "--model",
           f"demo={w.enclave.model}", "--now", ISSUED)
    w.make("policy", "--product", "confer", "--seq", "1", "--hardware", "any",
           "--now", ISSUED)
    expect(w.append("published", RECORDS[:3]), 0,
           ["C cosigned", "under a quorum"],
           "two of three sign the release, three witnesses see it")
    expect(w.verify("published"), 0,
           "Release 1.4.0 of confer/stable, published 3 days ago, seen by 3 "
           "of 3 witnesses (operators A, B, C).", "its clients say so")
    mine = path("work", "mine")
    tool("confer", "release", "make", "image", "--from", image, "--file",
         f"enclave={BIN}/confer-enclave", "-o", mine)
    w.make("rebuild", "--release", image, "--result-of", mine, "--rebuilder",
           "X", "--seq", "1", by=())
    tool("confer", "release", "sign", "--key", path("rebuilder"),
         path("work", "rebuild.record"))
    expect(w.append("first"), 0, "rebuild.record is entry 3",
           "somebody else rebuilds it, and says so in the log")
    for r in RECORDS:
        check(os.path.exists(path("first", f"{r}.proof")),
              f"the {r} record's proof is named as the enclave wants it")


def seen_by_all(w):
    said = ("Release 1.4.0 of confer/stable, published 3 days ago, seen by 3 "
            "of 3 witnesses (operators A, B, C), rebuilt identically by X.")
    expect(w.verify("first"), 0, said, "confer verify says all of it")
    code, out, err = w.confer("ask", "Hello?", "--max-tokens", "3")
    check(code == 0 and out.strip() and
          said[1:-1] in words(err) and "SIMULATED" in err,
          "and so does confer ask, with its answer")
    expect(w.log.audit("--full", *w.watched(), trust=w.trust), 0,
           "nothing to look at", "an audit over HTTP finds nothing")


def rebuilt(w):
    """The auditor builds, and compares line by line."""
    lines = path("lines")
    text = rl.read(path("work", "image.record")).decode()
    rl.write(lines, "".join(x + "\n" for x in text.splitlines()
                            if x.startswith("file ")))
    expect(w.log.audit("--full", "--rebuild", f"cat {lines}", trust=w.trust),
           0, "the same", "audit --rebuild: the same lines")
    expect(w.log.audit("--full", "--rebuild", f"tr 0-9 a-j <{lines}",
                       trust=w.trust), 2, "differ",
           "audit --rebuild: others are an alarm")


# ---- witnesses go away -------------------------------------------------------

def one_down(w):
    w.witness["C"].stop()
    w.make("policy", "--from", path("work", "policy.record"))
    expect(w.append("two"), 0, "C did not", "a log goes on without a witness")
    expect(w.verify("two"), 0, "seen by 2 of 3 witnesses (operators A, B), "
           "rebuilt identically by X.", "and clients say who is missing")


def below_quorum(w):
    w.witness["B"].stop()
    w.make("policy", "--from", path("work", "policy.record"))
    expect(w.append("one"), 2, "confer-log refresh",
           "one witness is not enough")
    check(not [f for f in os.listdir(path("one")) if f.endswith(".proof")],
          "and nothing is proven then")
    entries, size, _ = w.log.tree()
    leaves = [ref.leaf_hash(e) for e in entries]
    for r in RECORDS:
        e = rl.read(path("work", f"{r}.record"))
        rl.write(path("one", f"{r}.proof"), ref.proof(
            entries.index(e), leaves, w.log.checkpoint()))
    expect(w.verify("one"), 2, "quorum",
           "a proof that is made all the same is refused")
    expect(w.log.audit(trust=w.trust), 2, "below-quorum",
           "the auditor says why")
    for x in ("B", "C"):
        w.witness[x].start()
    expect(run("refresh", w.log.dir), 0, "C cosigned", "they come back")
    expect(w.append("three"), 0, "there already",
           "and the same append writes the proofs")
    expect(w.verify("three"), 0, "seen by 3 of 3",
           "which are accepted again")


# ---- what was released is withdrawn ------------------------------------------

def revoked(w):
    image = path("work", "image.record")
    w.make("policy", "--from", path("work", "policy.record"), "--revoke",
           image)
    expect(w.append("revoked"), 0, "", "a policy record withdraws the release")
    expect(w.verify("revoked"), 2, "revoked", "clients refuse it from then on")
    w.make("image", "--from", image, "--version", "1.4.1", "--supersedes",
           "1")
    expect(w.append("next", RECORDS[:3]), 0, "", "the next release comes out")
    expect(w.verify("next"), 0, "Release 1.4.1 of confer/stable, published "
           "just now, seen by 3 of 3 witnesses (operators A, B, C).",
           "and is accepted; nobody has rebuilt it yet")


def rolled_back(w):
    expect(w.verify("three"), 2,
           ["rolled back: it shows policy 3", "accepted policy 4 before"],
           "the policy before the revocation is refused, with the reason")
    expect(w.confer("verify", home="newcomer"), 0, "Release 1.4.0",
           "only who has never seen the newer one believes it")


# ---- the log lies ------------------------------------------------------------

def forked(w):
    """Its owner and all the witnesses sign another tree of the same size."""
    key = rl.read_key(w.log.key)
    w.make("policy", "--from", path("work", "policy.record"))
    expect(w.append("last", RECORDS[:3]), 0, "", "a policy is made anew")
    expect(w.verify("last"), 0, "3 of 3", "and seen by a client")
    entries, size, _ = w.log.tree()
    at = entries.index(rl.read(path("work", "rebuild.record")))
    entries[at] = b"another history"
    leaves = [ref.leaf_hash(e) for e in entries]
    text = ref.checkpoint(leaves, key.name)
    note = text + "\n" + key.line(text) + "".join(
        rl.read_key(os.path.join(x.dir, "key")).line(text, NOW)
        for x in w.witness.values())
    shutil.copytree(path("last"), path("fork"))
    for r in RECORDS[:3]:
        e = rl.read(path("fork", f"{r}.record"))
        rl.write(path("fork", f"{r}.proof"),
                 ref.proof(entries.index(e), leaves, note))
    expect(w.verify("fork", home="victim"), 0, "3 of 3",
           "who sees only the fork cannot know")
    result = w.confer("verify")
    expect(result, 5, [f"two different trees of size {size}",
                       "lies to somebody"],
           "who has seen the log exits with 5")
    kept = {f: rl.read(path("home", "proof", f))
            for f in os.listdir(path("home", "proof"))}
    check(note.encode() in kept.values() and
          w.log.checkpoint().encode() in kept.values(),
          f"and keeps both notes, each signed by the log: {sorted(kept)}")
    shutil.copytree(path("next"), path("mixed-fork"))
    for kind in ("record", "proof"):
        shutil.copy(path("fork", f"policy.{kind}"), path("mixed-fork"))
    expect(w.verify("mixed-fork"), 5, "two different trees of size",
           "also when only the policy's proof shows the other tree")
    mirror = path("mirror")
    shutil.copytree(w.log.public(), mirror)
    rl.write(os.path.join(mirror, "checkpoint"), note)
    expect(w.log.audit(mirror, trust=w.trust, state="audit-fork"), 5,
           "view-differs", "so does the auditor who is shown both")


# ---- the log dies ------------------------------------------------------------

def dies(w):
    """Guide: an origin that everybody knows already goes on."""
    w.log.process.kill()
    _, size, root = w.log.tree()
    w.make("retire", "--product", "confer", "--seq", "1", "--log-origin",
           w.log.origin, "--last", f"{size}:{root.hex()}", "--cause", "forked",
           "--successor", w.standby.origin)
    expect(w.append("successor", ("retire",) + RECORDS[:3], log=w.standby), 0,
           "retire.record is entry 0",
           "the standby log begins with the end of the dead one")
    expect(w.verify("successor"), 0, ["Release 1.4.1", "seen by 3 of 3"],
           "and who knew it already goes on with its proofs")
    expect(w.standby.audit(*w.watched(), trust=w.trust, state="audit-2"), 0,
           "nothing to look at", "the auditor follows")
    mixed = folder("mixed")
    for r in RECORDS[:3]:
        for kind in ("record", "proof"):
            shutil.copy(path("last" if r == "image" else "successor",
                             f"{r}.{kind}"), mixed)
    expect(w.verify("mixed"), 2, "another log",
           "proofs of both logs at once are refused")


def rotated(w):
    """Two keys of one origin are one log; either may sign."""
    new = path("log-2b.key")
    vkey = rl.good("key", "new", "--kind", "log", "--name",
                   w.standby.origin, new).strip()
    both = rl.write(path("trust-both"), w.trust_text([vkey]))
    for x in w.witness.values():
        x.stop()
        x.watch(vkey)
        x.start()
    expect(w.verify("successor", trust=both), 0, "Release 1.4.1",
           "proofs under the old key are accepted beside a new one")
    text = w.standby.checkpoint().split("\n\n")[0] + "\n"
    note = text + "\n" + rl.read_key(new).line(text)
    size = text.splitlines()[1]
    note += "".join(x.cosign(f"old {size}\n\n{note}")
                    for x in w.witness.values())
    shutil.copytree(path("successor"), path("rotated"))
    for r in RECORDS[:3]:
        proof = path("rotated", f"{r}.proof")
        rl.write(proof, rl.read(proof).decode().split("\n\n")[0] + "\n\n"
                 + note)
    expect(w.verify("rotated", trust=both), 0,
           "seen by 3 of 3 witnesses (operators A, B, C)",
           "witnesses and clients that know both take the new key, too")
    expect(w.confer("verify", home="newcomer"), 2, "release in the log",
           "who knows the old one alone does not")


def main():
    w = World()
    for part in (release, seen_by_all, rebuilt, one_down, below_quorum,
                 revoked, rolled_back, forked, dies, rotated):
        part(w)
    w.enclave.stop()


main()
