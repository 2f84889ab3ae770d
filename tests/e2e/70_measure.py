"""`confer measure`: against a second implementation, and its mistakes."""
import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, VECTORS, check  # noqa: E402
import launch  # noqa: E402

TMP = os.environ["TMPDIR"]
CMDLINE = b"console=ttyS0 quiet"
INITRD = b"initrd\n"
# Debian's ovmf-amdsev 2026.08+ds-2, with digests by sev-snp-measure.
AMDSEV = "/usr/share/ovmf/OVMF.amdsev.fd"
AMDSEV_SHA256 = \
    "3e4fd0b3fe3b2dbe481c3d9e99418a034174f26cbe1f55aa212b0f18c12d2d6f"
AMDSEV_DIGESTS = {
    1: "46f275d3415c95014c5038c9c284cec08d34869349e974b6"
       "2429659bc9b97607faddfa2279bdf381ae3e4b077cbfe707",
    4: "3e7479e7b8edd12f49746c985f0cb40d864fdc2fa4a0c6fd"
       "641be05064b96f267cebe7a99a3836b14a4afb9e0cd4be33"}
KEY = """-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAENOkBFIrrDE+VjXjN7Bqvke3wdrCV1/Aj
WNFoawB+p6vpw77eTrJh0Hqi9jZM/YUDb0wYg22A0XFCVXmhqbIKnmfGZWpwIlKg
yn4fRNBya3i5/jWBuo+8Q14y73hu7/0g
-----END PUBLIC KEY-----
"""


def put(name, data):
    path = os.path.join(TMP, name)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path


FIRMWARE = put("firmware", launch.firmware())
KERNEL = put("kernel", launch.kernel(signed=24))
INITRD_FILE = put("initrd", INITRD)
CMDLINE_FILE = put("cmdline", CMDLINE + b"\n")
ACPI = [x for n in ("loader", "rsdp", "tables")
        for x in (f"--acpi-{n}", put(f"acpi-{n}", launch.acpi(n)))]
FILES = ["--firmware", FIRMWARE, "--kernel", KERNEL, "--initrd", INITRD_FILE,
         "--append", CMDLINE.decode()]
VCPUS = ["--vcpus", "1", "--vcpu-type", "EPYC-v4"]


def measure(*args):
    """(exit status, stdout, stderr)"""
    p = subprocess.run([f"{BIN}/confer", "measure", *args],
                       stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=60, check=False)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def measure_json(*args):
    status, out, err = measure(*args, "--json")
    if status != 0 or err:
        check(False, f"measure {args}: {out}{err}")
    return json.loads(out)


def refused(status, why, *args):
    got, out, err = measure(*args)
    check(got == status and why in err and err.count("\n") == 1 and not out,
          f"exit {status}: {err.strip()}")


def snp():
    blobs = launch.kernel(signed=24), INITRD, CMDLINE
    for n in (1, 4):
        want = launch.snp(launch.firmware(), blobs, n).hex()
        status, out, err = measure("snp", *FILES, "--vcpus", str(n),
                                   "--vcpu-type", "EPYC-v4", "--quiet")
        check(status == 0 and not err and
              out == f"snp {n} EPYC-v4 {want} policy 0000000000030000\n",
              f"the record's line for {n} vCPUs")
    status, out, _ = measure("snp", *FILES, *VCPUS)
    check(status == 0 and "MEASUREMENT" in out and
          "Line of the release record:\nsnp 1 EPYC-v4 " in out,
          "for people, with what was measured")
    got = measure_json("snp", "--firmware", FIRMWARE, "--vcpus", "2",
                       "--vcpu-sig", "0xa00f11", "--guest-features", "0x21",
                       "--policy", "0x20000")
    want = launch.snp(launch.firmware(), None, 2, 0x21, 0xA00F11).hex()
    check(got["measurement"] == want and got["record"] ==
          f"snp 2 0x00a00f11 {want} policy 0000000000020000" and
          got["unproven"] == [], "without a kernel, vCPUs by signature")
    one = measure_json("snp", *FILES, *VCPUS)
    other = measure_json("snp", "--firmware", FIRMWARE, "--kernel", KERNEL,
                         "--initrd", INITRD_FILE, "--append-file",
                         CMDLINE_FILE, *VCPUS)
    check(one == other, "the command line from a file, without its LF")
    check(measure_json("snp", *FILES, *VCPUS, "--vmm", "gce")["unproven"] ==
          ["measurement"], "other VMMs are named unproven")
    again = measure_json("snp", "--inputs",
                         put("snp.json", json.dumps(one["inputs"])))
    check(again == one, "--inputs takes what --json gives")


