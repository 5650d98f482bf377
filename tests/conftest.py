"""What all tests share: real servers, started once."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Servers(NamedTuple):
    """Addresses of a Postgres, as the application, as the owner and as one who creates databases; and of a Redis."""

    database_url: str
    owner_url: str
    admin_url: str
    redis_url: str


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Run `lounge servers` for the session; or take the servers that the environment names.

    LOUNGE_TEST_DATABASE_URL (a login that may create databases and roles) and LOUNGE_TEST_REDIS_URL name others, such as
    Debian's PostgreSQL 15 and Redis 7.
    """
    if url := os.environ.get("LOUNGE_TEST_DATABASE_URL"):
        yield Servers(url, url, url, os.environ["LOUNGE_TEST_REDIS_URL"])
        return
    # As root, Postgres runs as nobody, who must be able to pass through: pytest's own folders are private.
    data = Path("/tmp") / f"lounge-test-{secrets.token_hex(6)}"
    data.mkdir(mode=0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "lounge", "servers", "--data", str(data)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        told: dict[str, str] = {}
        for line in process.stdout:
            if line.strip() == "ready":
                break
            name, _, value = line.strip().partition("=")
            told[name] = value
        assert "REDIS_URL" in told, "lounge servers did not start"
        owner = told["DATABASE_OWNER_URL"]
        admin = owner.replace("//lounge_owner@", "//postgres@")
        yield Servers(told["DATABASE_URL"], owner, admin, told["REDIS_URL"])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()
        shutil.rmtree(data, ignore_errors=True)
