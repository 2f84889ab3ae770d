"""`confer chat` on a terminal: answers, Ctrl-C, commands, Ctrl-D; a session that
ended meanwhile; and a model that tries to write to the screen."""
import os
import pty
import re
import select
import subprocess
import sys
import time

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, Service, check, skip  # noqa: E402
import model  # noqa: E402

PROMPT = "› "
NEXT = "\n" + PROMPT  # after what was said in between
WAIT_S = 60
# Colours, the status line, and what the editor needs: clearing below, moving up
# and right, bracketed paste.
DRAWING = r"\x1b\[(?:[0-9;]*[mKJAC]|\?2004[hl])"


class Terminal:
    """A program on a terminal of 80 columns."""

    def __init__(self, *args):
        self.text = ""
        try:
            self.pid, self.fd = pty.fork()
        except OSError as e:
            skip(f"no terminal can be had here ({e})")
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.environ.pop("NO_COLOR", None)
            os.execv(f"{BIN}/confer", ["confer", *args])

    def read(self, until, start=0):
        """What came since `start`, once `until` is in it."""
        end = time.monotonic() + WAIT_S
        while until not in self.plain()[start:]:
            left = end - time.monotonic()
            if left < 0:
                print(self.plain()[start:])
                check(False, f"{until!r} appears within {WAIT_S} s")
            if select.select([self.fd], [], [], left)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(
                        errors="replace")
                except OSError:  # the other side is gone
                    if until not in self.plain()[start:]:
                        print(self.plain()[start:])
                    check(until in self.plain()[start:],
                          f"{until!r} comes before the end")
        return self.plain()[start:]

    def plain(self):
        return re.sub(DRAWING, "", self.text).replace("\r", "")

    def say(self, line):
        start = len(self.plain())
        os.write(self.fd, line.encode() + b"\n")
        return start

    def key(self, byte):
        start = len(self.plain())
        os.write(self.fd, byte)
        return start

    def end(self):
        """The exit status, once it has ended."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(
                        errors="replace")
                except OSError:
                    break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def talk(service):
    t = Terminal("chat", "--home", service.home, "--temperature", "0")
    shown = t.read(PROMPT)
    check("SIMULATED, NOT PRIVATE" in shown, "the first line says what it is")
    start = t.say("Who can read this?")
    answer = t.read(NEXT, start)
    check(len(answer.split("\n", 1)[1].strip()) > 0, "an answer comes")
    start = t.key(b"\x03")
    check("Ctrl-D or /quit leaves" in t.read(NEXT, start),
          "Ctrl-C at the prompt explains itself")
    start = t.say("/help")
    check("/verify" in t.read(NEXT, start), "/help lists the commands")
    start = t.say("/verify")
    check("launch measurement" in t.read(NEXT, start),
          "/verify shows the checks")
    start = t.say("/frob")
    check("no such command" in t.read(NEXT, start), "others are unknown")
    start = t.say("/model")
    check("tokens" in t.read(NEXT, start), "/model lists the models")
    start = t.key(b"/clxar\x1b[D\x1b[D\x7fe\x05\n")
    check("forgotten" in t.read(NEXT, start), "/clear, typed with mistakes")
    os.write(t.fd, b"\x04")
    check(t.end() == 0, "Ctrl-D leaves")
    check("\x1b" not in re.sub(DRAWING, "", t.text),
          "nothing but colours and the cursor was written to the terminal")


def stop_an_answer(service):
    t = Terminal("chat", "--home", service.home, "--temperature", "1",
                 "--max-tokens", "100000")
    t.read(PROMPT)
    start = t.say("Tell me a long story")
    t.read("\n", start)
    time.sleep(0.15)
    os.write(t.fd, b"\x03")
    after = t.read(NEXT, start)
    check("(stopped)" in after or "limit" in after or len(after) > 20,
          "Ctrl-C ends the answer")
    start = t.say("/clear")
    t.read("forgotten", start)
    check(True, "and not the program")
    start = t.say("/quit")
    check(t.end() == 0, "/quit leaves")


def come_back(service):
    """The enclave is started again while a chat is open."""
    t = Terminal("chat", "--home", service.home, "--max-tokens", "8")
    t.read(PROMPT)
    service.stop()
    again = Service(*model.options(), home=service.home)
    start = t.say("Are you there?")
    shown = t.read(NEXT, start)
    check("Connected again, to another enclave" in shown and
          "SIMULATED, NOT PRIVATE" in shown,
          "a chat comes back to an enclave that was started again, "
          "after verifying it")
    again.stop()
    start = t.say("And now?")
    shown = t.read(NEXT, start)
    check("has ended" in shown, "without one it says so and stays")
    os.write(t.fd, b"\x04")
    t.end()


def from_a_pipe(service):
    p = subprocess.run(
        [f"{BIN}/confer", "chat", "--home", service.home, "--quiet",
         "--max-tokens", "8"],
        input=b"Hello\n/clear\nHi\n", capture_output=True, timeout=120,
        check=False)
    check(p.returncode == 0 and len(p.stdout.splitlines()) >= 2,
          "lines from a pipe are answered in order")
    check(PROMPT.encode() not in p.stdout + p.stderr, "without prompts")


def long_conversation(service):
    """More than the bundled model's 512 tokens."""
    if model.options():
        return  # another model, which holds no conversation
    p = subprocess.run(
        [f"{BIN}/confer", "chat", "--home", service.home],
        input=b"Who can read this, and how do I know?\n" * 14,
        capture_output=True, timeout=120, check=False)
    err = p.stderr.decode()
    check(p.returncode == 0 and err.count("oldest part is left out") == 1,
          "a conversation may become longer than the model's memory")
    check("limit of tokens" not in err, "and its answers are still whole")


running = Service(*model.options())
talk(running)
stop_an_answer(running)
from_a_pipe(running)
long_conversation(running)
come_back(running)
