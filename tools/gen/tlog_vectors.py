#!/usr/bin/env python3
"""Test vectors of the release log from a second, small implementation.

Written from docs/log.md and RFC 8032 with the standard library alone, so that
a mistake in the C code does not repeat itself here. Writes
tests/vectors/tlog/*.json and docs/log-vectors.md; the output is always the same.

usage: tools/gen/tlog_vectors.py [--check]
"""
import base64
import hashlib
import json
import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
OUT = os.path.join(ROOT, "tests", "vectors", "tlog")
NOW = 1800000000
DAY = 86400


def sha(b):
    return hashlib.sha256(b).digest()


# ---- Ed25519 (RFC 8032, section 5.1), slow and simple ------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    a_, b_ = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b_ - a_, d - c, d + c, b_ + a_
    return e * f % P, g * h % P, f * g % P, e * h % P


def mul(s, p):
    q = (0, 1, 1, 0)
    while s:
        if s & 1:
            q = add(q, p)
        p, s = add(p, p), s >> 1
    return q


def base_point():
    y = 4 * pow(5, P - 2, P) % P
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = P - x if x & 1 else x
    return x, y, 1, x * y % P


B = base_point()


def compress(p):
    x, y, z, _ = p
    zi = pow(z, P - 2, P)
    return (y * zi % P | (x * zi % P & 1) << 255).to_bytes(32, "little")


def expand(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return a, h[32:]


def public(seed):
    return compress(mul(expand(seed)[0], B))


def sign(seed, msg):
    a, prefix = expand(seed)
    pub = public(seed)

    def h(*parts):
        return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(),
                              "little") % L
    r = h(prefix, msg)
    big_r = compress(mul(r, B))
    s = (r + h(big_r, pub, msg) * a) % L
    return big_r + s.to_bytes(32, "little")


# ---- Notes -------------------------------------------------------------------

class Key:
    """A test key; its seed is SHA-256 of a label that anyone can know."""

    def __init__(self, name, kind=1):
        self.name, self.kind = name, kind
        self.seed = sha(b"confer test key " + name.encode())
        self.pub = public(self.seed)
        blob = bytes([kind]) + self.pub
        self.id = sha(name.encode() + b"\n" + blob)[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64(blob)}"

    def line(self, text, time=None):
        if self.kind == 1:
            blob = sign(self.seed, text.encode())
        else:
            head = f"cosignature/v1\ntime {time}\n"
            blob = time.to_bytes(8, "big") + sign(self.seed,
                                                  (head + text).encode())
        return f"\u2014 {self.name} {b64(self.id + blob)}\n"


def b64(b):
    return base64.b64encode(b).decode()


# ---- Trees -------------------------------------------------------------------

def leaf_hash(entry):
    return sha(b"\0" + entry)


def split(n):
    return 1 << (n - 1).bit_length() - 1


def root(h):
    if not h:
        return sha(b"")
    if len(h) == 1:
        return h[0]
    k = split(len(h))
    return sha(b"\1" + root(h[:k]) + root(h[k:]))


def path(h, i):
    if len(h) == 1:
        return []
    k = split(len(h))
    if i < k:
        return path(h[:k], i) + [root(h[k:])]
    return path(h[k:], i - k) + [root(h[:k])]


def consistency(h, m, whole=True):
    if m == len(h):
        return [] if whole else [root(h)]
    k = split(len(h))
    if m <= k:
        return consistency(h[:k], m, whole) + [root(h[k:])]
    return consistency(h[k:], m - k, False) + [root(h[:k])]


# ---- Records -----------------------------------------------------------------

def fake(label, n):
    """n bytes that stand for a measurement or a hash, as hex."""
    return hashlib.sha512(b"confer sample " + label.encode()).hexdigest()[:2 * n]


def record(kind, lines, seq=1, life=90 * DAY, channel="stable"):
    head = ["confer-release/v1", f"kind {kind}", "product confer",
            f"channel {channel}", f"seq {seq}", f"issued {NOW}",
            f"not-before {NOW}", f"not-after {NOW + life}"]
    return "".join(x + "\n" for x in head + lines)


def source():
    return (f"source https://example.org/confer.git {fake('commit', 20)} "
            f"{fake('tree', 20)}")


RELEASE = [Key("release.example.org/a"), Key("release.example.org/b"),
           Key("release.example.org/c")]
