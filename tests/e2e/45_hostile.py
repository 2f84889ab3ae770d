"""Peers that send garbage, stall, flood, hang up or come again and again lose
their own session. Everybody else's answers go on."""
import os
import socket
import sys
import time

sys.path.insert(0, "tests/e2e/lib")
from confer import Service, check  # noqa: E402

QUESTION = ["--temperature", "0", "What is an enclave?"]


def dial(address):
    kind, where = address.split(":", 1)
    if kind == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        s.connect(where)
        return s
    host, port = where.rsplit(":", 1)
    return socket.create_connection((host, int(port)), 20)


def closed_by_peer(s):
    """Does the enclave end this connection? What it says before is read."""
    try:
        while s.recv(65536):
            pass
    except ConnectionError:
        pass
    except socket.timeout:
        return False
    return True


def hello(noise=bytes(range(32))):
    body = b"\x01CONF\x01\x01\x01" + noise
    return len(body).to_bytes(2, "big") + body


def main():
    service = Service()
    status, expected, _ = service.ask(*QUESTION)
    check(status == 0 and expected, "an answer to compare with")

    def still_fine(after):
        code, answer, said = service.ask(*QUESTION)
        check(code == 0 and answer == expected,
              f"another person's answer is the same {after}"
              + ("" if code == 0 else f" ({said.strip()})"))

    for name, data in {
            "an empty packet": b"\0\0",
            "a first packet of 64 KB": b"\xff\xff" + bytes(65535),
            "random bytes": os.urandom(4096),
            "another protocol": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "another version": b"\0\x28\x01CONF\x02\x01\x01" + bytes(32),
            "a key that gives a zero secret": hello(bytes(32)),
            "a hello and then garbage": hello() + os.urandom(500),
            "a finish at once": b"\0\x41\x06" + bytes(64),
    }.items():
        s = dial(service.address)
        try:
            s.sendall(data)
        except ConnectionError:
            pass
        check(closed_by_peer(s), f"{name}: the session ends")
        s.close()
    still_fine("after garbage")

    stalled = [dial(service.address) for _ in range(4)]
    for s in stalled:
        s.sendall(hello()[:9])
    still_fine("while others stall in the handshake")
    check(all(closed_by_peer(s) for s in stalled),
          "who stalls in the handshake is dropped")

    for _ in range(200):  # a loop of reconnects, bounded
        try:
            dial(service.address).close()
        except OSError:
            pass
    time.sleep(1)
    still_fine("after 200 reconnects")

    for _ in range(12):  # more often than there are slots in the engine
        asking = service.confer("ask", "--max-tokens", "400", "Tell me a story")
        asking.stdout.read(1)
        asking.kill()
        asking.wait()
    still_fine("after 12 clients were killed in the middle of an answer")

    idle = [dial(service.address) for _ in range(20)]
    for s in idle:
        s.sendall(hello())
    still_fine("while 20 handshakes are left half done")
    for s in idle:
        s.close()
    service.stop()


main()
