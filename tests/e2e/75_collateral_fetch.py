"""`confer collateral fetch`: recorded collateral of real machines from a service
of our own, and services that do what none should."""
import calendar
import json
import os
import pty
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
import warnings

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, VECTORS, check, skip  # noqa: E402
from service import Authority, Rude, Service, reset  # noqa: E402

TMP = os.environ["TMPDIR"]
RSS_MAX_KB = 128 * 1024  # sanitizers, and the roots of the system: 72
HAVE_VECTORS = os.path.exists(os.path.join(VECTORS, "attest/MANIFEST.json"))
AMD_FILES = ["ask.der", "cert_chain.pem", "crl.der", "vcek.der"]


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M"))


def fetch(*args, timeout=30):
    """(exit status, stdout, stderr, peak memory in KB, seconds)"""
    out, err = (os.path.join(TMP, n) for n in ("out", "err"))
    start = time.monotonic()
    with open(out, "wb") as o, open(err, "wb") as e:
        p = subprocess.Popen([f"{BIN}/confer", "collateral", "fetch", *args],
                             stdin=subprocess.DEVNULL, stdout=o, stderr=e)
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
    took = time.monotonic() - start
    check(took < timeout, f"it ends in time ({took:.1f} s)")
    with open(out, encoding="utf-8") as o, open(err, encoding="utf-8") as e:
        return p.returncode, o.read(), e.read(), usage.ru_maxrss, took


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def vector(name):
    return read(VECTORS, "attest", name)


def der(name):
    data = vector(name)
    return data if not data.startswith(b"-----") else \
        ssl.PEM_cert_to_DER_cert(data.decode())


def contents(directory):
    return {n: read(directory, n) for n in sorted(os.listdir(directory))}


def twice(name, service, where, want, *args):
    """The first run fetches all, the second nothing."""
    status, out, err, _, _ = fetch("--dir", where, *args)
    check(status == 0 and out == "" and err == "",
          f"{name}: fetched, silent in a pipe {err.strip()}")
    check(contents(where) == want, f"{name}: the files are what was served")
    asked = len(service.asked)
    status, _, err, _, _ = fetch("--dir", where, *args)
    check(status == 0 and len(service.asked) == asked,
          f"{name}: a second run asks for nothing")


# ---- real machines ----------------------------------------------------------

def amd(product, report, leaf, tcb, hwid_len, fmc=""):
    """A service for the machine of this report."""
    data = vector(report)
    hwid = data[0x1A0:0x1A0 + hwid_len].hex()
    path = (f"/vcek/v1/{product}/{hwid}?{fmc}blSPL={tcb[0]:02}"
            f"&teeSPL={tcb[1]:02}&snpSPL={tcb[2]:02}&ucodeSPL={tcb[3]:02}")
    roots = f"sev-snp/roots/{product.lower()}"
    chain = vector(f"{roots}-vcek-cert_chain.pem")
    ask = ssl.PEM_cert_to_DER_cert(
        chain.decode().split("-----END", 1)[0] + "-----END CERTIFICATE-----\n")
    files = {"vcek.der": der(leaf), "cert_chain.pem": chain, "ask.der": ask,
             "crl.der": vector(f"{roots}.crl.der")}
    return Service({
        path: (200, {}, files["vcek.der"]),
        f"/vcek/v1/{product}/cert_chain": (200, {}, chain),
        f"/vcek/v1/{product}/crl": (200, {}, files["crl.der"])}), files


