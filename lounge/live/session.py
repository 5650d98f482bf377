"""One connection: commands in, replies and pushes out. Knows no socket: the gateway drives it and carries its bytes.

Commands are answered in the order in which they came, but for the changes whose commit is under way: those are answered as
they become durable, while the next command is read. What needs the database first (follow, read, a first post) waits in a
short queue, and everything after it waits behind.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final, assert_never, get_args

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from lounge.clock import milliseconds
from lounge.errors import BadRequest, Busy, Internal, LoungeError, SignInNeeded, TooFast, Unavailable, UnknownOp
from lounge.history import MISSED
from lounge.live.attending import Attending
from lounge.live.following import FOLLOWS, Following
from lounge.live.frames import text_frame
from lounge.live.messages import (
    BODY_CHARACTERS,
    Account,
    AnyCommand,
    Bye,
    Done,
    Edit,
    ErrorReply,
    Evicted,
    Follow,
    Gap,
    Hello,
    Here,
    Limits,
    People,
    PeopleReply,
    Pin,
    Ping,
    Pong,
    Post,
    React,
    Read,
    Redact,
    Seen,
    SeenMark,
    Slice,
    Typing,
    Unfollow,
    Versions,
    VersionsReply,
    Welcome,
    Who,
    decode_command,
)
from lounge.live.outbound import Outbound
from lounge.reason import reason
from lounge.rooms import settled_at_once

if TYPE_CHECKING:
    from lounge.history import View
    from lounge.live.services import Services
    from lounge.live.wire import Wire
    from lounge.members.accounts import Credential
    from lounge.rooms import Access, Change
    from lounge.store import Item, Outcome

log = structlog.get_logger(__name__)

FRAME_BYTES: Final = 256 * 1024
COMMANDS_PER_SECOND: Final = 50
BURST: Final = 100
"""Commands that may come at once after a calm spell."""
QUEUE_BYTES: Final = 512 * 1024
"""Bytes of commands that wait for the database, beyond which we stop reading from this peer."""
HELLO_WITHIN: Final = 10.0
"""Seconds a connection has to say `hello`."""
READ_TRIES: Final = 5
"""How often a page is read anew whose messages change while it is read."""
CHECK_EVERY: Final = 1.0
"""Seconds between two looks at whether a slow reader still takes anything."""

CLOSE_NO_HELLO: Final = 4002

_encode = msgspec.json.Encoder().encode


class _Envelope(Struct):
    """As much of a broken command as a reply needs."""

    id: Any = None
    op: Any = None


_open_envelope = msgspec.json.Decoder(_Envelope).decode
_OPS: Final = frozenset(kind.__struct_config__.tag for kind in get_args(AnyCommand))


class Session:
    """A connection's state; `credential` is None until `hello` where neither cookie nor header told whose it is."""

    def __init__(self, services: Services, credential: Credential | None) -> None:
        """Take the node's services and, if known, who is on the other end."""
        self._services = services
        self.credential = credential
        self._greeted = False
        self._over = False
        self._draining = False
        self._paused = False
        self._wire: Wire
        self._out: Outbound
        self._queue: deque[tuple[AnyCommand, int]] = deque()
        self._queue_bytes = 0
        self._worker: asyncio.Task[None] | None = None
        self._committing = 0
        self._settled = asyncio.Event()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._allowance = float(BURST)
        self._allowance_at = services.clock.monotonic()
        self._check: Any = None
        self._hasty: Any = None

    # Driven by the gateway

    def opened(self, wire: Wire) -> None:
        """Take the connection."""
        self._wire = wire
        self._out = Outbound(wire, self._services.hub, self._services.clock, self)
        self._following = Following(self._services, self._out, self)
        self._attending = Attending(self._services, self._following, self._send, self)
        self._services.registry.add(self)
        self._services.later(HELLO_WITHIN, self._greeted_or_closed)

    def received(self, payload: bytes) -> None:
        """Take one message."""
        try:
            command = decode_command(payload)
        except msgspec.MsgspecError as error:
            self._refuse(payload, error)
            return
        try:
            self._admit()
            if self._worker is None and self._at_once(command):
                return
        except LoungeError as error:
            self._error(command.id, error)
            return
        self._queue.append((command, len(payload)))
        self._queue_bytes += len(payload)
        if self._worker is None:
            self._worker = self._services.tasks.create_task(self._work(), name="session-worker")
        self._regulate()

    def drained(self) -> None:
        """Go on with what waited for the peer to read."""
        self._out.catch_up()
        self._regulate()

    def lost(self) -> None:
        """Forget the connection; commits under way run on."""
        self._over = True
        self._services.registry.remove(self)
        self._following.clear()
        self._queue.clear()
        if self._worker is not None:
            self._worker.cancel()
        for timer in (self._check, self._hasty):
            if timer is not None:
                timer.cancel()

    async def drain(self) -> None:
        """Refuse new commands, wait for the commits under way, say when to come back."""
        self._draining = True
        while self._committing and not self._over:
            self._settled.clear()
            await self._settled.wait()
        self._send(Bye(reason="restart", retry_after=0.5))

    # Called by the hub and the registry

    def push(self, stream: str, frames: bytes, after: int) -> None:
        """Send frames of events, or mark the stream as behind at number `after`."""
        self._out.push(stream, frames, after)
        if self._out.behind and not self._paused:
            self._regulate()

    def hint(self, frames: bytes) -> None:
        """Send frames that may be left out, or leave them out."""
        if not self._over:
            self._out.hint(frames)

    def remark(self, stream: str, seq: int, *, unread: bool) -> None:
        """Tell of a mark that another device of this member set; one that was overtaken meanwhile is not told."""
        access = self._following.known(stream)
        if access is not None:
            if seq <= access.seen and not unread:
                return
            self._following.learnt(replace(access, seen=seq))
        self._send(SeenMark(stream=stream, seq=seq))

    def skipped(self, stream: str, first: int, head: int) -> bytes:
        """Return the frame that says that numbers `first` to `head` are left out."""
        return text_frame(_encode(Gap(stream=stream, from_=first, head=head)))

    def fetched(self, stream: str, frames: bytes, reached: int) -> None:
        """Take frames read from the log for this connection."""
        if not self._over:
            self._out.fetched(stream, frames, reached)
            self._regulate()

    def evict(self, stream: str | None) -> None:
        """Stop following a stream (None: every one) that is no longer this member's to see."""
        for one in [stream] if stream is not None else self._following.streams:
            if self._following.unfollow(one):
                self._send(Evicted(stream=one))

    def dismiss(self, code: int, reason: str, retry_after: float | None) -> None:
        """Say goodbye and close."""
        if not self._over:
            self._send(Bye(reason=reason, retry_after=retry_after))
            self._wire.close(code, reason)

    # Commands

    def _admit(self) -> None:
        """Hold the peer to its rate (a token bucket); raises TooFast."""
        if self._draining:
            raise Unavailable("the server restarts: connect again and resend with the same key", retry_after=0.5)
        now = self._services.clock.monotonic()
        self._allowance = min(BURST, self._allowance + (now - self._allowance_at) * COMMANDS_PER_SECOND)
        self._allowance_at = now
        if self._allowance < 1:
            wait = (1 - self._allowance) / COMMANDS_PER_SECOND
            self._slow_down(wait)
            raise TooFast(retry_after=round(wait, 3))
        self._allowance -= 1

    def _slow_down(self, wait: float) -> None:
        """Read nothing for a moment: else a flood of commands, though refused, would take the loop's time from the others."""
        if self._hasty is None:
            self._hasty = self._services.later(wait, self._go_on)
            self._regulate()

    def _go_on(self) -> None:
        self._hasty = None
        self._regulate()

    def _at_once(self, command: AnyCommand) -> bool:
        """Answer what needs no database; return whether that was so."""
        if isinstance(command, Ping):
            self._send(Pong(id=command.id, time=milliseconds(self._services.clock.now())))
            return True
        if not self._greeted:
            if isinstance(command, Hello):
                return False
            raise SignInNeeded("say hello first")
        if isinstance(command, Post):
            access = self._following.known(command.stream)
            if access is not None and access.you is not None:
                self._submit(access, command, self._services.rooms.post_item(access, command))
                return True
        if isinstance(command, Unfollow):
            self._following.unfollow(command.stream)
            self._send(Done(id=command.id))
            return True
        return False

    async def _work(self) -> None:
        """Answer what waits, one after the other; ends when nothing does."""
        try:
            while self._queue and not self._over:
                await self._flowing.wait()
                command, size = self._queue[0]
                try:
                    if not self._at_once(command):
                        await self._answer(command)
                except LoungeError as error:
                    self._error(command.id, error)
                except Exception as error:  # noqa: BLE001  a fault in one command ends neither the socket nor the node
                    log.error("session.fault", op=type(command).__name__, error=type(error).__name__)  # noqa: TRY400  may quote
                    self._error(command.id, Internal())
                if self._queue:
                    self._queue.popleft()
                    self._queue_bytes -= size
                self._regulate()
        finally:
            self._worker = None

    async def _answer(self, command: AnyCommand) -> None:
        match command:
            case Hello():
                await self._hello(command)
            case Follow():
                await self._following.follow(self._who.member, command, self._send)
            case Post() | Edit() | Redact() | React() | Pin():
                await self._change(command)
            case Versions():
                access = await self._following.access(self._who.member, command.stream)
                versions = await self._services.rooms.versions(access, command.target)
                self._send(
                    VersionsReply(id=command.id, stream=command.stream, target=command.target, versions=versions)
                )
            case Read():
                await self._read(command)
            case People():
                access = await self._following.access(self._who.member, command.stream)
                people = await self._services.rooms.history.people(access.stream, command.numbers)
                self._send(PeopleReply(id=command.id, stream=command.stream, people=people))
            case Seen():
                await self._seen(command)
            case Here() | Who() | Typing():
                await self._attending.answer(self._who.member, command)
            case Unfollow() | Ping():
                raise Internal
            case _:
                assert_never(command)

    @property
    def _who(self) -> Credential:
        if self.credential is None:
            raise SignInNeeded
        return self.credential

    async def _hello(self, command: Hello) -> None:
        if self._greeted:
            raise BadRequest("hello was said already")
        if command.token is not None:
            credential = await self._services.authenticate(command.token)
            if self.credential is None:
                self._services.registry.identify(self, credential)
            elif self.credential.member.id != credential.member.id:
                raise SignInNeeded("the token and the cookie name different members")
        member = self._who.member
        self._greeted = True
        self._send(
            Welcome(
                id=command.id,
                member=Account(member.handle, member.role, list(member.specialties), member.country, member.feed),
                epoch=self._services.epoch(),
                time=milliseconds(self._services.clock.now()),
                limits=Limits(
                    body=BODY_CHARACTERS,
                    frame=FRAME_BYTES,
                    follows=FOLLOWS,
                    commands_per_second=COMMANDS_PER_SECOND,
                    resume=MISSED,
                    slice=200,
                ),
            )
        )

    async def _read(self, command: Read) -> None:
        access = await self._following.access(self._who.member, command.stream)
        if command.before is not None and command.after is not None:
            raise BadRequest("read takes before or after, not both")
        if command.before is not None and command.thread is not None:
            raise BadRequest("a thread is read from its beginning: thread goes with after")
        view = await self._page(access.stream, command)
        tries = 1
        # A peer skips events on messages it does not hold: a page with such a message must not be older than they are.
        while self._services.hub.changed(access.stream, view.head, {message.seq for message in view.messages}):
            if tries == READ_TRIES:
                raise Busy(retry_after=1.0)
            tries += 1
            view = await self._page(access.stream, command)
        self._send(
            Slice(
                id=command.id,
                stream=access.stream,
                messages=view.messages,
                people=view.people,
                head=view.head,
                more=view.more,
            )
        )

    async def _seen(self, command: Seen) -> None:
        member, stream = self._who.member, command.stream
        await self._following.access(member, stream)
        seq = await self._services.rooms.see(member, stream, command.seq, unread=command.unread)
        if (access := self._following.known(stream)) is not None:
            self._following.learnt(replace(access, seen=seq))
        self._send(Done(id=command.id))
        self._services.marks.tell(member, stream, seq, self, unread=command.unread)

    async def _page(self, stream: str, command: Read) -> View:
        if command.thread is not None:
            after = command.after or 0
            return await self._services.rooms.history.thread(stream, command.thread, after, command.limit)
        if command.after is not None:
            return await self._services.rooms.history.after(stream, command.after, command.limit)
        before = 2**53 if command.before is None else command.before
        return await self._services.rooms.history.before(stream, before, command.limit)

    # Changes

    async def _change(self, command: Change) -> None:
        access = await self._following.access(self._who.member, command.stream)
        access, item = await self._services.rooms.prepare(self._who.member, access, command)
        self._following.learnt(access)
        self._submit(access, command, item)

    def _submit(self, access: Access, command: Change, item: Item) -> None:
        self._services.commit.submit(item, partial(self._settle, access, command))
        self._committing += 1

    def _settle(self, access: Access, command: Change, outcome: Outcome | LoungeError) -> None:
        """Reply to a change whose fate is known: called before anybody is told of its event."""
        self._committing -= 1
        self._settled.set()
        if self._over:
            return
        answer = outcome if isinstance(outcome, LoungeError) else settled_at_once(command, outcome)
        if isinstance(answer, Done):
            self._send(answer)
        elif isinstance(answer, LoungeError):
            self._error(command.id, answer)
        elif not isinstance(outcome, LoungeError):
            self._services.tasks.create_task(self._explain(access, command, outcome), name="session-explain")

    async def _explain(self, access: Access, command: Change, outcome: Outcome) -> None:
        try:
            self._send(await self._services.rooms.settled(access, command, outcome))
        except LoungeError as error:
            self._error(command.id, error)

    # Replies and flow

    def _send(self, message: Struct) -> None:
        if not self._over:
            self._out.write(text_frame(_encode(message)))

    def _error(self, command_id: int | None, error: LoungeError) -> None:
        self._send(
            ErrorReply(
                id=command_id, code=error.code, message=error.message, retry=error.retry, retry_after=error.retry_after
            )
        )

    def _refuse(self, payload: bytes, error: msgspec.MsgspecError) -> None:
        """Say what is wrong with a message that is no command, by its id where it has one."""
        try:
            envelope = _open_envelope(payload)
        except msgspec.MsgspecError:
            envelope = _Envelope()
        command_id = envelope.id if type(envelope.id) is int and 0 <= envelope.id < 2**53 else None
        if isinstance(envelope.op, str) and envelope.op not in _OPS:
            refusal: LoungeError = UnknownOp()
        else:
            refusal = BadRequest(reason(error))
        try:
            self._admit()
        except LoungeError as limit:
            refusal = limit
        self._error(command_id, refusal)

    def _regulate(self) -> None:
        """Read from the peer only while it reads from us, keeps to its rate, and its commands do not pile up."""
        if self._over:
            return
        congested = self._out.congested
        pause = congested or self._hasty is not None or self._queue_bytes > QUEUE_BYTES
        if pause != self._paused:
            self._paused = pause
            if pause:
                self._wire.pause()
            else:
                self._wire.resume()
        if congested:
            self._flowing.clear()
            if self._check is None:
                self._check = self._services.later(CHECK_EVERY, self._look)
        else:
            self._flowing.set()

    def _look(self) -> None:
        """Abort a peer that takes nothing; the others go on where they were."""
        self._check = None
        if self._over:
            return
        if self._out.stalled():
            log.info("session.stalled")
            self._wire.abort()
            return
        self._out.catch_up()
        self._regulate()

    def _greeted_or_closed(self) -> None:
        if not self._greeted:
            self.dismiss(CLOSE_NO_HELLO, "no hello", 1.0)
