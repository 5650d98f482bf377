"""Opening a case: whole or not at all, once for each key, and told to those whom it is for."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from lounge.boards import board, open_board
from lounge.cases import Audience, Filters
from lounge.errors import Invalid, KeyReused, LoungeError, NotFound
from tests.integration.cases.conftest import draft

if TYPE_CHECKING:
    from lounge.members.accounts import Member
    from tests.integration.cases.conftest import Ask, Node

STANDING = """select (select count(*) from cases) as cases, (select count(*) from streams) as streams,
    (select count(*) from rooms) as rooms, (select count(*) from events) as events,
    (select count(*) from participants) as people, (select sum(head) from streams) as heads"""
MANY = 50_000


async def listed(node: Node, member: Member, **filters: Any) -> list[str]:
    """Return the ids of the cases in a member's list."""
    return [line.id for line in await node.cases.lines(member, Filters(**filters), None, 100)]


async def test_a_case_begins_with_its_room_and_its_line(node: Node, owner: Ask) -> None:
    """The room tells `opened`, then its author as participant 1; the open board tells the line."""
    author = await node.member("neurology")
    case = await node.case(author, specialty="neurology")
    told = await owner("select seq, kind, author, data from events where stream = $1 order by seq", case.room)
    assert [(row["seq"], row["kind"], row["author"]) for row in told] == [(1, "opened", 0), (2, "joined", 1)]
    assert json.loads(told[0]["data"]) == {"case": case.id}
    assert json.loads(told[1]["data"])["n"] == 1
    stream = open_board(node.ids).stream
    (line,) = await owner("select data from events where stream = $1 and data->>'id' = $2", stream, case.id)
    assert json.loads(line["data"])["room"] == case.room
    assert author.handle not in told[1]["data"] + line["data"]
    assert [(event.kind, event.stream) for event in node.told if event.kind != "member.created"] == [
        ("opened", case.room),
        ("joined", case.room),
        ("case.opened", stream),
    ]


