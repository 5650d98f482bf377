"""The commands: exit codes, plain one-line messages, and what they leave behind."""

from __future__ import annotations

import asyncio
import secrets
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from lounge.cli import main
from tests.integration.conftest import named
from tests.integration.http.command import data_folder, environment, lounge, served

if TYPE_CHECKING:
    from tests.conftest import Servers
    from tests.integration.conftest import Database
    from tests.integration.http.conftest import Ask


def plain(text: str) -> str:
    """Return the one line of an error message, having seen that it is one and no traceback."""
    lines = text.strip().splitlines()
    assert "Traceback" not in text
    assert lines[-1].startswith("Error: ")
    return lines[-1]


@pytest.mark.parametrize("command", ["", *sorted(main.commands)])
def test_every_command_has_help(command: str) -> None:
    """--help explains and exits 0."""
    done = lounge(*command.split(), "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("REDIS_URL", "localhost:6379"),
        ("LOUNGE_PUBLIC_URL", "lounge.example.org"),
        ("LOUNGE_LABEL_K", "few"),
        ("LOUNGE_SOCKETS", "-1"),
        ("LOUNGE_LOG_FORMAT", "xml"),
    ],
)
def test_a_bad_setting_ends_a_command_with_one_line(setting: str, value: str) -> None:
    """Exit code 2 and one line that names the variable; its value, which may hold a password, is not repeated."""
    done = lounge("serve", "--port", "0", env=environment(more={setting: value}))
    assert done.returncode == 2
    assert setting in plain(done.stderr)
    assert len(done.stderr.strip().splitlines()) == 1
    assert value not in done.stderr


def test_wrong_use_exits_with_2() -> None:
    """An unknown option, a port out of range, a token for nobody."""
    for arguments in (
        ["serve", "--nonsense"],
        ["serve", "--port", "99999"],
        ["token"],
        ["token", "a", "--create-member", "b"],
    ):
        assert lounge(*arguments).returncode == 2


@pytest.mark.parametrize("public", [None, "http://localhost:8000"])
def test_serving_a_network_needs_an_https_address(public: str | None) -> None:
    """Beyond loopback `serve` refuses without an https LOUNGE_PUBLIC_URL, and says why; nothing is started."""
    env = environment(more={} if public is None else {"LOUNGE_PUBLIC_URL": public})
    done = lounge("serve", "--host", "0.0.0.0", "--port", "0", env=env)
    assert done.returncode == 2
    assert "LOUNGE_PUBLIC_URL" in plain(done.stderr)
    assert "https" in done.stderr


def test_a_port_in_use_is_told_at_once(database: Database) -> None:
    """Exit code 1 and the port's number."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = lounge("serve", "--port", port, env=environment(database))
    assert done.returncode == 1
    assert port in plain(done.stderr)


async def test_serve_leaves_another_database_to_migrate(database: Database, servers: Servers) -> None:
    """An external database without our schema: refused with the command to run; after it, served; again: nothing to do."""
    name = f"unmigrated_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(servers.admin_url)
    await admin.execute(f"create database {name} owner {urlsplit(servers.owner_url).username}")
    try:
        env = environment(database._replace(url=named(database.url, name), owner_url=named(database.owner_url, name)))
        refused = lounge("serve", "--port", "0", env=env)
        assert refused.returncode == 1
        assert "lounge migrate" in plain(refused.stderr)
        done = lounge("migrate", env=env)
        assert (done.returncode, done.stdout.splitlines()[0][:4]) == (0, "0001")
        assert lounge("migrate", env=env).stdout == ""
        with served("serve", env=env) as node:
            async with httpx.AsyncClient() as balancer:
                assert (await balancer.get(f"{node.url}/readyz")).json()["missing"] == []
        assert node.exit_code == 0
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


async def test_a_database_that_may_forget_is_refused(database: Database, owner: Ask) -> None:
    """synchronous_commit=off would let an acknowledged change be lost: refused, with the setting's name."""
    current = (await owner("select current_database() as name"))[0]["name"]
    await owner(f"alter database {current} set synchronous_commit = off")
    try:
        done = lounge("serve", "--port", "0", env=environment(database))
    finally:
        await owner(f"alter database {current} reset synchronous_commit")
    assert done.returncode == 1
    assert "synchronous_commit=off" in plain(done.stderr)


def test_a_database_that_is_away_is_told_without_its_address(database: Database) -> None:
    """Exit code 1, one line, no password."""
    away = database._replace(url="postgresql://somebody:hunter2@127.0.0.1:9/lounge")
    done = lounge("serve", "--port", "0", env=environment(away))
    assert done.returncode == 1
    assert "hunter2" not in done.stdout + done.stderr
    plain(done.stderr)


