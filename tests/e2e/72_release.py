"""`confer release`: keys, records, signers who do not meet, and what a client
says of it; a record that was tampered with, or that too few signed, is refused."""
import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, Service, check  # noqa: E402

TMP = os.environ["TMPDIR"]
NOW = "1800000000"
DAY = 86400


def path(name):
    return os.path.join(TMP, name)


def put(name, data):
    with open(path(name), "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path(name)


def get(name):
    with open(path(name), encoding="utf-8") as f:
        return f.read()


def release(*args, stdin=b""):
    """(exit status, stdout, stderr)"""
    p = subprocess.run([f"{BIN}/confer", "release", *args], input=stdin,
                       capture_output=True, timeout=60, check=False)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def works(*args, **kwargs):
    status, out, err = release(*args, **kwargs)
    if status != 0:
        check(False, f"confer release {' '.join(args)} says {err!r}")
    return out


def refused(what, why, *args, status=2):
    got, out, err = release(*args)
    check(got == status and why in out + err,
          f"{what} ({why!r}) {'' if got == status else (got, out, err)}")


def make(kind, name, *args):
    works("make", kind, "--now", NOW, "-o", path(name), *args)
    return path(name)


def sign(name, *keys):
    for k in keys:
        works("sign", "--key", path(f"key{k}"), path(name))


# ---- keys, and a client's trust file -------------------------------------------
vkeys = [works("key", f"example.org/release-{n}", path(f"key{n}")).strip()
         for n in (1, 2, 3)]
rebuilder = works("key", "rebuild.example.net", path("key4")).strip()
check(os.stat(path("key1")).st_mode & 0o777 == 0o600, "only we may read a key")
refused("a key is not overwritten", "key1", "key", "other", path("key1"))
log = works("key", "log.example.org", path("key-log")).strip()
trust = put("trust", "confer-trust/v1\nproduct confer\nchannel stable\nlocal\n"
            + "".join(f"release-key {v}\n" for v in vkeys)
            + f"threshold 2\nrebuilder-key {rebuilder}\n\nlog {log}\nquorum none\n")
CHECK = ("--trust", trust, "--now", NOW)

# ---- an image with two launches and two models ----------------------------------
snp = put("snp", "".join(f"snp {n} EPYC-v4 {c * 96} policy 0000000000030000\n"
                         for n, c in ((4, "a"), (16, "b"))))
tdx = put("tdx", "tdx q35 mrtd " + "1" * 96
          + "".join(f" rtmr{i} " + str(i) * 96 for i in range(4))
          + " attributes 0000000010000000 xfam 00000000000602e7\n")
image = make("image", "image", "--product", "confer", "--seq", "1",
             "--version", "1.4.0", "--source", "https://example.org/c.git",
             "--commit", "a" * 40, "--tree", "b" * 40,
             "--recipe", put("recipe", "how"), "--builder",
             "sha256:" + "c" * 64, "--file", "kernel=" + put("k", "kernel"),
             "--file", "initrd=" + put("i", "initrd"), "--file-verity",
             "rootfs=4096:" + "d" * 64, "--measured", tdx, "--measured", snp,
             "--model", "zeta=" + put("m1", "one"),
             "--model", "alpha=" + put("m2", "two"))
lines = get("image").splitlines()
keywords = [x.split()[0] for x in lines]
check(keywords == ["confer-release/v1", "kind", "product", "channel", "seq",
                   "issued", "not-before", "not-after", "version", "source",
                   "recipe", "builder", "file", "file", "file", "snp", "snp",
                   "tdx", "model", "model"], "lines stand in their order")
check([x.split()[1] for x in lines if x.startswith("model ")] ==
      ["alpha", "zeta"], "models by name")
check(lines[15].startswith("snp 16 "), "launches in the order of bytes")
refused("unsigned", "nobody has signed", "check", image, *CHECK)

sign("image", 1)
refused("one signature of two", "needs 2", "check", image, *CHECK)
refused("the same signer twice", "signed it already", "sign", "--key",
        path("key1"), image)
sign("image", 3)
out = works("check", image, *CHECK)
check("2 of 3 release keys, 2 needed" in out and "not all was checked" in out,
      "two of three are enough, and the log was not asked")
works("check", image, "--now", NOW, "--signer", vkeys[0], "--signer", vkeys[2])
refused("a signer who has not signed", "signed by 1 of 2", "check", image,
        "--signer", vkeys[0], "--signer", vkeys[1], "--now", NOW)

# ---- every byte counts -----------------------------------------------------------
whole = get("image").encode()
for at in (whole.index(b"a" * 96) + 5, whole.index(b"seq 1") + 4,
           len(whole) - 3, whole.index(b"not-after") + 12):
    bad = bytearray(whole)
    bad[at] = ord("9") if bad[at] != ord("9") else ord("8")
    status, out, err = release("check", put("bad", bytes(bad)), *CHECK)
    check(status == 2, f"byte {at} changed: {(out + err).splitlines()[1:2]}")
refused("later than its end", "valid until", "check", image, "--trust", trust,
        "--now", str(int(NOW) + 180 * DAY))
out = works("check", image, "--trust", trust, "--now",
            str(int(NOW) + 179 * DAY))
check("Monitors" in out and "24 hours" in out, "its last day is an alarm")

# ---- show ------------------------------------------------------------------------
out = works("show", image, "--now", NOW)
check("image 1 of confer/stable, version 1.4.0" in out and
      "2027-01-15 08:00 UTC" in out and max(map(len, out.splitlines())) <= 80,
      "a summary for people, of 80 columns")
whole_json = json.loads(works("show", image, "--json"))
check(whole_json["snp"][1]["measurement"] == "a" * 96 and
      len(whole_json["signatures"]) == 2 and
      whole_json["models"][0]["name"] == "alpha", "and all of it as JSON")

# ---- the next one ------------------------------------------------------------------
make("image", "next", "--from", image, "--version", "1.4.1", "--file",
     "kernel=" + put("k", "kernel 2"), "--supersedes", "1")
later = json.loads(works("show", path("next"), "--json"))
check((later["seq"], later["version"], len(later["files"]), later["signatures"])
      == (2, "1.4.1", 3, []) and later["tdx"] == whole_json["tdx"] and
      later["files"][1]["digest"] != whole_json["files"][1]["digest"],
      "the next record starts from the last")

# ---- policy -------------------------------------------------------------------------
leaf = whole_json["leaf_hash"]
make("policy", "policy", "--product", "confer", "--seq", "41", "--min-seq",
     "image=2", "--revoke", image, "--tcb-snp", "genoa:10:0:23:84",
     "--tcb-tdx", "18", "--chip", "e" * 128 + ":30")
sign("policy", 1, 2)
out = works("check", path("policy"), *CHECK)
check("2 of 3" in out and "Monitors" not in out, "a policy, by two signers")
check(f"revoked {leaf}\n" in get("policy") and
      f"chip {'e' * 128} {int(NOW) + 30 * DAY}\n" in get("policy") and
      "min-seq image confer stable 2\n" in get("policy") and
      "hardware listed\n" in get("policy"), "says what was asked for")

# ---- rebuild ------------------------------------------------------------------------
make("image", "mine", "--from", image)
works("make", "rebuild", "--release", image, "--result-of", path("mine"),
      "--rebuilder", "example.net", "--seq", "1", "-o", path("rebuild"))
made = json.loads(works("make", "rebuild", "--release", image, "--result-of",
                        path("next"), "--rebuilder", "example.net", "--seq",
                        "1", "--json"))
check(made["identical"] is False, "another kernel is another result")
sign("rebuild", 4)
out = json.loads(works("check", path("rebuild"), "--signer", rebuilder,
                       "--json"))
works("check", path("rebuild"), "--trust", trust)
check(out["accepted"] is None and out["checks"][1]["result"] == "passed",
      "a rebuild is signed by its rebuilder")
check(f"release {leaf}\n" in get("rebuild"), "and names the release")

# ---- into a log, and back with a proof ---------------------------------------------------
subprocess.run([f"{BIN}/confer-log", "init", path("log"), "--key",
                path("key-log"), "--trust", trust], check=True,
               stdout=subprocess.DEVNULL)
subprocess.run([f"{BIN}/confer-log", "append", path("log"), image, "--proofs",
                TMP, "--now", NOW], check=True, stdout=subprocess.DEVNULL)
out = works("check", image, "--proof", image + ".proof", *CHECK)
check("entry 0 of 1 in log.example.org" in out and
      "A client with this trust file accepts it." in out,
      "what a log took, a client accepts")
make("image", "second", "--from", image, "--log", path("log/public"))
check("\nseq 2\n" in get("second"), "and the log says what comes next")

# ---- help ----------------------------------------------------------------------------
for topic in ("", "up", "ask", "chat", "verify", "measure", "attest",
              "collateral", "release"):
    out = subprocess.run([f"{BIN}/confer", "help", *topic.split()], check=True,
                         capture_output=True).stdout.decode()
    check(max(map(len, out.splitlines())) <= 80, f"help {topic} fits a terminal")

# ---- mistakes are named with their option ---------------------------------------------
for args, why in (
        (["--measured", put("x", "hello\n")], "line 1 of"),
        (["--file", "kernel"], "--file wants ROLE=PATH"),
        (["--sim", "abc"], "--sim: "),
        (["--sim", "a" * 96, "--sim", "a" * 96], "is there twice"),
        (["--sim", "a" * 96, "--days", "181"], "--days wants"),
        (["--chip", "a:1"], "an option of `confer release make policy`")):
    refused("a mistake", why, "make", "image", "--product", "p", "--seq", "1",
            "--version", "1", *args, status=1)
status, out, err = release("make", "image", "--json")
check(status == 1 and json.loads(out)["error"]["code"] == "usage" and not err,
      "in JSON as well")

# ---- with its log: what `confer up` has published ------------------------------------
service = Service()
up = os.path.join(service.home, "up")
records = os.path.join(up, "records")
status, out, err = release("check", f"{records}/image.record", "--trust",
                           f"{up}/trust", "--proof", f"{records}/image.proof")
check(status == 0 and "A client with this trust file accepts it." in out,
      f"a record in a log, by its proof {err}")
status, out, err = release("check", f"{records}/image.record", "--trust",
                           f"{up}/trust", "--proof", f"{records}/policy.proof")
check(status == 2 and "Clients refuse it" in out,
      "the proof of another record is refused")
with open(f"{up}/trust", encoding="ascii") as f:
    channel = next(x.split()[1] for x in f if x.startswith("channel "))
made = json.loads(works("make", "image", "--product", "confer", "--channel",
                        channel, "--version", "2", "--sim", "a" * 96, "--log",
                        f"{up}/log/public", "--json"))
check(made["seq"] == 2, "the log says which number comes next")
service.stop()

# ---- which program is this ------------------------------------------------------------
with open(f"{BIN}/confer", "rb") as f:
    own = hashlib.sha256(f.read()).hexdigest()
out = subprocess.run([f"{BIN}/confer", "--version"], capture_output=True,
                     check=True).stdout.decode()
told = json.loads(subprocess.run([f"{BIN}/confer", "--version", "--json"],
                                 capture_output=True, check=True).stdout)
check(f"sha256:{own}\n" in out and told["sha256"] == own,
      "confer --version says which bytes it has")
make("client", "client", "--product", "confer", "--seq", "1", "--version",
     told["version"], "--file", f"confer-linux-x86_64={BIN}/confer")
check(f"sha256:{own}\n" in get("client"), "as a client record names them")
