"""The enclave on machines with a TEE, whose kernel is played: what it asks for,
what it shows, and what it refuses. Certificates and lists come from `confer
collateral serve`; they are only relayed, so their bytes are invented."""
import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, START_S, VECTORS, Service, check, skip  # noqa: E402
import kernel  # noqa: E402
import model  # noqa: E402

TMP = os.environ["TMPDIR"]
SOCKET = os.path.join(TMP, "enclave")
HOST = os.path.join(TMP, "host")
VCEK = bytes.fromhex("63da758de6644564adc5f4b93be8accd")
SNP, TDX = 1, 2


def snp_report(report_data, key):
    """Signed by `key` as a chip would: AMD 56860, ATTESTATION_REPORT."""
    r = bytearray(1184)
    struct.pack_into("<I", r, 0x00, 3)            # VERSION
    struct.pack_into("<Q", r, 0x08, 0x30000)      # POLICY
    struct.pack_into("<I", r, 0x34, 1)            # SIG_ALGO
    r[0x50:0x90] = report_data
    r[0x188:0x18A] = bytes([0x19, 0x11])          # a Genoa
    r[0x1A0:0x1E0] = hashlib.sha512(b"chip").digest()
    signed = os.path.join(TMP, "signed")
    with open(signed, "wb") as f:
        f.write(r[:0x2A0])
    der = subprocess.run(["openssl", "dgst", "-sha384", "-sign", key, signed],
                         capture_output=True, check=True).stdout
    at = 2
    for place in (0x2A0, 0x2E8):                  # two INTEGERs
        n = der[at + 1]
        number = int.from_bytes(der[at + 2:at + 2 + n], "big")
        r[place:place + 48] = number.to_bytes(48, "little")
        at += 2 + n
    return bytes(r)


def table(guid, cert):
    """The host's certificate table: GHCB, SNP Extended Guest Request."""
    return (guid + struct.pack("<II", 48, len(cert)) + bytes(24) + cert +
            bytes(100))


def put(directory, **files):
    os.makedirs(directory, exist_ok=True)
    for name, content in files.items():
        with open(os.path.join(directory, name.replace("_", ".")), "wb") as f:
            f.write(content)


class Host:
    """`confer collateral serve` on the Unix socket `at`."""

    def __init__(self, serve, at):
        self.log = at + ".log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [f"{BIN}/confer", "collateral", "serve", "--dir", serve,
                 "--listen", "unix:" + at],
                stdin=subprocess.DEVNULL, stderr=log)
        end = time.monotonic() + START_S
        while not os.path.exists(at) and time.monotonic() < end:
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(timeout=30) == 0,
              "confer collateral stops when told")

    def said(self):
        with open(self.log, encoding="utf-8") as f:
            return f.read()


class Enclave(kernel.Tsm):
    def __init__(self, answer, *options, provider=b"sev_guest"):
        root = os.path.join(TMP, "tsm")
        records = os.path.join(TMP, "records")
        os.makedirs(root, exist_ok=True)
        os.makedirs(records, exist_ok=True)
        self.log = os.path.join(TMP, "enclave.log")
        super().__init__(
            [f"{BIN}/confer-enclave", "--listen", "unix:" + SOCKET, "--model",
             model.path(), "--records", records, "--tsm-dir", root,
             "--threads", "1", *options], root, answer, provider, self.log)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def ready(self):
        end = time.monotonic() + START_S
        while " ready " not in self.said():
            if os.waitpid(self.pid, os.WNOHANG)[0] or time.monotonic() > end:
                check(False, "it serves: " + self.said())
            time.sleep(0.02)
        return self

    def evidence(self):
        """(the channel's key, {section: bytes})"""
        p = subprocess.run(["node", "tests/e2e/lib/evidence.mjs", SOCKET],
                           capture_output=True, timeout=60, check=True)
        shown = json.loads(p.stdout)
        bundle, at, section = bytes.fromhex(shown["bundle"]), 1, {}
        while at < len(bundle):
            n = int.from_bytes(bundle[at + 1:at + 4], "big")
            section[bundle[at]] = bundle[at + 4:at + 4 + n]
            at += 4 + n
        return bytes.fromhex(shown["key"]), section

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        check(self.wait() == 0, "it stops when told")


def parts(container):
    check(container[0] == 1, "a container of version 1")
    at, got = 1, {}
    while at < len(container):
        n = int.from_bytes(container[at + 1:at + 4], "big")
        got[container[at]] = container[at + 4:at + 4 + n]
        at += 4 + n
    return got


def refused(enclave, why):
    status = enclave.wait()
    check(why in enclave.said(), f"it says why ({why}): {enclave.said()}")
    check(status != 0 and " ready " not in enclave.said(),
          f"and does not serve (exit {status})")
    check(os.listdir(enclave.root) == [], "and leaves no request behind")


def verify_refuses(trust):
    """No client believes a chip that its maker does not vouch for."""
    p = subprocess.run(
        [f"{BIN}/confer", "verify", "unix:" + SOCKET, "--trust", trust,
         "--accept-simulated", "--home", TMP + "/client"],
        capture_output=True, text=True, check=False)
    check(p.returncode == 2 and "Refused, nothing was sent" in p.stdout,
          f"a client refuses it: {p.stdout}{p.stderr}")


