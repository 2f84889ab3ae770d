"""`confer attest` judges recorded evidence of real machines as its MANIFEST says.

Every report and quote at every listed time, their fields, and the listed
mutations. Where the shared vectors are not, only the command line is tried.
"""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, VECTORS, check, skip  # noqa: E402

TMP = os.environ["TMPDIR"]
DIR = os.path.join(VECTORS, "attest")
CRL_TIME = 1788000000  # inside the recorded revocation lists of 2026
COLLATERAL = {"tcb_info": "tcb_info.json", "qe_identity": "qe_identity.json",
              "tcb_signing_chain": "tcb_signing_chain.pem",
              "root_ca_crl": "root_ca.crl.der", "pck_crl": "pck.crl.der",
              "pck_crl_issuer_chain": "pck_crl_issuer_chain.pem"}


def attest(kind, *args):
    """(accepted, the JSON)"""
    p = subprocess.run([f"{BIN}/confer", "attest", kind, "--json", *args],
                       capture_output=True, timeout=60, check=False,
                       stdin=subprocess.DEVNULL)
    out = json.loads(p.stdout) if p.stdout else {}
    if p.returncode not in (0, 2) or out.get("accepted") == (p.returncode != 0):
        check(False, f"{kind} {args}: exit {p.returncode}, {p.stderr}")
    return p.returncode == 0, out


def usage():
    def code(*args):
        return subprocess.run([f"{BIN}/confer", "attest", *args],
                              capture_output=True, timeout=60,
                              check=False).returncode

    check(code() == 1 and code("vax") == 1, "another TEE is a wrong usage")
    check(code("snp") == 1 and code("dcap") == 1, "so is one without files")
    check(code("dcap", "--quote", "/nonexistent", "--now", "x") == 1,
          "and a time that is no number")
    check(code("dcap", "--quote", os.path.join(TMP, "none")) == 2,
          "a file that is not there is refused")
    junk = os.path.join(TMP, "junk")
    with open(junk, "wb") as f:
        f.write(os.urandom(5000))
    check(code("dcap", "--quote", junk) == 2, "noise is no quote")
    check(code("snp", "--report", junk, "--cert", junk, "--chain", junk) == 2,
          "and no report")


def path(name):
    return os.path.join(DIR, name)


def changed(name, change):
    """A changed copy of a file."""
    with open(path(name), "rb") as f:
        data = bytearray(f.read())
    data = change(data)
    copy = os.path.join(TMP, "changed")
    with open(copy, "wb") as f:
        f.write(data)
    return copy


def put(at, value):
    def change(data):
        data[at:at + len(value)] = value
        return data
    return change


def flip(at):
    def change(data):
        data[at] ^= 1
        return data
    return change


# ---- SEV-SNP -----------------------------------------------------------------

def snp_args(item, **other):
    key = item["key"]
    files = item["files"]
    roots = f"sev-snp/roots/{item['family']}-{key}-cert_chain.pem"
    return ("--report", other.get("report", path(files["report"])),
            "--cert", other.get("cert", path(files.get(key, ""))),
            "--chain", other.get("chain", path(roots)),
            "--policy", other.get("policy", "baseline"),
            "--now", str(other.get("now", item["expect"]["now_ok"][0])))


def snp_fields(item, out):
    want, got = item["fields"], out["claims"]
    for name, value in want.items():
        if value is not None and got.get(name) != value:
            check(False, f"{item['id']}: {name} is {got.get(name)}")


def snp_item(item):
    expect = item["expect"]
    good = expect["baseline_policy"].startswith("accept")
    for now in expect["now_ok"]:
        accepted, out = attest("snp", *snp_args(item, now=now))
        check(accepted == good, f"{item['id']}: " + (
            "accepted" if accepted else f"refused, {out['reason']}"))
        snp_fields(item, out)
        if expect["chain_and_report_signature"] == "valid":
            check(out["authentic"], f"{item['id']}: authentic")
        else:
            check(not out["authentic"], f"{item['id']}: not authentic")
        check(not attest("snp", *snp_args(item, now=now, policy="strict"))[0],
              f"{item['id']}: the strict policy lists no chip")
    for bad in expect["now_bad"]:
        check(not attest("snp", *snp_args(item, now=bad["now"]))[0],
              f"{item['id']}: {bad['reason']}")