def real_amd():
    now = str(seconds("2026-08-25 12:00"))
    for product, folder, hwid_len, fmc in (
            ("Milan", "milan-v3-vcek-dstack", 64, ""),
            ("Genoa", "genoa-v3-vcek-azure", 64, ""),
            ("Turin", "turin-v5-vcek-ms", 8, "fmc")):
        report = f"sev-snp/{folder}/report.bin"
        raw = vector(report)[0x180:0x188]
        tcb = (raw[1], raw[2], raw[3], raw[7]) if fmc else \
            (raw[0], raw[1], raw[6], raw[7])
        service, files = amd(product, report, f"sev-snp/{folder}/vcek.pem",
                             tcb, hwid_len,
                             f"fmcSPL={raw[0]:02}&" if fmc else "")
        path = os.path.join(VECTORS, "attest", report)
        where = os.path.join(TMP, product)
        options = ("--for", path, "--amd-url", service.url(), "--at", now)
        twice(product, service, where, files, *options)
        expired(product, service, where, files, *options[:-1])
        if product == "Milan":
            on_a_terminal(service, *options)
            served(where, files, vector(report))
        chip = vector(report)[0x1A0:0x1E0].hex()
        status, _, err, _, _ = fetch(
            "--dir", os.path.join(TMP, product + "2"), "--product", product,
            "--chip-id", chip, "--tcb", raw.hex(),
            "--amd-url", service.url() + "/", "--at", now)
        check(status == 0, f"{product}: without a report {err.strip()}")


def on_a_terminal(service, *options):
    """Progress, and a list of what there is."""
    ours, theirs = pty.openpty()
    p = subprocess.Popen(
        [f"{BIN}/confer", "collateral", "fetch", "--dir",
         os.path.join(TMP, "tty"), *options], stdin=subprocess.DEVNULL,
        stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "vt100"})
    os.close(theirs)
    said = b""
    while True:
        try:
            data = os.read(ours, 4096)
        except OSError:  # the terminal's other side is closed
            break
        if not data:
            break
        said += data
    os.close(ours)
    said = said.decode()
    check(p.wait() == 0 and "Fetching vcek.der (3 of 3)" in said,
          "a terminal sees what is fetched")
    check(said.count("fetched") == 3 and
          "good until 2026-10-04 00:00 UTC" in said,
          "and then what there is, and until when")


def served(where, files, report):
    """What was fetched is what an enclave of that machine is given."""
    path = os.path.join(TMP, "s")
    p = subprocess.Popen([f"{BIN}/confer", "collateral", "serve", "--dir",
                          where, "--listen", "unix:" + path],
                         stderr=subprocess.PIPE)
    p.stderr.readline()  # it listens
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b"confcol\x01" + bytes([1, 1, 0]) + report[0x1A0:0x1E0] +
                  report[0x180:0x188])
        answer = b""
        while data := s.recv(65536):
            answer += data
    p.terminate()
    check(p.wait() == 0 and answer[8:12] == bytes(4) and all(
        files[n] in answer for n in ("vcek.der", "ask.der", "crl.der")),
          "`serve` hands over what `fetch` has fetched")


def expired(name, service, where, files, *options):
    """Long after, everything that has ended is asked for, and refused."""
    asked = len(service.asked)
    status, _, err, _, _ = fetch("--dir", where, *options,
                                 str(seconds("2026-10-04 00:00")))
    check(status == 2 and "crl.der has ended" in err,
          f"{name}: expired: {err.strip()}")
    check(service.asked[asked:] == [f"/vcek/v1/{name}/crl"],
          f"{name}: only the list was asked for")
    check(contents(where) == files, f"{name}: the files stay")


def vlek():
    chain = vector("sev-snp/roots/milan-vlek-cert_chain.pem")
    crl = vector("sev-snp/roots/milan.crl.der")
    service = Service({"/vlek/v1/Milan/cert_chain": (200, {}, chain),
                       "/vcek/v1/Milan/crl": (200, {}, crl)})
    report = os.path.join(VECTORS, "attest/sev-snp/milan-v3-vlek-aws/"
                          "report.bin")
    status, out, err, _, _ = fetch(
        "--json", "--for", report, "--dir", os.path.join(TMP, "vlek"),
        "--amd-url", service.url(), "--at",
        str(seconds("2026-08-25 12:00")))
    got = json.loads(out)
    check(status == 0 and err == "" and [f["file"] for f in got["files"]] ==
          ["cert_chain.pem", "crl.der"] and got["product"] == "Milan",
          "a VLEK: chain and list")
    check(os.path.exists(os.path.join(TMP, "vlek", "asvk.der")),
          "and the ASVK by its name")


