"""Run `lounge` as another user id: `python dropped.py UID GID WHEELS ARGUMENT...`, started by root.

Everything is imported first and the user id dropped then, since the interpreter and the project may lie under a folder
that only root can pass. WHEELS is a folder with the servers' packages that this user id can read.
"""

import codecs
import importlib.metadata
import os
import sys

from lounge.cli import main as lounge


def main() -> None:
    """Import, drop, run."""
    # What the standard library imports only on first use.
    importlib.metadata.version("click")
    for codec in ("ascii", "idna", "latin-1"):
        codecs.lookup(codec)

    uid, gid, wheels, *arguments = sys.argv[1:]
    sys.path.insert(0, wheels)
    os.setgroups([])
    os.setresgid(int(gid), int(gid), int(gid))
    os.setresuid(int(uid), int(uid), int(uid))
    lounge(arguments, prog_name="lounge")


if __name__ == "__main__":
    main()
