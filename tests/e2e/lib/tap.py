"""A relay that listens to a Unix socket, and may change what passes."""
import socket
import threading
import time


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