def real_intel():
    now = str(seconds("2025-06-19 12:00"))
    for tee, ca, fmspc, quote, folder in (
            ("tdx", "platform", "b0c06f000000",
             "tdx/v4-uptodate-b0c06f/quote.bin", "tdx/coll-b0c06f-2025-06"),
            ("sgx", "processor", "00a067110000",
             "sgx/v3-configswhardening-00a06711/quote.bin",
             "sgx/coll-00a06711-2025-06")):
        files = {n: vector(f"{folder}/{n}") for n in (
            "tcb_info.json", "qe_identity.json", "tcb_signing_chain.pem",
            "root_ca.crl.der", "pck.crl.der", "pck_crl_issuer_chain.pem")}

        def chain(name):
            return urllib.parse.quote(files[name].decode())
        v4 = "certification/v4"
        service = Service({
            f"/{tee}/{v4}/tcb?fmspc={fmspc}": (
                200, {"TCB-Info-Issuer-Chain": chain("tcb_signing_chain.pem")},
                files["tcb_info.json"]),
            f"/{tee}/{v4}/qe/identity": (
                200, {"SGX-Enclave-Identity-Issuer-Chain":
                      chain("tcb_signing_chain.pem")},
                files["qe_identity.json"]),
            f"/sgx/{v4}/pckcrl?ca={ca}&encoding=der": (
                200, {"SGX-PCK-CRL-Issuer-Chain":
                      chain("pck_crl_issuer_chain.pem")},
                files["pck.crl.der"]),
            "/root.der": (200, {}, files["root_ca.crl.der"])})
        where = os.path.join(TMP, tee)
        options = ("--for", os.path.join(VECTORS, "attest", quote),
                   "--intel-url", service.url(), "--intel-root-crl-url",
                   service.url() + "/root.der", "--at", now)
        twice(tee, service, where, files, *options)
        wrong_platform(tee, service, where, files, fmspc, options)


def wrong_platform(tee, service, where, files, fmspc, options):
    """Real, signed, but of another platform; then a changed byte."""
    path = f"/{tee}/certification/v4/tcb?fmspc={fmspc}"
    status, headers, body = service.answers[path]
    other = vector("tdx/coll-90c06f-2025-06/tcb_info.json" if tee == "tdx"
                   else "sgx/coll-00606a-2025-08/tcb_info.json")
    for name, answer in (("of another platform", other),
                         ("changed", body.replace(b"Intel", b"intel", 1)
                          if b"Intel" in body else
                          body.replace(b'"tcbDate":"2', b'"tcbDate":"3', 1))):
        service.answers[path] = (status, headers, answer)
        code, _, err, _, _ = fetch("--refresh", "--dir", where, *options)
        check(code == 2 and "tcb_info.json was not replaced" in err and
              contents(where) == files, f"{tee}: {name}: {err.strip()}")
    service.answers[path] = (status, headers, body)


# ---- services that misbehave ------------------------------------------------

def made_report():
    """A report that names a chip; nobody signed it, nobody checks that here."""
    report = bytearray(1184)
    report[0x000], report[0x00A], report[0x034] = 3, 3, 1
    report[0x188:0x18A] = 0x19, 0x11
    report[0x1A0:0x1E0] = bytes([0xC7]) * 64
    report[0x180], report[0x186], report[0x187] = 10, 23, 84
    path = os.path.join(TMP, "report.bin")
    with open(path, "wb") as f:
        f.write(report)
    return path


def old_files():
    """A directory that must not change."""
    where = os.path.join(TMP, "old")
    shutil.rmtree(where, ignore_errors=True)
    os.mkdir(where)
    for name in AMD_FILES:
        with open(os.path.join(where, name), "wb") as f:
            f.write(b"old " + name.encode())
    return where


def hostile(name, url, want, says, *args, most=20):
    where = old_files()
    before = contents(where)
    status, out, err, rss, _ = fetch(
        "--for", REPORT, "--dir", where, "--amd-url", url, *args,
        timeout=most)
    check(status == want and out == "" and err.startswith("confer: ") and
          err.count("\n") == 1 and says in err, f"{name}: {err.strip()}")
    check(contents(where) == before, f"{name}: the old files are untouched")
    check(rss < RSS_MAX_KB, f"{name}: {rss} KB of memory")


