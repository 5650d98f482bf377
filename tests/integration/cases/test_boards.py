"""What boards and feeds tell of cases that are written to: all of it, once, soon, and only to those whom it is for."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from lounge.boards import JOIN, board, boards_of, open_board
from lounge.cases import Audience

if TYPE_CHECKING:
    from lounge.members.accounts import Member
    from tests.integration.cases.conftest import Ask, Node

CHANGES = """select stream::text, data from events
    where kind = 'case.changed' and data->>'case' = $1 order by stream, seq"""


async def changes(owner: Ask, case_id: str, *, but: Member | None = None) -> list[dict[str, Any]]:
    """Return what was told of a case, with the streams on which it was; not on the feed of `but`."""
    told = [{"on": row["stream"]} | json.loads(row["data"]) for row in await owner(CHANGES, case_id)]
    return [one for one in told if but is None or one["on"] != but.feed]


async def test_posts_within_three_seconds_are_told_together(node: Node, owner: Ask) -> None:
    """The first at once; those that follow in one event at the end of the window; then nothing waits."""
    author, other = await node.member(), await node.member()
    case = await node.case(author)
    await node.post(other, case.room)
    assert await node.keeper.tell_waiting() == 0
    assert [told["replies"] for told in await changes(owner, case.id, but=author)] == [1]
    for _ in range(4):
        await node.post(other, case.room)
        assert 0 < await node.keeper.tell_waiting() <= JOIN
    assert [told["replies"] for told in await changes(owner, case.id, but=author)] == [1]
    node.clock.advance(JOIN)
    await node.keeper.tell_waiting()
    told = await changes(owner, case.id, but=author)
    assert [one["replies"] for one in told] == [1, 5]
    assert {one["on"] for one in told} == {open_board(node.ids).stream}
    assert {one["first_reply_at"] for one in told} == {(await node.cases.one(other, case.id)).first_reply_at}


async def test_what_a_dead_node_owed_is_told_by_the_sweep_once(node: Node, other: Node, owner: Ask) -> None:
    """A post that no keeper learnt of is announced by the next sweep of any node, and by no later one."""
    author, replier = await node.member(), await node.member()
    case = await node.case(author)
    await node.post(replier, case.room)
    assert await changes(owner, case.id, but=author) == []
    await asyncio.gather(node.keeper.sweep(), other.keeper.sweep())
    await other.keeper.sweep()
    assert [told["replies"] for told in await changes(owner, case.id, but=author)] == [1]


async def test_two_keepers_at_once_tell_once(node: Node, other: Node, owner: Ask) -> None:
    """Whoever claims the case tells; the other one has nothing left to tell."""
    author, replier = await node.member(), await node.member()
    for _ in range(10):
        case = await node.case(author)
        await node.post(replier, case.room)
        await asyncio.gather(*(one.keeper.tell(case.id) for one in (node, other, node, other)))
        assert len(await changes(owner, case.id, but=author)) == 1


async def test_a_case_for_named_members_changes_on_their_feeds_alone(node: Node, owner: Ask) -> None:
    """No board learns that it exists."""
    author, named = await node.member(), await node.member("urology")
    case = await node.case(author, audience=Audience(kind="members", members=[named.handle]))
    await node.post(named, case.room)
    await node.keeper.tell(case.id)
    assert {told["on"] for told in await changes(owner, case.id)} == {author.feed, named.feed}


async def test_an_author_is_told_of_what_others_do_in_their_case_and_may_mute_it(node: Node, owner: Ask) -> None:
    """On their own feed, without asking for it; their own words are no news to them."""
    author, other = await node.member(), await node.member()
    case = await node.case(author)

    async def told() -> list[int]:
        await node.keeper.tell(case.id)
        return [one["replies"] for one in await changes(owner, case.id) if one["on"] == author.feed]

    await node.post(other, case.room)
    assert await told() == [1]
    await node.post(author, case.room)
    assert await told() == [1]
    await node.post(other, case.room)
    assert await told() == [1, 3]
    await node.rooms.notify(author, case.room, "mute")
    await node.post(other, case.room)
    assert await told() == [1, 3]


async def test_a_board_is_open_to_those_whose_cases_it_tells(node: Node) -> None:
    """The open board to all; a specialty's own to its members; a feed to its owner: whoever may follow may read it."""
    heart, skin = await node.member("cardiology"), await node.member("dermatology")
    for member, mine, others in ((heart, "cardiology", skin), (skin, "dermatology", heart)):
        offered = boards_of(node.ids, member)
        assert [(one.specialty, one.scope) for one in offered] == [(None, "all"), (mine, "members")]
        for stream in [one.stream for one in offered] + [member.feed]:
            access = await node.rooms.access(member, stream)
            assert access.rights == ["read"]
        for closed in (board(node.ids, mine).stream, member.feed):
            row = await node.store.row("rooms.access", closed, others.id, list(others.specialties), others.feed)
            assert row is None
