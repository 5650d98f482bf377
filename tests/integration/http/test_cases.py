"""Cases and rooms over HTTP: keys, pages, and who may see what."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.integration.http.conftest import Ask, Open

DRAFT: dict[str, Any] = {
    "title": "Fever of four weeks, night sweats, a new murmur",
    "specialty": "cardiology",
    "urgency": "urgent",
    "presentation": "A teacher of fifty. Blood cultures are negative so far.",
    "question": "Which serologies first?",
}
SUMMARY: dict[str, Any] = {
    "patient": {"age": 52, "unit": "years", "sex": "male"},
    "history": "A bicuspid aortic valve, known for years.",
    "examination": "38.4 °C; a diastolic murmur; splinter haemorrhages.",
    "investigations": [
        {"name": "C-reactive protein", "value": "112", "unit": "mg/L", "low": None, "high": 5.0},
        {"name": "Blood cultures", "value": "negative, six", "unit": "", "low": None, "high": None},
    ],
}
NOWHERE = "0190b6c0-0000-7000-8000-000000000000"


def key() -> dict[str, str]:
    """Return a header with a new key."""
    return {"idempotency-key": str(uuid.uuid4())}


async def opened(client: httpx.AsyncClient, **changed: Any) -> dict[str, Any]:
    """Open a case and return it."""
    answer = await client.post("/api/v1/cases", json=DRAFT | changed, headers=key())
    assert answer.status_code == 201, answer.text
    case: dict[str, Any] = answer.json()["case"]
    return case


async def test_a_case_is_opened_and_found(site: Open) -> None:
    """201 with the whole case; from then on it is in the author's list and in others', whole by its id."""
    async with site() as here, here.client(await here.token()) as author, here.client(await here.token()) as other:
        case = await opened(author)
        assert {name: case[name] for name in DRAFT} == DRAFT
        assert (case["state"], case["replies"], case["first_reply_at"], case["mine"]) == ("open", 0, None, True)
        seen = (await other.get(f"/api/v1/cases/{case['id']}")).json()["case"]
        assert seen == case | {"mine": False, "may": []}
        listed = (await other.get("/api/v1/cases")).json()["cases"][0]
        assert listed == {name: seen[name] for name in listed}
        assert not {"presentation", "question", "diagnosis", "learned"} & set(listed)


async def test_a_case_tells_of_its_patient_in_parts_and_in_a_language(site: Open) -> None:
    """All of it may be left out; what is given is told again as it was."""
    async with site() as here, here.client(await here.token()) as author:
        bare = await opened(author)
        assert bare["summary"] == {"patient": None, "history": "", "examination": "", "investigations": []}
        assert bare["language"] == "en"
        case = await opened(author, summary=SUMMARY, language="de")
        assert (case["summary"], case["language"]) == (SUMMARY, "de")
        listed = (await author.get("/api/v1/cases")).json()["cases"][0]
        assert listed["language"] == "de"
        assert "summary" not in listed


async def test_the_same_key_opens_one_case(site: Open, owner: Ask) -> None:
    """Sent again: 200 and the same case. Ten at once: one case. With another content: key_reused, and nothing changes."""
    async with site() as here:
        member = await here.member()
        async with here.client(await here.token(member)) as author:
            same = key()
            answers = await asyncio.gather(*(author.post("/api/v1/cases", json=DRAFT, headers=same) for _ in range(10)))
            assert sorted(a.status_code for a in answers) == [200] * 9 + [201]
            assert len({a.content for a in answers}) == 1
            other = await author.post("/api/v1/cases", json=DRAFT | {"title": "Another"}, headers=same)
            assert (other.status_code, other.json()["error"]["code"]) == (409, "key_reused")
        rows = await owner("select title from lounge.cases where author = $1", member.id)
        assert [row["title"] for row in rows] == [DRAFT["title"]]


async def test_two_members_may_use_one_key(site: Open) -> None:
    """A key belongs to its author."""
    async with site() as here, here.client(await here.token()) as one, here.client(await here.token()) as two:
        same = key()
        first = await one.post("/api/v1/cases", json=DRAFT, headers=same)
        second = await two.post("/api/v1/cases", json=DRAFT, headers=same)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json()["case"]["id"] != second.json()["case"]["id"]


@pytest.mark.parametrize("value", [None, "", "1", "not-a-uuid", "0190b6c0-0000-7000-8000-00000000000g", "0" * 36])
async def test_a_change_needs_a_key(site: Open, value: str | None) -> None:
    """Without an Idempotency-Key that is a UUID: 400, with what to do, and no case."""
    async with site() as here, here.client(await here.token()) as author:
        headers = {} if value is None else {"idempotency-key": value}
        answer = await author.post("/api/v1/cases", json=DRAFT, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
        assert "Idempotency-Key" in answer.json()["error"]["message"]
        assert (await author.get("/api/v1/cases?mine=true")).json()["cases"] == []


async def test_a_key_may_be_quoted_and_in_capitals(site: Open) -> None:
    """As the structured header of the IETF's draft has it, and as some languages print UUIDs: the same key."""
    async with site() as here, here.client(await here.token()) as author:
        plain = str(uuid.uuid4())
        first = await author.post("/api/v1/cases", json=DRAFT, headers={"idempotency-key": plain})
        again = await author.post("/api/v1/cases", json=DRAFT, headers={"idempotency-key": f'"{plain.upper()}"'})
        assert (first.status_code, again.status_code) == (201, 200)