async def test_a_case_that_cannot_be_finished_leaves_nothing(
    node: Node, owner: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The author's alias cannot be stored, after the room was: neither a room nor an event stands, and nobody was told."""
    author = await node.member()
    before, told = await owner(STANDING), list(node.told)
    with monkeypatch.context() as broken:
        broken.setattr(node.aliases, "draw", lambda: "a\x00b")
        with pytest.raises(LoungeError):
            await node.case(author)
    assert await owner(STANDING) == before
    assert node.told == told
    assert (await node.case(author)).replies == 0


async def test_an_audience_of_nobody_known_is_refused_whole(node: Node, owner: Ask) -> None:
    """The error names the field and the handle; nothing stands."""
    author = await node.member()
    before = await owner(STANDING)
    audience = Audience(kind="members", members=[author.handle, "no-such-handle"])
    with pytest.raises(Invalid, match=r"audience\.members.*no-such-handle"):
        await node.case(author, audience=audience)
    assert await owner(STANDING) == before


async def test_two_nodes_with_one_key_open_one_case(node: Node, other: Node, owner: Ask) -> None:
    """Sent to both at the same moment: one is new, the other learns of it; another content is refused by both."""
    author = await node.member()
    for _ in range(10):
        key = str(uuid.uuid4())
        answers = await asyncio.gather(*(one.cases.open(author, key, draft()) for one in (node, other)))
        assert sorted(new for _, new in answers) == [False, True]
        assert answers[0][0] == answers[1][0]
        assert len(await owner("select 1 from cases where key = $1", key)) == 1
        for one in (node, other):
            with pytest.raises(KeyReused):
                await one.cases.open(author, key, draft(title="Another"))


async def test_a_case_for_specialties_is_for_them_and_its_author(node: Node, owner: Ask) -> None:
    """Members of one of them see it and their boards tell it; others see nothing of it, the open board neither."""
    author, inside, outside = [await node.member(one) for one in ("dermatology", "cardiology", "urology")]
    case = await node.case(author, audience=Audience(kind="specialties", specialties=["cardiology", "neurology"]))
    for member, sees in ((author, True), (inside, True), (outside, False)):
        assert (case.id in await listed(node, member)) is sees
    rows = await owner("select stream from events where kind = 'case.opened' and data->>'id' = $1", case.id)
    assert {row["stream"] for row in rows} == {
        uuid.UUID(board(node.ids, one).stream) for one in ("cardiology", "neurology")
    }


async def test_a_case_for_named_members_is_told_on_their_feeds_alone(node: Node, owner: Ask) -> None:
    """The author among them; for everybody else it does not exist."""
    author, named, stranger = await node.member(), await node.member("urology"), await node.member()
    case = await node.case(author, audience=Audience(kind="members", members=[named.handle]))
    rows = await owner("select stream from events where kind = 'case.opened' and data->>'id' = $1", case.id)
    assert {str(row["stream"]) for row in rows} == {author.feed, named.feed}
    assert (await node.cases.one(named, case.id)).mine is False
    with pytest.raises(NotFound):
        await node.cases.one(stranger, case.id)
    with pytest.raises(NotFound):
        await node.rooms.access(stranger, case.room)


async def test_the_first_reply_by_somebody_else_stops_the_clock(node: Node) -> None:
    """The author's own posts do not; later ones do not move it; only then has the case stopped waiting."""
    author, first, second = await node.member(), await node.member(), await node.member()
    case = await node.case(author)
    await node.post(author, case.room, "An addition of my own.")
    assert (await node.cases.one(author, case.id)).first_reply_at is None
    assert case.id in await listed(node, author, waiting=True)
    await node.post(first, case.room)
    stopped = (await node.cases.one(author, case.id)).first_reply_at
    assert stopped is not None
    assert stopped >= case.opened_at
    await node.post(second, case.room)
    now = await node.cases.one(author, case.id)
    assert (now.first_reply_at, now.replies) == (stopped, 3)
    assert case.id not in await listed(node, author, waiting=True)


async def test_an_alias_that_is_taken_is_drawn_again(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two participants of a room never share a name."""
    author, other = await node.member(), await node.member()
    names = iter(["Copper Heron", "Copper Heron", "Copper Heron", "Quiet Banjo"])
    monkeypatch.setattr(node.aliases, "draw", lambda: next(names))
    case = await node.case(author)
    await node.post(other, case.room)
    people = await node.rooms.history.people(case.room, [1, 2])
    assert [person.alias for person in people] == ["Copper Heron", "Quiet Banjo"]


async def test_a_label_names_no_crowd_smaller_than_k(node: Node) -> None:
    """Two of a rare specialty in a country are not named by it; the third is; who entered before keeps the coarser label."""
    rare, country = "geriatrics", "LU"
    first, _ = await node.member(rare, country=country), await node.member(rare, country=country)
    case = await node.case(await node.member())
    await node.post(first, case.room)
    third = await node.member(rare, country=country)
    node.clock.advance(61)
    await node.post(third, case.room)
    await node.post(first, case.room)
    early, late = await node.rooms.history.people(case.room, [2, 3])
    assert "Luxembourg" not in early.label
    assert late.label.endswith(", Luxembourg")


async def test_a_page_of_the_list_reads_the_index_from_the_newest(node: Node, owner: Ask) -> None:
    """With 50,000 cases a page neither reads the table whole nor sorts, and touches little more than it shows."""
    member = await node.member()
    await owner(
        f"""with s as (insert into streams (id, kind, asker) select gen_random_uuid(), 'room', 1
              from generate_series(1, {MANY}) returning id),
            r as (insert into rooms (stream, kind, title, audience) select id, 'case', 'T', 'all' from s returning stream)
            insert into cases (id, room, author, key, digest, label, title, specialty, urgency, presentation, question, opened_at)
            select ('0190' || substr(md5(stream::text), 5))::uuid, stream, gen_random_uuid(), gen_random_uuid(), '', 'L', 'T',
                   'cardiology', 'today', 'P', 'Q', now() from r"""
    )
    await owner("analyze")
    query = node.store._queries["cases.lines"]
    args = [member.id, list(member.specialties), None, ["open", "answered"], None, None, None, None, None, 50]
    typed = ["uuid", "text[]", "uuid", "text[]", "text[]", "text[]", "boolean", "boolean", "boolean", "int"]
    for number in range(len(args), 0, -1):
        query = query.replace(f"${number}", literal(args[number - 1], typed[number - 1]))
    plan = json.loads((await owner(f"explain (analyze, format json) {query}"))[0][0])[0]["Plan"]
    nodes = list(flat(plan))
    assert not [one for one in nodes if one["Node Type"] == "Sort"]
    scans = {one["Relation Name"]: one for one in nodes if "Relation Name" in one}
    assert scans["cases"]["Node Type"] == "Index Scan"
    assert scans["cases"]["Actual Rows"] <= 100


def literal(value: object, kind: str) -> str:
    """Write a value into a statement."""
    if value is None:
        return f"null::{kind}"
    if isinstance(value, list):
        return "array[" + ",".join(f"'{one}'" for one in value) + f"]::{kind}"
    return f"'{value}'::{kind}"


def flat(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a plan's nodes."""
    return [plan, *(node for child in plan.get("Plans", []) for node in flat(child))]
