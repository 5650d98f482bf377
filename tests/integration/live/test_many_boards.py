"""A page follows a board of every specialty on one connection, within the bounds that the server holds it to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lounge.boards import boards_of, ensure_boards
from lounge.data import load_specialties
from lounge.data.catalogue import MOST
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
ROOMS = 8
"""Rooms that a page has open, and some to spare."""

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


async def test_a_member_of_eight_specialties_follows_all_boards_and_hears_the_last_of_them(
    here: Parts, new_room: NewRoom, anna: Member
) -> None:
    """More than a burst allows: refused, they did nothing; asked again, each is followed and live."""
    assert MOST + OWN + 1 + ROOMS <= FOLLOWS
    member = await here.member(f"many-{here.ids.secret()[:8]}", specialties=tuple(IDS[:OWN]))
    await ensure_boards(here.store, here.ids, IDS)
    boards = [one.stream for one in boards_of(here.ids, member, IDS)]
    streams = [member.feed, *boards, *[await new_room() for _ in range(ROOMS)]]
    assert len(set(streams)) == len(IDS) + OWN + 1 + ROOMS
    peer = await here.peer(member)
    assert await all_followed(here, peer, streams) > 0
    assert set(streams) == set(peer.session._following.streams)

    for stream in (boards[len(IDS) - 1], boards[-1]):
        item = Item(
            stream=stream, author=0, key=peer.key(), kind="case.changed", data=b"{}", digest=digest("case.changed")
        )
        here.hub.committed([item], await here.store.append([item]))
        await until(lambda stream=stream: peer.events(stream), "the event of a board")  # type: ignore[misc]
        assert [event["kind"] for event in peer.events(stream)] == ["case.changed"]

    other = await here.peer(anna)
    assert (await other.ask("follow", stream=boards[-1]))["code"] == "not_found"