def snp_crls(items):
    """A list that is given counts, whatever the policy."""
    for name in ("milan-v3-vcek-dstack", "genoa-v3-vcek-azure",
                 "turin-v5-vcek-ms"):
        item = items[name]
        crl = path(f"sev-snp/roots/{item['family']}.crl.der")
        args = snp_args(item, now=CRL_TIME) + ("--crl", crl)
        accepted, out = attest("snp", *args)
        check(accepted, f"{name}: with the list of {item['family']}, "
              + out.get("reason", "accepted"))
        accepted, out = attest(
            "snp", *snp_args(item, now=CRL_TIME + 90 * 86400), "--crl", crl)
        check(not accepted and out["failed"] == "revocation",
              f"{name}: an old list is refused")
        other = "turin" if item["family"] != "turin" else "genoa"
        check(not attest("snp", *snp_args(item, now=CRL_TIME), "--crl",
                         path(f"sev-snp/roots/{other}.crl.der"))[0],
              f"{name}: so is the list of another product")


def snp_mutations(items):
    item = items["milan-v3-vcek-dstack"]
    report = item["files"]["report"]

    def refused(change, why, failed=None):
        accepted, out = attest(
            "snp", *snp_args(item, report=changed(report, change)))
        check(not accepted and failed in (None, out["failed"]),
              f"{why}: {out.get('reason')}")

    refused(flip(0x90), "measurement changed", "report signature")
    refused(flip(0x2a0), "R changed", "report signature")
    refused(put(0x2d0, b"\1"), "R of more than 48 bytes", "report format")
    refused(put(0x330, b"\1"), "a byte after the signature", "report format")
    refused(lambda d: d[:1183], "one byte short", "report format")
    refused(lambda d: d + b"\0", "one byte more", "report format")
    for version in (1, 6, 0xffffffff):
        refused(put(0, version.to_bytes(4, "little")),
                f"version {version}", "report format")
    for algorithm in (0, 2):
        refused(put(0x34, bytes([algorithm])), f"algorithm {algorithm}",
                "report format")
    vlek = items["milan-v3-vlek-aws"]
    check(not attest("snp", *snp_args(
        vlek, chain=path("sev-snp/roots/milan-vcek-cert_chain.pem")))[0],
        "a VLEK under the ASK is refused")
    check(not attest("snp", *snp_args(
        vlek, cert=path(item["files"]["vcek"])))[0],
        "a VCEK for a report by a VLEK is refused")
    with open(path("sev-snp/roots/milan-vcek-cert_chain.pem"), "rb") as f:
        mark = b"-----BEGIN CERTIFICATE-----"
        parts = [mark + x for x in f.read().split(mark)[1:]]
    swapped = os.path.join(TMP, "swapped.pem")
    with open(swapped, "wb") as f:
        f.write(parts[1].rstrip(b"\n") + b"\n" + parts[0])
    check(not attest("snp", *snp_args(item, chain=swapped))[0],
          "a chain in the wrong order is refused")
    check(not attest("snp", *snp_args(
        item, chain=path("sev-snp/roots/genoa-vcek-cert_chain.pem")))[0],
        "so is the chain of another product")


# ---- TDX, SGX ----------------------------------------------------------------

def collateral_dir(item):
    """A directory with the names that `confer` wants."""
    out = os.path.join(TMP, item["id"])
    if not os.path.isdir(out):
        os.mkdir(out)
        for part, name in COLLATERAL.items():
            shutil.copy(path(item["files"][part]), os.path.join(out, name))
    return out


def dcap_args(item, items, **other):
    expect = item["expect"]
    args = ("--quote", other.get("quote", path(item["files"]["quote"])),
            "--policy", "baseline",
            "--now", str(other.get("now", expect["now_ok"][0])))
    folder = other.get("dir")
    if folder is None and expect.get("collateral") is not None:
        folder = collateral_dir(items[expect["collateral"]])
    return args + (("--collateral", folder) if folder is not None else ())


def dcap_fields(item, out):
    want, got = item["fields"], out.get("claims")
    if got is None:
        check(want["trailing_bytes"] > 0 and not want["trailing_all_zero"],
              f"{item['id']}: only what follows the quote hides its fields")
        return
    for part in ("body", "qe_report"):
        for name, value in want[part].items():
            if got[part].get(name) != value:
                check(False, f"{item['id']}: {part} {name} is "
                      f"{got[part].get(name)}")
    for name in ("ppid", "pcesvn", "cpusvn", "pceid", "fmspc"):
        if "pck" in got and got["pck"][name] != want["pck"][name]:
            check(False, f"{item['id']}: pck {name} is {got['pck'][name]}")


def dcap_status(item, out):
    """Status and advisories, where the evaluation found a level."""
    expect, got = item["expect"], out.get("claims", {})
    for name in ("tcb_status", "sgx_tcb_level_status", "tdx_tcb_level_status",
                 "qe_tcb_status"):
        value = expect.get(name)
        if value is not None and not value.startswith("n") and name in got:
            check(got[name] == value, f"{item['id']}: {name} {got[name]}")
    if "advisory_ids" in got and got.get("tcb_status") == expect["tcb_status"]:
        check(sorted(got["advisory_ids"]) == sorted(expect["advisory_ids"]),
              f"{item['id']}: {len(got['advisory_ids'])} advisories")


