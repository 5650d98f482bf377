"""How many files and sockets a process may have open: most systems begin at 1,024, and let a program ask for more."""

from __future__ import annotations

import resource


def allow_many() -> int:
    """Raise this process's own limit as far as the system lets it (getrlimit(2)), and return it; 0 where there is none."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):  # macOS names no bound as the hard limit, and refuses it
            return soft
    return 0 if hard == resource.RLIM_INFINITY else hard
