"""What an observer of the wire sees: no client byte between the first packet and
the verdict, answers in ticks of equal records, and no plaintext."""
import os
import socket
import sys
import threading
import time

sys.path.insert(0, "tests/e2e/lib")
from confer import Service, check  # noqa: E402

RECORD = 2 + 256 + 16
TICK_RECORDS = 4


class Tap:
    """A relay on a Unix socket that records, and may change, what passes."""

    def __init__(self, address, path, change=None):
        self.up, self.down, self.change = [], [], change
        self.target = address.split(":", 1)[1]
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.address = "unix:" + path
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            enclave = socket.socket(socket.AF_UNIX)
            enclave.connect(self.target)
            for a, b, tape in ((client, enclave, self.up),
                               (enclave, client, self.down)):
                threading.Thread(target=self.relay, args=(a, b, tape),
                                 daemon=True).start()

    def relay(self, a, b, tape):
        try:
            while data := a.recv(65536):
                tape.append((time.monotonic(), data))
                if self.change and tape is self.down:
                    data = self.change(data)
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


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


def flip(at):
    """Change one bit of byte `at` of all that passes."""
    passed = 0

    def change(data):
        nonlocal passed
        i, passed = at - passed, passed + len(data)
        if 0 <= i < len(data):
            data = data[:i] + bytes([data[i] ^ 1]) + data[i + 1:]
        return data
    return change


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
        check(b"wonderful" not in wire and answer[:12].encode() not in wire,
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
