"""`lounge servers`: started, killed and ended as an operator or the kernel does it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

if TYPE_CHECKING:
    from tests.integration.embedded.conftest import Launcher, Lounge, User

SERVERS = ("postgres", "valkey-server")
PID_FILES = {"postgres": "postgres/data/postmaster.pid", "valkey-server": "valkey/data/valkey.pid"}


def check_both_serve(launcher: Launcher, lounge: Lounge, user: User) -> None:
    """Both servers answer under the printed URLs, each URL with the role it is for."""
    roles = [
        launcher.query(lounge.url(name), "SELECT current_user", user) for name in ("DATABASE_URL", "DATABASE_OWNER_URL")
    ]
    assert roles == ["lounge_app", "lounge_owner"]
    assert launcher.valkey(lounge.url("REDIS_URL"), "PING") == "+PONG"


def write_something(launcher: Launcher, lounge: Lounge, user: User) -> None:
    """Leave a row and a key behind."""
    assert launcher.query(lounge.url("DATABASE_OWNER_URL"), "CREATE TABLE kept AS SELECT 42 AS n", user) == "SELECT 1"
    assert launcher.valkey(lounge.url("REDIS_URL"), "SET", "kept", "42") == "+OK"


def sockets_of(lounge: Lounge) -> list[Path]:
    """Return both servers' socket paths, from the printed URLs."""
    database = parse_qs(urlsplit(lounge.url("DATABASE_URL")).query)
    return [
        Path(database["host"][0], f".s.PGSQL.{database['port'][0]}"),
        Path(unquote(urlsplit(lounge.url("REDIS_URL")).path)),
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_prints_the_urls_then_ready_and_ends_in_order(
    launcher: Launcher, place: Path, user: User, number: signal.Signals
) -> None:
    """Standard output is the three URLs and `ready`; a signal ends all with exit code 0, no process and no socket."""
    lounge = launcher.start(place / "data", user)
    names = [line.partition("=")[0] for line in lounge.lines]
    assert names == ["DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "ready"]
    check_both_serve(launcher, lounge, user)
    sockets = sockets_of(lounge)
    assert all(path.is_socket() for path in sockets)
    assert lounge.end(number) == 0
    assert launcher.commands(str(place)) == {}
    assert not any(path.exists() for path in sockets)
    assert lounge.process.stdout is not None
    assert lounge.process.stdout.read() == ""


def test_data_outlives_an_orderly_end(launcher: Launcher, place: Path, user: User) -> None:
    """What was written before the end is there after the next start."""
    lounge = launcher.start(place / "data", user)
    write_something(launcher, lounge, user)
    assert lounge.end() == 0
    lounge = launcher.start(place / "data", user)
    assert launcher.query(lounge.url("DATABASE_OWNER_URL"), "SELECT n FROM kept", user) == "42"
    assert launcher.valkey(lounge.url("REDIS_URL"), "GET", "kept") == "42"


def test_database_is_utf8_in_code_point_order_and_owned_by_the_owner(
    launcher: Launcher, place: Path, own: User
) -> None:
    """The database's encoding and collation do not depend on the machine; the application's role may not create."""
    lounge = launcher.start(place / "data", own)
    facts = (
        "SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale, datdba::regrole "
        "FROM pg_database WHERE datname = 'lounge'"
    )
    assert launcher.query(lounge.url("DATABASE_URL"), facts, own) == "UTF8|b|C.UTF-8|lounge_owner"
    assert (
        launcher.query(lounge.url("DATABASE_URL"), "SELECT rolsuper FROM pg_roles WHERE rolname ~ '^lounge'", own)
        == "f\nf"
    )
    assert "permission denied" in launcher.query(lounge.url("DATABASE_URL"), "CREATE SCHEMA mine", own)


@pytest.mark.parametrize("name", ["with space", 'comma, quote\' "double" ü+%20?#&'])
def test_data_folder_may_bear_any_name(launcher: Launcher, place: Path, own: User, name: str) -> None:
    """A space, or what means something in a URL, a list or a shell, does no harm in the data folder's name."""
    lounge = launcher.start(place / name, own)
    check_both_serve(launcher, lounge, own)
    assert lounge.end() == 0


def test_path_too_long_for_a_socket_is_served_from_a_short_folder(launcher: Launcher, place: Path, user: User) -> None:
    """Where the data folder's path exceeds a socket's, the sockets lie in a temporary folder, gone after the end."""
    data = place / ("long" * 30) / "data"
    lounge = launcher.start(data, user)
    check_both_serve(launcher, lounge, user)
    sockets = sockets_of(lounge)
    assert all(len(str(path)) < 108 for path in sockets)
    assert lounge.end() == 0
    assert not any(path.parent.exists() for path in sockets)


def test_short_folder_of_a_killed_parent_is_removed_at_the_next_start(
    launcher: Launcher, place: Path, own: User
) -> None:
    """A temporary socket folder does not stay for ever when nobody was left to remove it."""
    data = place / ("long" * 30) / "data"
    lounge = launcher.start(data, own)
    left = [path.parent for path in sockets_of(lounge)]
    lounge.process.kill()
    launcher.wait_for(lambda: not launcher.commands(str(data)), "both servers to end")
    assert all(folder.exists() for folder in left)
    again = launcher.start(data, own)
    check_both_serve(launcher, again, own)
    assert not any(folder.exists() for folder in left)
    assert again.end() == 0


def test_killed_parent_takes_both_servers_along(launcher: Launcher, place: Path, user: User) -> None:
    """After kill -9 of `lounge servers` no server is left, and the next start finds what had been written."""
    lounge = launcher.start(place / "data", user)
    write_something(launcher, lounge, user)
    lounge.process.kill()
    launcher.wait_for(lambda: not launcher.commands(str(place)), "both servers to end")
    again = launcher.start(place / "data", user)
    check_both_serve(launcher, again, user)
    assert launcher.query(again.url("DATABASE_OWNER_URL"), "SELECT n FROM kept", user) == "42"
    assert launcher.valkey(again.url("REDIS_URL"), "GET", "kept") == "42"


@pytest.mark.parametrize("name", SERVERS)
def test_orphan_is_ended_by_the_next_start(launcher: Launcher, place: Path, user: User, name: str) -> None:
    """A server that outlived its parent, though it should not have, is ended before another takes the folder."""
    lounge = launcher.start(place / "data", user)
    arguments = launcher.commands(str(place))[launcher.server(place, name)][:-1]
    assert lounge.end() == 0
    orphan = start_untied(launcher, place, user, arguments)
    again = launcher.start(place / "data", user)
    assert orphan.poll() is not None
    check_both_serve(launcher, again, user)
    assert again.end() == 0


@pytest.mark.parametrize("name", SERVERS)
def test_orphan_without_a_pid_file_is_ended_too(launcher: Launcher, place: Path, own: User, name: str) -> None:
    """An orphan is known by its arguments, whatever became of its pid file."""
    lounge = launcher.start(place / "data", own)
    arguments = launcher.commands(str(place))[launcher.server(place, name)][:-1]
    assert lounge.end() == 0
    orphan = start_untied(launcher, place, own, arguments)
    (place / "data" / PID_FILES[name]).unlink()
    again = launcher.start(place / "data", own)
    assert orphan.poll() is not None
    assert again.end() == 0


def start_untied(launcher: Launcher, place: Path, user: User, arguments: list[str]) -> subprocess.Popen[bytes]:
    """Start a server by the very arguments it had, but not tied to any parent, and wait until it serves."""
    folder = place / "data" / ("postgres" if Path(arguments[0]).name == "postgres" else "valkey")
    owner = (folder / "data").stat()
    account = type(user)("owner", (owner.st_uid, owner.st_gid)).account if os.geteuid() == 0 else user.account
    run = folder / "run"
    run.mkdir(mode=0o700)
    os.chown(run, owner.st_uid, owner.st_gid)
    with (place / "orphan.log").open("ab") as log:
        orphan = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env={}, **account
        )
    pid_file = place / "data" / PID_FILES[Path(arguments[0]).name]
    launcher.wait_for(lambda: any(path.is_socket() for path in run.iterdir()) and pid_file.exists(), "the orphan")
    assert orphan.poll() is None
    return orphan


def test_second_process_on_a_folder_is_refused(launcher: Launcher, place: Path, user: User) -> None:
    """The second ends with exit code 2 and one line that names folder and holder; the first goes on unharmed."""
    first = launcher.start(place / "data", user)
    second = launcher.begin(place / "data", user)
    assert second.process.wait(60) == 2
    error = second.error()
    assert error.count("\n") == 1
    assert str(place / "data") in error
    assert f"process {first.process.pid}" in error
    check_both_serve(launcher, first, user)
    assert first.end() == 0


@pytest.mark.parametrize("name", SERVERS)
def test_process_of_somebody_else_in_a_stale_pid_file_lives_on(
    launcher: Launcher, place: Path, own: User, name: str
) -> None:
    """A pid file's number may belong to anybody by now, even to a server of the same name on a folder like ours."""
    data = place / "data"
    assert launcher.start(data, own).end() == 0
    folder = data / ("postgres" if name == "postgres" else "valkey") / "data"
    option = "-D" if name == "postgres" else "--dir"
    # Its arguments hold our path as a part, and begin like our server's.
    somebody = subprocess.Popen(
        [name, "-c", "read _", "sh", option, f"{folder}2"], executable="/bin/sh", stdin=subprocess.PIPE
    )
    pid_file = data / PID_FILES[name]
    pid_file.write_text(f"{somebody.pid}\n{folder}\n")
    try:
        lounge = launcher.start(data, own)
        check_both_serve(launcher, lounge, own)
        assert str(somebody.pid) != pid_file.read_text().split()[0]
        assert lounge.end() == 0
        assert somebody.poll() is None
    finally:
        somebody.kill()
        somebody.communicate()


def test_half_made_database_is_made_anew(launcher: Launcher, place: Path, user: User) -> None:
    """Killed while the database was being made, the next start makes it whole and leaves no remains."""
    folder = place / "data" / "postgres"
    lounge = launcher.begin(place / "data", user)
    launcher.wait_for(lambda: list(folder.glob("making-*/PG_VERSION")), "the database to be half made")
    lounge.process.kill()
    launcher.wait_for(lambda: not launcher.commands(str(place)), "everything to end")
    assert not (folder / "data").exists()
    again = launcher.start(place / "data", user)
    check_both_serve(launcher, again, user)
    assert again.end() == 0
    assert list(folder.glob("making-*")) == []


def test_signal_during_the_first_start_ends_it_in_order(launcher: Launcher, place: Path, user: User) -> None:
    """SIGTERM while the database is being made: exit code 0, nothing left running, and the next start works."""
    lounge = launcher.begin(place / "data", user)
    launcher.wait_for(lambda: list((place / "data" / "postgres").glob("making-*/PG_VERSION")), "half a database")
    assert lounge.end() == 0
    assert launcher.commands(str(place)) == {}
    again = launcher.start(place / "data", user)
    check_both_serve(launcher, again, user)
    assert again.end() == 0


def test_callers_environment_does_not_reach_the_servers(launcher: Launcher, place: Path, own: User) -> None:
    """PG*, LC_*, LANG, TZ and secrets of the caller neither steer the servers nor can be read from them."""
    hostile = {
        "PGDATA": "/nonexistent",
        "PGPORT": "1",
        "PGHOST": "/nonexistent",
        "PGUSER": "mallory",
        "PGOPTIONS": "-c fsync=off",
        "LC_ALL": "xx_XX.UTF-8",
        "LC_MESSAGES": "de_DE.UTF-8",
        "LANG": "tr_TR.UTF-8",
        "TZ": "Asia/Kathmandu",
        "LOUNGE_SECRET": "hidden",
    }
    lounge = launcher.start(place / "data", own, **hostile)
    check_both_serve(launcher, lounge, own)
    assert launcher.query(lounge.url("DATABASE_URL"), "SHOW timezone", own) == "UTC"
    assert launcher.query(lounge.url("DATABASE_URL"), "SHOW lc_messages", own) == "C"
    for name in SERVERS:
        given = Path("/proc", str(launcher.server(place, name)), "environ").read_text().split("\0")
        names = {pair.partition("=")[0] for pair in given if pair}
        assert names <= {"PATH", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "PG_GRANDPARENT_PID"}
        assert "LC_ALL=C" in given
    assert lounge.end() == 0


def test_passwordless_trust_is_nowhere_configured(launcher: Launcher, place: Path, own: User) -> None:
    """Every way in is by the kernel's word on who connects."""
    lounge = launcher.start(place / "data", own)
    rules = (place / "data" / "postgres" / "data" / "pg_hba.conf").read_text().splitlines()
    methods = {line.split()[3] for line in rules if line and not line.startswith("#")}
    assert methods == {"peer"}
    assert lounge.end() == 0


def test_log_holds_nothing_that_a_client_sent(launcher: Launcher, place: Path, own: User) -> None:
    """Neither a failing statement nor the value it failed on is written to the server's log."""
    lounge = launcher.start(place / "data", own)
    url = lounge.url("DATABASE_OWNER_URL")
    launcher.query(url, "CREATE TABLE notes (body text PRIMARY KEY, n int)", own)
    for statement in (
        "SELECT 'patient-alpha'::int",
        "INSERT INTO notes VALUES ('patient-beta'), ('patient-beta')",
        "SELEC 'patient-gamma'",
        "DO $$ BEGIN RAISE WARNING 'patient-delta'; END $$",
    ):
        launcher.query(url, statement, own)
    assert lounge.end() == 0
    log = (place / "data" / "postgres" / "server.log").read_text()
    assert "ready to accept connections" in log
    assert "patient-" not in log


def test_folder_made_by_another_version_is_refused_and_kept(launcher: Launcher, place: Path, own: User) -> None:
    """A data folder of another major version is neither started nor touched; the message names both versions."""
    assert launcher.start(place / "data", own).end() == 0
    version = place / "data" / "postgres" / "data" / "PG_VERSION"
    version.write_text("17\n")
    lounge = launcher.begin(place / "data", own)
    assert lounge.process.wait(60) == 1
    error = lounge.error()
    assert "PostgreSQL 17" in error
    assert error.count("\n") == 1
    assert version.read_text() == "17\n"
