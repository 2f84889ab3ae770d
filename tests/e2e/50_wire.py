"""What an observer of the wire sees: no client byte between the first packet and
the verdict, answers in ticks of equal records, and no plaintext."""
import os
import sys
import time

sys.path.insert(0, "tests/e2e/lib")
from confer import Service, check  # noqa: E402
from tap import Tap, flip  # noqa: E402

RECORD = 2 + 256 + 16
TICK_RECORDS = 4


def packets(tape):
    """[(time of its last byte, body)]"""
    out, rest = [], b""
    for at, data in tape:
        rest += data
        while len(rest) >= 2 and len(rest) >= 2 + (n := int.from_bytes(
                rest[:2], "big")):
            out.append((at, rest[2:2 + n]))
            rest = rest[2 + n:]
    return out, rest


def connect(service, tap, *args):
    p = service.confer("ask", "--connect", tap.address, "--accept-simulated",
                       "--trust", os.path.join(service.home, "up", "trust"),
                       *args)
    out, err = p.communicate(timeout=120)
    return p.returncode, out.decode(), err.decode()


def answer_looks_alike(service, tmp):
    sizes = []
    for i, options in enumerate((["--max-tokens", "1"], ["--max-tokens", "40"],
                                 ["--max-tokens", "40", "--no-stream"])):
        tap = Tap(service.address, f"{tmp}/tap{i}")
        status, answer, said = connect(service, tap, *options,
                                       "Who can read this wonderful text?")
        check(status == 0 and answer, f"an answer through the tap {said!r}")
        time.sleep(0.2)
        up, rest_up = packets(tap.up)
        down, rest_down = packets(tap.down)
        check(not rest_up and not rest_down, "the wire has whole packets only")
        check(all(len(body) == RECORD - 2 for _, body in down[1:]),
              "every record of the enclave has one size")
        check((len(down) - 1) % TICK_RECORDS == 0,
              f"the answer is {(len(down) - 1) // TICK_RECORDS} whole ticks")
        check(up[0][0] <= down[0][0] <= up[1][0],
              "no client byte comes between the first packet and the reply")
        check([len(body) for _, body in up] == [40, 65, 272, 272],
              "the client sends: hello, finish, one padded request, END")
        wire = b"".join(d for _, d in tap.up + tap.down)
        # One token is too short: its bytes are in any ciphertext.
        check(b"wonderful" not in wire and
              (len(answer) < 8 or answer[:12].encode() not in wire),
              "no plaintext on the wire")
        sizes.append(len(down))
    return sizes


def refusal_is_silent(service, tmp):
    for i, at in enumerate((2, 3, 40, 200, 2000)):
        tap = Tap(service.address, f"{tmp}/bad{i}", flip(at))
        status, answer, said = connect(service, tap, "a secret prompt")
        check(status == 2 and not answer and said,
              f"a reply with byte {at} changed is refused: {said.strip()}")
        check(len(packets(tap.up)[0]) == 1,
              "and not one byte follows the first packet")


def main():
    service, tmp = Service(), os.environ["TMPDIR"]
    answer_looks_alike(service, tmp)
    refusal_is_silent(service, tmp)
    service.stop()


main()
