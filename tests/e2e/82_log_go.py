"""Two implementations of the log read each other: ours, and golang.org/x/mod,
on which Go's checksum database runs (tests/interop/go/peer.go)."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
import release_log as rl  # noqa: E402
from confer import check  # noqa: E402
from release_log import Log, Witness, good, run  # noqa: E402

TOP = os.environ["TMPDIR"]
SOURCES = "/usr/share/gocode"  # Debian's golang-golang-x-mod-dev
SIZE = 300  # of the foreign log: a full tile and a part of one


def build():
    if shutil.which("go") is None or not os.path.isdir(
            f"{SOURCES}/src/golang.org/x/mod/sumdb"):
        print("no Go with golang.org/x/mod here (packages golang-go and "
              "golang-golang-x-mod-dev)")
        sys.exit(77)
    peer = os.path.join(TOP, "peer")
    subprocess.run(["go", "build", "-o", peer, "tests/interop/go/peer.go"],
                   check=True, env=dict(
                       os.environ, GO111MODULE="off", GOPATH=SOURCES,
                       GOFLAGS="", GOCACHE=os.path.join(TOP, "cache"),
                       HOME=TOP))
    return peer


def read_ours(peer):
    """Go finds every entry, tile and proof of our log in order, at sizes on
    both sides of a full tile."""
    witnesses = [Witness(TOP, n) for n in "abc"]
    log = Log(TOP, "log", witnesses, 2)
    for w in witnesses:
        w.start()
    seq, proofs = 0, os.path.join(TOP, "proofs")
    os.mkdir(proofs)
    for size in (1, 2, 255, 256, 257, 515):
        names = []
        while seq < size:
            seq += 1
            names.append(log.file(f"r{seq}", rl.image(seq)))
        code, _, err = log.append(*names, "--proofs", proofs)
        check(code == 0, f"our log has {size} entries {err}")
        newest = [os.path.join(proofs, f"r{seq}.proof")]
        p = subprocess.run(
            [peer, "read", f"{log.dir}/public", log.vkey, *newest],
            capture_output=True, check=False)
        check(p.returncode == 0 and
              p.stdout.decode() == f"size {size}, 1 proofs\n",
              f"Go reads all of it: {p.stderr.decode().strip()}")
    tile = os.path.join(log.dir, "public", rl.tile_path(0, 1, 256))
    data = bytearray(rl.read(tile))
    data[77] ^= 1
    os.chmod(tile, 0o644)
    rl.write(tile, bytes(data))
    p = subprocess.run([peer, "read", f"{log.dir}/public", log.vkey],
                       capture_output=True, check=False)
    check(p.returncode == 2, f"and notices one bit: "
          f"{p.stderr.decode().strip()}")
    for w in witnesses:
        w.stop()


def read_theirs(peer):
    """Our programs find every entry of a log that Go wrote."""
    theirs = os.path.join(TOP, "theirs")
    vkey = subprocess.run(
        [peer, "write", theirs, "go.example.org/log", str(SIZE), str(rl.NOW)],
        capture_output=True, check=True).stdout.decode().strip()
    policy = os.path.join(theirs, "policy")
    check(vkey in rl.read(policy).decode(), "Go wrote a log")
    for i in (0, 1, 255, 256, SIZE - 1):
        code, _, err = run("verify", "--policy", policy, f"{theirs}/entry/{i}",
                             f"{theirs}/proof/{i}", "--now", rl.NOW)
        check(code == 0, f"its proof of entry {i} holds: {err}")
    code, _, err = run("verify", "--policy", policy, f"{theirs}/entry/2",
                       f"{theirs}/proof/1", "--now", rl.NOW)
    check(code == 2, f"and not for another entry: {err.strip()}")
    out = good("inspect", f"{theirs}/checkpoint")
    check(str(SIZE) in out and "go.example.org/log" in out,
          "inspect shows its checkpoint")


def main():
    peer = build()
    read_ours(peer)
    read_theirs(peer)


main()