async def test_unknown_and_not_yours_answer_alike(site: Open) -> None:
    """A case or room for others, one that never was, and an id that is none: the same bytes, whatever is asked."""
    async with site() as here:
        friend = await here.member()
        async with here.client(await here.token()) as author, here.client(await here.token()) as stranger:
            hidden = await opened(author, audience={"kind": "members", "members": [friend.handle]})
            same = key()
            for mine, template in ((hidden["id"], "/api/v1/cases/{}"), (hidden["room"], "/api/v1/rooms/{}/messages")):
                asked = [await stranger.get(template.format(one)) for one in (mine, NOWHERE, "no-id", mine.upper())]
                assert {a.status_code for a in asked} == {404}
                assert len({a.content for a in asked}) == 1
            posted = [
                await stranger.post(f"/api/v1/rooms/{one}/messages", json={"body": "Let me in"}, headers=same)
                for one in (hidden["room"], NOWHERE, "no-id")
            ]
            assert {a.status_code for a in posted} == {404}
            assert len({a.content for a in posted}) == 1
            assert hidden["id"] not in {line["id"] for line in (await stranger.get("/api/v1/cases")).json()["cases"]}
        async with here.client(await here.token(friend)) as invited:
            assert (await invited.get(f"/api/v1/cases/{hidden['id']}")).status_code == 200
            assert hidden["id"] in {line["id"] for line in (await invited.get("/api/v1/cases")).json()["cases"]}


async def test_pages_cover_the_list_once_while_it_grows(site: Open) -> None:
    """Newest first; a case opened between two pages moves nothing; the last page has no next."""
    async with site() as here, here.client(await here.token()) as author:
        old = [(await opened(author, title=f"Case {n}"))["id"] for n in range(7)]
        found: list[str] = []
        cursor = ""
        for _ in range(4):
            page = (await author.get(f"/api/v1/cases?mine=true&limit=2{cursor}")).json()
            found += [line["id"] for line in page["cases"]]
            await opened(author, title="Meanwhile")
            cursor = f"&cursor={page['next']}"
        assert found == old[::-1]
        assert page["next"] is None


async def test_filters_narrow_the_list(site: Open) -> None:
    """By specialty (several), urgency, waiting and whose; unknown values are refused, unknown specialties empty."""
    async with site() as here, here.client(await here.token()) as author, here.client(await here.token()) as other:
        heart = await opened(author)
        kidney = await opened(author, specialty="nephrology", urgency="routine")
        skin = await opened(author, specialty="dermatology", urgency="emergency")
        await other.post(f"/api/v1/rooms/{kidney['room']}/messages", json={"body": "Yes"}, headers=key())

        async def ids(query: str) -> list[str]:
            return [line["id"] for line in (await author.get(f"/api/v1/cases?mine=true&{query}")).json()["cases"]]

        assert await ids("specialty=nephrology&specialty=cardiology") == [kidney["id"], heart["id"]]
        assert await ids("urgency=emergency&urgency=routine") == [skin["id"], kidney["id"]]
        assert await ids("waiting=true") == [skin["id"], heart["id"]]
        assert await ids("state=answered") == [kidney["id"]]
        assert await ids("state=open&state=answered") == [skin["id"], kidney["id"], heart["id"]]
        assert await ids("state=resolved") == []
        assert await ids("order=waiting") == [heart["id"], skin["id"]]
        await author.post(f"/api/v1/rooms/{heart['room']}/notify", json={"notify": "follow"})
        assert await ids("followed=true") == [heart["id"]]
        assert await ids("specialty=astrology") == []
        assert heart["id"] not in {c["id"] for c in (await other.get("/api/v1/cases?mine=true")).json()["cases"]}
        for bad in (
            "urgency=whenever",
            "limit=0",
            "limit=101",
            "state=closed",
            "order=best",
            "waiting=perhaps",
            "limit=x",
        ):
            assert (await author.get(f"/api/v1/cases?{bad}")).status_code == 400, bad


