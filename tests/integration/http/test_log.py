"""Nothing of a person reaches the log: not by any header, path, query or body, and not by what other libraries log."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
from typing import TYPE_CHECKING

import asyncpg
import httpx
import pytest
import structlog

from lounge import log
from tests.integration.http.command import environment, lounge, served

if TYPE_CHECKING:
    from tests.integration.conftest import Database

SECRETS = ("hunter2", "dr-visible", "203.0.113.77", "patient-Smith")


def raw(port: int, request: bytes) -> bytes:
    """Send bytes as they are and return what comes back until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
        return answer


def test_no_secret_is_logged_wherever_it_is_put(database: Database) -> None:
    """Secrets in path, query, headers, cookie, body, handle, a socket's upgrade and broken requests: none in any output."""
    env = environment(database)
    made = lounge("token", "--create-member", "dr-visible", "--specialty", "cardiology", "--country", "DE", env=env)
    token = made.stdout.strip()
    with served("serve", env=env) as node:
        own = {"origin": node.url, "x-forwarded-for": "203.0.113.77", "user-agent": "hunter2"}
        with httpx.Client(base_url=node.url, headers=own) as client:
            assert client.get("/api/v1/me", headers={"authorization": f"Bearer {token}"}).status_code == 200
            client.get("/api/v1/me?q=hunter2", headers={"authorization": "Bearer hunter2"})
            client.get("/api/v1/me", headers={"authorization": f"Bearer lng_{'h' * 43}", "cookie": "lounge=hunter2"})
            client.get("/cases/patient-Smith?name=patient-Smith")
            client.get("/api/v1/rooms/patient-Smith/messages?before=hunter2")
            client.post("/api/v1/sign-in", json={"token": token})
            client.post("/api/v1/sign-in", json={"token": "hunter2"})
            client.post("/api/v1/sign-in", json={"token": {"patient-Smith": "hunter2"}})
            client.post("/api/v1/sign-in", content=b"patient-Smith", headers={"content-type": "hunter2/x"})
            client.request("BREW", "/api/v1/patient-Smith")
        upgrade = (
            b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\ncookie: lounge=hunter2\r\n"
            b"origin: http://patient-Smith\r\nsec-websocket-key: "
        )
        for broken in (
            b"GET /patient-Smith HTTP/9.9\r\nx: hunter2\r\n\r\n",
            b"patient-Smith hunter2\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: patient-Smith\r\nhunter2\r\n\r\n",
            b"POST /api/v1/sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: hunter2\r\n\r\n",
            b"GET /patient-Smith?hunter2 HTTP/1.1\r\nhost: x\r\n" + upgrade + b"hunter2\r\n\r\n",
            b"GET /live?hunter2 HTTP/1.1\r\nhost: x\r\n" + upgrade + b"dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        ):
            raw(node.port, broken)
    lines = [json.loads(line) for line in node.output.splitlines() if line.startswith("{")]
    assert sum(line["event"] == "http" for line in lines) >= 9, "what was asked was logged at all"
    assert {line["route"] for line in lines if line["event"] == "http"} >= {
        "/api/v1/me",
        "/api/v1/sign-in",
        "/{path:path}",
    }
    for secret in (*SECRETS, token):
        assert secret not in node.output
    assert "127.0.0.1" not in node.output.partition("\n")[2], (
        "the address stands in the first line alone, which is ours"
    )


@pytest.fixture
def written() -> io.StringIO:
    """A log as services write it, kept here."""
    stream = io.StringIO()
    log.configure("json", stream)
    return stream


def lines(written: io.StringIO) -> list[dict[str, object]]:
    """Return the objects that were logged."""
    return [json.loads(line) for line in written.getvalue().splitlines()]


async def test_a_driver_error_is_told_by_class_state_and_constraint(database: Database, written: io.StringIO) -> None:
    """A unique violation's text quotes the value (`Key (handle)=(...)`): the log has class, SQLSTATE and constraint."""
    connection = await asyncpg.connect(database.owner_url)
    insert = "insert into lounge.migrations (name, digest) values ('patient-Smith', 'hunter2')"
    await connection.execute(insert)
    with pytest.raises(asyncpg.UniqueViolationError) as raised:
        await connection.execute(insert)
    await connection.execute("delete from lounge.migrations where name = 'patient-Smith'")
    await connection.close()
    assert "patient-Smith" in str(raised.value.detail)
    structlog.get_logger("test").error("failed", exc_info=raised.value)
    logging.getLogger("elsewhere").error("query %s failed", "patient-Smith", exc_info=raised.value)
    told = {"class": "asyncpg.exceptions.UniqueViolationError", "sqlstate": "23505", "constraint": "migrations_pkey"}
    assert [line["exceptions"] for line in lines(written)] == [[told], [told]]
    assert "patient-Smith" not in written.getvalue()
    assert "hunter2" not in written.getvalue()


async def test_what_asyncio_says_of_a_lost_task_or_callback_names_no_values(written: io.StringIO) -> None:
    """It puts the repr of exceptions and of arguments into its messages: only the words before them are kept."""
    loop = asyncio.get_running_loop()

    async def fails(body: str) -> None:
        raise ValueError(body)

    task = loop.create_task(fails("patient-Smith"), name="hunter2")
    while not task.done():
        await asyncio.sleep(0)
    del task
    loop.call_soon(int, "patient-Smith")
    for _ in range(3):
        await asyncio.sleep(0)
    found = lines(written)
    assert [line["event"] for line in found] == ["Task exception was never retrieved", "Exception in callback int"]
    assert [line["exceptions"] for line in found] == [[{"class": "ValueError"}], [{"class": "ValueError"}]]
    assert "patient-Smith" not in written.getvalue()
    assert "hunter2" not in written.getvalue()


def test_other_libraries_lines_keep_their_fixed_part_alone(written: io.StringIO) -> None:
    """Arguments are never put in, whatever the library's pattern; what it logs of each request is left out."""
    logging.getLogger("uvicorn.error").info('%s - "WebSocket %s" [accepted]', "203.0.113.77", "/live?hunter2")
    logging.getLogger("uvicorn.access").info("%s", "203.0.113.77")
    logging.getLogger("websockets.server").debug("< %s", "patient-Smith")
    logging.getLogger("uvicorn.error").error("ASGI callable should return None, but returned '%s'.", "hunter2")
    logging.getLogger("library").warning("lost %s of %d items", "patient-Smith", 7)
    assert [line["event"] for line in lines(written)] == ["ASGI callable should return None, but returned '", "lost"]


def test_causes_are_told_and_endless_chains_cut(written: io.StringIO) -> None:
    """The exception, what caused it, and the members of a group; a chain of a thousand does not fill the log."""
    error: Exception = ValueError("patient-Smith")
    for _ in range(1000):
        later = RuntimeError("hunter2")
        later.__cause__ = error
        error = later
    structlog.get_logger("test").error("failed", exc_info=error)
    group = ExceptionGroup("hunter2", [KeyError("patient-Smith"), OSError(28, "patient-Smith")])
    structlog.get_logger("test").error("failed", exc_info=group)
    chain, parts = (line["exceptions"] for line in lines(written))
    assert chain == [{"class": "RuntimeError"}] * log.CAUSES
    assert parts == [{"class": "ExceptionGroup"}, {"class": "KeyError"}, {"class": "OSError", "errno": "28"}]
    assert "hunter2" not in written.getvalue()


def test_people_get_text_and_services_get_json() -> None:
    """`text` is not JSON, and keeps exceptions' texts out as well."""
    stream = io.StringIO()
    log.configure("text", stream)
    try:
        raise ValueError("patient-Smith")  # noqa: TRY301  the example
    except ValueError:
        structlog.get_logger("test").exception("failed")
        logging.getLogger("elsewhere").exception("failed")
    assert not stream.getvalue().startswith("{")
    assert "ValueError" in stream.getvalue()
    assert "patient-Smith" not in stream.getvalue()
