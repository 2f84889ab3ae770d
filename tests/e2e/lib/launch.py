"""A second implementation of launch measurement, from docs/measure.md alone.

firmware(), kernel() and acpi() make the files of an invented machine; the
functions below them compute what hardware would report of it. The unit tests
build the same firmware in C and hold digests that were printed by

  python3 -B tests/e2e/lib/launch.py
"""
import hashlib
import struct
import uuid

PAGE = 4096
FW_LEN = 0x10000
CFV_LEN = 0x4000
HASH_AREA = 0x810C00
RESET_EIP = 0x80B004
SEV_BACK, TDX_BACK = 0x600, 0x800

SEC_MEM, SECRETS, CPUID, SVSM_CAA, KERNEL_HASHES = 1, 2, 3, 4, 0x10
SEV_SECTIONS = [  # gpa, size, type
    (0x800000, 0x9000, SEC_MEM), (0x80A000, 0x3000, SEC_MEM),
    (0x80D000, 0x1000, SECRETS), (0x80E000, 0x1000, CPUID),
    (0x80F000, 0x1000, SVSM_CAA), (0x810000, 0x1000, KERNEL_HASHES),
    (0x811000, 0xF000, SEC_MEM)]

BFV, CFV, TD_HOB, TEMP_MEM = 0, 1, 2, 3
EXTEND, AUG = 1, 2
TDX_SECTIONS = [  # data offset, data length, address, size, type, attributes
    (CFV_LEN, FW_LEN - CFV_LEN, 2**32 - FW_LEN + CFV_LEN, FW_LEN - CFV_LEN,
     BFV, EXTEND),
    (0, CFV_LEN, 2**32 - FW_LEN, CFV_LEN, CFV, 0),
    (0, 0, 0x810000, 0x10000, TEMP_MEM, 0),
    (0, 0, 0x80B000, 0x2000, TEMP_MEM, 0),
    (0, 0, 0x809000, 0x2000, TD_HOB, 0),
    (0, 0, 0x800000, 0x6000, TEMP_MEM, 0)]


def guid(text):
    return uuid.UUID(text).bytes_le


def sha384(*parts):
    return hashlib.sha384(b"".join(parts)).digest()


# ---- the files ---------------------------------------------------------------
def firmware(sev=SEV_SECTIONS, tdx=TDX_SECTIONS, hash_area=HASH_AREA):
    image = bytearray((i * 7 + (i >> 8)) & 0xFF for i in range(FW_LEN))

    def put(back, data):
        image[FW_LEN - back:FW_LEN - back + len(data)] = data

    def entry(name, data):
        return data + struct.pack("<H", len(data) + 18) + guid(name)

    if sev:
        put(SEV_BACK, b"ASEV" + struct.pack(
            "<III", 16 + 12 * len(sev), 1, len(sev)) +
            b"".join(struct.pack("<III", *s) for s in sev))
    if tdx:
        put(TDX_BACK, b"TDVF" + struct.pack(
            "<III", 16 + 32 * len(tdx), 1, len(tdx)) +
            b"".join(struct.pack("<IIQQII", *s) for s in tdx))
    table = b""
    if tdx:
        table += entry("e47a6535-984a-4798-865e-4685a7bf8ec2",
                       struct.pack("<I", TDX_BACK))
    if sev:
        table += entry("dc886566-984a-4798-a75e-5585a7bf67cc",
                       struct.pack("<I", SEV_BACK))
    table += entry("7255371f-3a3b-4b04-927b-1da6efa8d454",
                   struct.pack("<II", hash_area, 0x400 if hash_area else 0))
    table += entry("00f771de-1a7e-4fcb-890e-68c77e2fb44e",
                   struct.pack("<I", RESET_EIP))
    table += struct.pack("<H", len(table) + 18) + guid(
        "96b582de-1fb2-45f7-baea-a366c55a082d")
    put(32 + len(table), table)
    return bytes(image)


