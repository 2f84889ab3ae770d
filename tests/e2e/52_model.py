"""`confer model`: what other programs read from it, and its mistakes."""
import json
import os
import struct
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, VECTORS, check  # noqa: E402
import model as models  # noqa: E402

TMP = os.environ["TMPDIR"]
MODEL = models.path()


def confer_model(*args, text=None, model=MODEL):
    """(exit status, stdout as bytes, stderr)"""
    p = subprocess.run([f"{BIN}/confer", "model", *args, "--model", model],
                       input=text, stdin=None if text else subprocess.DEVNULL,
                       capture_output=True, timeout=300, check=False)
    return p.returncode, p.stdout, p.stderr.decode()


def good(*args, **kwargs):
    status, out, err = confer_model(*args, **kwargs)
    check(status == 0 and not err, f"model {args[0]}: exit {status} {err}")
    return out


def refused(status, why, *args, **kwargs):
    got, out, err = confer_model(*args, **kwargs)
    check(got == status and why in err and err.count("\n") == 1 and not out,
          f"exit {status}: {err.strip()}")


def put(name, data):
    path = os.path.join(TMP, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def info():
    got = json.loads(good("info", "--json"))
    check(got["supported"] and got["why"] == [] and got["parameters"] > 0 and
          got["bytes"] == os.path.getsize(MODEL), "info as JSON")
    check(1 <= got["memory"]["weights"] / sum(
        t["bytes"] for t in got["tensors"]) < 1.1, "tensors by type")
    text = good("info").decode()
    check(got["architecture"] in text and "can run it" in text and
          "\x1b" not in text, "info for people, without colour in a pipe")
    return got


def cut(info_of):
    with open(MODEL, "rb") as f:
        whole = f.read()
    other = put("other.gguf", whole.replace(
        b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0lemma", 1))
    status, out, _ = confer_model("info", "--json", model=other)
    got = json.loads(out)
    check(status == 2 and not got["supported"] and "lemma" in got["why"][0]
          and got["tokenizer"] == info_of["tokenizer"],
          "an unknown architecture: why, and what was read")
    refused(2, "offset", "info", model=put("cut.gguf", whole[:1000]))
    refused(2, "GGUF", "run", "--prompt", "x", model=put("no", b"no model"))
    refused(1, "cannot open", "info", model=TMP + "/absent")


def tokens():
    text = "Once upon a time.\n  Who are you?\n"
    ids = good("tokenize", "--text", text).decode()
    check(good("tokenize", text=text.encode()).decode() == ids,
          "tokenize standard input")
    check(json.loads(good("tokenize", "--text", text, "--json"))["tokens"] ==
          [int(x) for x in ids.split()], "tokenize as JSON")
    back = good("tokenize", "--decode", ids).decode()
    check(back in (text, " " + text), "and back, byte for byte")
    lines = good("tokenize", "--text", text, "--pieces").decode().split("\n")
    check([x.split()[0] for x in lines[:-1]] == ids.split() and
          '"\\n"' in lines[-2], "piece by piece")
    refused(2, "not UTF-8", "tokenize", text=b"\xff")
    refused(1, "vocabulary has", "tokenize", "--decode", "4000000")
    refused(1, "numbers of tokens", "tokenize", "--decode", "1,a")
    return ids.split()


def swallowed():
    """Phi 3's special tokens take the white space behind them."""
    path = os.path.join(VECTORS, "llm/vocab/ggml-vocab-phi-3.gguf")
    if os.path.exists(path):
        check(good("tokenize", "--special", text=b"<|user|>\nhi<|end|>\n",
                   model=path) == b"1 32010 7251 32007\n", "as in a prompt")


def special(info_of):
    known = info_of["tokenizer"]["special"]
    one = known[-1]
    plain = good("tokenize", "--text", one["text"]).decode().split()
    trusted = good("tokenize", "--special", "--text",
                   one["text"]).decode().split()
    check(str(one["id"]) not in plain and trusted[-1] == str(one["id"]),
          "a special token only where the text is trusted")
    check(good("tokenize", "--decode", str(one["id"])) == b"" and
          good("tokenize", "--special", "--decode",
               str(one["id"])).decode() == one["text"], "and back")


def vocabularies():
    """Files without tensors, against what llama.cpp makes of them."""
    for name in ("gpt-2", "llama-spm"):
        base = os.path.join(VECTORS, f"llm/vocab/ggml-vocab-{name}.gguf")
        if not os.path.exists(base):
            print(f"     ({base} is not on this machine)")
            continue
        with open(base + ".inp", "rb") as f:
            texts = f.read().split(b"\n__ggml_vocab_test__\n")
        with open(base + ".out", encoding="ascii") as f:
            want = [line.split() for line in f.read().split("\n")]
        some = [i for i, t in enumerate(texts) if t][::6]
        check(all(good("tokenize", text=texts[i], model=base)
                  .decode().split() == want[i] for i in some),
              f"a vocabulary alone: {name}")
        status, out, _ = confer_model("info", "--json", model=base)
        check(status == 2 and any("vocabulary alone" in w for w in
                                  json.loads(out)["why"]), "which cannot run")
        p = subprocess.run([f"{BIN}/confer", "up", "--model", base, "--home",
                            os.path.join(TMP, "none")], capture_output=True,
                           stdin=subprocess.DEVNULL, check=False)
        check(p.returncode == 2 and b"cannot be run" in p.stderr and
              b"vocabulary alone" in p.stderr, "nor be served")


def engine(info_of, ids):
    out = os.path.join(TMP, "logits")
    vocabulary = info_of["tokenizer"]["vocabulary"]
    first = None
    for how in ((), ("--threads", "1"), ("--threads", "3")):
        good("logits", "--tokens", ",".join(ids[:5]), "--out", out, *how)
        with open(out, "rb") as f:
            data = f.read()
        check(len(data) == 5 * vocabulary * 4 and
              (first is None or data == first), f"logits, {how}")
        first = data
    check(all(abs(x) < 1e4 for x in struct.unpack(
        f"<{vocabulary}f", data[-4 * vocabulary:])), "which are numbers")
    greedy = good("run", "--prompt", "Once upon a time", "--temp", "0", "-n",
                  "8")
    check(greedy and good("run", "-n", "8", text=b"Once upon a time") ==
          greedy, "run, also from standard input")
    dice = ["run", "--prompt", "Once", "--temp", "1", "-n", "16", "--seed"]
    check(good(*dice, "7", "--threads", "1") == good(*dice, "7", "--threads",
                                                     "2"),
          "the same seed gives the same text")
    status, _, err = confer_model("run", "--prompt", "Once", "-n", "4",
                                  "--verbose")
    check(status == 0 and "tokens" in err, "figures only when asked for")
    got = json.loads(good("bench", "-p", "16", "-n", "8", "--parallel", "2",
                          "--json"))
    check(got["one"]["answer_tokens"] == 8 and
          got["one"]["answer_per_s"] > 0 and got["memory_per_s"] > 0 and
          got["parallel"]["answer_tokens"] == 16, "bench")


def usage():
    refused(1, "info, tokenize, logits, run or bench", "frob")
    refused(1, "no option --tokens", "run", "--tokens", "1")
    refused(1, "no option --special", "info", "--special")
    refused(1, "--tokens IDS and --out", "logits", "--tokens", "1")
    refused(2, "outside the vocabulary", "logits", "--tokens", "4000000",
            "--out", "-")
    refused(1, "exclude each other", "run", "--chat", "--raw")
    refused(1, "--threads wants", "run", "--prompt", "x", "--threads", "0")
    refused(1, "--kernels wants", "run", "--prompt", "x", "--kernels", "gpu")
    refused(1, "--parallel wants", "bench", "--parallel", "65")
    refused(1, "--max-tokens wants", "bench", "-n", "1")
    refused(1, "shorter than that", "bench", "-p", "100000")
    p = subprocess.run([f"{BIN}/confer", "model", "info"],
                       capture_output=True, check=False)
    check(p.returncode == 1 and b"--model FILE" in p.stderr, "which model?")


INFO = info()
cut(INFO)
IDS = tokens()
special(INFO)
swallowed()
vocabularies()
engine(INFO, IDS)
usage()
