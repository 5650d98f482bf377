"""Processes tied to their parent: workers, and the helper for systems without PR_SET_PDEATHSIG."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lounge.embedded.arguments import Identity, arguments_of
from lounge.embedded.folder import default_data_folder

if TYPE_CHECKING:
    from tests.integration.embedded.conftest import Launcher

ROOT = Path(__file__).resolve().parents[3]


def parent_of(code: str) -> subprocess.Popen[str]:
    """Start a Python process that runs some code, prints the pid of a child of its own and then only waits."""
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def is_gone(pid: int) -> bool:
    """Whether no live process has this number (a zombie that nobody waits for has no arguments any more)."""
    return not arguments_of(pid)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            "import os, signal, sys, time\n"
            "from lounge.embedded.process import die_with\n"
            "parent = os.getpid()\n"
            "if (child := os.fork()) == 0:\n"
            "    die_with(parent, signal.SIGTERM)\n"
            "    print(os.getpid(), flush=True)\n"
            "    time.sleep(600)\n"
            "sys.stdin.read()\n",
            id="worker",
        ),
        pytest.param(
            "import signal, subprocess, sys\n"
            "from lounge.embedded.process import watchdog\n"
            "child = subprocess.Popen(['sleep', '600'])\n"
            "guard = watchdog(child.pid, signal.SIGTERM)\n"
            "print(child.pid, flush=True)\n"
            "sys.stdin.read()\n",
            id="watchdog",
        ),
    ],
)
def test_child_ends_when_its_parent_is_killed(launcher: Launcher, code: str) -> None:
    """However the parent ends, its child gets the signal."""
    parent = parent_of(code)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        launcher.wait_for(lambda: not is_gone(child), "the child to have its arguments")
        parent.kill()
        parent.wait()
        launcher.wait_for(lambda: is_gone(child), "the child to end")
    finally:
        parent.kill()
        parent.communicate()
        if not is_gone(child):
            os.kill(child, signal.SIGKILL)


def test_child_of_a_parent_already_dead_ends_at_once() -> None:
    """Between fork and the call the parent may have died; then no signal would come, so the child leaves by itself."""
    code = (
        "import os, signal\n"
        "from lounge.embedded.process import die_with\n"
        "die_with(os.getppid() + 1, signal.SIGTERM)\n"
        "print('still here')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (1, "")


def test_identity_is_exact(launcher: Launcher, tmp_path: Path) -> None:
    """Only the very program with the very value after the very option is ours."""
    data = tmp_path / "data"
    with subprocess.Popen(
        ["/somewhere/postgres", "-c", "read _", "sh", "-D", str(data)], executable="/bin/sh", stdin=subprocess.PIPE
    ) as process:
        ours = Identity("postgres", "-D", data)
        # The arguments can be read a moment after exec, not at once.
        launcher.wait_for(lambda: arguments_of(process.pid), "the process to begin")
        assert ours.matches(process.pid)
        assert ours.found() == [process.pid]
        for other in (
            Identity("postgres", "-D", tmp_path),
            Identity("postgres", "-D", tmp_path / "data2"),
            Identity("postgres", "-d", data),
            Identity("postgre", "-D", data),
        ):
            assert not other.matches(process.pid)
            assert other.found(process.pid) == []
        process.communicate(b"\n")
    assert not ours.matches(process.pid)


def test_default_data_folder_follows_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root's is the system's; others' is in their data home, by XDG_DATA_HOME where that is absolute."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_folder() == Path("/var/lib/lounge")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/accounts/ada")
    monkeypatch.setenv("XDG_DATA_HOME", "/data/ada")
    assert default_data_folder() == Path("/data/ada/lounge")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert default_data_folder() == Path("/accounts/ada/.local/share/lounge")
    monkeypatch.delenv("XDG_DATA_HOME")
    assert default_data_folder() == Path("/accounts/ada/.local/share/lounge")
