#!/usr/bin/env python3
"""Make src/attest/roots_spki.h: the public keys of the vendors' roots.

usage: tools/gen/roots.py CERTIFICATE... >src/attest/roots_spki.h

Each file holds certificates, in DER or PEM, of which the self-signed one with
a known common name is taken (AMD's cert_chain files hold the ASK as well). All
of NAMES must be found. Needs the openssl program, which does the parsing.
"""
import re
import subprocess
import sys

NAMES = {"ARK-Milan": "spki_ark_milan", "ARK-Genoa": "spki_ark_genoa",
         "ARK-Turin": "spki_ark_turin", "Intel SGX Root CA": "spki_intel_sgx"}
PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----",
                 re.S)
HEAD = """\
/*
 * SubjectPublicKeyInfo of the vendors' roots, for roots.c alone. Made by
 * tools/gen/roots.py from the vendors' certificates; SHA-256 as stated.
 */
#ifndef CONFER_ATTEST_ROOTS_SPKI_H
#define CONFER_ATTEST_ROOTS_SPKI_H

#include <stdint.h>

/* clang-format off */
"""
TAIL = "\n#endif"


def openssl(*args, data):
    return subprocess.run(["openssl", *args], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def certificates(path):
    with open(path, "rb") as f:
        data = f.read()
    for pem in PEM.findall(data) or [openssl("x509", "-inform", "DER",
                                             data=data)]:
        yield pem


def common_name(pem, which):
    text = openssl("x509", "-noout", which, "-nameopt", "multiline,utf8",
                   data=pem).decode()
    found = re.search(r"commonName\s*=\s*(.*)", text)
    return found.group(1) if found else None


def spki(pem):
    key = openssl("x509", "-noout", "-pubkey", data=pem)
    return openssl("pkey", "-pubin", "-outform", "DER", data=key)


def table(name, key):
    digest = openssl("dgst", "-sha256", "-r", data=key).decode()[:64]
    lines = [f"\n/* {digest[:32]}\n * {digest[32:]} */",
             f"static const uint8_t {NAMES[name]}[] = {{"]
    cells = [f"0x{b:02X}," for b in key]
    cells[-1] = cells[-1][:-1]
    lines += ["\t" + " ".join(cells[i:i + 12])
              for i in range(0, len(cells), 12)]
    return "\n".join(lines + ["};"])


def main():
    keys = {}
    for path in sys.argv[1:]:
        for pem in certificates(path):
            name = common_name(pem, "-subject")
            if name in NAMES and name == common_name(pem, "-issuer"):
                if keys.setdefault(name, spki(pem)) != spki(pem):
                    sys.exit(f"two keys for {name}")
    if keys.keys() != NAMES.keys():
        sys.exit(f"missing: {', '.join(NAMES.keys() - keys.keys())}")
    print(HEAD + "\n".join(table(n, keys[n]) for n in NAMES) + "\n" + TAIL)


if __name__ == "__main__":
    main()