def kernel(signed=0, directories=16, tail=b"tail of the file"):
    """A PE32+ file: three sections, out of order, one empty; a signature."""
    text, data = bytes(range(256)) * 2, b"\x5a" * 0x200
    head = bytearray(0x400)
    head[:2] = b"MZ"
    struct.pack_into("<I", head, 0x3C, 0x80)
    head[0x80:0x84] = b"PE\0\0"
    struct.pack_into("<HHIIIHH", head, 0x84, 0x8664, 3, 0, 0, 0,
                     112 + 8 * directories, 0x206)
    struct.pack_into("<H", head, 0x98, 0x20B)
    struct.pack_into("<II", head, 0x98 + 60, len(head), 0x12345678)
    struct.pack_into("<I", head, 0x98 + 108, directories)
    end = len(head) + len(text) + len(data) + len(tail)
    if signed:
        struct.pack_into("<II", head, 0x98 + 112 + 32, end, signed)
    table = 0x98 + 112 + 8 * directories
    for i, (name, size, at) in enumerate([
            (b".data", len(data), len(head) + len(text)),
            (b".bss", 0, 0), (b".text", len(text), len(head))]):
        struct.pack_into("<8sIIII", head, table + 40 * i, name, size, 0x1000,
                         size, at)
    return bytes(head) + text + data + tail + b"\xc5" * signed


def linux(**options):
    """The same file with the setup header of a Linux kernel."""
    head = bytearray(kernel(**options))
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", head, 0x206, 0x20F)
    head[0x211] = 1
    struct.pack_into("<I", head, 0x22C, 0x7FFFFFFF)
    struct.pack_into("<H", head, 0x236, 0x7F)
    return bytes(head)


def patched(pe, initrd_len, memory):
    """A Linux kernel as patched QEMU 8 and 9 hand it to the firmware of a TD."""
    head = bytearray(pe)
    head[0x210] = 0xB0
    head[0x211] |= 0x80
    struct.pack_into("<H", head, 0x224, 0xFE00)
    struct.pack_into("<I", head, 0x228, 0x20000)
    if initrd_len:
        low = memory if memory < 0xB0000000 else 0x80000000
        top = low - 0x28000 - 1
        struct.pack_into("<II", head, 0x218, (top - initrd_len) & ~4095,
                         initrd_len)
    return bytes(head)


def acpi(name):
    return f"acpi {name}\n".encode()


# ---- SEV-SNP -----------------------------------------------------------------
class Snp:
    def __init__(self):
        self.ld = bytes(48)

    def page(self, kind, gpa, contents=bytes(48)):
        info = self.ld + contents + struct.pack(
            "<HBBBBBBQ", 0x70, kind, 0, 0, 0, 0, 0, gpa)
        assert len(info) == 0x70
        self.ld = sha384(info)

    def pages(self, kind, gpa, size):
        for at in range(0, size, PAGE):
            self.page(kind, gpa + at)


def hash_table(kernel_bytes, initrd, cmdline):
    def row(name, data):
        return guid(name) + struct.pack("<H", 50) + hashlib.sha256(
            data).digest()
    return guid("9438d606-4f22-4cc9-b479-a793d411fd21") + struct.pack(
        "<H", 168) + row(
        "97d02dd8-bd20-4c94-aa78-e7714d36ab2a", cmdline + b"\0") + row(
        "44baf731-3a2f-4bd7-9af1-41e29169781d", initrd) + row(
        "4de79437-abd2-427f-b835-d5b172d2045b", kernel_bytes) + bytes(8)


def vmsa(eip, features, sig):
    page = bytearray(PAGE)

    def seg(at, selector, attrib, base=0):
        struct.pack_into("<HHIQ", page, at, selector, attrib, 0xFFFF, base)
    for at, attrib in ((0, 0x93), (0x20, 0x93), (0x30, 0x93), (0x40, 0x93),
                       (0x50, 0x93), (0x60, 0), (0x70, 0x82), (0x80, 0),
                       (0x90, 0x8B)):
        seg(at, 0, attrib)
    seg(0x10, 0xF000, 0x9B, eip & 0xFFFF0000)
    for at, value in ((0xD0, 0x1000), (0x148, 0x40), (0x158, 0x10),
                      (0x160, 0x400), (0x168, 0xFFFF0FF0), (0x170, 2),
                      (0x178, eip & 0xFFFF), (0x268, 0x0007040600070406),
                      (0x310, sig), (0x3B0, features), (0x3E8, 1),
                      (0x408, 0x1F80), (0x410, 0x37F)):
        struct.pack_into("<Q", page, at, value)
    return bytes(page)


