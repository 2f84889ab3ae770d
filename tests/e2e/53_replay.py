"""`confer replay`: answers of a running `confer up`, computed again without it."""
import json
import os
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, Service, check  # noqa: E402
import model  # noqa: E402

TMP = os.environ["TMPDIR"]
MODEL = model.path()
QUESTION = "Who can read this?"

service = Service("--model", MODEL, "--threads", "1", "--slots", "2",
                  "--kv-memory", "8", "--speculate")


def run(*args):
    p = subprocess.run([f"{BIN}/confer", *args], stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=120, check=False)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def replay(name, *args):
    return run("replay", "--home", service.home, os.path.join(TMP, name),
               *args)


def ask(name, *args, tokens="24"):
    limit = ["--max-tokens", tokens] if tokens else []
    status, out, err = service.ask("--receipt", os.path.join(TMP, name),
                                   *limit, *args, QUESTION)
    check(status == 0, f"ask {' '.join(args)}: {err.strip()}")
    return out


GREEDY = ask("greedy", "--temperature", "0")
ask("free", "--temperature", "0", tokens=None)
ask("dice", "--temperature", "1", "--top-p", "0.9", "--stop", "zz")
ask("seeded", "--temperature", "0.7", "--seed", "42", "--system", "Be brief")
service.stop()

for name in ("greedy", "dice", "seeded", "free"):
    status, out, err = replay(name, "--model", MODEL)
    check(status == 0 and "The same answer" in out and not err,
          f"the same answer again: {name}")
got = json.loads(replay("dice", "--model", MODEL, "--json")[1])
check(got["same"] and got["bytes"] == got["computed_bytes"], "as JSON")
for how in (["--threads", "1"], ["--threads", "3"], ["--kernels", "scalar"]):
    status, out, _ = replay("dice", "--model", MODEL, *how)
    check(status == 0 and "byte for byte" in out, f"and with {' '.join(how)}")

# The end of the file is weights: the same text would come, of another model.
OTHER = os.path.join(TMP, "other.gguf")
with open(MODEL, "rb") as f:
    data = bytearray(f.read())
data[-40] ^= 1
with open(OTHER, "wb") as f:
    f.write(data)
status, out, err = replay("greedy", "--model", OTHER)
check(status == 2 and "not the model" in err and not out,
      f"another file: {err.strip()}")

PUBLIC = os.path.join(TMP, "public")
status, _, err = run("verify", "--home", service.home, "--public", PUBLIC,
                     os.path.join(TMP, "greedy"))
check(status == 0, f"a receipt without its texts {err.strip()}")
status, _, err = replay("public", "--model", MODEL)
check(status == 2 and "nothing to compute again" in err, err.strip())

with open(os.path.join(TMP, "greedy"), "rb") as f:
    whole = f.read()
with open(os.path.join(TMP, "forged"), "wb") as f:
    f.write(whole[:-1] + bytes([whole[-1] ^ 1]))
status, out, err = replay("forged", "--model", MODEL)
check(status == 2 and "Refused" in err and not out,
      f"a receipt that is none: {err.strip()}")
status, out, _ = replay("forged", "--model", MODEL, "--json")
check(status == 2 and json.loads(out)["error"]["code"] == "refused",
      "also as JSON")
for args in (["greedy"], ["absent", "--model", MODEL]):
    check(replay(*args)[0] == 1, f"wrong usage: {args}")
