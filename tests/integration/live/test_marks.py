"""How far a member has read: stored, and told to their other devices on every node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.live.parts import until

if TYPE_CHECKING:
    from lounge.members.accounts import Member
    from tests.integration.live.parts import Parts, Peer


def marks(peer: Peer, stream: str) -> list[int]:
    return [f["seq"] for f in peer.inbox if f["op"] == "seen" and f["stream"] == stream]


async def posts(node: Parts, room: str, member: Member, count: int) -> None:
    peer = await node.peer(member)
    for _ in range(count):
        assert (await peer.ask("post", stream=room, key=peer.key(), body="Words"))["op"] == "done"
    peer.drop()


async def stored(node: Parts, room: str, member: Member) -> int:
    return (await node.rooms.access(member, room)).seen


async def test_the_devices_of_a_member_agree_over_two_nodes(
    here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """A mark reaches each other device of the member once, and nobody else; a lower one changes nothing and is not told."""
    await posts(here, room, bert, 5)
    said, near, far, other = (
        await here.peer(anna),
        await here.peer(anna),
        await there.peer(anna),
        await there.peer(bert),
    )
    for peer in (said, near, far):
        await peer.ask("follow", stream=room)
        await peer.ask("follow", stream=anna.feed)
    await other.ask("follow", stream=room)
    await other.ask("follow", stream=bert.feed)
    for seq in (4, 2, 5):
        assert (await said.ask("seen", stream=room, seq=seq))["op"] == "done"
    await until(lambda: marks(far, room)[-1:] == [5], "the mark on the other node")
    assert (marks(near, room), marks(far, room), marks(said, room), marks(other, room)) == ([4, 5], [4, 5], [], [])
    assert await stored(there, room, anna) == 5


async def test_unread_sets_a_mark_back(here: Parts, there: Parts, room: str, anna: Member, bert: Member) -> None:
    """Exactly to the number that it names; the other devices learn it, and go on from there."""
    await posts(here, room, bert, 5)
    said, far = await here.peer(anna), await there.peer(anna)
    for peer in (said, far):
        await peer.ask("follow", stream=room)
        await peer.ask("follow", stream=anna.feed)
    await said.ask("seen", stream=room, seq=6)
    await said.ask("seen", stream=room, seq=2, unread=True)
    await until(lambda: marks(far, room) == [6, 2], "both marks")
    assert await stored(here, room, anna) == 2
    await far.ask("seen", stream=room, seq=3)
    await until(lambda: marks(said, room) == [3], "the mark of the other device")
    assert await stored(here, room, anna) == 3


async def test_a_mark_never_passes_the_head(here: Parts, room: str, anna: Member, bert: Member) -> None:
    """What is told is what stands, also where more was said, read or unread."""
    await posts(here, room, bert, 2)
    said, near = await here.peer(anna), await here.peer(anna)
    await said.ask("seen", stream=room, seq=100)
    await said.ask("seen", stream=room, seq=200, unread=True)
    assert (marks(near, room), await stored(here, room, anna)) == ([3, 3], 3)


async def test_the_own_feed_has_a_mark_as_well(here: Parts, there: Parts, anna: Member) -> None:
    """It is a stream like the others."""
    said, far = await here.peer(anna), await there.peer(anna)
    for peer in (said, far):
        await peer.ask("follow", stream=anna.feed)
    assert (await said.ask("seen", stream=anna.feed, seq=0, unread=True))["op"] == "done"
    await until(lambda: marks(far, anna.feed) == [0], "the mark of the feed")


async def test_a_mark_in_a_room_that_is_not_theirs_is_not_told(
    here: Parts, new_room: object, anna: Member, bert: Member
) -> None:
    """The answer is that of a room that does not exist, and no device hears of it."""
    assert callable(new_room)
    hidden = await new_room("case", "members")
    said, near = await here.peer(anna), await here.peer(anna)
    assert (await said.ask("seen", stream=hidden, seq=1))["code"] == "not_found"
    assert (await said.ask("seen", stream=bert.feed, seq=1))["code"] == "not_found"
    assert near.inbox[1:] == []