def snp(key, serve, trust):
    def answer(question):
        asked.append(question)
        return snp_report(question, key), table(VCEK, b"the table's VCEK")

    asked = []
    put(serve, vcek_der=b"a VCEK", ask_der=b"an ASK", crl_der=b"a list")
    e = Enclave(answer, "--collateral", "unix:" + HOST).ready()
    check("source kind=2 tee=1" in e.said(), "configfs-tsm was found: snp")
    s_pub, section = e.evidence()
    check(section[1] == bytes([SNP]), "the evidence is of SEV-SNP")
    check(section[2][0x50:0x90] == asked[-1], "its report answers the question")
    check(hashlib.sha512(b"confer tee-key v1\0" + struct.pack(">H", 32) +
                         s_pub + section[5]).digest() == asked[-1],
          "which binds the channel's key")
    check(parts(section[3]) == {1: b"the table's VCEK", 2: b"an ASK"},
          "the host's table comes first, and the side channel fills gaps")
    check(parts(section[4]) == {3: b"a list"}, "the list is from there")
    check(len(e.made) == 2 and e.removed == 2 and os.listdir(e.root) == [],
          "each request had a directory of its own, and none is left")
    with open(f"/proc/{e.pid}/status", encoding="ascii") as f:
        check("Seccomp:\t2" in f.read(), "and it is confined")
    verify_refuses(trust)
    e.stop()


def tdx():
    """A real quote, its REPORT_DATA changed, and Intel's real collateral."""
    def answer(question):
        return quote[:568] + question + quote[632:], b""

    path = os.path.join(VECTORS, "attest/tdx/v4-uptodate-b0c06f/quote.bin")
    serve = os.path.join(VECTORS, "attest/tdx/coll-b0c06f-2025-06")
    if not os.path.exists(path):
        print(f"SKIP: {path} is not on this machine")
        return
    with open(path, "rb") as f:
        quote = f.read()
    at = os.path.join(TMP, "intel")
    with Host(serve, at):
        e = Enclave(answer, "--collateral", "unix:" + at,
                    provider=b"tdx_guest").ready()
        check("source kind=2 tee=2" in e.said(), "configfs-tsm was found: tdx")
        _, section = e.evidence()
        check(section[1] == bytes([TDX]) and 3 not in section,
              "the evidence is of TDX, without an endorsement")
        check(section[2][:568] == quote[:568], "it shows the quote")
        want = {}
        for part, name in enumerate(
                ("tcb_info.json", "qe_identity.json", "tcb_signing_chain.pem",
                 "root_ca.crl.der", "pck.crl.der"), 4):
            with open(os.path.join(serve, name), "rb") as f:
                want[part] = f.read()
        check(parts(section[4]) == want, "and Intel's collateral, unchanged")
        e.stop()
    refused(Enclave(answer, provider=b"tdx_guest"),
            "evidence of tdx needs Intel's collateral: give --collateral")


def recorded():
    """A real report, but of another moment."""
    path = os.path.join(VECTORS, "attest/sev-snp/milan-v3-vcek-dstack/"
                        "report.bin")
    if not os.path.exists(path):
        print(f"SKIP: {path} is not on this machine")
        return
    with open(path, "rb") as f:
        report = f.read()
    e = Enclave(lambda question: (report, b""), "--collateral",
                "unix:" + HOST)
    refused(e, "tsm: the report is about another REPORT_DATA than the one "
            "asked for")


def kinds(key, serve):
    def answer(question):
        return snp_report(question, key), b""

    refused(Enclave(answer, "--tee", "tdx"),
            "this machine's TEE is snp, and not tdx as demanded")
    refused(Enclave(answer, provider=b"another_guest"),
            "a provider other than sev_guest and tdx_guest")
    refused(Enclave(answer), "the host gave no VCEK: put it into its "
            "certificate table, or serve it to --collateral")
    refused(Enclave(answer, "--collateral", "unix:" + TMP + "/nobody"),
            "nothing listens on unix:")
    for name in os.listdir(serve):
        os.unlink(os.path.join(serve, name))
    refused(Enclave(answer, "--collateral", "unix:" + HOST),
            "the host has no collateral for this kind of TEE")
    refused(Enclave(lambda question: (b"short", b"")), "SNP report")


def main():
    if not kernel.available():
        skip("no kernel can be played on this machine")
    if shutil.which("openssl") is None:
        skip("there is no openssl to sign reports with")
    key, serve = os.path.join(TMP, "key.pem"), os.path.join(TMP, "serve")
    subprocess.run(["openssl", "ecparam", "-name", "secp384r1", "-genkey",
                    "-noout", "-out", key], check=True)
    put(serve)
    service = Service(*model.options())
    with Host(serve, HOST) as host:
        snp(key, serve, os.path.join(service.home, "up", "trust"))
        recorded()
        kinds(key, serve)
    service.stop()
    chip = hashlib.sha512(b"chip").hexdigest()
    check(f"snp Genoa VCEK, CHIP_ID {chip}, REPORTED_TCB 0000000000000000: "
          "gave " in host.said(), "and has said for which chip it was asked")
    check("there is nothing in the directory" in host.said(),
          "and what was missing")
    tdx()


main()