def snp(image, blobs, vcpus, features=1, sig=0x800F12):
    """blobs: (kernel, initrd, command line), or None"""
    d = Snp()
    for at in range(0, len(image), PAGE):
        d.page(1, 2**32 - len(image) + at, sha384(image[at:at + PAGE]))
    for gpa, size, kind in SEV_SECTIONS:
        if kind == SECRETS:
            d.page(5, gpa)
        elif kind == CPUID:
            d.page(6, gpa)
        elif kind == KERNEL_HASHES and blobs:
            page = bytearray(PAGE)
            table = hash_table(*blobs)
            at = HASH_AREA % PAGE
            page[at:at + len(table)] = table
            d.page(1, gpa, sha384(bytes(page)))
        else:
            d.pages(3, gpa, size)
    for i in range(vcpus):
        eip = RESET_EIP if i else 0xFFFFFFF0
        d.page(2, 0xFFFFFFFFF000, sha384(vmsa(eip, features, sig)))
    return d.ld


# ---- TDX ---------------------------------------------------------------------
def mrtd(image, two_pass, sections=None):
    stream = bytearray()

    def record(name, gpa):
        stream.extend(name.ljust(16, b"\0") + struct.pack("<Q", gpa) +
                      bytes(104))

    def add(gpa, attributes):
        if not attributes & AUG:
            record(b"MEM.PAGE.ADD", gpa)

    def extend(at, gpa, attributes):
        if attributes & EXTEND:
            for i in range(0, PAGE, 256):
                record(b"MR.EXTEND", gpa + i)
                stream.extend(image[at + i:at + i + 256])

    for off, _, address, size, _, attributes in sections or TDX_SECTIONS:
        pages = range(0, size, PAGE)
        for p in pages:
            add(address + p, attributes)
            if not two_pass:
                extend(off + p, address + p, attributes)
        if two_pass:
            for p in pages:
                extend(off + p, address + p, attributes)
    return sha384(bytes(stream))


def rtmr(*events):
    value = bytes(48)
    for e in events:
        value = sha384(value, e)
    return value


def td_hob(memory, sections=None):
    """Digest of the HOB list that QEMU writes for `memory` bytes of RAM."""
    used, base = [], 0
    for _, _, address, size, kind, _ in sections or TDX_SECTIONS:
        if kind in (TD_HOB, TEMP_MEM):
            used.append((address, address + size))
        if kind == TD_HOB:
            base = address
    low = memory if memory < 0xB0000000 else 0x80000000
    body, at = b"", 0

    def resource(kind, start, end):
        return struct.pack("<HHI16sIIQQ", 3, 48, 0, bytes(16), kind, 7, start,
                           end - start)
    for start, end in sorted(used):
        if start > at:
            body += resource(7, at, start)
        body += resource(0, start, end)
        at = end
    if low > at:
        body += resource(7, at, low)
    if memory > low:
        body += resource(7, 2**32, 2**32 + memory - low)
    head = struct.pack("<HHIIIQQQQQ", 1, 56, 0, 9, 0, 0, 0, 0, 0,
                       base + 56 + len(body) + 8)
    return sha384(head + body)


def variable(vendor, name):
    return sha384(guid(vendor), struct.pack("<QQ", len(name), 0),
                  name.encode("utf-16-le"))