def endless(s, start, more):
    s.sendall(start)
    while True:
        s.sendall(more)


def slowly(s):
    for c in b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello":
        s.sendall(bytes([c]))
        time.sleep(0.3)


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def rude():
    for name, behave, want, says, *args in (
            ("one byte at a time", slowly, 3, "no whole answer in time",
             "--timeout", "2"),
            ("silence", lambda s: time.sleep(20), 3, "no whole answer in time",
             "--timeout", "1"),
            ("a body without end", lambda s: endless(s, OK + b"\r\n",
                                                     bytes(65536)),
             2, "more than 65536 bytes"),
            ("a huge length", lambda s: s.sendall(
                OK + b"Content-Length: 99999999999\r\n\r\n"),
             2, "99999999999 bytes are announced"),
            ("chunks without end", lambda s: endless(
                s, CHUNKED, b"1\r\nx\r\n" * 1000), 2, "more than 65536 bytes"),
            ("an extension without end", lambda s: endless(
                s, CHUNKED + b"1;", b"x" * 65536), 2, "too long extensions"),
            ("trailers without end", lambda s: endless(
                s, CHUNKED + b"0\r\n", b"A: b\r\n" * 1000),
             2, "too long extensions or trailers"),
            ("a head without end", lambda s: endless(
                s, OK, b"A: b\r\n" * 1000), 2, "longer than 16384 bytes"),
            ("interim answers without end", lambda s: endless(
                s, b"", b"HTTP/1.1 100 Continue\r\n\r\n"), 2, "interim"),
            ("garbage", lambda s: s.sendall(os.urandom(5000)), 2,
             "not HTTP"),
            ("bare line feeds", lambda s: s.sendall(
                b"HTTP/1.1 200 OK\n\nhello\r\n\r\n"), 2, "control character"),
            ("two lengths", lambda s: s.sendall(
                OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
             2, "twice"),
            ("half an answer", lambda s: s.sendall(
                OK + b"Content-Length: 100\r\n\r\nhalf"), 3,
             "in the middle of it"),
            ("nothing", lambda s: None, 3, "ended the connection"),
            ("a reset", reset, 3, "ended the connection"),
            ("an error page", lambda s: s.sendall(
                OK + b"Content-Length: 20\r\n\r\n<html>Sorry!</html>\n"), 2,
             "cert_chain.pem was not replaced"),
            ("compression", lambda s: s.sendall(
                OK + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
             2, "compressed")):
        hostile(name, Rude(behave).url, want, says, *args)


def polite():
    """Whole answers that are not what we want."""
    there = "/vcek/v1/Genoa/cert_chain"
    hostile("nothing is known", Service({}).url(), 2, "answers 404")
    hostile("a redirect", Service({there: (302, {
        "Location": "https://example.org/\x1b[31melsewhere"
        .replace("\x1b", "%1b")}, b"")}).url(), 2,
            "redirects (302) to https://example.org/")
    hostile("busy for long", Service({there: (
        429, {"Retry-After": "3600"}, b"")}).url(), 3,
            "busy (429): the next try would be in 3600 s")
    hostile("busy for ever", Service({there: (429, {}, b"")}).url(), 3,
            "busy (429)", "--timeout", "2")
    hostile("down", Service({there: (500, {}, b"")}).url(), 2, "answers 500")
    busy = Service({there: [(429, {"Retry-After": "1"}, b""),
                            (404, {}, b"")]})
    hostile("busy for a second", busy.url(), 2, "answers 404")
    check(busy.asked.count(there) == 2, "it was asked again, once")
    hostile("nobody there", "http://127.0.0.1:1", 3, "nothing listens")
    hostile("no such host", "http://no-such-host.invalid", 3,
            "no-such-host.invalid")


def tls_ends(context, root):
    """An end that TLS does not vouch for may be anybody's."""
    def cut(s):
        s.sendall(OK + b"\r\nhello")

    def whole(s):
        cut(s)
        s.unwrap()
    for name, behave, want, says in (
            ("TLS that ends", whole, 2, "cert_chain.pem was not replaced"),
            ("TLS that is cut", cut, 3, "before its answer was whole")):
        port = Rude(behave, tls=context).port
        hostile(name, f"https://localhost:{port}", want, says, *root)


def over_tls():
    if not shutil.which("openssl"):
        skip("openssl(1) is not on this machine")
    authority = Authority(TMP)
    there = Service({}, tls=authority.context("DNS:localhost"))
    root = ("--ca-file", authority.file)
    hostile("TLS, as it should be", there.url("https", "localhost"), 2,
            "localhost answers 404", *root)
    check(len(there.asked) > 0, "the service was asked over TLS")
    asked = len(there.asked)
    hostile("the certificate of another name", there.url("https"), 2,
            "IP address mismatch", *root)
    other = Service({}, tls=authority.context("DNS:example.org"))
    hostile("the certificate of another host", other.url("https", "localhost"),
            2, "hostname mismatch", *root)
    hostile("a root that nobody knows", there.url("https", "localhost"), 2,
            "the TLS certificate of localhost is refused")
    check(len(there.asked) == asked and not other.asked,
          "none of them was asked anything")
    by_address = Service({}, tls=authority.context("IP:127.0.0.1"))
    hostile("the certificate of an address", by_address.url("https"), 2,
            "127.0.0.1 answers 404", *root)
    tls_ends(authority.context("DNS:localhost"), root)
    old = authority.context("DNS:localhost")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is old is the point
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.minimum_version = ssl.TLSVersion.TLSv1
    old.set_ciphers("ALL:@SECLEVEL=0")
    hostile("TLS 1.1", Service({}, tls=old).url("https", "localhost"), 2,
            "no TLS with localhost", *root)
    plain = Service({})
    hostile("no TLS at all", f"https://localhost:{plain.port}", 2,
            "no TLS with localhost", *root)
    silent = Rude(lambda s: time.sleep(20), listen_first=False)
    hostile("a silent TLS server", f"https://localhost:{silent.port}", 3,
            "did not finish the TLS handshake in time", *root, "--timeout",
            "1")
    hostile("a file without roots", there.url("https", "localhost"), 2,
            "holds no roots", "--ca-file", REPORT)


def used_wrongly():
    where = os.path.join(TMP, "unused")
    for name, want, says, *args in (
            ("no --dir", 1, "--dir is missing", "--for", REPORT),
            ("no --for", 1, "--for is missing", "--dir", where),
            ("--for and --chip-id", 1, "names the chip already", "--for",
             REPORT, "--dir", where, "--chip-id", "00"),
            ("another product", 1, "Milan, Genoa or Turin", "--for", REPORT,
             "--dir", where, "--product", "Rome"),
            ("no address", 1, "--amd-url: URL:", "--for", REPORT, "--dir",
             where, "--amd-url", "kdsintf.amd.com"),
            ("no time", 1, "--timeout is from 1", "--for", REPORT, "--dir",
             where, "--timeout", "0"),
            ("no such file", 2, "cannot open", "--for", "/nonexistent",
             "--dir", where),
            ("no report", 2, "confer: ", "--for", __file__, "--dir", where),
            ("no directory", 6, "confer: ", "--for", REPORT, "--dir",
             REPORT + "/x")):
        status, out, err, _, _ = fetch(*args)
        check(status == want and out == "" and says in err,
              f"{name}: {err.strip()}")
    status, out, err, _, _ = fetch("--json", "--for", __file__, "--dir", where)
    check(status == 2 and err == "" and
          json.loads(out)["error"]["code"] == "refused",
          "--json says it on standard output")
    check(not os.path.exists(where), "and nothing was made")


REPORT = made_report()
used_wrongly()
rude()
polite()
if HAVE_VECTORS:
    real_amd()
    vlek()
    real_intel()
else:
    print(f"SKIP: {VECTORS}/attest is not on this machine: no real machines")
over_tls()
