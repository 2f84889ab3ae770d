"""The running enclave has given up what it does not need: system calls, files,
privileges, core dumps; and it is one static program."""
import os
import stat
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import BIN, Service, check  # noqa: E402


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


def check_files(pid):
    """Only sockets, pipes and the kernel's own descriptors, and nothing that
    can be written to a disk but the log that `confer up` has opened for it."""
    for fd in os.listdir(f"/proc/{pid}/fd"):
        path = f"/proc/{pid}/fd/{fd}"
        name, mode = os.readlink(path), os.stat(path).st_mode
        with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as f:
            flags = int(dict(x.split(":", 1) for x in f.read().splitlines()
                             if ":" in x)["flags"], 8)
        if stat.S_ISREG(mode):
            writes = flags & os.O_ACCMODE != os.O_RDONLY
            check(not writes or name.endswith(".log"),
                  f"descriptor {fd} cannot write a file ({name})")


def main():
    service = Service()
    s = status(service.enclave)
    check(s["Seccomp"] == "2", "system calls are filtered")
    check(s["NoNewPrivs"] == "1", "it cannot gain privileges")
    check(int(s["CapEff"], 16) == 0 and int(s["CapPrm"], 16) == 0,
          "it has no capabilities, though root started it")
    with open(f"/proc/{service.enclave}/limits", encoding="ascii") as f:
        core = [line for line in f if line.startswith("Max core")][0].split()
    check(core[4:6] == ["0", "0"], "it leaves no core dump")
    check_files(service.enclave)
    headers = subprocess.run(["readelf", "-ld", f"{BIN}/confer-enclave"],
                             capture_output=True, text=True, check=True)
    check("INTERP" not in headers.stdout and "(NEEDED)" not in headers.stdout,
          "it is one static program")
    check("DYN" in headers.stdout, "at an address chosen at random")
    service.stop()


main()
