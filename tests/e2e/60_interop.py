"""A client written from the documents alone (tests/interop) verifies the same
evidence, gets the same answers, and refuses what it must."""
import base64
import json
import os
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import Service, check, skip  # noqa: E402
from tap import Tap, flip  # noqa: E402
import model  # noqa: E402

TEXT = "Who can read this?"
TOKENS = "30"
FRAMES = {"IDLE": "0", "DELTA": "2", "RESULT": "3", "ERROR": "5", "PONG": "7"}
REPLY = {"IK": 4, "XXfallback": 5}


def stranger(address, trust, *options, accept=True):
    """(exit status, stdout, stderr) of the other client"""
    p = subprocess.run(
        ["node", "tests/interop/client.mjs", "--connect", address,
         "--trust", trust, "--max-tokens", TOKENS, *options,
         *(["--accept-simulated"] if accept else []), TEXT],
        capture_output=True, timeout=120, check=False)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def same_answers(service, trust):
    status, ours, said = service.ask("--temperature", "0", "--max-tokens",
                                     TOKENS, TEXT)
    check(status == 0 and ours.strip(), f"confer ask answers {said!r}")
    status, theirs, said = stranger(service.address, trust)
    check(status == 0 and theirs == ours, f"word for word the same: {said!r}")
    check("SIMULATED, NOT PRIVATE" in said and "one machine" in said,
          "and it says what the evidence is worth")
    return ours.rstrip("\n")


def everything(service, trust, answer):
    status, out, said = stranger(service.address, trust, "--tour")
    check(status == 0, f"every method and frame {said}")
    seen = json.loads(out)
    check(seen["streamed"]["text"] == answer, "DELTA makes the same text")
    whole = seen["whole"]["result"]
    check(whole["choices"][0]["message"]["content"] == answer,
          "so does a RESULT without streaming")
    check(whole["confer_ignored"] == ["colour"], "unknown fields are named")
    check(seen["cancelled"]["choices"][0]["finish_reason"] == "cancelled",
          "CANCEL is answered by a RESULT that says so")
    check(seen["models"]["object"] == "list" and seen["beside"] ==
          seen["models"], "models, also beside another stream")
    codes = [seen[k]["error"]["code"] for k in ("noMethod", "noModel", "long")]
    check(codes == ["unknown_method", "model_not_found",
                    "context_length_exceeded"], f"errors are {codes}")
    fields(seen)
    check(seen["pingsLeft"] == 0 and
          all(seen["frames"].get(t) for t in FRAMES.values()),
          f"every type of frame came: {seen['frames']}")
    for way, kind, same in (("same", "IK", True), ("whole", "IK", False),
                            ("stale", "XXfallback", False)):
        again = seen[f"again_{way}"]
        check((again["kind"], again["same"], again["text"]) ==
              (REPLY[kind], same, answer), f"coming back: {kind}, {way}")


def fields(seen):
    told = seen["told"]["choices"][0]["logprobs"]["content"]
    check(len(told) == 5 and all(len(t["top_logprobs"]) == 2 and
                                 t["logprob"] <= 0 for t in told),
          "tokens and their likelihoods are told")
    said = seen["json"]["choices"][0]["message"]["content"]
    got = json.loads(said)
    check(isinstance(got["ok"], bool) and not set(got) - {"ok", "why"},
          f"an answer fits its schema: {said}")
    plain, packed = seen["embedded"]
    for a, b in zip(plain["data"], packed["data"]):
        raw = base64.b64decode(b["embedding"])
        numbers = struct.unpack(f"<{len(raw) // 4}f", raw)
        same = [struct.unpack("<f", struct.pack("<f", x))[0]
                for x in a["embedding"]]
        check(list(numbers) == same and
              abs(sum(x * x for x in numbers) - 1) < 1e-4,
              "embeddings are the same numbers in both forms, of length 1")


def receipts(service, trust, answer, tmp):
    """Each client's receipt, verified by the other."""
    path = f"{tmp}/theirs.receipt"
    status, out, said = stranger(service.address, trust, "--receipt", path)
    check(status == 0 and out.rstrip("\n") == answer,
          f"with a statement the answer is the same {said!r}")
    verify = service.confer("verify", path)
    out = verify.communicate(timeout=120)[0].decode()
    check(verify.returncode == 0 and "was produced by this enclave" in out,
          "confer verify accepts the other client's receipt")
    path = f"{tmp}/ours.receipt"
    status, _, said = service.ask("--temperature", "0", "--max-tokens",
                                  TOKENS, "--receipt", path, TEXT)
    check(status == 0, f"confer ask --receipt {said!r}")
    p = subprocess.run(
        ["node", "--input-type=module", "-e", """
            import { readFileSync as read } from 'node:fs';
            import { verifyReceipt } from './tests/interop/receipt.mjs';
            const [receipt, trust] = process.argv.slice(1).map((f) => read(f));
            console.log(JSON.stringify(verifyReceipt(receipt, trust,
                { now: Math.floor(Date.now() / 1000) })));
        """, path, trust], capture_output=True, timeout=60, check=False)
    check(p.stdout and json.loads(p.stdout) ==
          {"statement": True, "answer": True, "question": True},
          f"and the other accepts ours {p.stderr.decode()}")


def refusals(service, trust, tmp):
    status, out, said = stranger(service.address, trust, accept=False)
    check(status == 2 and not out, f"simulated, not asked for: {said.strip()}")
    with open(trust, encoding="ascii") as f:
        text = f.read()
    root = text.index("sim-root 04") + len("sim-root 04")
    log = text.index("\nlog ")
    for what, other in (
            ("root", text[:root] + text[root:].replace(
                text[root:root + 192], "ab" * 96)),
            ("channel", text.replace("\nchannel ", "\nchannel x")),
            ("log", text[:log] + "\nquorum none\n"),
            ("file", text.replace("\nlocal\n", "\n"))):
        path = f"{tmp}/trust-{what}"
        with open(path, "w", encoding="ascii") as f:
            f.write(other)
        status, out, said = stranger(service.address, path)
        check(status == 2 and not out, f"a wrong {what}: {said.strip()}")
    for i, at in enumerate((2, 3, 4, 40, 60, 200, 2000)):
        tap = Tap(service.address, f"{tmp}/t{i}", flip(at))
        status, out, said = stranger(tap.address, trust)
        check(status == 2 and not out,
              f"byte {at} of the reply changed: {said.strip()}")
        check(sum(len(d) for _, d in tap.up) == 42,
              "and nothing follows the first packet")


def main():
    if not shutil.which("node"):
        skip("node is not on this machine")
    service, tmp = Service(*model.options()), os.environ["TMPDIR"]
    trust = os.path.join(service.home, "up", "trust")
    answer = same_answers(service, trust)
    everything(service, trust, answer)
    receipts(service, trust, answer, tmp)
    refusals(service, trust, tmp)
    service.stop()


main()
