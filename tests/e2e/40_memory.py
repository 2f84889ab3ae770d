"""After a session nothing of it is left: not in the enclave's memory, not in any
file that was written. The whole memory is searched for pieces of the prompt and
of the answer; that the search finds what is there is shown first."""
import os
import re
import sys
import time

sys.path.insert(0, "tests/e2e/lib")
from confer import Service, check  # noqa: E402

PIECE = 20  # bytes: shorter pieces occur by chance in a vocabulary
PROMPT = ("Who can read this? My secret number is 7391-ZEBRA-quartz-4417 and "
          "the password of my garden gate is plum.velvet.38.heron")


def memory(pid):
    """All readable memory of a process, region by region."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) .*?(\[.*\])?$", line)
            if "r" not in m[3] or m[4] in ("[vvar]", "[vsyscall]"):
                continue
            start, end = int(m[1], 16), int(m[2], 16)
            if end - start > 1 << 34:
                continue  # the shadow of a sanitizer
            try:
                mem.seek(start)
                yield line.strip(), mem.read(end - start)
            except OSError:
                continue


def launched(pid):
    """What the enclave has in memory anyway: its model and its program."""
    with open("model/confer-demo.gguf", "rb") as model, \
            open(f"/proc/{pid}/exe", "rb") as program:
        return model.read() + program.read()


def pieces(text, known=b""):
    raw = text.encode()
    all_of_it = {raw[i:i + PIECE] for i in range(0, len(raw) - PIECE + 1, 4)}
    return {p for p in all_of_it if p not in known}


def find(pid, wanted):
    """[(region, piece)] of what is in memory"""
    return [(where, w) for where, data in memory(pid) for w in wanted
            if w in data]


def written_files(since, *folders):
    for folder in folders:
        for base, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(base, name)
                if os.path.isfile(path) and not os.path.islink(path) and \
                        os.stat(path).st_mtime >= since:
                    yield path


def main():
    since = time.time() - 1
    service = Service()
    known = launched(service.enclave)
    check(find(service.enclave, {b"tokenizer.ggml.tokens"}),
          "the search finds what is in memory (a name in the model's file)")
    receipt = os.path.join(os.environ["TMPDIR"], "receipt")
    schema = os.path.join(os.environ["TMPDIR"], "schema")
    with open(schema, "w", encoding="ascii") as f:
        f.write('{"properties": {"velvet anchor pudding": {"enum": '
                '["quarrelsome walrus", "lopsided harp"]}, "b": '
                '{"type": "string", "maxLength": 30}}, '
                '"required": ["velvet anchor pudding", "b"]}')
    for i, how in enumerate((["--temperature", "0"], ["--no-stream"],
                             ["--schema", schema],
                             ["--max-tokens", "3"], ["--receipt", receipt])):
        status, answer, _ = service.ask(*how, PROMPT + str(i))
        if how[0] == "--schema":
            os.unlink(schema)
        check(status == 0 and len(answer) > 0, f"an answer came ({how[0]})")
        wanted = pieces(PROMPT) | pieces(answer, known)
        left = find(service.enclave, wanted)
        for where, piece in left[:5]:
            print(f"     {piece!r} in {where}")
        check(not left, "neither prompt nor answer is in the enclave's memory")

    os.unlink(receipt)  # it holds the prompt, as its user asked
    # Cut off in the middle: the same.
    asking = service.confer("ask", "--max-tokens", "400", PROMPT)
    asking.stdout.read(1)
    asking.kill()
    asking.wait()
    end = time.monotonic() + 10
    while find(service.enclave, pieces(PROMPT)) and time.monotonic() < end:
        time.sleep(0.2)
    check(not find(service.enclave, pieces(PROMPT)),
          "nor after a client was killed in the middle of an answer")

    wanted = pieces(PROMPT)
    for path in written_files(since, service.home, os.environ["TMPDIR"]):
        with open(path, "rb") as f:
            data = f.read()
        check(not any(w in data for w in wanted), f"not in {path}")
    service.stop()


main()