LOG = Key("log.example.org/releases")
WITNESS = [Key(f"w{i}.example.net", 4) for i in (1, 2, 3)]
NEXT_LOG = Key("log.example.org/releases/2")
NEXT_WITNESS = Key("w4.example.net", 4)


def image_lines():
    tdx = " ".join([f"tdx c3-standard-8 mrtd {fake('mrtd', 48)}"]
                   + [f"rtmr{i} {fake(f'rtmr{i}', 48)}" for i in range(4)]
                   + ["attributes 0000000010000000 xfam 00000000000642e7"])
    sgx = (f"sgx mrenclave {fake('mrenclave', 32)} mrsigner "
           f"{fake('mrsigner', 32)} isvprodid 1 isvsvn 4 attributes "
           f"0500000000000000e700000000000000 mask "
           f"ffffffffffffffffffffffffffffffff")
    return ["version 1.4.0", source(), f"recipe sha256:{fake('recipe', 32)}",
            f"builder sha256:{fake('builder', 32)}",
            f"file cmdline 61 sha256:{fake('cmdline', 32)}",
            f"file initrd 8388608 sha256:{fake('initrd', 32)}",
            f"file kernel 14680064 sha256:{fake('kernel', 32)}",
            f"file rootfs 67108864 verity:{fake('rootfs', 32)}",
            f"snp 16 EPYC-v4 {fake('snp16', 48)} policy 0000000000030000",
            f"snp 4 EPYC-v4 {fake('snp4', 48)} policy 0000000000030000",
            tdx, sgx,
            f"model demo-10m sha256:{fake('model', 32)}",
            f"model large-8b verity:{fake('large', 32)}", "supersedes 16"]


def samples():
    """name, text of one complete record of every kind, and a local image."""
    yield "image", record("image", image_lines(), seq=17)
    yield "image-simulated", record("image", [
        "version 0.1.0", f"file confer-enclave 1843200 "
        f"sha256:{fake('enclave', 32)}", f"sim {fake('sim', 48)}",
        f"model demo-10m sha256:{fake('model', 32)}"], channel="local")
    yield "model", record("model", [
        "name demo-10m", f"file 9437184 sha256:{fake('model', 32)}",
        f"verity {fake('model verity', 32)}", "tokenizer llama",
        f"template sha256:{fake('template', 32)}", "quant Q8_0",
        "context 2048"], seq=3)
    yield "web", record("web", [
        "version 1.4.0", source(), f"recipe sha256:{fake('web recipe', 32)}",
        f"bundle 482133 sha256:{fake('bundle', 32)}"], seq=9)
    yield "client", record("client", [
        "version 1.4.0", source(), f"recipe sha256:{fake('recipe', 32)}",
        f"file confer-linux-x86_64 1310720 sha256:{fake('client', 32)}",
        f"file confer_1.4.0_amd64.deb 524288 sha256:{fake('deb', 32)}"], seq=8)
    yield "policy", record("policy", [
        "min-seq image confer stable 16", "min-seq model confer stable 3",
        *sorted(f"revoked {fake(x, 32)}" for x in ("bad 1", "bad 2")),
        "tcb-snp genoa 10 0 23 84", "tcb-snp turin 1 1 1 4 81", "tcb-tdx 18",
        "tcb-sgx 18", "hardware listed",
        *sorted(f"chip {fake(x, 64)} {NOW + 30 * DAY}" for x in "ab"),
        f"ppid {fake('ppid', 16)} {NOW + 30 * DAY}",
        f"next-log {NEXT_LOG.vkey}",
        f"next-witness w4 {NEXT_WITNESS.vkey}"], seq=41, life=7 * DAY)
    yield "retire", record("retire", [
        f"log {LOG.name}", f"last 412 {fake('old root', 32)}",
        "cause lost-state", f"successor {NEXT_LOG.name}"], life=3660 * DAY)
    yield "rebuild", record("rebuild", [
        f"release {fake('leaf', 32)}", f"result sha256:{fake('result', 32)}",
        "rebuilder reproducible.example.org"], seq=2, life=3660 * DAY)


def entry(text, keys):
    return text + "\n" + "".join(k.line(text) for k in keys)


def records():
    cases = []
    for name, text in samples():
        e = entry(text, RELEASE[:2])
        cases.append({"name": name, "text": text, "entry": e,
                      "leaf_hash": leaf_hash(e.encode()).hex()})
    return {
        "what": "one record of every kind, signed by the first two of three "
                "release keys; seeds are SHA-256 of 'confer test key <name>'",
        "now": NOW, "need": 2,
        "keys": [{"vkey": k.vkey, "seed": k.seed.hex()} for k in RELEASE],
        "cases": cases}