@pytest.mark.parametrize("cursor", ["x", "%00", "kaJhYg", "a" * 201, "kdkk", "%F0%9F%98%80", "wA"])
async def test_a_cursor_from_elsewhere_is_refused(site: Open, cursor: str) -> None:
    """Whatever it holds: 400, and no query."""
    async with site() as here, here.client(await here.token()) as member:
        for path in ("cases", "rooms"):
            answer = await member.get(f"/api/v1/{path}?cursor={cursor}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"title": "x" * 201}, 400),
        ({"title": "  "}, 422),
        ({"title": "a\0b"}, 400),
        ({"presentation": "x" * 20_001}, 400),
        ({"question": ""}, 422),
        ({"question": "x" * 2_001}, 400),
        ({"urgency": "hunter2-Smith"}, 400),
        ({"specialty": "astrology"}, 422),
        ({"audience": {"kind": "specialties", "specialties": []}}, 422),
        ({"audience": {"kind": "members", "members": ["nobody-of-this-name"]}}, 422),
        ({"audience": {"kind": "everyone"}}, 400),
        ({"language": "english"}, 400),
        ({"summary": {"patient": {"age": 91}}}, 400),
        ({"summary": {"patient": {"age": 40, "unit": "months"}}}, 422),
        ({"summary": {"history": "a\0b"}}, 400),
        ({"summary": {"investigations": [{"name": "Sodium", "value": " "}]}}, 422),
        ({"summary": {"investigations": [{"name": "Sodium", "value": "140", "low": 145, "high": 135}]}}, 422),
        ({"summary": {"investigations": [{"name": "Sodium", "value": "140"}] * 61}}, 400),
    ],
)
async def test_a_case_must_keep_the_rules(site: Open, changed: dict[str, Any], status: int) -> None:
    """400 where the form is wrong, 422 where a rule of the domain is broken; no case either way."""
    async with site() as here, here.client(await here.token()) as author:
        answer = await author.post("/api/v1/cases", json=DRAFT | changed, headers=key())
        assert answer.status_code == status
        assert "hunter2-Smith" not in answer.text
        assert (await author.get("/api/v1/cases?mine=true")).json()["cases"] == []


async def test_the_longest_case_is_taken_in_any_script(site: Open) -> None:
    """All texts at their bounds, in characters that JSON may escape as 12 bytes each: within the bound on bodies."""
    texts: dict[str, Any] = {"title": "🩺" * 200, "presentation": "🩺" * 20_000, "question": "🩺" * 2_000}
    result = {"name": "🩺" * 80, "value": "🩺" * 60, "unit": "🩺" * 30, "low": None, "high": None}
    texts["summary"] = {
        "patient": None,
        "history": "🩺" * 5_000,
        "examination": "🩺" * 5_000,
        "investigations": [result] * 60,
    }
    async with site() as here, here.client(await here.token()) as author:
        case = await opened(author, **texts)
        assert {name: case[name] for name in texts} == texts


async def test_a_message_is_posted_once_and_read(site: Open) -> None:
    """201, then 200 `known` for the same key; both see it, with its author as a participant; another content: key_reused."""
    async with site() as here, here.client(await here.token()) as author, here.client(await here.token()) as other:
        room = f"/api/v1/rooms/{(await opened(author))['room']}/messages"
        same = key()
        first = await other.post(room, json={"body": "Coxiella, Bartonella"}, headers=same)
        again = await other.post(room, json={"body": "Coxiella, Bartonella"}, headers=same)
        assert (first.status_code, again.status_code) == (201, 200)
        assert (first.json()["status"], again.json()["status"]) == ("new", "known")
        assert {**first.json(), "status": ""} == {**again.json(), "status": ""}
        changed = await other.post(room, json={"body": "Brucella"}, headers=same)
        assert (changed.status_code, changed.json()["error"]["code"]) == (409, "key_reused")
        await author.post(room, json={"body": "Thank you", "reply_to": first.json()["seq"]}, headers=key())
        page = (await author.get(room)).json()
        assert [(m["body"], m["by"], m.get("reply_to")) for m in page["messages"]] == [
            ("Coxiella, Bartonella", 2, None),
            ("Thank you", 1, first.json()["seq"]),
        ]
        assert {person["n"] for person in page["people"]} == {1, 2}
        assert page["more"] is False