async def test_a_node_may_open_as_many_files_as_the_system_lets_it(database: Database) -> None:
    """Whatever lower limit it was started under; and where that is too low for its sockets, the log says so."""
    command = 'ulimit -Sn 128; ulimit -Hn 2000; exec "$0" -m lounge serve --port 0'
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", command, sys.executable,
        env=environment(database), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert b"http" in await process.stdout.readline()
    limits = await asyncio.to_thread(Path(f"/proc/{process.pid}/limits").read_text, "ascii")
    process.terminate()
    _, said = await process.communicate()
    assert [line.split()[3:5] for line in limits.splitlines() if line.startswith("Max open files")] == [
        ["2000", "2000"]
    ]
    assert b"files.few" in said


def test_tokens_are_printed_one_a_line_and_work(database: Database) -> None:
    """--count makes HANDLE-1 to HANDLE-n, one token a line in that order; each signs its member in."""
    env = environment(database)
    done = lounge(
        "token", "--create-member", "dr-many", "--specialty", "cardiology", "--specialty", "nephrology",
        "--country", "FR", "--role", "moderator", "--count", "3", env=env,
    )  # fmt: skip
    assert done.returncode == 0
    tokens = done.stdout.splitlines()
    with served("serve", env=env) as node:
        answers = [httpx.get(f"{node.url}/api/v1/me", headers={"authorization": f"Bearer {t}"}).json() for t in tokens]
    assert [a["handle"] for a in answers] == ["dr-many-1", "dr-many-2", "dr-many-3"]
    assert {(a["role"], a["country"], *a["specialties"]) for a in answers} == {
        ("moderator", "FR", "cardiology", "nephrology")
    }


def test_a_token_can_be_had_again(database: Database) -> None:
    """For an existing member by handle, or by the very command that made it; otherwise described it is refused."""
    env = environment(database)
    make = ("token", "--create-member", "dr-again", "--specialty", "cardiology", "--country", "SE")
    tokens = {lounge(*make, env=env).stdout, lounge(*make, env=env).stdout, lounge("token", "dr-again", env=env).stdout}
    assert len(tokens) == 3
    other = lounge(*make, "--role", "operator", env=env)
    assert other.returncode == 2
    assert "exists" in plain(other.stderr)
    unknown = lounge("token", "dr-nobody", env=env)
    assert unknown.returncode == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ("--create-member", "Dr. Who", "--specialty", "cardiology", "--country", "GB"),
        ("--create-member", "dr-who", "--specialty", "time-travel", "--country", "GB"),
        ("--create-member", "dr-who", "--specialty", "cardiology", "--country", "Gallifrey"),
        ("--create-member", "dr-who", "--country", "GB"),
    ],
)
def test_a_member_must_keep_the_rules(database: Database, wrong: tuple[str, ...]) -> None:
    """A bad handle, an unknown specialty or country, no specialty: exit code 2, one line, no member."""
    env = environment(database)
    done = lounge("token", *wrong, env=env)
    assert done.returncode == 2
    plain(done.stderr)
    assert lounge("token", "dr-who", env=env).returncode == 1


def test_restore_epoch_begins_a_new_history(database: Database) -> None:
    """The epoch that clients see is another one afterwards."""
    env = environment(database)
    token = lounge("token", "--create-member", "dr-epoch", "--specialty", "cardiology", "--country", "SE", env=env)
    headers = {"authorization": f"Bearer {token.stdout.strip()}"}
    seen = []
    for _ in range(2):
        with served("serve", env=env) as node:
            seen.append(httpx.get(f"{node.url}/api/v1/me", headers=headers).json()["epoch"])
        assert lounge("restore-epoch", env=env).returncode == 0
    assert seen[0] != seen[1]


def test_the_demo_and_an_installation_never_share_data() -> None:
    """`demo` serves its own folder, loopback alone; `serve` on it offers no demo sign-in; `demo` refuses a real one's."""
    with data_folder() as folder, data_folder() as real:
        with served("demo", "--quiet", "--data", str(folder), env=environment()) as demo:
            assert demo.url.startswith("http://127.0.0.1:")
            assert httpx.get(f"{demo.url}/api/v1/about").json()["demo"] is True
            assert httpx.get(f"{demo.url}/api/v1/demo/members").status_code == 200
            beside = lounge("token", "--create-member", "dr-beside", "--specialty", "cardiology", "--country", "DE",
                            "--data", str(folder), env=environment())  # fmt: skip
            assert beside.stdout.startswith("lng_"), "while another process runs the servers of the folder"
            second = lounge("demo", "--quiet", "--port", "0", "--data", str(folder))
            assert second.returncode == 2, "the folder is in use"
            plain(second.stderr)
        assert demo.exit_code == 0
        with served("serve", "--data", str(folder), env=environment()) as installed:
            assert httpx.get(f"{installed.url}/api/v1/about").json()["demo"] is False
            assert httpx.get(f"{installed.url}/api/v1/demo/members").status_code == 404
        (real / "postgres").mkdir(parents=True)
        refused = lounge("demo", "--quiet", "--port", "0", "--data", str(real))
        assert refused.returncode == 1
        assert "not a demo" in plain(refused.stderr)