def id_block():
    got = measure_json("snp", *FILES, *VCPUS, "--id-key", put("key", KEY),
                       "--policy", "0x30000")
    check(got["id_block"] == got["measurement"] + "00" * 32 + "01000000" +
          "00000000" + "0000030000000000", "the ID block")
    check(got["id_key_digest"].startswith("9678726f7ff72034e33a77b31c98c13b")
          and "author_key_digest" not in got, "the digest of its key")
    refused(2, "BEGIN PUBLIC KEY", "snp", *FILES, *VCPUS, "--author-key",
            CMDLINE_FILE)


def tdx():
    fw, pe = launch.firmware(), launch.kernel(signed=24)
    full = ["tdx", *FILES, "--memory", "2048", *ACPI]
    want = {"rtmr0": launch.rtmr0(fw, 2 << 30).hex(),
            "rtmr1": launch.rtmr1(pe).hex(),
            "rtmr2": launch.rtmr2(CMDLINE, INITRD).hex()}
    for order in ("two-pass", "single-pass"):
        got = measure_json(*full, "--page-order", order)
        mrtd = launch.mrtd(fw, order == "two-pass").hex()
        check(got["mrtd"] == mrtd and all(
            got[k] == v for k, v in want.items()), f"all four, {order}")
        check(got["unproven"] == ["mrtd", "rtmr0"], "what is unproven")
        check(measure_json("tdx", "--inputs", put(
            "tdx.json", json.dumps(got["inputs"])))["record"] ==
            got["record"], "--inputs takes what --json gives")
    status, out, err = measure(*full, "--shape", "q35-2g", "--attributes",
                               "0x1010000000", "--xfam", "0xe7", "--quiet")
    check(status == 0 and not err and out ==
          f"tdx q35-2g mrtd {mrtd} rtmr0 {want['rtmr0']} rtmr1 "
          f"{want['rtmr1']} rtmr2 {want['rtmr2']} rtmr3 {'0' * 96} "
          "attributes 0000001010000000 xfam 00000000000000e7\n",
          "the record's line")
    status, out, _ = measure(*full)
    check(status == 0 and "real firmware: MRTD, RTMR0. Check" in out,
          "what is unproven is said")
    status, out, _ = measure("tdx", "--firmware", FIRMWARE)
    check(status == 0 and "needs the size of memory" in out and
          "needs a kernel" in out and "No line" in out,
          "what is missing is said")
    got = measure_json("tdx", "--firmware", FIRMWARE, "--kernel", KERNEL,
                       "--append", "quiet")
    check(got["rtmr2"] == launch.rtmr2(b"quiet", None).hex() and
          "record" not in got, "without an initrd")
    old = put("linux", launch.linux())
    for memory in (1024, 4096):
        got = measure_json("tdx", "--firmware", FIRMWARE, "--kernel", old,
                           "--initrd", INITRD_FILE, "--append", "quiet",
                           "--memory", str(memory), "--kernel-header", "qemu")
        check(got["rtmr1"] == launch.rtmr1(launch.patched(
            launch.linux(), len(INITRD), memory << 20)).hex(),
            f"a kernel as an old QEMU changes it, {memory} MiB")
        check(got["unproven"] == ["mrtd", "rtmr1"], "and that is unproven")
    got = measure_json("tdx", "--firmware", FIRMWARE, "--kernel", old,
                       "--append", "quiet", "--kernel-header", "file")
    check(got["rtmr1"] == launch.rtmr1(launch.linux()).hex(),
          "or as it is")
    empty = measure_json("tdx", "--firmware", FIRMWARE, "--kernel", old,
                         "--initrd", put("empty", b""), "--append", "quiet")
    check(empty == got, "an empty initrd is none")
    refused(2, "no line for a release record", "tdx", "--firmware", FIRMWARE,
            "--quiet")


