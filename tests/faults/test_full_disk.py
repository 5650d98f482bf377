"""A full disk: what was acknowledged stands, the rest is refused as something to be tried again, and heals."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

from tests.faults.conftest import UNSHARE

SCRIPT: Final = 'mount -t tmpfs -o size=300m,mode=755 tmpfs "$1" && exec "$2" -m tests.faults.full_disk "$1"'
ROOT: Final = Path(__file__).parents[2]


async def test_a_full_disk_loses_nothing_and_heals(tmp_path: Path) -> None:
    """On a small file system in a namespace of its own (unshare(1)); the machine's disks are not touched."""
    folder = tmp_path / "disk"
    folder.mkdir()
    for one in (tmp_path, *tmp_path.parents[:-2]):
        one.chmod(0o755)
    process = await asyncio.create_subprocess_exec(
        *UNSHARE, "sh", "-c", SCRIPT, "sh", str(folder), sys.executable,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()[-3000:]
    assert b"No space left" in out
