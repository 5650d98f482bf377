"""Rooms of a few, standing lounges, and what a member follows or mutes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.http.test_cases import key, opened

if TYPE_CHECKING:
    import httpx

    from tests.integration.http.conftest import Ask, Open


async def begin(client: httpx.AsyncClient, headers: dict[str, str] | None = None, **asked: Any) -> str:
    """Open a room and return its stream."""
    answer = await client.post("/api/v1/rooms", json=asked, headers=headers or key())
    assert answer.status_code == 200, answer.text
    stream: str = answer.json()["stream"]
    return stream


async def room_of(client: httpx.AsyncClient, stream: str) -> dict[str, Any] | None:
    """Return a room as it stands in the member's list."""
    found = (await client.get("/api/v1/rooms?limit=100")).json()["rooms"]
    return next((room for room in found if room["stream"] == stream), None)


async def test_a_direct_room_is_for_two_and_always_the_same(site: Open) -> None:
    """Whoever asks, at once or later; called by the other; nobody else finds it."""
    async with site() as here:
        one, two = await here.member(), await here.member()
        async with (
            here.client(await here.token(one)) as a,
            here.client(await here.token(two)) as b,
            here.client(await here.token()) as c,
        ):
            streams = await asyncio.gather(
                *(begin(a, kind="direct", members=[two.handle]) for _ in range(4)),
                begin(b, kind="direct", members=[one.handle]),
            )
            assert len(set(streams)) == 1
            stream = streams[0]
            mine = await room_of(a, stream)
            assert mine is not None
            assert (mine["kind"], mine["title"], mine["retention_days"]) == ("direct", two.handle, None)
            path = f"/api/v1/rooms/{stream}/messages"
            assert (await b.post(path, json={"body": "Hello"}, headers=key())).status_code == 201
            assert (await c.get(path)).status_code == 404
            assert await room_of(c, stream) is None
            again = await room_of(a, stream)
            assert again is not None
            assert again["unread"] == 1


async def test_who_is_known_by_an_alias_is_invited_by_it(site: Open, owner: Ask) -> None:
    """Both keep the aliases of the case's room; no handle is told to anybody."""
    async with site() as here:
        author_member, other_member = await here.member(), await here.member()
        async with (
            here.client(await here.token(author_member)) as author,
            here.client(await here.token(other_member)) as other,
        ):
            case = await opened(author)
            path = f"/api/v1/rooms/{case['room']}/messages"
            await other.post(path, json={"body": "An answer."}, headers=key())
            people = {p["n"]: p["alias"] for p in (await author.get(path)).json()["people"]}
            stream = await begin(other, kind="direct", participants=[{"stream": case["room"], "n": 1}])
            mine = await room_of(author, stream)
            assert mine is not None
            assert mine["title"] == people[2]
            told = await owner("select data::text from lounge.events where stream = $1", stream)
            words = " ".join(row[0] for row in told)
            assert author_member.handle not in words
            assert other_member.handle not in words
            assert people[2] in words


async def test_who_has_not_written_in_a_room_invites_nobody_from_it(site: Open) -> None:
    """They have no alias there by which they could be known; nor does anybody from a room that is not theirs."""
    async with site() as here, here.client(await here.token()) as author, here.client(await here.token()) as other:
        case = await opened(author)
        asked = {"kind": "direct", "participants": [{"stream": case["room"], "n": 1}]}
        assert (await other.post("/api/v1/rooms", json=asked, headers=key())).status_code == 403
        hidden = await opened(author, audience={"kind": "specialties", "specialties": ["dermatology"]})
        asked = {"kind": "direct", "participants": [{"stream": hidden["room"], "n": 1}]}
        assert (await other.post("/api/v1/rooms", json=asked, headers=key())).status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "direct"},
        {"kind": "direct", "members": ["nobody-of-that-name"]},
        {"kind": "consult", "members": [], "participants": []},
        {"kind": "lounge", "members": ["x-y-z"]},
        {"kind": "consult", "members": ["a-b-c"], "retention_days": 0},
        {"kind": "consult", "members": ["a-b-c"], "retention_days": 366},
        {"kind": "consult", "members": [f"m-{n}" for n in range(21)]},
        {"kind": "consult", "members": ["a\x00b"]},
        {"kind": "consult", "members": ["a-b-c"], "participants": [{"stream": "x", "n": 1}]},
    ],
)
async def test_what_is_no_room_is_refused(site: Open, asked: dict[str, Any]) -> None:
    """With 400 or 422, and nothing is made."""
    async with site() as here, here.client(await here.token()) as a:
        before = (await a.get("/api/v1/rooms?limit=100")).json()
        assert (await a.post("/api/v1/rooms", json=asked, headers=key())).status_code in (400, 422)
        assert (await a.get("/api/v1/rooms?limit=100")).json() == before


async def test_oneself_alone_is_no_direct_room(site: Open) -> None:
    """Named as the other: refused."""
    async with site() as here:
        member = await here.member()
        async with here.client(await here.token(member)) as a:
            asked = {"kind": "direct", "members": [member.handle]}
            assert (await a.post("/api/v1/rooms", json=asked, headers=key())).status_code == 422


async def test_a_consult_is_made_once_for_each_key(site: Open, owner: Ask) -> None:
    """Sent again: the same room, and everybody was told once. With others under the same key: key_reused."""
    async with site() as here:
        guests = [await here.member() for _ in range(3)]
        async with here.client(await here.token()) as a:
            same = key()
            asked: dict[str, Any] = {
                "kind": "consult",
                "title": "Transplant board",
                "members": [g.handle for g in guests],
            }
            streams = await asyncio.gather(*(begin(a, same, **asked) for _ in range(4)))
            assert len(set(streams)) == 1
            for guest in guests:
                told = await owner("select kind from lounge.events where stream = $1", guest.feed)
                assert [row[0] for row in told] == ["invited"]
            other = await a.post("/api/v1/rooms", json=asked | {"title": "Other"}, headers=same)
            assert (other.status_code, other.json()["error"]["code"]) == (409, "key_reused")
            assert await begin(a, **asked) != streams[0]


async def test_each_member_has_the_lounges_of_their_circles(site: Open) -> None:
    """Everybody's, off topic, those of their groups of specialties, of their country and languages; no other's."""
    async with site() as here, here.client(await here.token(await here.member("cardiology", country="FR"))) as member:
        rooms = (await member.get("/api/v1/rooms?limit=100")).json()["rooms"]
        lounges = {(room["group"], room["title"]) for room in rooms if room["kind"] == "lounge"}
        assert lounges == {
            ("general", "Everybody"),
            ("specialty", "Medicine"),
            ("country", "France"),
            ("language", "English"),
            ("off-topic", "Off topic"),
        }


async def test_following_and_muting_are_kept(site: Open) -> None:
    """Per member and room; neither where it is normal again; a board or an unknown room is refused."""
    async with site() as here, here.client(await here.token()) as author, here.client(await here.token()) as other:
        case = await opened(author)
        path = f"/api/v1/rooms/{case['room']}/notify"
        for how in ("follow", "mute", "normal"):
            assert (await other.post(path, json={"notify": how})).status_code == 204
            assert (await other.get(f"/api/v1/cases/{case['id']}")).json()["case"]["notify"] == how
            assert (await author.get(f"/api/v1/cases/{case['id']}")).json()["case"]["notify"] == "normal"
        board = (await other.get("/api/v1/me")).json()["boards"][0]["stream"]
        assert (await other.post(f"/api/v1/rooms/{board}/notify", json={"notify": "follow"})).status_code == 403
