"""Who is in a lounge, on two nodes: told to its followers, agreed on without a store, healed by itself."""

from __future__ import annotations

import asyncio
import hashlib
import random
import shutil
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from lounge.embedded.valkey import EmbeddedValkey
from lounge.errors import Unavailable
from lounge.gathering import SHOWN
from lounge.live.bus import seal
from lounge.live.outbound import SOFT
from lounge.live.stream import Entry
from lounge.live.whispers import Ask, Marked, Named, Roll, Sighted, Sightings, Typed
from lounge.store import Epoch
from tests.integration.live.parts import running_parts, until
from tests.integration.live.turns import Device, HandClock, Turns, device

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lounge.members.accounts import Member
    from tests.integration.conftest import Database
    from tests.integration.live.conftest import NewRoom
    from tests.integration.live.parts import Parts


@asynccontextmanager
async def two_nodes(database_url: str, redis_url: str) -> AsyncIterator[Turns]:
    """Two nodes whose time passes by hand."""
    async with (
        running_parts(database_url, redis_url, HandClock()) as one,
        running_parts(database_url, redis_url, HandClock()) as other,
    ):
        turns = Turns(one, other)
        await turns.begin()
        yield turns


@pytest_asyncio.fixture(loop_scope="session")
async def turns(database: Database) -> AsyncIterator[Turns]:
    """Two nodes and their time."""
    async with two_nodes(database.url, database.redis_url) as both:
        yield both


@pytest.fixture
def here(turns: Turns) -> Parts:
    """One of them."""
    return turns.nodes[0]


@pytest.fixture
def there(turns: Turns) -> Parts:
    """The other."""
    return turns.nodes[1]


async def aliases(one: Device, lounge: str) -> list[str] | None:
    """Return who is there, by asking."""
    answer = await one.ask("who", stream=lounge)
    assert answer["here"] is None or answer["count"] == len(answer["here"])
    return None if answer["here"] is None else [person["alias"] for person in answer["here"]]


