"""A store whose node dies, is cut off, is stopped or loses an answer, at a statement of one's choice."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

from lounge.sql import load_queries
from lounge.store import Pool, Store, Transaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from lounge.store import Item, Outcome, Record

Way = Literal["killed", "cut", "answer lost"]


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, no handler, no rollback of ours."""


class _Watched(Transaction):
    """A transaction that tells before each of its statements."""

    before: Callable[[Transaction, str], Awaitable[None]]

    async def rows(self, name: str, *args: object) -> list[Record]:
        await self.before(self, name)
        return await super().rows(name, *args)

    async def row(self, name: str, *args: object) -> Record | None:
        await self.before(self, name)
        return await super().row(name, *args)

    async def value(self, name: str, *args: object) -> Any:
        await self.before(self, name)
        return await super().value(name, *args)

    async def append(self, items: Sequence[Item]) -> list[Outcome]:
        return await super().append(items)


class BreakingStore(Store):
    """Breaks at the statement with number `at` of the next transaction that pages, counted from 0; None: never.

    `killed`: the backend sees its client vanish in the middle, as with kill -9. `cut`: the server ends the connection.
    `answer lost`: the commit takes place, and nobody learns of it.
    """

    def __init__(self, dsn: str, admin: Callable[..., Awaitable[list[Any]]]) -> None:
        super().__init__(dsn, load_queries())
        self.way: Way = "killed"
        self.at: int | None = None
        self.statements: list[str] = []
        self._admin = admin
        self._broken = False

    @asynccontextmanager
    async def transaction(self, pool: Pool = Pool.COMMITS) -> AsyncIterator[Transaction]:
        if pool is not Pool.PAGING:
            async with super().transaction(pool) as transaction:
                yield transaction
            return
        self.statements = []
        async with super().transaction(pool) as transaction:
            watched = _Watched(transaction._connection, transaction._queries, transaction._wait)
            watched.before = self._before
            yield watched
        if self.way == "answer lost" and self.at == len(self.statements):
            raise ConnectionResetError

    async def _before(self, transaction: Transaction, name: str) -> None:
        number = len(self.statements)
        self.statements.append(name)
        if number != self.at or self.way == "answer lost":
            return
        backend = transaction._connection.get_server_pid()
        if self.way == "killed":
            # As the kernel does for a process that is gone: the socket is closed, and nothing else is said.
            transaction._connection.terminate()
            raise Killed
        await self._admin("select pg_terminate_backend($1)", backend)
        await asyncio.sleep(0)
