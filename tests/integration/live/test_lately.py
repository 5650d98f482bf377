"""What an observer in case rooms learns of who comes and goes: one number now and then, and nothing from when it comes.

Each trial runs on nodes of its own, in the same rooms, at the same time of the same clock: what an observer was told, byte by
byte and moment by moment, is compared between trials that differ in one thing.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest_asyncio

from lounge.clock import milliseconds
from lounge.lately import PERIOD, told_at
from lounge.presence import SETTLED
from tests.integration.live.parts import running_parts
from tests.integration.live.turns import START, HandClock, Turns, device

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from lounge.members.accounts import Member
    from tests.integration.conftest import Database
    from tests.integration.live.conftest import NewRoom
    from tests.integration.live.parts import Parts
    from tests.integration.live.turns import Device

    Move = Callable[[Device, str, str], Awaitable[None]]

STEP = 5.0
TRIAL = 3 * PERIOD / 1000


@asynccontextmanager
async def two_nodes(database: Database) -> AsyncIterator[Turns]:
    """Two nodes at noon."""
    async with (
        running_parts(database.url, database.redis_url, HandClock()) as one,
        running_parts(database.url, database.redis_url, HandClock()) as other,
    ):
        turns = Turns(one, other)
        await turns.begin()
        yield turns


@pytest_asyncio.fixture(loop_scope="session")
async def rooms(new_room: NewRoom) -> tuple[str, str]:
    """Two case rooms."""
    return await new_room("case"), await new_room("case")


@pytest_asyncio.fixture(loop_scope="session")
async def crowd(here: Parts) -> list[Member]:
    """Members enough."""
    return [await here.member(f"crowd-{n}-{here.ids.secret()[:8]}") for n in range(12)]


async def stay(mover: Device, one: str, other: str) -> None:
    """Stay where one is."""


async def move(mover: Device, one: str, other: str) -> None:
    """Leave one room and enter the other."""
    await mover.ask("here", stream=one, here=False)
    await mover.enter(other)


async def leave(mover: Device, one: str, other: str) -> None:  # noqa: ARG001  there is only one to leave
    """Leave for good."""
    mover.drop()


async def unfollow(mover: Device, one: str, other: str) -> None:  # noqa: ARG001  as above
    """Stop following the room."""
    await mover.ask("unfollow", stream=one)


async def observed(
    database: Database, rooms: tuple[str, str], members: list[Member], mover: Member, act: Move, after: float
) -> list[tuple[float, bytes]]:
    """Return what somebody in both rooms is told of presence while `mover`, who is in the first, acts after some seconds."""
    observer, *others = members
    half = len(others) // 2
    async with two_nodes(database) as turns:
        here, there = turns.nodes
        watcher = await device(here, observer, *rooms)
        for number, member in enumerate(others):
            await device(turns.nodes[number % 2], member, rooms[number >= half])
        moving = await device(there, mover, rooms[0])
        await turns.pass_time(after, STEP)
        await act(moving, *rooms)
        await turns.whispers()
        await turns.pass_time(TRIAL - after, STEP)
        return watcher.told


async def test_one_member_more_or_less_changes_no_byte_and_no_moment(
    database: Database, rooms: tuple[str, str], crowd: list[Member]
) -> None:
    """Whether one stays, leaves, unfollows or goes over to the other room, soon or late: the frames and their times are alike."""
    members, mover = crowd[:11], crowd[11]
    first = await observed(database, rooms, members, mover, stay, 100)
    assert len(first) >= 6
    assert {frame.count(b'"count":5') for _, frame in first[-2:]} == {1}
    for act, after in ((move, 100.0), (move, 290.0), (leave, 100.0), (unfollow, 350.0), (leave, 10.0)):
        assert await observed(database, rooms, members, mover, act, after) == first, (act.__name__, after)


async def test_which_member_moved_cannot_be_told(
    database: Database, rooms: tuple[str, str], crowd: list[Member]
) -> None:
    """Also where the numbers are small: the same move by one or by another, and a second sooner or later, is told alike."""
    observer, one, other = crowd[:3]
    trials = [
        await observed(database, rooms, [observer], one, move, 400),
        await observed(database, rooms, [observer], other, move, 400),
        await observed(database, rooms, [observer], other, move, 405),
        await observed(database, rooms, [observer], one, move, 520),
    ]
    assert all(trial == trials[0] for trial in trials)


async def test_numbers_are_told_at_the_rooms_own_moments_alone(
    database: Database, rooms: tuple[str, str], crowd: list[Member]
) -> None:
    """But for the state after the own entry; each room has moments that the other has not, and none comes sooner."""
    async with two_nodes(database) as turns:
        here, there = turns.nodes
        secret = here.store.epoch.secret
        watcher = await device(here, crowd[0], *rooms)
        for number in range(1, 9):
            await device(there, crowd[number], rooms[number % 2])
            await turns.pass_time(61, 1.0)
        moments = {room: [told_at(secret, room, milliseconds(START) // PERIOD + n) for n in (-1, 0)] for room in rooms}
        for room in rooms:
            told = [at for at, frame in watcher.told if room.encode() in frame][1:]
            passed = [(moment - milliseconds(START)) / 1000 for moment in moments[room]]
            assert all(any(0 <= at - moment < 1.001 for moment in passed) for at in told), (told, passed)


async def test_who_comes_in_is_told_the_last_number_and_not_a_fresh_one(
    database: Database, rooms: tuple[str, str], crowd: list[Member]
) -> None:
    """On the node where the others are and on one that never heard of the room, after the same time."""
    room = rooms[0]
    async with two_nodes(database) as turns:
        here, there = turns.nodes
        for member in crowd[:3]:
            await device(here, member, room)
        await turns.pass_time(2 * PERIOD / 1000, STEP)
        late = [await device(here, member, room) for member in crowd[3:7]]
        await turns.pass_time(2)
        newcomers = [await device(node, crowd[8], room) for node in turns.nodes]
        assert all(one.presence(room) == [] for one in newcomers)
        await turns.pass_time(SETTLED)
        known, fresh = (one.presence(room) for one in newcomers)
        assert known == fresh
        assert [(frame["base"], frame["count"], frame["here"]) for frame in known] == [(0, 3, None)]
        number = late[0].tell("who", stream=room)
        other = newcomers[1].tell("who", stream=room)
        await turns.whispers()
        await turns.pass_time(SETTLED)
        answers = [late[0].answer(number), newcomers[1].answer(other)]
        assert [answer and (answer["count"], answer["here"], answer["version"]) for answer in answers] == [
            (3, None, known[0]["version"])
        ] * 2
        assert there.presence.rooms == 1


async def test_the_number_outlives_the_node_and_the_followers(
    database: Database, rooms: tuple[str, str], crowd: list[Member]
) -> None:
    """That a node died, or that nobody follows a room any more, does not show in the number of a period that has passed."""
    room = rooms[1]
    async with two_nodes(database) as turns:
        here, there = turns.nodes
        watcher = await device(here, crowd[0], room)
        gone = [await device(there, member, room) for member in crowd[1:4]]
        await turns.pass_time(60, STEP)
        for one in gone:
            one.drop()
        watcher.drop()
        await turns.pass_time(2 * PERIOD / 1000 - 60, STEP, but=there)
        back = await device(here, crowd[5], room)
        await turns.pass_time(SETTLED, but=there)
        assert [frame["count"] for frame in back.presence(room)] == [3]


async def test_who_left_the_room_is_told_no_number_of_it(
    database: Database, rooms: tuple[str, str], crowd: list[Member]
) -> None:
    """The answer comes when access may have ended: it is then that of an empty room."""
    async with two_nodes(database) as turns:
        here, _ = turns.nodes
        await device(here, crowd[1], rooms[0])
        asker = await device(here, crowd[0], rooms[0])
        await turns.pass_time(2 * PERIOD / 1000, STEP)
        number = asker.tell("who", stream=rooms[0])
        await turns.whispers()
        asker.session.evict(rooms[0])
        await turns.pass_time(SETTLED)
        answer = asker.answer(number)
        assert answer is not None
        assert (answer["version"], answer["count"]) == (0, 0)


async def test_nobody_is_told_who_writes_in_a_case_room(
    database: Database, rooms: tuple[str, str], crowd: list[Member]
) -> None:
    """It is refused, and nothing reaches the others."""
    async with two_nodes(database) as turns:
        here, _ = turns.nodes
        writer, reader = await device(here, crowd[0], rooms[0]), await device(here, crowd[1], rooms[0])
        answer = await writer.ask("typing", stream=rooms[0])
        assert (answer["code"], answer["retry"]) == ("forbidden", False)
        await turns.whispers()
        assert reader.said("typing") == []
