"""The server: listening sockets, uvicorn set up for this program, and an end that loses nothing and waits for nobody.

Nothing of what uvicorn logs at level INFO and below is let through: it names addresses, paths and queries.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

import structlog
import uvicorn

from lounge.live.gateway import Gateway
from lounge.live.line import Line
from lounge.live.requests import Requests
from lounge.live.unending import Unending

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from types import FrameType

    from starlette.types import ASGIApp

    from lounge.live.terms import Terms

log = structlog.get_logger(__name__)

SEND_BUFFER: Final = 128 * 1024
"""Bytes of SO_SNDBUF: with the kernel's own choice a stalled reader swallows megabytes before anything shows."""
USER_TIMEOUT: Final = 30_000
"""Milliseconds after which the kernel drops a peer that acknowledges nothing, or whose window stays shut (tcp(7))."""
BACKLOG: Final = 2048
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def listening_sockets(host: str, port: int, *, shared: bool = False) -> list[socket.socket]:
    """Return bound sockets for all addresses of `host`; port 0 takes a free one, the same for all.

    `shared` lets several processes listen on the port. Raise OSError where an address cannot be had.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            try:
                one = socket.socket(family, kind, protocol)
            except OSError as error:
                if error.errno == errno.EAFNOSUPPORT:  # a machine without IPv6 may still name an IPv6 address
                    continue
                raise
            sockets.append(one)
            _set_options(one, family, shared=shared)
            one.bind((address[0], port, *address[2:]))
            port = port or one.getsockname()[1]
    except BaseException:
        for one in sockets:
            one.close()
        raise
    return sockets


def _set_options(one: socket.socket, family: int, *, shared: bool) -> None:
    """Set what accepted connections inherit."""
    one.setblocking(False)  # noqa: FBT003  its only parameter
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)


class Discreet(logging.Filter):
    """Lets warnings and errors pass alone."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record may be told."""
        return record.levelno >= logging.WARNING


class Configuration(uvicorn.Config):
    """uvicorn's settings, with the terms that our protocols need."""

    def __init__(self, app: ASGIApp, terms: Terms, *, proxies: Sequence[str], lifespan: bool) -> None:
        """Set what is fixed: our protocols, no compression, no logging of uvicorn's own."""
        self.terms = terms
        super().__init__(
            app,
            http=Requests,
            ws=Gateway,
            ws_max_size=terms.message_bytes,
            ws_per_message_deflate=False,
            lifespan="on" if lifespan else "off",
            interface="asgi3",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            forwarded_allow_ips=list(proxies),
            backlog=BACKLOG,
        )

    def configure_logging(self) -> None:
        """Silence what names peers, however the loggers are configured before or later."""
        super().configure_logging()
        logger = logging.getLogger("uvicorn.error")
        if not any(isinstance(one, Discreet) for one in logger.filters):
            logger.addFilter(Discreet())


class Listener(uvicorn.Server):
    """Serves an ASGI application until it is told to stop: once to drain, twice to abort.

    `serve(sockets)` runs it. With `signals` (the default) SIGINT and SIGTERM call `stop`; unlike uvicorn's own server
    it does not raise them again in the end, so that the caller can close what it opened.
    """

    def __init__(
        self,
        app: ASGIApp,
        terms: Terms,
        *,
        proxies: Sequence[str] = ("127.0.0.1", "::1"),
        lifespan: bool = False,
        signals: bool = True,
    ) -> None:
        """Take the application; `proxies` are the addresses whose X-Forwarded-For is believed."""
        super().__init__(Configuration(app, terms, proxies=proxies, lifespan=lifespan))
        self._terms = terms
        self._signals = signals
        self._at_once = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on `sockets`, which are closed in the end."""
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def stop(self) -> None:
        """Stop accepting, drain, end; called again: abort what is left. May be called from a signal handler."""
        if not self.should_exit:
            self.should_exit = True
            return
        self.force_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._at_once.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  the interface's
        """Take a signal."""
        self.stop()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take over the signals while serving."""
        if not self._signals or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain all connections at the same time, abort at the deadline those that are left."""
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        deadline = self._terms.later(self._terms.drain_seconds, self._at_once.set)
        draining = asyncio.create_task(self._drain(), name="drain")
        waiting = asyncio.create_task(self._at_once.wait(), name="drain-deadline")
        try:
            await asyncio.wait({draining, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            deadline.cancel()
            draining.cancel()
            waiting.cancel()
            self._abort_all()
        await asyncio.gather(draining, waiting, *self.server_state.tasks, return_exceptions=True)
        for server in self.servers:
            await server.wait_closed()
        if not self.force_exit:
            await self.lifespan.shutdown()

    async def _drain(self) -> None:
        """Return when no connection and no request is left."""
        state = self.server_state
        async with asyncio.TaskGroup() as group:
            for connection in list(state.connections):
                if isinstance(connection, Line | Unending):
                    group.create_task(connection.drain(), name="drain-one")
                else:
                    connection.shutdown()
        while state.connections or state.tasks:  # noqa: ASYNC110  see below
            await asyncio.sleep(0.02)  # the sets are uvicorn's: they tell nobody when they are empty

    def _abort_all(self) -> None:
        left: list[Any] = list(self.server_state.connections)
        for connection in left:
            if isinstance(connection, Line | Unending):
                connection.abort()
            else:
                connection.transport.abort()
        for task in self.server_state.tasks:
            task.cancel()
        if left:
            log.warning("listener.aborted", connections=len(left))
