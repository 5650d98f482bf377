"""The arguments that a process was started with: how our server is told from any other process with its old pid."""

from __future__ import annotations

import ctypes
import itertools
import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """What marks our server: the program's name, and one option followed by exactly this value."""

    program: str
    option: str
    value: Path

    def matches(self, pid: int) -> bool:
        """Whether this pid is, at this moment, a live process of that program with that very option and value."""
        given = arguments_of(pid)
        if not given or Path(os.fsdecode(given[0])).name != self.program:
            return False
        wanted = (os.fsencode(self.option), os.fsencode(self.value))
        return wanted in itertools.pairwise(given)

    def is_gone(self, pid: int) -> bool:
        """Whether no such process runs under this pid any more."""
        return not self.matches(pid)

    def found(self, *likely: int) -> list[int]:
        """Return the pids that match. Linux: of all processes that we may see; elsewhere only of the `likely` ones."""
        pids = set(likely)
        if sys.platform == "linux":
            pids |= {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()}
        return sorted(pid for pid in pids if pid != os.getpid() and self.matches(pid))


def arguments_of(pid: int) -> list[bytes]:
    """Return the arguments of a live process; empty where it is gone, a zombie, or not ours to see."""
    if sys.platform == "darwin":
        return _arguments_on_macos(pid)
    try:
        text = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return text.removesuffix(b"\0").split(b"\0") if text else []


def _arguments_on_macos(pid: int) -> list[bytes]:
    """Ask `sysctl(CTL_KERN, KERN_PROCARGS2, pid)`. UNTESTED: written from Apple's sysctl.h, never run on macOS.

    The answer is: number of arguments (int32), path of the program, padding zeros, then each argument and a zero.
    """
    size = ctypes.c_size_t(1 << 20)
    buffer = ctypes.create_string_buffer(size.value)
    name = (ctypes.c_int * 3)(1, 49, pid)
    if ctypes.CDLL(None).sysctl(name, 3, buffer, ctypes.byref(size), None, ctypes.c_size_t(0)) != 0:
        return []
    answer = buffer.raw[: size.value]
    count = int.from_bytes(answer[:4], sys.byteorder)
    _, _, rest = answer[4:].partition(b"\0")
    return rest.lstrip(b"\0").split(b"\0")[:count]
