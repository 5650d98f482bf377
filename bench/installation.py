"""Servers and a node for a measurement, in a folder that goes with it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60.0


class Node(NamedTuple):
    """A running `lounge serve`: its address and process id."""

    url: str
    pid: int


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Run PostgreSQL and Valkey, migrated; yield their URLs as environment variables."""
    # As root PostgreSQL runs as nobody, who must be able to pass through.
    data = Path("/tmp") / f"lounge-bench-{secrets.token_hex(6)}"
    data.mkdir(mode=0o755)
    command = [sys.executable, "-m", "lounge", "servers", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            told: dict[str, str] = {}
            while (line := process.stdout.readline().strip()) != "ready":
                name, _, value = line.partition("=")
                told[name] = value
            subprocess.run(
                [sys.executable, "-m", "lounge", "migrate"],
                env=os.environ | told,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
            )
            yield told
        finally:
            process.terminate()
            process.wait(PATIENCE)
            shutil.rmtree(data, ignore_errors=True)


@contextmanager
def node(environment: dict[str, str]) -> Iterator[Node]:
    """Run a node on these servers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "lounge", "serve", "--port", str(port)]
    settings = os.environ | environment | {"LOUNGE_SOCKETS_PER_MEMBER": "0"}
    with subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + PATIENCE
            while not _ready(url):
                assert time.monotonic() < deadline, "the node did not start"
                time.sleep(0.1)
            yield Node(url, process.pid)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz") as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def token(environment: dict[str, str]) -> str:
    """Make a member and return a token of theirs."""
    command = ["token", "--create-member", "bench", "--specialty", "cardiology", "--country", "DE"]
    done = subprocess.run(
        [sys.executable, "-m", "lounge", *command],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().splitlines()[-1]


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of them lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
