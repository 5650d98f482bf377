"""What is owed and due: told by whichever node takes it, once, and not forgotten when a node dies."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from lounge.chores import Chores
from lounge.clock import SystemClock
from lounge.endings import Endings, Resolution
from lounge.invitations import Invitations
from lounge.live.messages import Post
from lounge.rooms import Begin
from tests.integration.folding import fold, read_messages

if TYPE_CHECKING:
    from lounge.cases import Case
    from lounge.members.accounts import Member
    from tests.integration.cases.conftest import Ask, Node


class SetClock(SystemClock):
    """The machine's clock, moved on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Work:
    """Chores of two nodes on one database."""

    def __init__(self, node: Node) -> None:
        self.clock = SetClock()
        self.node = node
        self.one = Chores(node.store, node.ids, self.clock, node.committed)
        self.two = Chores(node.store, node.ids, self.clock, node.committed)
        self.endings = Endings(
            node.store,
            node.ids,
            self.clock,
            enter=node.rooms.participate,
            committed=node.committed,
            end_search=node.escalations.end,
        )

    async def resolve(self, author: Member, case: Case) -> None:
        """Resolve a case."""
        resolution = Resolution(outcome="unresolved")
        await self.endings.resolve(author, case.id, str(uuid.uuid4()), resolution)

    async def both(self, chore: str) -> int:
        """Let both nodes do a chore at once; return how much there was to do."""
        return sum(await asyncio.gather(getattr(self.one, chore)(), getattr(self.two, chore)()))


@pytest_asyncio.fixture(loop_scope="session")
async def work(node: Node) -> Work:
    """Return the chores of two nodes, with nothing left to do from other tests."""
    work = Work(node)
    while await work.one.tell_mentions():
        pass
    return work


async def feed(node: Node, member: Member) -> list[dict[str, Any]]:
    """Return what a member was told on their own feed."""
    rows = await node.store.rows("log.events", member.feed, 0, 1000, 10**6)
    return [{"kind": row["kind"], **json.loads(row["data"])} for row in rows]


async def call(node: Node, by: Member, room: str, *numbers: int) -> int:
    """Post with mentions; return its number."""
    key = str(uuid.uuid4())
    done = await node.rooms.change(by, Post(id=0, stream=room, key=key, body="@you", mentions=list(numbers)))
    assert done.seq is not None
    return done.seq


async def test_who_is_called_is_told_once(node: Node, work: Work) -> None:
    """By two nodes at once, whatever died in between: on their own feed, with the room and the number, and no words."""
    author, other = await node.member(), await node.member()
    case = await node.case(author)
    await node.post(other, case.room)
    seq = await call(node, author, case.room, 2, 2, 1, 77)
    assert await work.both("tell_mentions") == 2
    assert await work.both("tell_mentions") == 0
    assert await feed(node, other) == [{"kind": "mentioned", "stream": case.room, "seq": seq, "case": case.id}]
    assert await feed(node, author) == []


async def test_who_muted_a_room_or_lost_it_is_not_told(node: Node, work: Work, owner: Ask) -> None:
    """The call is dealt with all the same."""
    author, muted, gone = await node.member(), await node.member(), await node.member()
    case = await node.case(author)
    for member in (muted, gone):
        await node.post(member, case.room)
    await node.rooms.notify(muted, case.room, "mute")
    await owner("update members set state = 'locked' where id = $1", gone.id)
    await call(node, author, case.room, 2, 3)
    assert await work.both("tell_mentions") == 2
    assert await feed(node, muted) == await feed(node, gone) == []


async def test_a_redacted_call_is_told_to_nobody(node: Node, work: Work) -> None:
    """Where it was taken away before anybody was told."""
    author, other = await node.member(), await node.member()
    case = await node.case(author)
    await node.post(other, case.room)
    seq = await call(node, author, case.room, 2)
    from lounge.live.messages import Redact  # noqa: PLC0415  needed here alone

    await node.rooms.change(author, Redact(id=0, stream=case.room, key=str(uuid.uuid4()), target=seq))
    assert await work.both("tell_mentions") == 0
    assert await feed(node, other) == []


async def test_authors_are_asked_after_1_7_and_30_days(node: Node, work: Work) -> None:
    """Once each, by whichever node comes first; what was answered is not asked again."""
    author = await node.member()
    case = await node.case(author)
    await work.resolve(author, case)
    assert await work.both("ask_follow_ups") == 0
    for days in (1, 7, 30):
        work.clock.ahead = timedelta(days=days, minutes=1)
        assert await work.both("ask_follow_ups") == 1
        assert await work.both("ask_follow_ups") == 0
        assert (await feed(node, author))[-1] == {"kind": "followup.asked", "case": case.id, "days": days}
    assert (await node.cases.one(author, case.id)).follow_up == 1


async def test_an_answered_follow_up_is_a_message_of_the_closed_room(node: Node, work: Work) -> None:
    """Marked as such; what was asked so far is answered by it, what comes later is asked still."""
    from lounge.endings import FollowUp  # noqa: PLC0415  needed here alone

    author = await node.member()
    case = await node.case(author)
    await work.resolve(author, case)
    work.clock.ahead = timedelta(days=8)
    assert await work.both("ask_follow_ups") == 2
    await work.endings.follow_up(author, case.id, str(uuid.uuid4()), FollowUp(body="She is well."))
    now = await node.cases.one(author, case.id)
    assert (now.state, now.follow_up) == ("resolved", None)
    (message,) = await read_messages(node.store, case.room)
    assert (message["body"], message["note"]) == ("She is well.", "follow-up")
    work.clock.ahead = timedelta(days=31)
    assert await work.both("ask_follow_ups") == 1


async def test_a_reopened_case_is_not_asked_about(node: Node, work: Work) -> None:
    """Until it is resolved again, from when the days count anew."""
    author = await node.member()
    case = await node.case(author)
    await work.resolve(author, case)
    await work.endings.reopen(author, case.id, str(uuid.uuid4()))
    work.clock.ahead = timedelta(days=31)
    assert await work.both("ask_follow_ups") == 0
    await work.resolve(author, case)
    assert await work.both("ask_follow_ups") == 3


async def test_texts_whose_time_is_over_are_gone(node: Node, work: Work, owner: Ask) -> None:
    """From every table, by one event after which the log folds into what stands; what is younger stays."""
    one, two = await node.member(), await node.member()
    invitations = Invitations(node.store, node.ids, node.aliases, node.rooms, node.committed)
    begin = Begin(kind="consult", title="A consult", members=[two.handle], retention_days=30)
    room = await invitations.begin(one, str(uuid.uuid4()), begin)
    for word in ("pangolin one", "pangolin two"):
        await node.post(one, room, word)
    await owner("update messages set at = at - interval '31 days' where stream = $1", room)
    await node.post(two, room, "young words")
    assert await work.both("expire") >= 1
    assert await work.one.expire() == 0
    tables = [row[0] for row in await owner("select tablename from pg_tables where schemaname = 'lounge'")]
    for table in tables:
        assert not await owner(f"select 1 from {table} t where t::text ~ 'pangolin'"), table
    events = await node.store.rows("log.events", room, 0, 1000, 10**9)
    assert [event["kind"] for event in events][-1] == "expired"
    stands = await read_messages(node.store, room)
    assert [one["body"] for one in stands] == ["", "", "young words"]
    assert [message["rev"] for message in fold([dict(event) for event in events])] == [one["rev"] for one in stands]