def hostile():
    fw = launch.firmware()
    bare = put("bare", launch.firmware(
        sev=[s for s in launch.SEV_SECTIONS if s[2] != launch.KERNEL_HASHES],
        hash_area=0))
    refused(2, "would not be measured", "snp", "--firmware", bare, *FILES[2:],
            *VCPUS)
    status, _, _ = measure("snp", "--firmware", bare, *VCPUS)
    check(status == 0, "without a kernel that firmware is measured")
    for kind, more in (("snp", VCPUS), ("tdx", [])):
        refused(2, "firmware", kind, "--firmware", put("cut", fw[:-1]), *more)
        refused(2, "outside", kind, "--firmware",
                put("short", fw[-1024:]), *more)
        refused(2, "firmware of 0 bytes", kind, "--firmware", put("none", b""),
                *more)
        refused(2, "cannot open", kind, "--firmware", TMP + "/absent", *more)
    refused(2, "no PE file", "tdx", "--firmware", FIRMWARE, "--kernel",
            INITRD_FILE, "--append", "x")
    refused(2, "ASCII", "tdx", *FILES[:-1], "caf\u00e9")
    refused(2, "at most 4096", "snp", *FILES[:-1], "x" * 4097, *VCPUS)
    refused(2, "zero byte", "snp", *FILES[:-2], "--append-file",
            put("zero", b"a\0b"), *VCPUS)
    refused(2, "memory of 8 MiB", "tdx", *FILES, "--memory", "8")
    refused(2, "DEBUG", "snp", *FILES, *VCPUS, "--policy", "0xb0000")
    refused(2, '"rom" is not known', "snp", "--inputs",
            put("rom.json", '{"rom":1}'))
    refused(2, "offset 1", "tdx", "--inputs", put("cut.json", "{"))
    status, out, _ = measure("snp", *FILES, "--json")
    check(status == 1 and "--vcpus" in json.loads(out)["error"]["message"],
          "a mistake in JSON")


def usage():
    refused(1, "`snp` or `tdx`", "sgx")
    refused(1, "`snp` or `tdx`")
    refused(1, "--firmware FILE, or --inputs", "snp", *VCPUS)
    refused(1, "--vcpus N", "snp", *FILES)
    refused(1, "up to 4096", "snp", *FILES, "--vcpus", "4097")
    refused(1, "up to 4096", "snp", *FILES, "--vcpus", "0x")
    refused(1, "--vcpus N", "snp", *FILES, "--vcpus", "0")
    refused(1, "--vcpu-type NAME", "snp", *FILES, "--vcpus", "1")
    refused(1, "not known", "snp", *FILES, "--vcpus", "1", "--vcpu-type", "X")
    refused(1, "signature 0x800f12", "snp", *FILES, *VCPUS, "--vcpu-sig", "1")
    refused(1, "qemu, ec2 or gce", "snp", *FILES, *VCPUS, "--vmm", "xen")
    refused(1, "goes with a --kernel", "snp", "--firmware", FIRMWARE,
            "--append", "x", *VCPUS)
    refused(1, "exclude each other", "snp", *FILES, "--append-file",
            CMDLINE_FILE, *VCPUS)
    refused(1, "takes the place", "snp", "--inputs", KERNEL, *FILES)
    refused(1, "says which vCPUs", "snp", "--inputs", KERNEL, *VCPUS)
    refused(1, "says how much memory", "tdx", "--inputs", KERNEL, "--memory",
            "1")
    refused(1, "file or qemu", "tdx", *FILES, "--kernel-header", "x")
    refused(2, "no HdrS", "tdx", *FILES, "--kernel-header", "qemu")
    refused(1, "two-pass or single-pass", "tdx", *FILES, "--page-order", "x")
    refused(1, "--shape wants", "tdx", *FILES, "--shape", "a b")
    refused(1, "option of `confer measure tdx`", "snp", *FILES, *VCPUS,
            "--memory", "1")
    refused(1, "option of `confer measure snp`", "tdx", *FILES, "--policy",
            "0x30000")


def real():
    """What others computed or hardware signed, where it is here."""
    for kind, name in (("snp", "snp-real-dstack"),
                       ("tdx", "tdx-real-directboot")):
        path = os.path.join(VECTORS, f"attest/measure/{name}.json")
        if not os.path.exists(path):
            print(f"     ({path} is not on this machine)")
            continue
        with open(path, encoding="utf-8") as f:
            case = json.load(f)
        got = measure_json(kind, "--inputs",
                           put("real.json", json.dumps(case["inputs"])))
        if kind == "snp":
            check(got["measurement"] == case["expected_measurement"],
                  "a report signed by AMD")
        else:
            check(all(got[k] == case["expected"][k]
                      for k in ("mrtd", "rtmr1", "rtmr2")),
                  "a quote signed by Intel")
    if not os.path.exists(AMDSEV):
        print(f"     ({AMDSEV} is not on this machine)")
        return
    with open(AMDSEV, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != AMDSEV_SHA256:
            print(f"     ({AMDSEV} is of another version)")
            return
    for n, want in AMDSEV_DIGESTS.items():
        got = measure_json("snp", "--firmware", AMDSEV, "--kernel",
                           put("k", "kernel\n"), "--initrd", INITRD_FILE,
                           "--append", "console=ttyS0", "--vcpus", str(n),
                           "--vcpu-type", "EPYC-v4")
        check(got["measurement"] == want, f"OVMF of Debian, {n} vCPUs")


snp()
id_block()
tdx()
hostile()
usage()
real()
