"""`confer up`: from nothing to an answer and back to nothing; its mistakes."""
import json
import os
import socket
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, Service, check, children  # noqa: E402
import model  # noqa: E402

MODEL = model.options()
SIMULATED = "SIMULATED, NOT PRIVATE"


def confer(*args, home="h", **kwargs):
    """(exit status, stdout, stderr) of a `confer` that ends by itself"""
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    p = subprocess.run(
        [f"{BIN}/confer", *args, "--home",
         os.path.join(os.environ["TMPDIR"], home)],
        capture_output=True, timeout=120, check=False, **kwargs)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def one_sentence(err):
    return err.startswith("confer: ") and err.count("\n") == 1


def demonstration():
    status, out, err = confer("up", *MODEL)
    check(status == 0, f"without a terminal it ends by itself: {err}")
    check(out.startswith("> Who can read this?\n\n"), "it asks one question")
    check(len(out.split("\n", 2)[2].strip()) > 0, "and prints an answer")
    check(SIMULATED in err, "and what was verified, by its name")
    check("\x1b" not in out + err, "without escape sequences in a pipe")
    up = os.path.join(os.environ["TMPDIR"], "h", "up")
    left = [n for n in os.listdir(up) if n.endswith((".sock", ".json"))]
    check(not left, f"no socket and no state is left: {left}")
    check(os.stat(up).st_mode & 0o777 == 0o700, "its files are the user's")
    for name in ("keys/release-1", "simtee/root.pem", "log/state/key",
                 "witness-1/key"):
        mode = os.stat(os.path.join(up, name)).st_mode & 0o777
        check(mode == 0o600, f"{name} is the user's alone")


def as_json():
    status, out, _ = confer("up", "--json", *MODEL)
    got = json.loads(out)
    check(status == 0 and got["complete"] and got["answer"],
          "--json gives the answer in an object")
    v = got["verification"]
    check(v["accepted"] and v["simulated"] and v["warning"] == SIMULATED,
          "the object names the simulation")
    check(all(c["result"] == "passed" for c in v["checks"]),
          "and lists checks that all have passed")


def mistakes():
    status, _, err = confer("up", "--model", "/nonexistent.gguf")
    check(status == 2 and one_sentence(err) and "/nonexistent.gguf" in err,
          f"a model that does not exist: {err.strip()}")
    bad = os.path.join(os.environ["TMPDIR"], "bad.gguf")
    with open(bad, "wb") as f:
        f.write(b"GGUF\x03\0\0\0" + b"\xff" * 16)
    status, _, err = confer("up", "--model", bad)
    check(status == 2 and one_sentence(err) and "offset" in err,
          f"a model that is none: {err.strip()}")
    with socket.create_server(("127.0.0.1", 0)) as s:
        addr = f"tcp:127.0.0.1:{s.getsockname()[1]}"
        status, _, err = confer("up", "--listen", addr, *MODEL)
        check(status == 3 and one_sentence(err) and "another program" in err,
              f"a port in use: {err.strip()}")
    status, _, err = confer("up", "--listen", "nowhere", *MODEL)
    check(status == 1 and one_sentence(err),
          f"an address that is none: {err.strip()}")
    status, _, err = confer("up", *MODEL, home="x" * 100)
    check(status == 1 and "too long" in err,
          f"a path too long for a socket: {err.strip()}")


def full_disk():
    """On small file systems of our own, where we may mount them."""
    mount = os.path.join(os.environ["TMPDIR"], "disk")
    os.mkdir(mount)
    for size in (8, 40, 90):
        p = subprocess.run(
            ["unshare", "-rm", "sh", "-c",
             f"mount -t tmpfs -o size={size}k tmpfs {mount} || exit 77; "
             f'exec "$@"', "sh", f"{BIN}/confer", "up", "--home",
             f"{mount}/h", *MODEL],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
            check=False)
        err = p.stderr.decode()
        if p.returncode == 77 or "unshare" in err:
            print("     (a full disk: no file system may be mounted here)")
            return
        check(p.returncode == 6 and one_sentence(err),
              f"a full disk: {err.strip()}")


def one_at_a_time():
    service = Service(*MODEL)
    status, _, err = confer("up", *MODEL)
    check(status == 3 and one_sentence(err) and "another" in err,
          f"a second one in the same home: {err.strip()}")
    parts = children(service.process.pid)
    check(sorted(n for n, _ in parts) == [
        "confer-enclave", "confer-log", "confer-log", "confer-log",
        "confer-simtee"], f"it runs five parts: {parts}")
    service.stop()
    check(all(not os.path.exists(f"/proc/{p}") for _, p in parts),
          "its parts end with it")
    status, _, err = confer("ask", "Hello")
    check(status == 3 and "confer up" in err,
          f"then nobody answers: {err.strip()}")


def stopped_at_once():
    """Told to stop the moment it has said where its enclave is."""
    for i in range(5):
        Service(*MODEL, home=os.path.join(os.environ["TMPDIR"],
                                          f"s{i}")).stop()


def killed():
    """Nothing can be tidied up then, and the next start does not mind."""
    service = Service(*MODEL)
    parts = children(service.process.pid)
    service.process.kill()
    service.process.wait()
    for _, pid in parts:
        for _ in range(200):
            if not os.path.exists(f"/proc/{pid}"):
                break
            subprocess.run(["sleep", "0.05"], check=True)
    check(all(not os.path.exists(f"/proc/{p}") for _, p in parts),
          "its parts end with it even when it is killed")
    status, _, err = confer("ask", "Hello")
    check(status == 3 and "has ended" in err,
          f"asking says so: {err.strip()}")
    status, _, err = confer("up", *MODEL)
    check(status == 0, f"and it starts again: {err}")


demonstration()
as_json()
mistakes()
full_disk()
one_at_a_time()
stopped_at_once()
killed()