async def test_members_of_two_nodes_are_each_told_once(
    turns: Turns, here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """One has three devices on two nodes; both nodes tell the same two people, with their labels."""
    both = sorted([anna.handle, bert.handle])
    devices = [await device(node, member, room) for node, member in ((here, anna), (here, anna), (there, anna))]
    devices.append(await device(there, bert, room))
    await turns.pass_time(2)
    for one in devices:
        assert await aliases(one, room) == both
    answer = await devices[0].ask("who", stream=room)
    assert {person["label"] for person in answer["here"]} == {"Physician"}


async def test_pushes_lead_from_the_state_at_entry_to_what_who_answers(
    turns: Turns, here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Each continues from the version before; applied in order they make what is there now."""
    watcher = await device(here, anna, room)
    await turns.pass_time(2)
    guest = await device(there, bert, room)
    await turns.pass_time(2)
    await guest.ask("here", stream=room, here=False)
    await turns.pass_time(13)
    first, *changes = watcher.presence(room)
    assert (first["base"], first["here"]) == (0, [])
    people: set[str] = set()
    version = first["version"]
    for change in changes:
        assert change["base"] == version
        version = change["version"]
        people = people - set(change["went"]) | {person["alias"] for person in change["came"]}
        assert change["count"] == len(people)
    answer = await watcher.ask("who", stream=room)
    assert (answer["version"], [anna.handle]) == (version, sorted(people))
    assert [len(c["came"]) - len(c["went"]) for c in changes] == [1, 1, -1]


async def test_a_page_that_is_loaded_anew_does_not_flicker(
    turns: Turns, here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Whose connection ends and comes back within the grace, on another node even, never went and never came."""
    watcher, page = await device(here, anna, room), await device(here, bert, room)
    await turns.pass_time(3)
    told = len(watcher.presence(room))
    page.drop()
    await turns.pass_time(8)
    page = await device(there, bert, room)
    await turns.pass_time(20)
    assert len(watcher.presence(room)) == told
    page.drop()
    await turns.pass_time(12)
    assert [(c["came"], c["went"]) for c in watcher.presence(room)[told:]] == [([], [bert.handle])]


async def test_a_lounge_at_rest_tells_nothing_and_forgets_nobody(
    turns: Turns, here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Nodes remind each other often enough."""
    watcher, _guest = await device(here, anna, room), await device(there, bert, room)
    await turns.pass_time(3)
    told = len(watcher.presence(room))
    await turns.pass_time(90)
    assert len(watcher.presence(room)) == told
    assert await aliases(watcher, room) == sorted([anna.handle, bert.handle])


async def test_who_follows_anew_on_the_same_connection_is_there_as_before(
    turns: Turns, here: Parts, room: str, anna: Member, bert: Member
) -> None:
    """A client that resynchronises need not say again that it is there; one that unfollows is gone."""
    watcher, other = await device(here, anna, room), await device(here, bert, room)
    await turns.pass_time(2)
    await other.ask("follow", stream=room)
    await turns.pass_time(15)
    assert await aliases(watcher, room) == sorted([anna.handle, bert.handle])
    await other.ask("unfollow", stream=room)
    await turns.pass_time(12)
    assert await aliases(watcher, room) == [anna.handle]


async def test_a_node_that_ends_without_goodbye_takes_its_members_along_within_half_a_minute(
    turns: Turns, here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """And not while it only missed a heartbeat or two."""
    watcher, _lost = await device(here, anna, room), await device(there, bert, room)
    await turns.pass_time(12)
    await turns.pass_time(14, but=there)
    assert await aliases(watcher, room) == sorted([anna.handle, bert.handle])
    await turns.pass_time(16, but=there)
    assert await aliases(watcher, room) == [anna.handle]


async def test_a_newcomer_node_asks_and_is_answered_at_the_next_turn(
    turns: Turns, here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """No heartbeat is waited for; who only follows is told, and is not there."""
    await device(here, anna, room)
    await turns.pass_time(2)
    reader = await device(there, bert)
    await reader.ask("follow", stream=room)
    await turns.whispers()
    await turns.pass_time(1)
    await turns.pass_time(1)
    assert await aliases(reader, room) == [anna.handle]


async def test_a_restart_of_redis_heals_by_itself(database: Database, room: str, anna: Member, bert: Member) -> None:
    """It is killed and comes back empty; what happened meanwhile is known within a heartbeat, and nobody flickered."""
    folder = Path("/tmp") / f"lounge-test-presence-{random.randbytes(6).hex()}"
    valkey = EmbeddedValkey(folder)
    await valkey.start()
    try:
        async with two_nodes(database.url, valkey.url) as turns:
            here, there = turns.nodes
            watcher, near = await device(here, anna, room), await device(there, anna, room)
            guest = await device(there, bert, room)
            await turns.pass_time(3)
            assert await aliases(watcher, room) == sorted([anna.handle, bert.handle])
            await valkey.stop()
            await until(lambda: not here.bus.up and not there.bus.up, "both buses down")
            await guest.ask("here", stream=room, here=False)
            for node in turns.nodes:
                for _ in range(12):
                    turns.move(node, 1)
                    node.presence.turn()
            assert await aliases(watcher, room) == sorted([anna.handle, bert.handle])
            assert await aliases(near, room) == [anna.handle]
            await valkey.start()
            await until(lambda: here.bus.up and there.bus.up, "both buses up")
            await asyncio.gather(*(node.bus.subscribe(room) for node in turns.nodes))
            await asyncio.gather(*(node.bus.subscribe(turns._stream) for node in turns.nodes))
            await turns.pass_time(11)
            assert await aliases(watcher, room) == [anna.handle]
    finally:
        await valkey.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def test_above_fifty_only_their_number_is_told(turns: Turns, here: Parts, there: Parts, room: str) -> None:
    """On both nodes, in pushes and answers; below again, all names come back in full."""
    devices = []
    for number in range(SHOWN + 2):
        member = await here.member(f"crowd-{number}-{here.ids.secret()[:8]}")
        devices.append(await device((here, there)[number % 2], member, room))
    await turns.pass_time(3)
    for one in devices[:2]:
        assert (await one.ask("who", stream=room)) | {"id": 0, "version": 0} == {
            "op": "who",
            "id": 0,
            "stream": room,
            "version": 0,
            "count": SHOWN + 2,
            "here": None,
        }
        last = one.presence(room)[-1]
        assert (last["count"], last["here"], last["came"], last["went"]) == (SHOWN + 2, None, [], [])
    for one in devices[-2:]:
        one.drop()
    await turns.pass_time(13)
    for one in devices[:2]:
        last = one.presence(room)[-1]
        assert (last["base"], last["count"], len(last["here"])) == (0, SHOWN, SHOWN)


async def test_more_than_fifty_on_one_node_travel_without_names(
    turns: Turns, here: Parts, there: Parts, room: str, anna: Member
) -> None:
    """The other node still counts each of them once."""
    for number in range(SHOWN + 1):
        await device(here, await here.member(f"mass-{number}-{here.ids.secret()[:8]}"), room)
    watcher = await device(there, anna, room)
    await turns.pass_time(3)
    assert (await watcher.ask("who", stream=room))["count"] == SHOWN + 2


async def test_who_is_not_following_cannot_be_there(here: Parts, room: str, anna: Member) -> None:
    """Nor ask, nor write; and nobody is in a feed."""
    one = await device(here, anna)
    for op in ("here", "who", "typing"):
        answer = await one.ask(op, stream=room)
        assert (answer["code"], answer["message"]) == ("forbidden", "follow the room first")
    await one.ask("follow", stream=anna.feed)
    for op in ("here", "who", "typing"):
        assert (await one.ask(op, stream=anna.feed))["op"] == "error"


async def test_typing_is_told_to_the_others_on_all_nodes(
    turns: Turns, here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Once in two seconds however often it is said; not to the one who said it."""
    writer, near, far = await device(here, anna, room), await device(here, bert, room), await device(there, bert, room)
    for _ in range(5):
        assert (await writer.ask("typing", stream=room))["op"] == "done"
    await turns.whispers()
    expected = {"op": "typing", "stream": room, "alias": anna.handle}
    assert (near.said("typing"), far.said("typing"), writer.said("typing")) == ([expected], [expected], [])
    await turns.pass_time(2)
    await writer.ask("typing", stream=room)
    await turns.whispers()
    assert (len(near.said("typing")), len(far.said("typing"))) == (2, 2)


async def test_a_slow_reader_is_told_nothing_of_presence(
    turns: Turns, here: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Over the soft bound it is passed over, and what it missed is not kept for it; the next push shows that it missed one."""
    slow, writer = await device(here, anna, room), await device(here, bert)
    await writer.ask("follow", stream=room)
    await turns.pass_time(2)
    version = slow.presence(room)[-1]["version"]
    slow.reading = False
    slow.write(b"\x81\x7f" + (SOFT + 2).to_bytes(8, "big") + b'"' + b"x" * SOFT + b'"')
    held = slow.buffered()
    await writer.ask("here", stream=room)
    await writer.ask("typing", stream=room)
    await turns.pass_time(2)
    assert slow.buffered() == held
    assert len(writer.presence(room)) >= 2
    slow.inbox.clear()
    slow.held.clear()
    slow.read_again()
    await writer.ask("here", stream=room, here=False)
    await turns.pass_time(13)
    assert slow.presence(room)[-1]["base"] == version + 1
    assert slow.said("typing") == []


async def test_nothing_is_left_of_a_hundred_who_came_and_went(
    turns: Turns, here: Parts, there: Parts, new_room: NewRoom, anna: Member
) -> None:
    """On neither node: no room, nobody present, no stream followed but what was before."""
    streams = [await new_room(kind) for kind in ("lounge", "case") for _ in range(2)]
    before = [node.hub.streams for node in turns.nodes]
    for number in range(100):
        one = await device((here, there)[number % 2], anna, streams[number % 4])
        if number % 3:
            await one.ask("here", stream=streams[number % 4], here=False)
        one.drop()
    assert any(node.presence.rooms for node in turns.nodes)
    await turns.pass_time(16 * 60, step=10)
    for node, streams_before in zip(turns.nodes, before, strict=True):
        await node.hub.sweep()
        assert (node.presence.rooms, node.presence.present, node.presence._busy) == (0, 0, {})
        assert (node.hub.streams, node.hub.followers) == (streams_before, 0)
        assert (len(node.registry), node.registry._feeds) == (0, {})


async def test_a_node_forgets_a_room_that_goes_on_elsewhere(
    turns: Turns, here: Parts, there: Parts, new_room: NewRoom, anna: Member, bert: Member
) -> None:
    """Where nobody follows it here any more; a case room's number is kept for a while first."""
    streams = [await new_room("lounge"), await new_room("case")]
    _stays, leaves = await device(there, bert, *streams), await device(here, anna, *streams)
    await turns.pass_time(5)
    assert here.presence.rooms == 2
    leaves.drop()
    await turns.pass_time(12)
    assert here.presence.rooms == 1
    await turns.pass_time(16 * 60, step=5)
    assert (here.presence.rooms, here.presence._busy, there.presence.rooms) == (0, {}, 2)


async def test_a_new_epoch_drops_all_of_it(turns: Turns, here: Parts, room: str, anna: Member) -> None:
    """Connections that end afterwards disturb nothing, and those who come back are there again."""
    old = await device(here, anna, room)
    await turns.pass_time(2)
    here.hub.forget_all()
    here.presence.forget_all()
    new = await device(here, anna, room)
    old.drop()
    await turns.pass_time(15)
    assert await aliases(new, room) == [anna.handle]
    new.drop()
    await turns.pass_time(15)
    assert here.presence.rooms == 0


async def test_presence_needs_no_database(turns: Turns, here: Parts, room: str, anna: Member) -> None:
    """Where the label cannot be found out, the coarsest is shown."""

    class Away:
        def draw(self) -> str:
            raise Unavailable

        async def label(self, member: Member) -> str:  # noqa: ARG002  it is not to be had
            raise Unavailable

    here.presence._names = Away()
    one = await device(here, anna, room)
    await turns.pass_time(1)
    answer = await one.ask("who", stream=room)
    assert answer["here"] == [{"alias": anna.handle, "label": "Physician"}]


async def test_garbage_on_the_bus_does_nothing(
    turns: Turns, here: Parts, new_room: NewRoom, anna: Member, bert: Member
) -> None:
    """Whispers of every kind, cut, bent and too large, under a wrong seal and under the right one: nobody is told anything."""
    lounge, case = await new_room(), await new_room("case")
    watcher = await device(here, anna, lounge, case)
    await watcher.ask("follow", stream=anna.feed)
    await turns.pass_time(3)
    told = len(watcher.inbox)
    chance = random.Random(7)
    epoch = here.store.epoch
    name, who = b"n" * 8, b"w" * 8
    real = {
        "ask": Ask(name),
        "roll": Roll(name, 9, [Named(who, bert.handle, "Physician")], []),
        "lately": Sightings(name, [Sighted(1, [who])]),
        "typing": Typed(name, bert.handle),
        "seen": Marked(name, lounge, 5, unread=True),
    }
    bent = {
        "roll": Roll(name, 9, [Named(who, "<b>No handle</b>", "Physician")], [b"short"]),
        "typing": Typed(name, "x" * 33),
        "seen": Marked(name, "no stream", -1, unread=False),
        "unknown": Ask(name),
    }
    client = Redis.from_url(here.redis_url)
    published = 0
    for stream in (lounge, case, anna.feed):
        channel = f"lounge:{epoch.name}:{stream}"
        parcels = []
        for kind, whisper in real.items():
            raw = msgspec.msgpack.encode(whisper)
            parcels.append(seal(Epoch(epoch.name, b"guess"), stream, Entry(0, raw, kind)))
            cuts = [raw[:at] for at in range(len(raw))]
            fuzzed = [bytes(chance.choices(range(256), k=chance.randrange(60))) for _ in range(60)]
            deep = [b"\x91" * 3_000, b"\xdd\xff\xff\xff\xff", b"\x92\xc4\x08nnnnnnnn\xa3\xff\xff\xff"]
            parcels += [seal(epoch, stream, Entry(0, one, kind)) for one in (*cuts, *fuzzed, *deep)]
            parcels.append(seal(epoch, stream, Entry(0, raw + b"x" * 300_000, kind)))
        parcels += [seal(epoch, stream, Entry(0, msgspec.msgpack.encode(one), kind)) for kind, one in bent.items()]
        for body in (b"", b"\xc1", b"\x96" + b"\xa1\xff" * 6, b"\x91" * 50_000, *fuzzed):
            parcels.append(hashlib.blake2b(body, digest_size=16, key=epoch.secret).digest() + body)
        for parcel in parcels:
            published += await client.execute_command("SPUBLISH", channel, parcel)  # type: ignore[no-untyped-call]
    await client.aclose()
    await turns.pass_time(3)
    assert published > 1_000
    assert here.bus.foreign >= 15
    assert watcher.inbox[told:] == []
    assert (here.bus.up, here.presence.rooms) == (True, 2)
