"""A kernel with configfs-tsm, played for a program that does not know.

The program starts under a seccomp filter that asks this process before each
openat and each unlinkat. In between, Tsm does to plain files what the kernel
would: a new request directory gets its attributes, a written inblob its answer,
a directory that is to be removed is emptied. The calls themselves then go on as
they were: the program meets real files, and keeps its own sandbox.
"""
import array
import ctypes
import fcntl
import os
import platform
import select
import socket
import struct
import threading

NR_OPENAT, NR_UNLINKAT, NR_SECCOMP = 257, 263, 317  # x86-64
PR_SET_NO_NEW_PRIVS = 38
SET_MODE_FILTER, NEW_LISTENER = 1, 8
ASK, ALLOW = 0x7FC00000, 0x7FFF0000  # SECCOMP_RET_USER_NOTIF, _ALLOW
NOTIF_LEN, NOTIF_RECV, NOTIF_SEND = 80, 0xC0502100, 0xC0182101
GO_ON = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE

LIBC = ctypes.CDLL(None, use_errno=True)


def op(code, k, jt=0, jf=0):
    return struct.pack("<HBBI", code, jt, jf, k)


PROGRAM = b"".join([
    op(0x20, 0),                  # load the number of the call
    op(0x15, NR_OPENAT, 1, 0),    # jump if equal
    op(0x15, NR_UNLINKAT, 0, 1),
    op(0x06, ASK), op(0x06, ALLOW)])


def install():
    """In the child: the filter, and the descriptor at which it asks."""
    code = ctypes.create_string_buffer(PROGRAM, len(PROGRAM))
    prog = struct.pack("<HxxxxxxQ", len(PROGRAM) // 8, ctypes.addressof(code))
    arg = ctypes.create_string_buffer(prog, len(prog))
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return LIBC.syscall(NR_SECCOMP, SET_MODE_FILTER, NEW_LISTENER, arg)


def child(argv, stderr, sock):
    """Never returns."""
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(stderr, 2)
        # Nothing that is asked about happens between this and execv.
        listener = install()
        if listener >= 0:
            sock.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                   array.array("i", [listener]))])
            os.execv(argv[0], argv)
    finally:
        os._exit(126)


class Tsm:
    """argv runs where `root` is its configfs-tsm. answer(question) gives
    (outblob, auxblob). stderr goes to the file named."""

    def __init__(self, argv, root, answer, provider, log):
        self.root, self.answer, self.provider = root, answer, provider
        self.made, self.removed, self.done = [], 0, set()
        ours, theirs = socket.socketpair()
        with open(log, "wb") as f:
            self.pid = os.fork()
            if self.pid == 0:
                child(argv, f.fileno(), theirs)
        theirs.close()
        self.listener = self.take(ours)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        if self.listener is not None:
            self.thread.start()

    @staticmethod
    def take(sock):
        """The child's listener; None where it could not have one."""
        _, control, _, _ = sock.recvmsg(1, socket.CMSG_LEN(4))
        return struct.unpack("i", control[0][2])[0] if control else None

    def wait(self):
        """The program's exit status."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def serve(self):
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        while poll.poll()[0][1] == select.POLLIN:
            note = bytearray(NOTIF_LEN)
            try:
                fcntl.ioctl(self.listener, NOTIF_RECV, note)
                ident, _, _, nr = struct.unpack_from("<QIIi", note)
                self.catch_up(nr == NR_UNLINKAT)
                fcntl.ioctl(self.listener, NOTIF_SEND,
                            struct.pack("<QqiI", ident, 0, 0, GO_ON))
            except OSError:  # it has ended meanwhile
                continue

    def put(self, name, attribute, data):
        with open(os.path.join(self.root, name, attribute), "wb") as f:
            f.write(data)

    def catch_up(self, removing):
        """What the kernel would have done since the last call."""
        for name in os.listdir(self.root):
            path = os.path.join(self.root, name)
            if not os.listdir(path) and name not in self.made:
                self.made.append(name)
                self.put(name, "generation", b"7\n")
                self.put(name, "provider", self.provider + b"\n")
                self.put(name, "privlevel_floor", b"0\n")
                for attribute in ("privlevel", "inblob", "outblob", "auxblob"):
                    self.put(name, attribute, b"")
            self.answer_request(name, path)
            if removing:
                for attribute in os.listdir(path):
                    os.unlink(os.path.join(path, attribute))
                self.removed += 1

    def answer_request(self, name, path):
        question = os.path.join(path, "inblob")
        if name in self.done or not os.path.exists(question) or \
                not os.path.getsize(question):
            return
        with open(question, "rb") as f:
            out, aux = self.answer(f.read())
        self.put(name, "outblob", out)
        self.put(name, "auxblob", aux)
        self.put(name, "generation", b"9\n")  # privlevel and inblob
        self.done.add(name)


def available():
    """Can a program be started so on this machine?"""
    if platform.machine() != "x86_64":
        return False
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        child(["/bin/false"], os.open(os.devnull, os.O_WRONLY), theirs)
    theirs.close()
    listener = Tsm.take(ours)
    if listener is not None:
        os.close(listener)  # nobody answers: openat fails with ENOSYS
    os.waitpid(pid, 0)
    return listener is not None
