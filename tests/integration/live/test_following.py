"""Following a stream: from the start, from a number, over two nodes, behind and caught up (guarantees G2, G4, G7)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis

from lounge.live.bus import seal
from lounge.live.outbound import SOFT
from lounge.live.stream import Entry
from lounge.sql import load_queries
from lounge.store import Direct, Epoch
from tests.integration.live.parts import until

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lounge.live.messages import Person
    from lounge.members.accounts import Member
    from tests.integration.conftest import Database
    from tests.integration.live.conftest import NewRoom
    from tests.integration.live.parts import Parts, Peer


async def say(peer: Peer, room: str, count: int, size: int = 10) -> None:
    """Post messages one after the other, as fast as the log takes them."""
    for _ in range(count):
        peer.session._allowance = 100
        last = peer.tell("post", stream=room, key=peer.key(), body="x" * size)
    await until(lambda: peer.answer(last), "the last reply")


def numbers(peer: Peer, room: str) -> list[int]:
    return [event["seq"] for event in peer.events(room)]


async def test_followers_on_every_node_see_the_same_events_in_the_same_order(
    here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Two members post at once on two nodes; each sees every event once, numbered 1, 2, 3 …"""
    a, b = await here.peer(anna), await there.peer(bert)
    for peer in (a, b):
        assert (await peer.ask("follow", stream=room))["complete"]
    await asyncio.gather(say(a, room, 100), say(b, room, 100))
    await until(lambda: len(a.events(room)) == len(b.events(room)) == 202, "all events on both nodes")
    assert numbers(a, room) == numbers(b, room) == list(range(1, 203))
    assert [e["data"] for e in a.events(room)] == [e["data"] for e in b.events(room)]


async def test_the_reply_comes_before_the_own_event(here: Parts, room: str, anna: Member) -> None:
    """On the socket that posted, `done` precedes the event with that number."""
    peer = await here.peer(anna)
    await peer.ask("follow", stream=room)
    await say(peer, room, 50)
    await until(lambda: len(peer.events(room)) == 51)
    for reply in [frame for frame in peer.inbox if frame["op"] == "done"]:
        event = next(e for e in peer.events(room) if e["seq"] == reply["seq"])
        assert peer.inbox.index(reply) < peer.inbox.index(event)


