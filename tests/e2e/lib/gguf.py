"""A GGUF file with other values in some of its keys."""
import struct

U32, STRING, ARRAY = 4, 8, 9
FIXED = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
ALIGNMENT = 32


def number(data, at, size):
    return int.from_bytes(data[at:at + size], "little")


def after(data, at, kind):
    """Where a value ends."""
    if kind in FIXED:
        return at + FIXED[kind]
    if kind == STRING:
        return at + 8 + number(data, at, 8)
    item, count = number(data, at, 4), number(data, at + 4, 8)
    at += 12
    if item in FIXED:
        return at + count * FIXED[item]
    for _ in range(count):
        at = after(data, at, item)
    return at


def pair(name, value):
    key = struct.pack("<Q", len(name.encode())) + name.encode()
    if isinstance(value, int):
        return key + struct.pack("<II", U32, value)
    text = value.encode()
    return key + struct.pack("<IQ", STRING, len(text)) + text


def with_keys(data, others):
    """The file's bytes, with these numbers and texts in place of its own."""
    tensors, keys = number(data, 8, 8), number(data, 16, 8)
    at, kept = 24, []
    for _ in range(keys):
        begin, at = at, after(data, at, STRING)
        key = data[begin + 8:at].decode()
        at = after(data, at + 4, number(data, at, 4))
        if key not in others:
            kept.append(data[begin:at])
    kept += [pair(*other) for other in others.items()]
    begin = at
    for _ in range(tensors):
        at = after(data, at, STRING)
        at += 4 + 8 * number(data, at, 4) + 4 + 8
    head = data[:16] + struct.pack("<Q", len(kept)) + b"".join(kept)
    head += data[begin:at]
    return (head + bytes(-len(head) % ALIGNMENT) +
            data[at + -at % ALIGNMENT:])