async def test_messages_come_in_pages_both_ways(site: Open) -> None:
    """`before` from the head backwards and `after` from the start forwards meet every message once, oldest first."""
    async with site() as here, here.client(await here.token()) as author:
        room = f"/api/v1/rooms/{(await opened(author))['room']}/messages"
        posted = [
            (await author.post(room, json={"body": f"Message {n}"}, headers=key())).json()["seq"] for n in range(7)
        ]
        backwards: list[int] = []
        page = (await author.get(f"{room}?limit=3")).json()
        while page["messages"]:
            assert [m["seq"] for m in page["messages"]] == sorted(m["seq"] for m in page["messages"])
            backwards = [m["seq"] for m in page["messages"]] + backwards
            page = (await author.get(f"{room}?limit=3&before={backwards[0]}")).json()
        forwards: list[int] = []
        page = (await author.get(f"{room}?limit=3&after=0")).json()
        while page["messages"]:
            forwards += [m["seq"] for m in page["messages"]]
            assert page["more"] is (len(forwards) < 7)
            page = (await author.get(f"{room}?limit=3&after={forwards[-1]}")).json()
        assert posted == backwards == forwards
        assert (await author.get(f"{room}?before=3&after=3")).status_code == 400


async def test_rooms_are_those_one_takes_part_in(site: Open) -> None:
    """The author's new room at once; another's only once they have written; both pages together, none twice."""
    async with site() as here, here.client(await here.token()) as author, here.client(await here.token()) as other:
        rooms = {(await opened(author, title=f"Case {n}"))["room"] for n in range(3)}

        async def mine(client: httpx.AsyncClient) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            cursor = ""
            while True:
                page = (await client.get(f"/api/v1/rooms?limit=5{cursor}")).json()
                found += [room for room in page["rooms"] if room["kind"] == "case"]
                if page["next"] is None:
                    return found
                cursor = f"&cursor={page['next']}"

        assert sorted(room["stream"] for room in await mine(author)) == sorted(rooms)
        assert {room["you"] for room in await mine(author)} == {1}
        assert await mine(other) == []
        one = min(rooms)
        await other.post(f"/api/v1/rooms/{one}/messages", json={"body": "Hello"}, headers=key())
        assert [(room["stream"], room["you"], room["posts"]) for room in await mine(other)] == [(one, 2, 1)]


async def test_a_board_is_no_room(site: Open) -> None:
    """A stream without messages is refused as such to those who may see it."""
    async with site() as here, here.client(await here.token()) as member:
        board = (await member.get("/api/v1/me")).json()["boards"][0]["stream"]
        read = await member.get(f"/api/v1/rooms/{board}/messages")
        written = await member.post(f"/api/v1/rooms/{board}/messages", json={"body": "x"}, headers=key())
        assert (read.status_code, written.status_code) == (403, 403)


async def test_a_drill_is_in_no_list_and_can_be_removed_by_its_author_alone(site: Open, owner: Ask) -> None:
    """Found by its id, by nobody in a list or on a board; gone whole once its author removes it; nothing else goes."""
    async with site() as here, here.client(await here.token()) as author, here.client(await here.token()) as other:
        kept = await opened(author)
        drill = await opened(author, drill=True)
        room = f"/api/v1/rooms/{drill['room']}/messages"
        assert (await other.post(room, json={"body": "A reply."}, headers=key())).status_code == 201
        for one in (author, other):
            assert (await one.get(f"/api/v1/cases/{drill['id']}")).status_code == 200
            listed = (await one.get("/api/v1/cases?limit=100")).json()["cases"]
            assert drill["id"] not in {case["id"] for case in listed}
            rooms = (await one.get("/api/v1/rooms?limit=100")).json()["rooms"]
            assert drill["room"] not in {room["stream"] for room in rooms}
        assert not await owner(
            "select 1 from lounge.events where data->>'id' = $1 or data->>'case' = $1 and kind <> 'opened'", drill["id"]
        )
        assert (await other.delete("/api/v1/drills")).json() == {"removed": 0}
        assert (await other.get(room)).status_code == 200
        assert (await author.delete("/api/v1/drills")).json() == {"removed": 1}
        assert (await author.get(room)).status_code == 404
        for table, column in (
            ("events", "stream"),
            ("messages", "stream"),
            ("participants", "stream"),
            ("streams", "id"),
        ):
            assert not await owner(f"select 1 from lounge.{table} where {column} = $1", drill["room"])
        assert (await author.get(f"/api/v1/cases/{kept['id']}")).status_code == 200