async def test_a_resume_gets_exactly_what_was_missed(
    here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Who comes back with the last number, on another node, gets the events after it, then the live ones, each once."""
    writer, reader = await here.peer(anna), await here.peer(bert)
    await reader.ask("follow", stream=room)
    await say(writer, room, 20)
    await until(lambda: len(reader.events(room)) == 21)
    reader.drop()
    await say(writer, room, 20)
    again = await there.peer(bert)
    reply = await again.ask("follow", stream=room, since=21)
    await say(writer, room, 5)
    await until(lambda: numbers(again, room)[-1:] == [46], "the live events")
    assert reply["complete"]
    assert [e["seq"] for e in reply["events"]] + numbers(again, room) == list(range(22, 47))


async def test_a_resume_while_others_post_misses_and_doubles_nothing(
    here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Followers join while events pour in on the other node; reply and pushes together have each number once."""
    writer = await here.peer(anna)
    await say(writer, room, 1)
    writing = asyncio.create_task(say(writer, room, 400))
    readers = []
    for _ in range(15):
        reader = await there.peer(bert)
        readers.append((reader, await reader.ask("follow", stream=room, since=0)))
    await writing
    for reader, reply in readers:
        await until(lambda: ([e["seq"] for e in reply["events"]] + numbers(reader, room))[-1] == 402)  # noqa: B023  awaited here
        assert [e["seq"] for e in reply["events"]] + numbers(reader, room) == list(range(1, 403))


async def test_too_far_behind_is_told_the_newest_state(here: Parts, room: str, anna: Member, bert: Member) -> None:
    """More than 500 missed: `complete` is false, and the newest messages come with the head to page back from."""
    writer, reader = await here.peer(anna), await here.peer(bert)
    await say(writer, room, 520)
    reply = await reader.ask("follow", stream=room, since=3)
    assert (reply["complete"], reply["head"], "events" in reply) == (False, 521, False)
    seen = [m["seq"] for m in reply["messages"]]
    while seen[0] > 2:
        page = await reader.ask("read", stream=room, before=seen[0], limit=200)
        seen = [m["seq"] for m in page["messages"]] + seen
    assert seen == list(range(2, 522))
    assert not page["more"]


async def test_a_number_above_the_head_is_an_error(here: Parts, room: str, anna: Member) -> None:
    """It belongs to no history of this stream."""
    peer = await here.peer(anna)
    assert (await peer.ask("follow", stream=room, since=1))["code"] == "since_ahead"


async def test_another_epoch_is_an_error(here: Parts, room: str, anna: Member) -> None:
    """Numbers of another history are worth nothing here."""
    peer = await here.peer(anna)
    assert (await peer.ask("follow", stream=room, since=0, epoch="0123456789abcdef"))["code"] == "wrong_epoch"
    assert (await peer.ask("follow", stream=room, since=0, epoch=here.store.epoch.name))["op"] == "followed"


async def test_a_slow_reader_is_marked_behind_and_caught_up(here: Parts, room: str, anna: Member, bert: Member) -> None:
    """While it does not read, little is kept for it; once it reads, it gets every event once; others never wait."""
    writer, slow, quick = await here.peer(anna), await here.peer(bert), await here.peer(bert)
    for peer in (slow, quick):
        await peer.ask("follow", stream=room)
    slow.reading = False
    await say(writer, room, 400, size=2_000)
    await until(lambda: len(quick.events(room)) == 401)
    assert SOFT < slow.buffered() < 2 * SOFT
    assert slow.paused
    slow.read_again()
    await until(lambda: numbers(slow, room)[-1:] == [401], "the slow reader at the head")
    assert numbers(slow, room) == list(range(1, 402))
    assert not slow.paused


async def test_a_reader_too_far_behind_is_told_of_the_gap_and_goes_on(
    here: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Over 500 events behind: `gap` names the numbers left out, and what comes after is live again."""
    writer, slow = await here.peer(anna), await here.peer(bert)
    await slow.ask("follow", stream=room)
    slow.reading = False
    await say(writer, room, 1500, size=400)
    reached = here.hub._streams[room].tail.position
    slow.read_again()
    await until(lambda: any(f["op"] == "gap" for f in slow.inbox), "the gap")
    await say(writer, room, 5)
    await until(lambda: numbers(slow, room)[-1:] == [reached + 5])
    (gap,) = [f for f in slow.inbox if f["op"] == "gap"]
    before = [n for n in numbers(slow, room) if n < gap["from"]]
    after = [n for n in numbers(slow, room) if n > gap["head"]]
    assert before == list(range(1, gap["from"]))
    assert after == list(range(gap["head"] + 1, reached + 6))


async def test_a_reader_that_takes_nothing_is_aborted(here: Parts, room: str, anna: Member, bert: Member) -> None:
    """No byte taken by the deadline: the connection goes, and only this one."""
    writer, stalled = await here.peer(anna), await here.peer(bert)
    await stalled.ask("follow", stream=room)
    stalled.reading = False
    await say(writer, room, 400, size=2_000)
    here.pass_time(1)
    here.pass_time(3)
    assert not stalled.aborted
    here.pass_time(3)
    assert stalled.aborted
    assert not writer.aborted


async def test_a_page_is_never_older_than_what_was_told(here: Parts, room: str, anna: Member, bert: Member) -> None:
    """A message changes while a page with it is read: who had skipped the event, not holding it, is told the new state."""
    writer, reader = await here.peer(anna), await here.peer(bert)
    first = await writer.ask("post", stream=room, key=writer.key(), body="before")
    await say(writer, room, 60)
    followed = await reader.ask("follow", stream=room)
    assert first["seq"] < followed["messages"][0]["seq"]
    reading, go_on, people = asyncio.Event(), asyncio.Event(), here.rooms.history.people

    async def slow_people(stream: str, wanted: Iterable[int]) -> list[Person]:
        """Take the page's messages, and wait."""
        reading.set()
        await go_on.wait()
        return await people(stream, wanted)

    here.rooms.history.people = slow_people  # type: ignore[method-assign,assignment]
    asked = reader.tell("read", stream=room, before=followed["messages"][0]["seq"])
    await reading.wait()
    key = writer.key()
    changed = await writer.ask("edit", stream=room, key=key, target=first["seq"], rev=first["seq"], body="after")
    await until(lambda: changed["seq"] in numbers(reader, room), "the event")
    assert reader.answer(asked) is None
    go_on.set()
    await until(lambda: reader.answer(asked), "the page")
    here.rooms.history.people = people  # type: ignore[method-assign]
    page = reader.answer(asked)
    assert page is not None
    [message] = [one for one in page["messages"] if one["seq"] == first["seq"]]
    assert (message["body"], message["rev"]) == ("after", changed["seq"])


async def test_an_event_lost_by_the_bus_is_found_by_the_sweep(
    here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Redis is a hint: what it did not carry comes from the log, in order."""
    writer, reader = await here.peer(anna), await there.peer(bert)
    await reader.ask("follow", stream=room)
    publish, here.bus.publish = here.bus.publish, lambda *_: None  # type: ignore[method-assign]
    await say(writer, room, 10)
    assert numbers(reader, room) == []
    await there.hub.sweep()
    await until(lambda: len(reader.events(room)) == 11, "the swept events")
    here.bus.publish = publish  # type: ignore[method-assign]
    await say(writer, room, 1)
    await until(lambda: numbers(reader, room) == list(range(1, 13)))


async def test_a_gap_on_the_bus_is_closed_from_the_log(
    here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """One event lost, the next arrives early: the missing one is read, and both leave in order."""
    writer, reader = await here.peer(anna), await there.peer(bert)
    await reader.ask("follow", stream=room)
    await say(writer, room, 1)
    await until(lambda: numbers(reader, room) == [1, 2])
    publish, here.bus.publish = here.bus.publish, lambda *_: None  # type: ignore[method-assign]
    await say(writer, room, 1)
    here.bus.publish = publish  # type: ignore[method-assign]
    await say(writer, room, 1)
    await until(lambda: numbers(reader, room) == [1, 2, 3, 4], "both")


async def test_foreign_words_on_the_bus_are_dropped(here: Parts, there: Parts, room: str, bert: Member) -> None:
    """Garbage, another epoch's event and a forged one: none reaches a follower, and what is real still does."""
    reader = await there.peer(bert)
    await reader.ask("follow", stream=room)
    forged = Entry(1, b'{"op":"event","stream":"x","seq":1}', "posted")
    channel = f"lounge:{there.store.epoch.name}:{room}"
    client: Any = Redis.from_url(there.redis_url)
    for raw in (b"", b"\xff" * 40, seal(Epoch(there.store.epoch.name, b"guess"), room, forged)):
        await client.execute_command("SPUBLISH", channel, raw)
    await client.execute_command("SPUBLISH", channel, seal(there.store.epoch, "another stream", forged))
    await client.aclose()
    await until(lambda: there.bus.foreign == 4, "the bus to have seen them")
    writer = await here.peer(bert)
    await say(writer, room, 1)
    await until(lambda: numbers(reader, room) == [1, 2])


async def test_unknown_and_not_yours_answer_alike(here: Parts, new_room: NewRoom, anna: Member) -> None:
    """Neither the text nor the code tells whether a stream exists."""
    peer = await here.peer(anna)
    hidden = await new_room("case", "specialties", ("neurology",))
    other = await peer.ask("follow", stream=hidden)
    none = await peer.ask("follow", stream=here.ids.stream())
    assert {k: v for k, v in other.items() if k != "id"} == {k: v for k, v in none.items() if k != "id"}
    assert other["code"] == "not_found"
    commands: dict[str, dict[str, Any]] = {
        "read": {},
        "seen": {"seq": 1},
        "post": {"key": peer.key(), "body": "x"},
        "people": {"numbers": [1]},
    }
    for op, more in commands.items():
        assert (await peer.ask(op, stream=hidden, **more))["code"] == "not_found"


async def test_two_hundred_streams_are_enough(here: Parts, database: Database, anna: Member) -> None:
    """The 201st follow is refused; the others stay, and one unfollowed makes place for one."""
    streams = [here.ids.stream() for _ in range(201)]
    async with Direct(database.owner_url, load_queries()) as owner:
        for stream in streams:
            await owner.execute_value("insert into streams (id, kind) values ($1, 'room')", stream)
            await owner.execute_value(
                "insert into rooms (stream, kind, title, audience) values ($1, 'lounge', 'A room', 'all')", stream
            )
    peer = await here.peer(anna)
    for stream in streams[:200]:
        peer.session._allowance = 100
        assert (await peer.ask("follow", stream=stream))["op"] == "followed"
    peer.session._allowance = 100
    assert (await peer.ask("follow", stream=streams[200]))["code"] == "too_many"
    await peer.ask("unfollow", stream=streams[0])
    assert (await peer.ask("follow", stream=streams[200]))["op"] == "followed"
