"""The command `lounge` as an operator runs it: a process of its own, its output kept."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Database

PATIENCE = 120.0
_URL = re.compile(r"http://\S+")


def environment(database: Database | None = None, more: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a command: nothing of ours but what is needed, and the servers of `database`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "TMPDIR") if name in os.environ}
    if database is not None:
        kept |= {
            "DATABASE_URL": database.url,
            "DATABASE_OWNER_URL": database.owner_url,
            "REDIS_URL": database.redis_url,
        }
    return kept | (more or {})


def lounge(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "lounge", *arguments],
        env=environment() if env is None else env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class Served:
    """A node that runs: where, and afterwards what it said and how it ended."""

    def __init__(self, url: str, process: subprocess.Popen[str]) -> None:
        self.url = url
        self.process = process
        self.output = ""
        self.exit_code: int | None = None

    @property
    def port(self) -> int:
        """The port that it took."""
        return int(self.url.rpartition(":")[2])


@contextmanager
def served(*arguments: str, env: dict[str, str]) -> Iterator[Served]:
    """Run `lounge serve` or `demo` on a free port until the block ends; then end it by SIGTERM."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "lounge", *arguments, "--port", "0"],
            env=env,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        found = _URL.search(first)
        if found is None:
            process.kill()
            process.wait()
            process.stdout.close()
            errors.seek(0)
            raise AssertionError(first + errors.read())
        one = Served(found[0], process)
        try:
            yield one
        finally:
            process.terminate()
            rest = process.stdout.read()
            one.exit_code = process.wait(PATIENCE)
            process.stdout.close()
            errors.seek(0)
            one.output = first + rest + errors.read()


@contextmanager
def data_folder() -> Iterator[Path]:
    """Yield the path of a data folder that is not there yet, where the servers' own account can pass."""
    folder = Path("/tmp") / f"lounge-test-{secrets.token_hex(6)}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
