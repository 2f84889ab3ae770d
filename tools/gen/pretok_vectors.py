#!/usr/bin/env python3
"""Write tests/vectors/tok/pretok.json: texts cut by published expressions.

The expressions are those of the models' tokenizer files, with the categories of
Unicode spelled out for Python's re, which does not know them by name.
"""
import json
import os
import random
import re
import unicodedata

CATS = {}
for c in range(0x110000):
    CATS.setdefault(unicodedata.category(chr(c)), []).append(c)


def chars(*cats):
    points = sorted(c for cat, cs in CATS.items()
                    if any(cat.startswith(x) for x in cats) for c in cs)
    out, i = "", 0
    while i < len(points):
        j = i
        while j + 1 < len(points) and points[j + 1] == points[j] + 1:
            j += 1
        out += "\\U%08x-\\U%08x" % (points[i], points[j])
        i = j + 1
    return out


L, N = chars("L"), chars("N")
UP, LOW = chars("Lu", "Lt", "Lm", "Lo", "M"), chars("Ll", "Lm", "Lo", "M")
SPACE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
WORD = (f"[^\\r\\n{L}{N}]?[{UP}]*[{LOW}]+%s|"
        f"[^\\r\\n{L}{N}]?[{UP}]+[{LOW}]*%s|")
REST = (f" ?[^{SPACE}{L}{N}]+[\\r\\n/]*|[{SPACE}]*[\\r\\n]+|"
        f"[{SPACE}]+(?![^{SPACE}])|[{SPACE}]+")
C = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
RULES = {"gpt-4o": re.compile(WORD % (C, C) + f"[{N}]{{1,3}}|" + REST),
         "tekken": re.compile(WORD % ("", "") + f"[{N}]|" + REST)}

ALPHABET = list("aZz AB\n\r\t/'sStTdm.,1234\u00c4\u00e4\u0301\u4e16\u01c5\u02b0"
                "\u00a0\u2003\u0664!<|\U0001f30d\u0130\u0131")
random.seed(7)
TEXTS = ["I'm here", "HELLO'S World", "camelCaseWord", "ABCdef", "\u0301A",
         "x//\n\ny", "12345", "  a", "a \n b", "don'T"]
TEXTS += ["".join(random.choices(ALPHABET, k=random.randint(1, 12)))
          for _ in range(400)]
rows = [{"text": t, **{name: [len(p.encode()) for p in rule.findall(t)]
                       for name, rule in RULES.items()}} for t in TEXTS]
for row in rows:
    for name in RULES:
        assert sum(row[name]) == len(row["text"].encode())
path = os.path.join(os.path.dirname(__file__),
                    "../../tests/vectors/tok/pretok.json")
with open(path, "w", encoding="utf-8") as f:
    f.write("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
