"""The door to Postgres: pools by purpose, transactions, the log's append and its reads.

Nothing but this module (and the members' vault) imports the driver. Every call has a deadline; driver errors become the
errors of `lounge.errors` here, chosen by class, SQLSTATE and constraint and never by text, since their text quotes values.
"""

from __future__ import annotations

import asyncio
import enum
import hashlib
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, cast

import asyncpg
import structlog
from msgspec import Struct

from lounge.clock import milliseconds
from lounge.errors import Busy, Internal, LoungeError, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

log = structlog.get_logger(__name__)

APPLICATION_ROLE: Final = "lounge_app"
SCHEMA: Final = "lounge"


class Pool(enum.Enum):
    """What a connection is for: long reads must not keep a commit waiting."""

    COMMITS = "commits"
    READS = "reads"
    BACKGROUND = "background"
    PAGING = "paging"


class PoolLimits(Struct, frozen=True):
    """Bounds of one pool: connections, and for how long (seconds) a statement may run and a lock be awaited."""

    size: int
    statement: float
    lock: float


LIMITS: Final[Mapping[Pool, PoolLimits]] = {
    Pool.COMMITS: PoolLimits(size=6, statement=5.0, lock=3.0),
    Pool.READS: PoolLimits(size=8, statement=5.0, lock=1.0),
    Pool.BACKGROUND: PoolLimits(size=2, statement=5.0, lock=3.0),
    Pool.PAGING: PoolLimits(size=2, statement=5.0, lock=3.0),
}
IDLE_IN_TRANSACTION: Final = 5.0
"""Seconds after which Postgres ends a transaction whose node stopped in the middle: it must not hold a lock for ever."""
STARTING: Final = 60.0
"""Seconds for which a server that is starting up is waited for: after a power cut everything starts at once."""
STARTING_PAUSE: Final = 0.5
MARGIN: Final = 2.0
"""Seconds by which our own deadline exceeds the server's, so that the server's answer, which is certain, comes first."""

Record: TypeAlias = "Mapping[str, Any]"


class Taken(LoungeError):
    """Somebody has it already."""

    code = "invalid"
    status = 409

    def __init__(self, constraint: str) -> None:
        """Name the unique constraint that said so."""
        super().__init__()
        self.constraint = constraint


class Item(Struct, frozen=True, kw_only=True):
    """One event to append: `data` is JSON; `target` and `rev` guard a change of a message, `open` that the room is."""

    stream: str
    author: int
    key: str
    kind: str
    data: bytes
    digest: bytes | None
    target: int | None = None
    rev: int | None = None
    open: bool = False


class Epoch(NamedTuple):
    """One history of an installation: numbers of events mean nothing outside it.

    `name` (16 hexadecimal digits) is public; `secret` seals what nodes tell each other of it.
    """

    name: str
    secret: bytes


class Outcome(Struct, frozen=True):
    """What became of an item; `at` in milliseconds. See `append_events` for the meanings of `status`."""

    status: Literal["new", "known", "conflict", "stale", "no_stream"]
    seq: int | None
    at: int | None


def digest(*parts: str) -> bytes:
    """Return the SHA-256 by which a resend is told from a key used twice."""
    sha = hashlib.sha256()
    for part in parts:
        raw = part.encode()
        sha.update(len(raw).to_bytes(8, "big") + raw)
    return sha.digest()


_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""The connection is gone or leads nowhere: whether a commit took place is unknown."""

_REFUSED = (
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InsufficientResourcesError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""Postgres gave up and rolled back: nothing was done."""


class NotReady(Unavailable):
    """PostgreSQL is starting up, recovering or shutting down: it will take connections in a while."""


