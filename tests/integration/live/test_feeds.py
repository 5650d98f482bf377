"""The pager's feed on a real log, with connections that end in memory: nothing is lost, doubled, or kept without a bound."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from lounge.errors import TooMany
from lounge.history import MISSED
from lounge.live.outbound import HARD, SOFT
from lounge.live.registry import Registry
from lounge.members.accounts import Credential
from lounge.paging.feed import Feeds, Services
from lounge.paging.source import Parser
from lounge.store import Item
from tests.integration.live.parts import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from lounge.members.accounts import Member
    from lounge.paging.source import Told
    from tests.integration.live.parts import Parts


class Open(msgspec.Struct):
    """What the open pages are, in these tests: a number that grows with every event."""

    head: int


class Client:
    """The other end of a feed: a `Wire` that can stop reading, and what reads it."""

    def __init__(self) -> None:
        self.held = bytearray()
        self.most = 0
        self.reading = True
        self.closed = False
        self.aborted = False
        self.parser = Parser()
        self.told: list[Told] = []
        self.raw = bytearray()
        self.feed: Any = None

    def write(self, frames: bytes) -> None:
        if self.closed or self.aborted:
            return
        self.held += frames
        self.most = max(self.most, len(self.held))
        if self.reading:
            self.take()

    def buffered(self) -> int:
        return len(self.held)

    def pause(self) -> None:
        raise AssertionError

    resume = pause

    def close(self, code: int, reason: str) -> None:  # noqa: ARG002  the interface's
        self.closed = True
        self.reading = True
        self.take()
        self.feed.lost()

    def abort(self) -> None:
        self.aborted = True
        self.feed.lost()

    def take(self) -> None:
        data, self.held = bytes(self.held), bytearray()
        self.raw += data
        self.told += self.parser.feed(data)

    def read_again(self) -> None:
        self.reading = True
        self.take()
        self.feed.drained()

    @property
    def kinds(self) -> list[str]:
        return [one.event for one in self.told]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the pages told live, in order."""
        return [json.loads(one.data)["seq"] for one in self.told if one.event == "paged"]


class Desk:
    """The feeds of one node."""

    def __init__(self, parts: Parts, member: Member, per_member: int = 20) -> None:
        self.parts = parts
        self.member = member
        self.between: Callable[[], Any] | None = None
        self.registry = Registry(per_member)
        self.expires_at = parts.clock.now() + timedelta(days=1)
        self.credential = Credential(parts.ids.secret(), member, "token", self.expires_at)
        services = Services(
            hub=parts.hub,
            registry=self.registry,
            history=parts.rooms.history,
            store=parts.store,
            clock=parts.clock,
            random=random.Random(1),
            pages=self._pages,
        )
        self.feeds = Feeds(services)

    async def _pages(self, member: Member) -> msgspec.Struct:
        head = await self.parts.store.value("log.head", member.feed)
        if self.between is not None:
            await self.between()
        return Open(head)

    async def open(self, last: str | None = None) -> Client:
        client = Client()
        client.feed = self.feeds.admit(self.credential)
        await client.feed.prepare(last)
        client.feed.opened(client)
        return client

    @property
    def epoch(self) -> str:
        return self.parts.store.epoch.name


async def page(parts: Parts, member: Member, count: int = 1, kind: str = "paged", size: int = 0) -> list[int]:
    """Write events on a member's feed and tell of them, as a node that pages does; return their numbers."""
    items = [
        Item(
            stream=member.feed,
            author=0,
            key=str(uuid.uuid4()),
            kind=kind,
            data=msgspec.json.encode({"page": str(n), "filler": "x" * size}),
            digest=None,
        )
        for n in range(count)
    ]
    outcomes = await parts.store.append(items)
    parts.hub.committed(items, outcomes)
    return [outcome.seq or 0 for outcome in outcomes]


