"""Plants one violation of each rule in an empty tree and sees it reported."""
import os
import tempfile

BODY = "{\n" + "\tx++;\n" * 70 + "}\n"
# name: (files, what the finding says, or None when all is well)
CASES = {
    "base sees nothing": (
        {"src/base/a.c": '#include "sys/fd.h"\n'}, "must not include sys/fd.h"),
    "siblings do not meet": (
        {"src/noise/a.c": '#include "attest/snp.h"\n'}, "must not include"),
    "engine never sees protocol": (
        {"src/engine/a.c": '#include "protocol/frame.h"\n'}, "must not include"),
    "sys sees only base": (
        {"src/sys/a.c": '#include "crypto/crypto.h"\n'}, "must not include"),
    "core is freestanding": (
        {"src/tlog/a.c": "#include <string.h>\n"}, "<string.h>"),
    "native primitives may use libraries": (
        {"src/crypto/a_sodium.c": "#include <sodium.h>\n"}, None),
    "every directory has a floor": (
        {"src/cellar/a.c": "int a;\n"}, "is on no floor"),
    "include of a lower floor": (
        {"src/protocol/a.c": '#include "noise/a.h"\n'}, None),
    "banned function": (
        {"src/sys/a.c": "int f(void)\n{\n\treturn atoi(s);\n}\n"}, "atoi"),
    "banned in tests too": ({"tests/unit/a.c": "strcpy(a, b);\n"}, "strcpy"),
    "a comment is not a call": ({"src/sys/a.c": "/* strcpy(a) */\n"}, None),
    "a string is not a call": ({"src/sys/a.c": 'f("atoi(x)");\n'}, None),
    "raw memcmp": ({"src/tlog/a.c": "memcmp(a, b, 1);\n"}, "mem_eq"),
    "raw memcmp in base": ({"src/base/a.c": "memcmp(a, b, 1);\n"}, None),
    "printing library": ({"src/engine/a.c": "fprintf(f, s);\n"}, "do not print"),
    "printing program": ({"src/cli/a.c": "fprintf(f, s);\n"}, None),
    "allocating core": ({"src/attest/a.c": "p = malloc(1);\n"}, "not allocate"),
    "allocating engine": ({"src/engine/a.c": "p = malloc(1);\n"}, None),
    "long file": ({"src/sys/a.c": "int a;\n" * 801}, "801 lines"),
    "file of the longest size": ({"src/sys/a.c": "int a;\n" * 800}, None),
    "long function": ({"src/sys/a.c": "void f(int x)\n" + BODY}, "f: 73 lines"),
    "wide function": (
        {"src/sys/a.c": "int f(int a, int b, int c, int d,\n"
         "    int e, int g, int h)\n{\n}\n"}, "f: 7 parameters"),
    "six parameters, one a function": (
        {"src/sys/a.c": "int f(int a, int b, int c, int d, int e,\n"
         "    int (*g)(int, int))\n{\n}\n"}, None),
    "ignorable result": (
        {"src/sys/a.h": "enum err sys_a(int b);\n"}, "warn_unused_result"),
    "marked result": (
        {"src/sys/a.h": "enum err sys_a(int b)\n"
         "    __attribute__((warn_unused_result));\n"}, None),
    "parser without fuzz target": (
        {"src/attest/a.h": "void a_parse(int b);\n"}, "no target in tests/fuzz"),
    "parser with fuzz target": (
        {"src/attest/a.h": "void a_parse(int b);\n",
         "tests/fuzz/fuzz_a.c": "a_parse(1);\n",
         "tests/fuzz/corpus/a/one": "1"}, None),
    "fuzz target without seeds": (
        {"tests/fuzz/fuzz_a.c": "a_parse(1);\n"}, "no seeds"),
    "requirement without test": (
        {"docs/protocol.md": "[P-1] MUST\n"}, "P-1 is cited by no"),
    "requirement with test": (
        {"docs/log.md": "[L-1] MUST\n", "tests/unit/a.c": "/* L-1 */\n"}, None),
    "citation of nothing": (
        {"docs/attestation.md": "[A-1] MUST\n",
         "src/attest/a.c": "/* A-1, A-2 */\n"}, "A-2 is not defined"),
    "a curve is no requirement": ({"src/attest/a.c": "/* P-384 */\n"}, None),
    "typedef of a structure": (
        {"src/sys/a.c": "typedef struct {\n\tint x;\n} a;\n"}, "typedef"),
    "typedef of a name": ({"src/sys/a.h": "typedef int a_t;\n"}, "typedef"),
    "typedef of a function": (
        {"src/sys/a.h": "typedef void a_fn(int);\n"}, None),
    "waiting test": ({"tests/unit/a.c": "usleep(1);\n"}, "do not wait"),
    "note of something to do": ({"README.md": "TO" + "DO: x\n"}, "to do"),
    "trailing space": ({"README.md": "a \n"}, "trailing space"),
    "missing final newline": ({"README.md": "a"}, "no newline"),
    "host path": ({"README.md": "see /" + "work/x\n"}, "path of one machine"),
}


def run(lint):
    bad = 0
    for name, (files, want) in CASES.items():
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                path = os.path.join(root, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text)
            got = [what for _, _, what in lint(root)]
        if want is None and got or want and not any(want in g for g in got):
            print(f"lint self-test: {name}: got {got}, want {want}")
            bad += 1
    print(f"lint self-test: {len(CASES) - bad} of {len(CASES)} as expected")
    return 1 if bad else 0
