"""A session ends with the client's list of witnesses: what was verified is no
longer current, so nothing more is asked."""
import os
import subprocess
import sys
import time

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, Service, check  # noqa: E402
import model  # noqa: E402

LIFE_S = 6  # enough to connect and to get one answer, also when machines are slow


def main():
    service = Service(*model.options())
    with open(os.path.join(service.home, "up", "trust"),
              encoding="ascii") as f:
        above, policy = f.read().split("\n\n", 1)
    path = os.path.join(os.environ["TMPDIR"], "trust")
    end = int(time.time()) + LIFE_S
    with open(path, "w", encoding="ascii") as f:
        f.write(f"{above}\n\nvalid 0 {end}\n{policy}")
    chat = subprocess.Popen(
        [f"{BIN}/confer", "chat", service.address, "--home", service.home,
         "--trust", path, "--accept-simulated", "--max-tokens", "3"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    chat.stdin.write(b"Hello?\n")
    chat.stdin.flush()
    first = chat.stdout.readline()
    check(time.time() < end, "the first answer came before the end")
    check(first.strip(), f"and is one: {first!r}")
    time.sleep(max(0, end + 0.5 - time.time()))
    out, said = chat.communicate(b"Still there?\n", timeout=60)
    said = " ".join(said.decode().split())
    check(chat.returncode == 2, f"then chat refuses ({chat.returncode})")
    check(not out.strip(), f"and nothing is answered: {out!r}")
    check("list of logs and witnesses ended on" in said and "update it" in said,
          f"and it says why: {said}")
    service.stop()


main()