async def test_the_open_pages_come_first_then_what_is_live(here: Parts, there: Parts, anna: Member) -> None:
    """With the number at which they were read; an event of another node comes once, with its own number."""
    await page(here, anna, 3)
    client = await Desk(here, anna).open()
    first = client.told[0]
    assert (first.event, json.loads(first.data)) == ("pages", {"head": 3})
    assert first.id == f"{here.store.epoch.name}-3"
    assert 2000 <= (client.parser.retry or 0) <= 3000
    await page(there, anna, 2)
    await until(lambda: client.numbers == [4, 5])
    told = json.loads(client.told[1].data)
    assert told == {"seq": 4, "at": told["at"], "page": "0", "filler": ""}
    assert client.told[1].id == f"{here.store.epoch.name}-4"


async def test_a_last_id_resumes_with_exactly_what_was_missed(here: Parts, there: Parts, anna: Member) -> None:
    """And without the open pages: the client holds them."""
    desk = Desk(here, anna)
    client = await desk.open()
    await page(here, anna, 2)
    await until(lambda: client.numbers == [1, 2])
    client.feed.lost()
    await page(there, anna, 3)
    again = await desk.open(client.parser.last_id)
    await page(there, anna, 1)
    await until(lambda: again.numbers == [3, 4, 5, 6])
    assert "pages" not in again.kinds


@pytest.mark.parametrize(
    ("last", "reason"),
    [("0123456789abcdef-1", "epoch"), ("{epoch}-9", "number"), ("nonsense", "epoch"), ("{epoch}-0", "missed")],
)
async def test_an_id_that_cannot_be_resumed_resets(here: Parts, anna: Member, last: str, reason: str) -> None:
    """Of another history, above the head, none of ours, or older than what is told one by one: the pages come as without."""
    desk = Desk(here, anna)
    count = MISSED + 1 if reason == "missed" else 2
    await page(here, anna, count)
    client = await desk.open(last.format(epoch=desk.epoch))
    assert client.kinds == ["reset", "pages"]
    assert json.loads(client.told[0].data) == {"reason": reason}
    assert client.parser.last_id == f"{desk.epoch}-{count}"


async def test_what_happens_while_the_pages_are_read_is_neither_lost_nor_told_twice(here: Parts, anna: Member) -> None:
    """They are read anew until the stream rested meanwhile; where it never does, something may come twice, never not at all."""
    desk = Desk(here, anna)
    times = 0

    async def disturb() -> None:
        nonlocal times
        times += 1
        if times <= 2:
            await page(here, anna)

    desk.between = disturb
    client = await desk.open()
    assert (client.told[0].event, json.loads(client.told[0].data)) == ("pages", {"head": 2})
    assert client.told[0].id == f"{desk.epoch}-2"
    assert client.numbers == []

    async def always() -> None:
        await page(here, anna)

    desk.between = always
    restless = await desk.open()
    position = int(restless.told[0].id.rpartition("-")[2])
    assert json.loads(restless.told[0].data)["head"] >= position
    head = await here.store.value("log.head", anna.feed)
    await until(lambda: restless.numbers == list(range(position + 1, head + 1)))


async def test_what_happens_between_reading_and_opening_is_told(here: Parts, there: Parts, anna: Member) -> None:
    """The hub is attached before the log is read."""
    desk = Desk(here, anna)
    client = Client()
    client.feed = desk.feeds.admit(desk.credential)
    await client.feed.prepare(None)
    await page(there, anna, 2)
    client.feed.opened(client)
    await page(there, anna, 1)
    await until(lambda: client.numbers == [1, 2, 3])


async def test_only_what_a_pager_tells_is_told(here: Parts, anna: Member) -> None:
    """Other events on the stream may name a case by its title; they move the id on, with the next sign of life."""
    desk = Desk(here, anna)
    client = await desk.open()
    await page(here, anna, 2, kind="case.opened")
    await page(here, anna, 1)
    await page(here, anna, 2, kind="mentioned")
    await until(lambda: client.feed._reached == 5)
    assert client.kinds == ["pages", "paged"]
    assert client.parser.last_id == f"{desk.epoch}-3"
    here.pass_time(16)
    desk.feeds.sweep()
    assert client.parser.last_id == f"{desk.epoch}-5"
    assert client.kinds == ["pages", "paged"]
    assert (await desk.open(client.parser.last_id)).told == []


