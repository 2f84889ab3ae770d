"""`confer ask` and `confer verify` against a running `confer up`."""
import json
import os
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, Service, check  # noqa: E402
import model  # noqa: E402

SIMULATED = "SIMULATED, NOT PRIVATE"
SHORT = ("--max-tokens", "8", "--temperature", "0")

service = Service(*model.options())


def run(*args, **kwargs):
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    p = subprocess.run([f"{BIN}/confer", *args], capture_output=True,
                       timeout=120, check=False, **kwargs)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def here(command, *args, **kwargs):
    return run(command, "--home", service.home, *args, **kwargs)


def asking():
    status, out, err = here("ask", *SHORT, "Who can read this?")
    check(status == 0 and out.endswith("\n") and out.strip(),
          "the answer is on standard output")
    check(err.startswith(SIMULATED) and err.count("\n") <= 2,
          "what was verified is on standard error")
    again = here("ask", *SHORT, "Who can read this?")[1]
    check(out == again, "at temperature 0 the same question gets the same")
    whole = here("ask", *SHORT, "--no-stream", "Who can read this?")[1]
    check(out == whole, "streamed or not, the answer is the same")
    piped = subprocess.run(
        [f"{BIN}/confer", "ask", "--home", service.home, *SHORT, "-"],
        input=b"Who can read this?", capture_output=True, timeout=120,
        check=False)
    check(piped.stdout.decode() == out, "so does one from a pipe")
    check(here("ask", "--quiet", *SHORT, "Hi")[2].count(SIMULATED) == 0,
          "--quiet leaves the answer alone")
    got = json.loads(here("ask", "--json", *SHORT, "Who can read this?")[1])
    check(got["answer"] == out.rstrip("\n") or got["answer"] + "\n" == out,
          "--json holds the same answer")
    check(got["usage"]["completion_tokens"] == 8 and
          got["finish_reason"] == "length", "and how long it was")
    check(got["verification"]["warning"] == SIMULATED,
          "and the name of the simulation")


def asking_for_json():
    path = os.path.join(service.home, "schema.json")
    schema = {"type": "object", "properties": {
        "colour": {"enum": ["red", "green"]},
        "n": {"type": "integer", "minimum": 3, "maximum": 12},
        "notes": {"type": "array", "maxItems": 2,
                  "items": {"type": "string", "maxLength": 8}}},
        "required": ["colour", "n", "notes"], "additionalProperties": False}
    for seed in range(6):
        with open(path, "w", encoding="utf-8") as f:
            json.dump(schema, f)
        status, out, err = here("ask", "--schema", path, "--temperature", "1",
                                "--seed", str(seed), "Which colour?")
        check(status == 0, f"an answer that must fit a schema: {err.strip()}")
        got = json.loads(out)
        check(set(got) == set(schema["required"]) and
              got["colour"] in ("red", "green") and 3 <= got["n"] <= 12 and
              len(got["notes"]) <= 2 and
              all(len(x) <= 8 for x in got["notes"]), f"fits: {got}")
    with open(path, "w", encoding="utf-8") as f:
        f.write('{"properties": {"a": {"pattern": "x"}}}')
    status, _, err = here("ask", "--schema", path, "Hi")
    check(status == 1 and "#/properties/a/pattern" in err,
          f"a keyword that is not understood: {err.strip()}")
    with open(path, "w", encoding="utf-8") as f:
        f.write("{")
    check(here("ask", "--schema", path, "Hi")[0] == 1, "a schema that is none")


def asking_wrongly():
    status, _, err = here("ask", "--model", "gpt-9", "Hi")
    check(status == 1 and "answered" in err, f"no such model: {err.strip()}")
    status, _, err = here("ask", "")
    check(status == 1 and "ask what" in err, "an empty question")
    status, _, err = here("ask", b"\xff\xfe")
    check(status == 1 and "UTF-8" in err, "a question that is no text")
    status, _, err = here("ask", "Hi", "unix:/nonexistent/socket")
    check(status == 1 and "--trust" in err,
          "another address needs somebody to believe")
    trust = os.path.join(service.home, "up", "trust")
    status, _, err = here("ask", "--trust", trust, "Hi",
                          "unix:/nonexistent/socket")
    check(status == 3, f"nobody there: {err.strip()}")


def other_people():
    """Without this home, the simulated enclave is refused by default."""
    other = os.path.join(os.environ["TMPDIR"], "other")
    trust = os.path.join(service.home, "up", "trust")
    args = ("--home", other, "--trust", trust, "--connect", service.address)
    status, out, err = run("ask", *args, "Hi")
    check(status == 2 and out == "" and "SIMULATED" in err and
          "nothing was sent" in err, f"refused: {err.strip()}")
    status, out, _ = run("verify", *args)
    check(status == 2 and "Refused, nothing was sent" in out and
          "not reached" in out,
          "verify shows how far it came")
    status, out, err = run("ask", *args, "--accept-simulated", *SHORT, "Hi")
    check(status == 0 and err.startswith(SIMULATED),
          "with --accept-simulated it answers, and says what it is")


def verifying():
    status, out, _ = here("verify")
    check(status == 0 and out.count("✓") > 20 and "✗" not in out,
          "verify shows every check")
    check(SIMULATED in out and "can read everything" in out,
          "and what this does not protect against")
    got = json.loads(here("verify", "--json")[1])
    names = [c["name"] for c in got["verification"]["checks"]]
    check(got["verification"]["accepted"] and len(names) == len(set(names)),
          "--json lists each check once")
    check("IK" in got["verification"]["handshake"],
          "coming back is by IK")


def damaged():
    state = os.path.join(service.home, "state")
    path = os.path.join(state, next(
        f for f in os.listdir(state) if f.endswith(".json")))
    with open(path, "rb") as f:
        good = f.read()
    with open(path, "wb") as f:
        f.write(good[:-5])
    status, out, err = here("ask", "Hi")
    check(status == 6 and out == "" and "is damaged" in err,
          f"a damaged state file stops it: {err.strip()}")
    with open(path, "wb") as f:
        f.write(good)
    sessions = os.path.join(service.home, "sessions")
    for name in os.listdir(sessions):
        with open(os.path.join(sessions, name), "wb") as f:
            f.write(b"nonsense")
    status, _, _ = here("verify")
    check(status == 0, "a damaged memory of sessions does not")


asking()
asking_for_json()
asking_wrongly()
other_people()
verifying()
damaged()
service.stop()