# ---- Proofs ------------------------------------------------------------------

POLICY = (f"log {LOG.vkey}\n"
          + "".join(f"witness w{i} {w.vkey}\n"
                    for i, w in enumerate(WITNESS, 1))
          + "group public 2 w1 w2 w3\nquorum public\n")


def checkpoint(h, origin=LOG.name, ext=""):
    return f"{origin}\n{len(h)}\n{b64(root(h))}\n{ext}"


def note(text, times=((1, NOW), (2, NOW)), log=LOG, extra=""):
    lines = log.line(text) if log else ""
    lines += "".join(WITNESS[i - 1].line(text, t) for i, t in times)
    return text + "\n" + lines + extra


def proof(i, h, checkpoint_note, hashes=None, extra=None):
    hashes = path(h, i) if hashes is None else hashes
    return ("c2sp.org/tlog-proof@v1\n"
            + (f"extra {extra}\n" if extra else "") + f"index {i}\n"
            + "".join(b64(x) + "\n" for x in hashes) + "\n" + checkpoint_note)


def flip(s, at):
    """Another base64 character at this place from the end."""
    c = "A" if s[at] != "A" else "B"
    return s[:at] + c + (s[at:][1:])


def proofs():
    rec = entry(dict(samples())["image"], RELEASE[:2])
    others = [f"entry {i}\n".encode() for i in range(12)]
    h = [leaf_hash(x) for x in others[:7] + [rec.encode()] + others[7:]]
    h1 = [leaf_hash(rec.encode())]
    other = [leaf_hash(x) for x in others + [b"x"]]
    cp = checkpoint(h)
    good = proof(7, h, note(cp))
    late = NOW - 7 * DAY
    cases = []

    def case(name, want, file, now=NOW, leaf=rec):
        cases.append({"name": name, "expect": want, "now": now,
                      **({"entry": leaf} if leaf != rec else {}),
                      "proof": file})

    case("good", "ok", good)
    case("good, one entry", "ok", proof(0, h1, note(checkpoint(h1))))
    case("good, three witnesses", "ok",
         proof(7, h, note(cp, ((3, NOW), (1, NOW), (2, NOW)))))
    case("good, extra", "ok", proof(7, h, note(cp), extra="b3BhcXVl"))
    case("good, a stranger's line", "ok", proof(7, h, note(
        cp, extra=Key("stranger.example", 4).line(cp, NOW))))
    case("good, 300 s ahead", "ok",
         proof(7, h, note(cp, ((1, NOW), (2, NOW + 300)))))
    case("good, exactly 7 days old", "ok",
         proof(7, h, note(cp, ((1, late), (2, late)))))
    case("good, the fresh two of three count", "ok", proof(7, h, note(
        cp, ((1, late - 9), (2, NOW), (3, NOW)))))
    case("other record", "not authentic", good, leaf=rec + "x")
    case("wrong index", "not authentic", proof(6, h, note(cp), path(h, 7)))
    case("index is the size", "bad format",
         good.replace("index 7\n", f"index {len(h)}\n"))
    for bad, want in (("9223372036854775815", "over limit"),
                      ("18446744073709551623", "over limit"),
                      ("07", "bad format"), ("+7", "bad format"),
                      ("7 ", "bad format"), ("-7", "bad format")):
        case(f"index {bad!r}", want, good.replace("index 7\n",
                                                  f"index {bad}\n"))
    case("a hash too few", "bad format", proof(7, h, note(cp), path(h, 7)[1:]))
    case("a hash too many", "bad format",
         proof(7, h, note(cp), path(h, 7) + [root(h)]))
    case("64 hashes", "over limit", proof(7, h, note(cp), [h[0]] * 64))
    case("a hash of 31 bytes", "bad format",
         proof(7, h, note(cp), [h[6][:31]] + path(h, 7)[1:]))
    case("path reversed", "not authentic",
         proof(7, h, note(cp), path(h, 7)[::-1]))
    case("path of another tree", "not authentic",
         proof(7, h, note(cp), path(other, 7)))
    case("one witness", "refused by policy", proof(7, h, note(cp, ((1, NOW),))))
    case("one witness twice", "refused by policy",
         proof(7, h, note(cp, ((1, NOW), (1, NOW - 1)))))
    case("no witness", "refused by policy", proof(7, h, note(cp, ())))
    case("301 s ahead", "refused by policy",
         proof(7, h, note(cp, ((1, NOW), (2, NOW + 301)))))
    case("the second newest is too old", "expired",
         proof(7, h, note(cp, ((1, NOW), (2, late - 1)))))
    case("no log signature", "not authentic", proof(7, h, note(cp, log=None)))
    case("another log's key", "not authentic",
         proof(7, h, note(cp, log=Key("log.example.org/other"))))
    case("another origin, signed", "refused by policy", proof(
        7, h, note(checkpoint(h, origin="log.example.org/other"))))
    case("extension line, signed", "refused by policy",
         proof(7, h, note(checkpoint(h, ext="ext\n"))))
    broken = WITNESS[2].line(cp, NOW)
    case("a failing known witness beside a quorum", "not authentic",
         proof(7, h, note(cp, extra=flip(broken, -10))))
    case("size edited", "not authentic",
         good.replace(f"\n{len(h)}\n", f"\n{len(h) + 1}\n"))
    case("extra after index", "bad format",
         good.replace("index 7\n", "index 7\nextra b3BhcXVl\n"))
    case("extra twice", "bad format",
         good.replace("index", "extra b3BhcXVl\nextra b3BhcXVl\nindex"))
    case("another version", "bad format", good.replace("@v1", "@v2", 1))
    case("CRLF", "bad format", good.replace("\n", "\r\n"))
    case("empty line at the end", "bad format", good + "\n")
    case("garbage at the end", "bad format", good + "x\n")
    case("no checkpoint", "truncated", proof(7, h, ""))
    return {"policy": POLICY, "log_seed": LOG.seed.hex(),
            "witness_seeds": [w.seed.hex() for w in WITNESS],
            "entry": rec, "cases": cases}


