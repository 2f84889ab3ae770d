"""Receipts of a running `confer up`: kept by ask, verify and chat, verified again
without it, and refused when anything in them is not what was signed."""
import json
import os
import struct
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, Service, check  # noqa: E402
import model  # noqa: E402

TMP = os.environ["TMPDIR"]
SIMULATED = "SIMULATED, NOT PRIVATE"
QUESTION = "Who can read this?"
MAGIC = b"confer-receipt/v1\n"

service = Service(*model.options())


def run(*args, **kwargs):
    p = subprocess.run([f"{BIN}/confer", *args], capture_output=True,
                       timeout=120, check=False,
                       **{"stdin": subprocess.DEVNULL, **kwargs})
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def here(command, *args, **kwargs):
    return run(command, "--home", service.home, *args, **kwargs)


def path(name):
    return os.path.join(TMP, name)


def ask(name, *args):
    status, out, err = here("ask", "--max-tokens", "12", "--receipt",
                            path(name), *args, QUESTION)
    check(status == 0, f"ask --receipt {name} {' '.join(args)}: {err.strip()}")
    return out


def sections(name):
    with open(path(name), "rb") as f:
        data = f.read()
    assert data.startswith(MAGIC)
    at, out = len(MAGIC), {}
    while at < len(data):
        kind, n = struct.unpack_from(">BI", data, at)
        out[kind] = data[at + 5:at + 5 + n]
        at += 5 + n
    return out


def put(name, parts):
    with open(path(name), "wb") as f:
        f.write(MAGIC + b"".join(struct.pack(">BI", k, len(v)) + v
                                 for k, v in sorted(parts.items())))


def keeping():
    text = ask("r1", "--temperature", "0.7", "--seed", "42")
    check(os.stat(path("r1")).st_mode & 0o777 == 0o600,
          "the file is its owner's alone")
    status, out, _ = here("verify", path("r1"))
    check(status == 0 and out.count("✓") > 28 and "✗" not in out,
          "verify shows every check of it again")
    check("was produced by this enclave" in out and "seed 42" in out and
          "temperature 0.699999988" in out, "and which answer it is")
    check(SIMULATED in out, "and what the enclave is")
    got = json.loads(here("verify", "--json", path("r1"))[1])
    check(got["answer"].strip() == text.strip() and
          json.loads(got["request"])["messages"][0]["content"] == QUESTION,
          "--json holds question and answer")
    check(got["statement"]["seed"] == 42 and got["accepted_now"] and
          got["trust_is_the_receipts"] and not got["vouches_for_itself"] and
          got["verification"]["warning"] == SIMULATED and
          len(got["verification"]["claims"]["receipt_key"]) == 64,
          "and the verdicts")
    whole = ask("r2", "--no-stream", "--temperature", "0")
    got = json.loads(here("verify", "--json", path("r2"))[1])
    check(got["answer"].strip() == whole.strip(), "an answer in one piece too")
    check(got["receipt"]["handshake"] == "ik-same" and
          "the client held" in here("verify", path("r2"))[1],
          "a session that was taken up again says so")
    check(got["statement"]["seed"] != 42, "a seed that nobody gave is there")
    plain = here("ask", "--temperature", "0", "--max-tokens", "12",
                 QUESTION)[1]
    check(plain == whole, "who does not ask for a receipt gets the same answer")


def others():
    status, _, err = here("verify", "--quiet", "--receipt", path("r3"))
    check(status == 0, f"verify --receipt: {err.strip()}")
    status, out, _ = here("verify", path("r3"))
    check(status == 0 and "says nothing about any answer" in out,
          "it tells what was verified, and of no answer")
    status, _, err = here("chat", stdin=None, input=(
        f"Hello\n/receipt {path('r4')}\n/quit\n").encode())
    check(status == 0 and "is written" in err, "/receipt in a chat")
    status, out, _ = here("verify", path("r4"))
    check(status == 0 and "was produced by this enclave" in out,
          "keeps the last answer")
    status, _, err = here("ask", "--receipt", path("no/such/place"), "Hi")
    check(status == 6 and "cannot be written" in err,
          f"a receipt that cannot be kept: {err.strip().splitlines()[-1]}")


def changed():
    """R-12: every class of bytes is covered by a check."""
    good = sections("r1")
    for kind, at, name in ((2, 0, "channel key"), (3, 700, "report"),
                           (5, 400, "statement"), (6, 9, "signature"),
                           (16, 3, "salt of the question"),
                           (16, 60, "question"),
                           (17, 3, "salt of the answer"),
                           (17, 33, "answer")):
        parts = dict(good)
        data = bytearray(parts[kind])
        data[at] ^= 1
        parts[kind] = bytes(data)
        put("bad", parts)
        status, out, err = here("verify", path("bad"))
        check(status == 2 and "was produced" not in out + err,
              f"one bit of the {name}: refused")
    put("bad", {**good, 5: sections("r2")[5], 6: sections("r2")[6]})
    check(here("verify", path("bad"))[0] == 2,
          "the statement of another answer is refused")
    put("bad", {**good, 16: sections("r2")[16]})
    check(here("verify", path("bad"))[0] == 2, "another question is, too")


def wrongly():
    check(here("verify", "--now")[0] == 1, "--now needs a receipt")
    check(here("verify", "--now", "--at-its-time", path("r1"))[0] == 1,
          "one time at once")
    status, _, err = here("verify", path("none"))
    check(status == 1 and "neither an address nor a file" in err,
          "no such file")
    status, _, err = here("verify", f"{BIN}/confer-simtee")
    check(status == 2 and "receipt" in err, f"no receipt: {err.strip()}")


def afterwards():
    """Without the enclave, and with another one in its place."""
    first = service.home
    service.stop()
    status, out, _ = run("verify", "--home", first, path("r1"))
    check(status == 0 and "was produced" in out,
          "the receipt outlives the enclave")
    again = Service(*model.options(), home=first)
    status, _, _ = run("ask", "--home", first, "--max-tokens", "4",
                       "--receipt", path("r5"), "Hi")
    old, new = sections("r1"), sections("r5")
    check(status == 0 and old[2] != new[2], "the next enclave has other keys")
    status, out, _ = run("verify", "--home", first, path("r1"))
    check(status == 0, "the old receipt still holds")
    put("bad", {**old, 5: new[5], 6: new[6]})
    check(run("verify", "--home", first, path("bad"))[0] == 2,
          "what the new enclave signed does not fit the old evidence")
    put("bad", {**new, 2: old[2]})
    check(run("verify", "--home", first, path("bad"))[0] == 2,
          "nor the new evidence the old key")
    again.stop()


keeping()
others()
changed()
wrongly()
afterwards()