class LoginRefused(Unavailable):
    """PostgreSQL refuses the login, or has no such database: see to user, password and name in DATABASE_URL."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours; the log learns class, SQLSTATE and constraint, never the text."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise Taken(error.constraint_name or "") from None
    except _REFUSED as error:
        log.warning("store.refused", error=type(error).__name__, sqlstate=error.sqlstate)
        raise Busy from None
    except asyncpg.CannotConnectNowError:
        raise NotReady from None
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
        log.warning("store.login", error=type(error).__name__, sqlstate=error.sqlstate)
        raise LoginRefused from None
    except _AWAY as error:
        log.warning("store.away", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
        raise Unavailable from None
    except asyncpg.PostgresError as error:
        log.error(  # noqa: TRY400  a traceback would carry the driver's text
            "store.failed",
            error=type(error).__name__,
            sqlstate=error.sqlstate,
            constraint=getattr(error, "constraint_name", None),
        )
        raise Internal from None


class Transaction:
    """Queries on one connection, within one transaction."""

    def __init__(
        self, connection: asyncpg.pool.PoolConnectionProxy[Any], queries: Mapping[str, str], wait: float
    ) -> None:
        """Take a connection on which a transaction is open; `wait` is the deadline of each call in seconds."""
        self._connection = connection
        self._queries = queries
        self._wait = wait

    async def rows(self, name: str, *args: object) -> list[Record]:
        """Return all rows of a named query."""
        return cast("list[Record]", await self._connection.fetch(self._queries[name], *args, timeout=self._wait))

    async def row(self, name: str, *args: object) -> Record | None:
        """Return the first row, if any."""
        return cast("Record | None", await self._connection.fetchrow(self._queries[name], *args, timeout=self._wait))

    async def value(self, name: str, *args: object) -> Any:  # noqa: ANN401  the column's type is the query's to know
        """Return the first column of the first row, or None."""
        return await self._connection.fetchval(self._queries[name], *args, timeout=self._wait)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what the block did, and nothing else, where it raises; driver errors leave it as ours."""
        with translated():
            async with self._connection.transaction():
                yield

    async def append(self, items: Sequence[Item]) -> list[Outcome]:
        """Append a batch: one outcome for each item, in order. The last statement of its transaction (lock order)."""
        return _outcomes(await self.rows("log.append", *_columns(items)))


class Store:
    """Postgres, as the application's role sees it."""

    def __init__(
        self,
        dsn: str,
        queries: Mapping[str, str],
        *,
        limits: Mapping[Pool, PoolLimits] | None = None,
        role: str = APPLICATION_ROLE,
    ) -> None:
        """Take the address and the named queries; nothing is opened yet."""
        self._dsn = dsn
        self._queries = queries
        self._limits = LIMITS if limits is None else limits
        self._role = role
        self._pools: dict[Pool, asyncpg.Pool[Any]] = {}
        self._epoch = Epoch("", b"")
        self.on_epoch: Callable[[], None] | None = None
        """Called when a new connection finds that the history began anew."""

    @property
    def epoch(self) -> Epoch:
        """The history that this database tells, as last read."""
        return self._epoch

    async def open(self) -> None:
        """Open the pools; raise Unavailable where the database does not answer."""
        with translated():
            for purpose, limits in self._limits.items():
                self._pools[purpose] = await asyncpg.create_pool(
                    self._dsn,
                    min_size=1,
                    max_size=limits.size,
                    timeout=5.0,
                    command_timeout=limits.statement + MARGIN,
                    init=self._greet,
                    reset=_nothing_to_reset,
                    server_settings={
                        "application_name": f"lounge {purpose.value}",
                        "role": self._role,
                        "search_path": SCHEMA,
                        "statement_timeout": _milliseconds(limits.statement),
                        "lock_timeout": _milliseconds(limits.lock),
                        "idle_in_transaction_session_timeout": _milliseconds(IDLE_IN_TRANSACTION),
                        "default_transaction_isolation": "read committed",
                        "jit": "off",
                    },
                )

    async def close(self) -> None:
        """Close all connections: those in use finish first, within a deadline."""
        for pool in self._pools.values():
            try:
                async with asyncio.timeout(IDLE_IN_TRANSACTION):
                    await pool.close()
            except TimeoutError:
                pool.terminate()
        self._pools.clear()

    @asynccontextmanager
    async def transaction(self, pool: Pool = Pool.COMMITS) -> AsyncIterator[Transaction]:
        """Open a transaction that commits at the end of the block, and rolls back on any exception."""
        limits = self._limits[pool]
        wait = limits.statement + MARGIN
        with translated():
            async with self._pool(pool).acquire(timeout=wait) as connection, connection.transaction():
                yield Transaction(connection, self._queries, wait)

    async def rows(self, name: str, *args: object, pool: Pool = Pool.READS) -> list[Record]:
        """Return all rows of a named query, in a transaction of its own."""
        with translated():
            async with self._pool(pool).acquire(timeout=self._limits[pool].statement) as connection:
                return cast("list[Record]", await connection.fetch(self._queries[name], *args))

    async def row(self, name: str, *args: object, pool: Pool = Pool.READS) -> Record | None:
        """Return the first row, if any."""
        with translated():
            async with self._pool(pool).acquire(timeout=self._limits[pool].statement) as connection:
                return cast("Record | None", await connection.fetchrow(self._queries[name], *args))

    async def value(self, name: str, *args: object, pool: Pool = Pool.READS) -> Any:  # noqa: ANN401  as above
        """Return the first column of the first row, or None."""
        with translated():
            async with self._pool(pool).acquire(timeout=self._limits[pool].statement) as connection:
                return await connection.fetchval(self._queries[name], *args)

    async def append(self, items: Sequence[Item]) -> list[Outcome]:
        """Append a batch in a transaction of its own: when this returns, what it calls new is durable.

        A statement alone is its own transaction: PostgreSQL commits before it says that it is ready for the next one.
        """
        return _outcomes(await self.rows("log.append", *_columns(items), pool=Pool.COMMITS))

    def _pool(self, pool: Pool) -> asyncpg.Pool[Any]:
        try:
            return self._pools[pool]
        except KeyError:
            raise Unavailable from None

    async def _greet(self, connection: asyncpg.Connection[Any]) -> None:
        """Learn which history a new connection tells: a restore or a promotion shows here first."""
        await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str, format="text")
        epoch = await read_epoch(connection, self._queries)
        if epoch == self._epoch:
            return
        known, self._epoch = self._epoch, epoch
        if known.name and self.on_epoch is not None:
            self.on_epoch()