def dcap_item(item, items):
    expect = item["expect"]
    good = expect["baseline_policy"] == "accept"
    for now in expect["now_ok"]:
        accepted, out = attest("dcap", *dcap_args(item, items, now=now))
        check(accepted == good, f"{item['id']}: " + (
            "accepted" if accepted else f"refused, {out['reason']}"))
        dcap_fields(item, out)
        dcap_status(item, out)
        if expect["collateral"] is None:
            check("collateral" in out["reason"], "for want of collateral")
    for bad in expect.get("now_bad", []):
        check(not attest("dcap", *dcap_args(item, items, now=bad["now"]))[0],
              f"{item['id']}: {bad['reason']}")


def dcap_mutations(items):
    item = items["v4-uptodate-b0c06f"]
    quote = item["files"]["quote"]

    def refused(change, why, failed=None):
        accepted, out = attest("dcap", *dcap_args(
            item, items, quote=changed(quote, change)))
        check(not accepted and failed in (None, out["failed"]),
              f"{why}: {out.get('reason')}")

    refused(flip(48 + 136), "MRTD changed", "report signature")
    refused(put(2, b"\3\0"), "key type 3", "report format")
    refused(put(4, b"\0\0\0\0"), "TEE type 0", "report format")
    refused(flip(12), "QE vendor changed", "report format")
    for length in (b"\xff\xff\xff\xff", b"\0\0\1\0"):
        refused(put(632, length), "signature data too long", "report format")
    for n in (0, 1, 47, 48, 631, 632, 636, 1000, 4000):
        refused(lambda d, n=n: d[:n], f"cut at {n}", "report format")


def collateral_mutations(items):
    item = items["v4-uptodate-b0c06f"]
    good = collateral_dir(items[item["expect"]["collateral"]])

    def refused(name, data, why, base=item):
        bad = os.path.join(TMP, "bad")
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(good if base is item else collateral_dir(
            items[base["expect"]["collateral"]]), bad)
        if data is None:
            os.remove(os.path.join(bad, name))
        else:
            with open(os.path.join(bad, name), "wb") as f:
                f.write(data)
        accepted, out = attest("dcap", *dcap_args(base, items, dir=bad))
        check(not accepted, f"{why}: {out.get('reason')}")

    def content(coll, part):
        with open(path(items[coll]["files"][part]), "rb") as f:
            return f.read()

    for name in COLLATERAL.values():
        if name != "pck_crl_issuer_chain.pem":
            refused(name, None, f"without {name}")
    info = content("coll-tdx-b0c06f-2025-06", "tcb_info")
    refused("tcb_info.json", info.replace(b'"pcesvn":', b'"pcesvn" :', 1),
            "TCB info with other white space")
    refused("tcb_info.json", info.replace(b'"svn":5', b'"svn":4', 1),
            "TCB info with a lower SVN")
    refused("tcb_info.json", content("coll-tdx-90c06f-2025-06", "tcb_info"),
            "TCB info of another FMSPC")
    refused("qe_identity.json",
            content("coll-sgx-00606a-2025-08", "qe_identity"),
            "the identity of the SGX QE for a TD")
    sgx = items["v3-configswhardening-00a06711"]
    refused("pck.crl.der", content("coll-sgx-00606a-2025-08", "pck_crl"),
            "the list of the other PCK CA", sgx)
    refused("tcb_info.json",
            content("coll-sgx-00606a-tcbinfo-v2", "tcb_info"),
            "TCB info version 2", sgx)


def impostor(items):
    files = items["bad-impostor-root-intel-sample-v3"]["files"]
    accepted, out = attest("dcap", "--policy", "baseline", "--quote",
                           path(files["quote"]))
    check(not accepted, f"Intel's sample root: {out['reason']}")


def main():
    usage()
    if not os.path.isdir(DIR):
        skip(f"{DIR} is not on this machine; only the command line was tried")
    with open(path("MANIFEST.json"), encoding="utf-8") as f:
        manifest = json.load(f)
    items = {x["id"]: x for x in manifest["items"]}
    for item in items.values():
        if item["kind"] == "snp-report" and "now_ok" in item["expect"] and \
                item["key"] in item["files"]:
            snp_item(item)
        elif item["kind"] in ("tdx-quote", "sgx-quote"):
            dcap_item(item, items)
    snp_crls(items)
    snp_mutations(items)
    dcap_mutations(items)
    collateral_mutations(items)
    impostor(items)


main()