async def test_a_comment_comes_every_15_seconds(here: Parts, anna: Member) -> None:
    """From one sweep over all feeds; a feed has no timer."""
    desk = Desk(here, anna)
    client = await desk.open()
    before = len(client.raw)
    desk.feeds.sweep()
    assert len(client.raw) == before
    for _ in range(3):
        here.pass_time(15.1)
        desk.feeds.sweep()
        desk.feeds.sweep()
    assert bytes(client.raw[before:]) == b":\n\n" * 3
    assert here.timers == []


async def test_a_credential_that_has_run_out_ends_the_feed(here: Parts, anna: Member) -> None:
    """Though nobody signed out; coming back with it is of no use."""
    desk = Desk(here, anna)
    desk.credential = msgspec.structs.replace(desk.credential, expires_at=here.clock.now() - timedelta(seconds=1))
    client = await desk.open()
    here.pass_time(16)
    desk.feeds.sweep()
    assert client.closed
    assert client.told[-1].event == "bye"
    assert json.loads(client.told[-1].data) == {"reason": "signed out", "retry_after": None}
    assert len(desk.feeds) == 0
    assert len(desk.registry) == 0


async def test_the_registry_ends_a_feed_also_while_it_is_prepared(here: Parts, anna: Member) -> None:
    """A credential that ends, or a new epoch, in the moment before the connection is handed over."""
    desk = Desk(here, anna)
    client = Client()
    client.feed = desk.feeds.admit(desk.credential)
    desk.registry.begin_anew()
    await client.feed.prepare(None)
    client.feed.opened(client)
    assert client.kinds == ["bye"]
    assert client.closed


async def test_members_hold_so_many_feeds_and_no_more(here: Parts, anna: Member) -> None:
    """Those that end make room."""
    desk = Desk(here, anna, per_member=2)
    clients = [await desk.open() for _ in range(2)]
    with pytest.raises(TooMany):
        desk.feeds.admit(desk.credential)
    clients[0].feed.lost()
    await desk.open()


async def test_a_slow_reader_is_caught_up_from_the_log_in_bounded_memory(here: Parts, anna: Member) -> None:
    """Whoever reads again is told everything, in order, once; the others were never held up."""
    desk = Desk(here, anna)
    slow, quick = await desk.open(), await desk.open()
    slow.reading = False
    numbers: list[int] = []
    for _ in range(8):
        numbers.extend(await page(here, anna, 50, size=2_000))
        await until(lambda: quick.numbers == numbers)
    assert 0 < len(slow.held) <= SOFT + 128 * 1024 < HARD
    async with asyncio.timeout(20):
        while slow.numbers != numbers:
            slow.read_again()
            await asyncio.sleep(0.01)


async def test_a_reader_that_takes_nothing_is_cut(here: Parts, anna: Member) -> None:
    """After 5 seconds; it comes back with its last id."""
    desk = Desk(here, anna)
    client = await desk.open()
    client.reading = False
    await page(here, anna, 200, size=2_000)
    await until(lambda: len(client.held) > SOFT)
    desk.feeds.sweep()
    here.pass_time(4)
    desk.feeds.sweep()
    assert not client.aborted
    here.pass_time(2)
    desk.feeds.sweep()
    assert client.aborted
    assert len(desk.feeds) == 0


async def test_whoever_is_too_far_behind_is_sent_away_to_begin_anew(here: Parts, anna: Member) -> None:
    """More was missed than is told one by one: it comes back, and is shown the open pages."""
    desk = Desk(here, anna)
    client = await desk.open()
    client.reading = False
    for _ in range(12):
        await page(here, anna, 60, size=2_000)
    await until(lambda: client.feed._out.behind)
    async with asyncio.timeout(20):
        while not client.closed:
            client.read_again()
            await asyncio.sleep(0.01)
    assert json.loads(client.told[-1].data) == {"reason": "behind", "retry_after": 0.5}
    assert client.numbers == list(range(1, len(client.numbers) + 1))
    again = await desk.open(client.parser.last_id)
    assert again.kinds == ["reset", "pages"]