def _columns(items: Sequence[Item]) -> list[list[object]]:
    """Return what `log.append` takes: an array for each field."""
    return [
        [i.stream for i in items],
        [i.author for i in items],
        [i.key for i in items],
        [i.digest for i in items],
        [i.kind for i in items],
        [i.data.decode() for i in items],
        [i.target for i in items],
        [i.rev for i in items],
        [i.open for i in items],
    ]


def _outcomes(rows: Sequence[Record]) -> list[Outcome]:
    return [Outcome(r["status"], r["seq"], None if r["at"] is None else milliseconds(r["at"])) for r in rows]


async def _nothing_to_reset(_connection: object) -> None:
    """Save the round trip that would reset a session: no statement of ours changes one, and transactions are ended anyway."""


async def read_epoch(connection: asyncpg.Connection[Any], queries: Mapping[str, str]) -> Epoch:
    """Return the epoch: a hash of the stored id and of what a restore, a promotion or a copy changes by itself."""
    row = await connection.fetchrow(queries["installation.identity"])
    identity = "\x1f".join(str(value) for value in row or ()).encode()
    return Epoch(
        hashlib.blake2b(identity, digest_size=8, person=b"lounge epoch").hexdigest(),
        hashlib.blake2b(identity, digest_size=32, person=b"lounge bus").digest(),
    )


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


class Direct:
    """One connection outside the pools, as its login: for migrations and what is asked before the pools open."""

    def __init__(self, dsn: str, queries: Mapping[str, str]) -> None:
        """Take the address and the named queries."""
        self._dsn = dsn
        self._queries = queries
        self._connection: asyncpg.Connection[Any] | None = None

    async def __aenter__(self) -> Direct:
        """Connect; raise Unavailable where nothing answers. A server that is starting up is waited for, for a minute."""
        waited = 0.0
        while True:
            try:
                await self._connect()
            except NotReady:
                if waited == 0:
                    log.warning("store.starting", patience=STARTING)
                if waited >= STARTING:
                    raise
            else:
                return self
            waited += STARTING_PAUSE
            await asyncio.sleep(STARTING_PAUSE)

    async def _connect(self) -> None:
        with translated():
            self._connection = await asyncpg.connect(
                self._dsn, timeout=10.0, server_settings={"application_name": "lounge direct", "search_path": SCHEMA}
            )
            await self._connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str, format="text")

    async def __aexit__(self, *_: object) -> None:
        """Disconnect, which also gives back any advisory lock."""
        await self._live.close(timeout=5.0)

    @property
    def _live(self) -> asyncpg.Connection[Any]:
        if self._connection is None:
            raise Unavailable
        return self._connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Commit at the end of the block, roll back on any exception."""
        with translated():
            async with self._live.transaction():
                yield

    async def execute(self, script: str) -> None:
        """Run statements that are ours alone: never text from outside."""
        with translated():
            await self._live.execute(script)

    async def execute_value(self, statement: str, *args: object) -> Any:  # noqa: ANN401  the statement's to know
        """Return the first column of the first row of a statement of ours."""
        with translated():
            return await self._live.fetchval(statement, *args)

    async def rows(self, name: str, *args: object) -> list[Record]:
        """Return all rows of a named query."""
        with translated():
            return cast("list[Record]", await self._live.fetch(self._queries[name], *args))

    async def value(self, name: str, *args: object) -> Any:  # noqa: ANN401  as above
        """Return the first column of the first row of a named query, or None."""
        with translated():
            return await self._live.fetchval(self._queries[name], *args)