def rtmr0(image, memory):
    world = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
    security = "d719b2cb-3d3a-4596-a3bc-dad00e67656f"
    boot0000 = struct.pack("<IH", 0x109, 44) + "UiApp\0".encode(
        "utf-16-le") + bytes([4, 7, 20, 0]) + guid(
        "7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1") + bytes([4, 6, 20, 0]) + guid(
        "462caa21-7614-4503-836e-8ab6f4662331") + bytes([0x7F, 0xFF, 4, 0])
    return rtmr(
        td_hob(memory), sha384(image[:CFV_LEN]),
        variable(world, "SecureBoot"), variable(world, "PK"),
        variable(world, "KEK"), variable(security, "db"),
        variable(security, "dbx"), sha384(bytes(4)), sha384(acpi("loader")),
        sha384(acpi("rsdp")), sha384(acpi("tables")), sha384(bytes(2)),
        sha384(boot0000))


def authenticode(pe):
    """SHA-384 of a PE32+ file without checksum and signature."""
    opt = struct.unpack_from("<I", pe, 0x3C)[0] + 24
    sections, size = struct.unpack_from("<H", pe, opt - 18)[0], \
        struct.unpack_from("<H", pe, opt - 4)[0]
    headers = struct.unpack_from("<I", pe, opt + 60)[0]
    directories = struct.unpack_from("<I", pe, opt + 108)[0]
    signed = 0
    out = pe[:opt + 64]
    if directories > 4:
        signed = struct.unpack_from("<I", pe, opt + 148)[0]
        out += pe[opt + 68:opt + 144] + pe[opt + 152:headers]
    else:
        out += pe[opt + 68:headers]
    total = headers
    table = [struct.unpack_from("<II", pe, opt + size + 40 * i + 16)[::-1]
             for i in range(sections)]
    for at, length in sorted(t for t in table if t[1]):
        out += pe[at:at + length]
        total += length
    return sha384(out + pe[total:len(pe) - signed])


def rtmr1(pe):
    return rtmr(authenticode(pe),
                sha384(b"Calling EFI Application from Boot Option"),
                sha384(bytes(4)), sha384(b"Exit Boot Services Invocation"),
                sha384(b"Exit Boot Services Returned with Success"))


def cmdline_event(cmdline, initrd):
    text = cmdline.decode() + (" initrd=initrd" if initrd is not None else "")
    return sha384((text + "\0").encode("utf-16-le"))


def rtmr2(cmdline, initrd):
    events = [cmdline_event(cmdline, initrd)]
    if initrd is not None:
        events.append(sha384(initrd))
    return rtmr(*events)


def main():
    fw, blobs = firmware(), (b"kernel\n", b"initrd\n", b"console=ttyS0")
    pe = kernel()
    rows = {
        "firmware": sha384(fw),
        "snp 1": snp(fw, blobs, 1),
        "snp 4": snp(fw, blobs, 4),
        "snp no kernel": snp(fw, None, 2),
        "mrtd two-pass": mrtd(fw, True),
        "mrtd single-pass": mrtd(fw, False),
        "hob 128 MiB": td_hob(128 << 20),
        "hob 2815 MiB": td_hob(2815 << 20),
        "hob 2816 MiB": td_hob(2816 << 20),
        "rtmr0 2 GiB": rtmr0(fw, 2 << 30),
        "kernel": sha384(pe),
        "authenticode": authenticode(pe),
        "authenticode signed": authenticode(kernel(signed=24)),
        "authenticode 4 directories": authenticode(kernel(directories=4)),
        "authenticode no tail": authenticode(kernel(tail=b"")),
        "rtmr1": rtmr1(pe),
        "linux patched": sha384(patched(linux(), 7, 2 << 30)),
        "linux patched, 4 GiB": sha384(patched(linux(), 7, 4 << 30)),
        "linux patched, no initrd": sha384(patched(linux(), 0, 0)),
        "rtmr2": rtmr2(b"console=ttyS0", b"initrd\n"),
        "rtmr2 no initrd": rtmr2(b"console=ttyS0", None),
    }
    for name, value in rows.items():
        print(f"{name:28}{value.hex()}")


if __name__ == "__main__":
    main()