def merkle():
    h = [leaf_hash(bytes([i])) for i in range(12)]
    return {
        "what": "leaf i is the byte i; hashes in hex",
        "roots": [root(h[:n]).hex() for n in range(13)],
        "inclusion": [{"size": n, "index": i,
                       "path": [x.hex() for x in path(h[:n], i)]}
                      for n in range(1, 13) for i in range(n)],
        "consistency": [{"size": n, "old": m,
                         "proof": [x.hex() for x in consistency(h[:n], m)]}
                        for n in range(1, 13) for m in range(1, n + 1)]}


# ---- Output ------------------------------------------------------------------

def page(recs):
    out = ["# Samples of the release log", "",
           "Written by `tools/gen/tlog_vectors.py`; the same samples, with more",
           "besides, are in `tests/vectors/tlog/`. All keys are test keys: the",
           "seed is SHA-256 of `confer test key <name>`. Never trust them.", "",
           "Release keys, of which 2 of 3 must sign:", "", "```"]
    out += [k["vkey"] for k in recs["keys"]] + ["```", ""]
    for c in recs["cases"]:
        out += [f"## {c['name']}", "", "The entry, byte for byte:", "", "```",
                c["entry"].rstrip("\n"), "```", "",
                f"Leaf hash `{c['leaf_hash']}`.", ""]
    out += ["## A trust policy and a proof under it", "", "```",
            POLICY.rstrip("\n"), "```", "",
            "The proof that the image above is entry 7 of 13 (judged at "
            f"{NOW}):", "", "```",
            proofs()["cases"][0]["proof"].rstrip("\n"), "```", ""]
    return "\n".join(out)


def main():
    recs = records()
    files = {os.path.join(OUT, n + ".json"):
             json.dumps(v, indent=1, ensure_ascii=True) + "\n"
             for n, v in (("records", recs), ("proofs", proofs()),
                          ("merkle", merkle()))}
    files[os.path.join(ROOT, "docs", "log-vectors.md")] = page(recs)
    stale = 0
    for path_, text in files.items():
        if "--check" in sys.argv:
            with open(path_, encoding="utf-8") as f:
                if f.read() != text:
                    print(os.path.relpath(path_, ROOT) + ": not up to date")
                    stale = 1
            continue
        os.makedirs(os.path.dirname(path_), exist_ok=True)
        with open(path_, "w", encoding="utf-8") as f:
            f.write(text)
    return stale


if __name__ == "__main__":
    sys.exit(main())
