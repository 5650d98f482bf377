"""A page follows its boards and rooms on one connection, within the bounds that the server holds it to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lounge.boards import board, boards_of, ensure_boards, open_board
from lounge.data import load_specialties
from lounge.live.following import FOLLOWS
from lounge.live.session import COMMANDS_PER_SECOND
from lounge.store import Item, digest
from tests.integration.live.parts import until

if TYPE_CHECKING:
    from lounge.members.accounts import Member
    from tests.integration.live.conftest import NewRoom
    from tests.integration.live.parts import Parts, Peer

OWN = 8
"""Specialties of one member: as many as anybody has."""
ROOMS = 120
"""Rooms followed besides: as many as a simulated colleague keeps."""

IDS = [one.id for one in load_specialties()]


async def answered(peer: Peer, streams: list[str]) -> dict[str, dict[str, Any]]:
    """Ask for all of them without waiting; return what was answered to each."""
    numbers = {stream: peer.tell("follow", stream=stream) for stream in streams}
    await until(lambda: all(peer.answer(number) for number in numbers.values()), "all answers")
    return {stream: peer.answer(number) or {} for stream, number in numbers.items()}


async def all_followed(here: Parts, peer: Peer, streams: list[str]) -> int:
    """Ask for all at once, and for what came too fast when it may be asked again; return how many those were."""
    asked, refused = streams, 0
    while asked:
        answers = await answered(peer, asked)
        assert {answer.get("code", "too_fast") for answer in answers.values()} == {"too_fast"}
        asked = [stream for stream, answer in answers.items() if answer["op"] == "error"]
        assert len(asked) <= COMMANDS_PER_SECOND
        refused += len(asked)
        here.pass_time(1)
        await until(lambda: not peer.paused, "reading again")
    return refused


async def test_a_member_of_eight_specialties_follows_ten_streams_for_the_list(here: Parts, anna: Member) -> None:
    """The open board, their own and the feed, at once and far below any bound; each tells; another's board is hidden."""
    member = await here.member(f"many-{here.ids.secret()[:8]}", specialties=tuple(IDS[:OWN]))
    await ensure_boards(here.store, here.ids, IDS)
    boards = [one.stream for one in boards_of(here.ids, member)]
    assert [open_board(here.ids).stream, *(board(here.ids, one).stream for one in IDS[:OWN])] == boards
    peer = await here.peer(member)
    assert await all_followed(here, peer, [member.feed, *boards]) == 0

    for stream in (boards[0], boards[-1]):
        item = Item(
            stream=stream, author=0, key=peer.key(), kind="case.changed", data=b"{}", digest=digest("case.changed")
        )
        here.hub.committed([item], await here.store.append([item]))
        await until(lambda stream=stream: peer.events(stream), "the event of a board")  # type: ignore[misc]
        assert [event["kind"] for event in peer.events(stream)] == ["case.changed"]

    other = await here.peer(anna)
    assert (await other.ask("follow", stream=boards[0]))["op"] == "followed"
    assert (await other.ask("follow", stream=boards[-1]))["code"] == "not_found"


async def test_what_is_asked_for_too_fast_is_followed_when_asked_again(
    here: Parts, new_room: NewRoom, anna: Member
) -> None:
    """More than a burst allows: what was refused did nothing, and asked for again it is followed, within one connection."""
    streams = [anna.feed, *[await new_room() for _ in range(ROOMS)]]
    peer = await here.peer(anna)
    assert await all_followed(here, peer, streams) > 0
    assert set(streams) == set(peer.session._following.streams)
    assert OWN + 2 + ROOMS <= FOLLOWS
