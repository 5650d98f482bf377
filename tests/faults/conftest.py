"""The faults use the integration tests' databases."""

from __future__ import annotations

import os
import subprocess
from typing import Final

from tests.integration.conftest import database, template

__all__ = ["UNSHARE", "database", "template"]

UNSHARE: Final = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]), "--mount"]


def _may_mount() -> bool:
    """Whether this account may mount a file system in a namespace of its own: not in every container, nor on macOS."""
    try:
        command = [*UNSHARE, "mount", "-t", "tmpfs", "tmpfs", "/tmp"]
        return subprocess.run(command, check=False, capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


# What a full disk does can be tried only where there is a small one.
collect_ignore = [] if _may_mount() else ["test_full_disk.py"]
