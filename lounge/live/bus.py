"""The bus between nodes: Redis sharded pub/sub. A hint, never the truth.

What it loses, the sweep finds in the log; what it delivers twice or early, the stream's position sorts out; what another
installation, another epoch or an intruder says on it fails the seal and is dropped. So nothing here waits, retries or
raises: it carries on, or it says that it is down.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import msgspec
import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

from lounge.live.stream import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from lounge.store import Epoch

log = structlog.get_logger(__name__)

CONFIRMATION: Final = 1.0
"""Seconds to wait for a subscription; without it the sweep covers."""
PING_EVERY: Final = 5.0
"""Seconds of silence after which we ask whether the other end still is there; twice that and it is not."""
OUTBOX_BYTES: Final = 4 * 1024 * 1024
"""Bound of what waits to be published; beyond it the oldest is dropped, and the sweep covers."""
WHISPER_BYTES: Final = 256 * 1024
"""Bound of one whisper that is taken from the bus."""
BACKOFF: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds between attempts to connect; the last one stays."""
SEAL_BYTES: Final = 16


class _Parcel(msgspec.Struct, frozen=True, array_like=True):
    epoch: str
    stream: str
    seq: int
    kind: str
    target: int | None
    payload: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Parcel).decode


def seal(epoch: Epoch, stream: str, entry: Entry) -> bytes:
    """Return an event as it travels: a keyed BLAKE2b (RFC 7693) over what follows it."""
    body = _encode(_Parcel(epoch.name, stream, entry.seq, entry.kind, entry.target, entry.payload))
    return hashlib.blake2b(body, digest_size=SEAL_BYTES, key=epoch.secret).digest() + body


def unseal(epoch: Epoch, channel_stream: str, raw: bytes) -> Entry | None:
    """Return the event, or None where it is not one of this installation, epoch and stream."""
    body = raw[SEAL_BYTES:]
    expected = hashlib.blake2b(body, digest_size=SEAL_BYTES, key=epoch.secret).digest()
    if not hmac.compare_digest(raw[:SEAL_BYTES], expected):
        return None
    try:
        parcel = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if parcel.epoch != epoch.name or parcel.stream != channel_stream:
        return None
    return Entry(parcel.seq, parcel.payload, parcel.kind, parcel.target)


class Bus:
    """Subscriptions of one node, and what it publishes."""

    def __init__(self, url: str, epoch: Callable[[], Epoch]) -> None:
        """Take the address of Redis or Valkey, and where to learn the current epoch."""
        # RESP2: under RESP3 the library's parser hands pushes to a callback and recurses once for each.
        self._pool = redis.ConnectionPool.from_url(url, protocol=2, socket_connect_timeout=2.0, socket_timeout=None)
        self._publisher = redis.Redis.from_url(url, socket_connect_timeout=2.0, socket_timeout=2.0)
        self._epoch = epoch
        self._wanted: dict[str, asyncio.Event] = {}
        self._doubtful: set[str] = set()
        self._connection: Any = None
        self._outbox: deque[tuple[str, bytes]] = deque()
        self._outbox_bytes = 0
        self._outbox_wake = asyncio.Event()
        self.on_entry: Callable[[str, Entry], None] = lambda _stream, _entry: None
        """Called with each event that passed the seal."""
        self.on_doubt: Callable[[list[str]], None] = lambda _streams: None
        """Called with the streams of which something may have been missed: sweep them now."""
        self._listeners: dict[str, Callable[[str, bytes], None]] = {}
        self.foreign = 0
        """Parcels dropped because they were not ours."""
        self.dropped = 0
        """Events not published because Redis took too long: the sweep delivers them."""

    @property
    def up(self) -> bool:
        """Whether subscriptions stand."""
        return self._connection is not None

    async def run(self) -> None:
        """Carry events both ways until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_subscribed(), name="bus-subscriber")
                group.create_task(self._keep_publishing(), name="bus-publisher")
        finally:
            await self._publisher.aclose()

    async def subscribe(self, stream: str) -> bool:
        """Ask for a stream's events; return whether it was confirmed in time."""
        confirmed = self._wanted.get(stream)
        if confirmed is None:
            confirmed = self._wanted[stream] = asyncio.Event()
            await self._send("SSUBSCRIBE", self._channel(stream))
        if not self.up:
            return False
        try:
            async with asyncio.timeout(CONFIRMATION):
                await confirmed.wait()
        except TimeoutError:
            return False
        return True

    async def unsubscribe(self, stream: str) -> None:
        """Stop asking for a stream's events."""
        if self._wanted.pop(stream, None) is not None:
            await self._send("SUNSUBSCRIBE", self._channel(stream))

    def publish(self, stream: str, entry: Entry) -> None:
        """Tell the other nodes of a committed event, soon."""
        raw = seal(self._epoch(), stream, entry)
        self._outbox.append((self._channel(stream), raw))
        self._outbox_bytes += len(raw)
        while self._outbox_bytes > OUTBOX_BYTES:
            self._outbox_bytes -= len(self._outbox.popleft()[1])
            self.dropped += 1
        self._outbox_wake.set()

    def whisper(self, stream: str, kind: str, payload: bytes) -> None:
        """Tell the other nodes something that may get lost: it is, where Redis is away or too much waits already.

        It travels as an event without a number, which no stream takes for one. It comes back to this node as well.
        """
        raw = seal(self._epoch(), stream, Entry(0, payload, kind))
        if self.up and self._outbox_bytes + len(raw) <= OUTBOX_BYTES:
            self._outbox.append((self._channel(stream), raw))
            self._outbox_bytes += len(raw)
            self._outbox_wake.set()

    def listen(self, kind: str, listener: Callable[[str, bytes], None]) -> None:
        """Call `listener` with the stream and payload of each whisper of a kind; it must bear any payload."""
        self._listeners[kind] = listener

    async def renew(self) -> None:
        """Subscribe afresh: the epoch, and with it the name of every channel, changed."""
        if self._connection is not None:
            await self._connection.disconnect()

    def _channel(self, stream: str) -> str:
        return f"lounge:{self._epoch().name}:{stream}"

    async def _send(self, *command: str) -> None:
        if self._connection is None:
            return
        try:
            await self._connection.send_command(*command)
        except (RedisError, OSError):
            await self._connection.disconnect(nowait=True)

    async def _keep_subscribed(self) -> None:
        failures = 0
        while True:
            connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                await connection.connect()
                failures = 0
                await self._receive(connection)
            except (RedisError, OSError, TimeoutError) as error:
                if failures == 0:
                    log.warning("bus.down", error=type(error).__name__)
            finally:
                self._connection = None
                for confirmed in self._wanted.values():
                    confirmed.clear()
                await connection.disconnect(nowait=True)
            self.on_doubt(list(self._wanted))
            await asyncio.sleep(BACKOFF[min(failures, len(BACKOFF) - 1)])
            failures += 1

    async def _receive(self, connection: Any) -> None:  # noqa: ANN401  redis types it as a union of two connections
        self._connection = connection
        self._doubtful = set(self._wanted)
        for stream in list(self._wanted):
            await connection.send_command("SSUBSCRIBE", self._channel(stream))
        log.info("bus.up", streams=len(self._wanted))
        silent = 0
        while True:
            try:
                async with asyncio.timeout(PING_EVERY):
                    answer = await connection.read_response(disable_decoding=True, disconnect_on_error=False)
            except TimeoutError:
                silent += 1
                if silent > 1:
                    raise
                await connection.send_command("PING")
                continue
            silent = 0
            if isinstance(answer, list) and len(answer) >= 3:  # noqa: PLR2004  kind, channel, payload or count
                self._take(answer[0], answer[1], answer[2])

    def _take(self, kind: bytes, channel: bytes, payload: Any) -> None:  # noqa: ANN401  bytes, or a count
        stream = channel.decode("ascii", "replace").rpartition(":")[2]
        if kind == b"smessage":
            entry = unseal(self._epoch(), stream, payload)
            if entry is None:
                self.foreign += 1
            elif entry.seq > 0:
                self.on_entry(stream, entry)
            elif (listener := self._listeners.get(entry.kind)) is not None and len(entry.payload) <= WHISPER_BYTES:
                listener(stream, entry.payload)
        elif kind == b"ssubscribe":
            if (confirmed := self._wanted.get(stream)) is not None:
                confirmed.set()
                if stream in self._doubtful:
                    self._doubtful.discard(stream)
                    self.on_doubt([stream])
        elif kind == b"sunsubscribe" and stream in self._wanted:
            # Nobody here asked for it: the slot moved to another shard.
            self._wanted[stream].clear()
            self.on_doubt([stream])

    async def _keep_publishing(self) -> None:
        while True:
            await self._outbox_wake.wait()
            self._outbox_wake.clear()
            batch = list(self._outbox)
            self._outbox.clear()
            self._outbox_bytes = 0
            if not batch:
                continue
            try:
                async with self._publisher.pipeline(transaction=False) as pipeline:
                    for channel, raw in batch:
                        pipeline.execute_command("SPUBLISH", channel, raw)
                    await pipeline.execute(raise_on_error=False)
            except (RedisError, OSError, TimeoutError) as error:
                self.dropped += len(batch)
                log.warning("bus.unpublished", events=len(batch), error=type(error).__name__)
            # The library waits by `asyncio.wait_for`, which loses a cancellation that comes just as the wait is over (bpo-42130,
            # mended in Python 3.12): without this the node would wait for this task for ever when it stops.
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise asyncio.CancelledError
