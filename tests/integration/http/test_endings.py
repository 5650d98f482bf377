"""How cases end, over HTTP: who may do what in which state, and what is left of what was corrected."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from lounge.boards import former_board
from lounge.clock import SystemClock
from lounge.endings import TABLE, actions
from lounge.ids import Ids, SystemRandomness
from tests.integration.http.test_cases import key, opened

if TYPE_CHECKING:
    import httpx

    from tests.integration.http.conftest import Ask, Open

RESOLUTION = {"outcome": "confirmed", "diagnosis": "Endocarditis by Bartonella", "learned": "Ask about cats."}
PATHS = {
    "resolve": ("resolve", RESOLUTION),
    "reopen": ("reopen", None),
    "withdraw": ("withdraw", None),
    "correct": ("corrections", {"question": "Which serologies, and when?"}),
    "follow-up": ("follow-ups", {"body": "Well after six weeks."}),
}
STATES = ("open", "answered", "resolved", "reopened", "withdrawn")


async def act(
    client: httpx.AsyncClient, case: dict[str, Any], action: str, headers: dict[str, str] | None = None
) -> Any:
    """Do something with a case."""
    path, body = PATHS[action]
    if action == "correct":
        rev = (await client.get(f"/api/v1/cases/{case['id']}")).json()["case"]["rev"]
        body = {**(body or {}), "rev": rev}
    return await client.post(f"/api/v1/cases/{case['id']}/{path}", json=body, headers=headers or key())


async def reply(client: httpx.AsyncClient, case: dict[str, Any], body: str = "Bartonella, Coxiella.") -> int:
    """Answer a case; return the message's number."""
    answer = await client.post(f"/api/v1/rooms/{case['room']}/messages", json={"body": body}, headers=key())
    assert answer.status_code == 201, answer.text
    seq: int = answer.json()["seq"]
    return seq


async def in_state(author: httpx.AsyncClient, other: httpx.AsyncClient, state: str) -> dict[str, Any]:
    """Return a case that has come to this state."""
    case = await opened(author)
    ways = {"open": [], "answered": [], "resolved": ["resolve"], "withdrawn": ["withdraw"]}
    if state == "answered":
        await reply(other, case)
    for action in ways.get(state, ["resolve", "reopen"]):
        assert (await act(author, case, action)).status_code == 200
    now: dict[str, Any] = (await author.get(f"/api/v1/cases/{case['id']}")).json()["case"]
    assert now["state"] == state
    return now


@pytest.mark.parametrize("state", STATES)
async def test_the_table_says_who_may_do_what(site: Open, state: Any) -> None:
    """Each action by author, moderator and colleague: done where the table has it, refused with nothing changed elsewhere."""
    async with site() as here:
        moderator_member = await here.member(role="moderator")
        async with (
            here.client(await here.token()) as author,
            here.client(await here.token(moderator_member)) as moderator,
            here.client(await here.token()) as other,
        ):
            for who, client in (("author", author), ("moderator", moderator), ("other", other)):
                for action, rule in TABLE.items():
                    case = await in_state(author, other, state)
                    allowed = who == "author" or (who == "moderator" and rule.moderators)
                    answer = await act(client, case, action)
                    wanted = 403 if not allowed else 200 if state in rule.before else 409
                    assert answer.status_code == wanted, (who, action, answer.text)
                    now = (await author.get(f"/api/v1/cases/{case['id']}")).json()["case"]
                    if wanted == 200:
                        assert now["state"] == (rule.after or state)
                    else:
                        assert now == case
                    shown = (await client.get(f"/api/v1/cases/{now['id']}")).json()["case"]["may"]
                    assert shown == actions(now["state"], author=who == "author", moderator=who == "moderator")


async def test_a_resolved_case_says_how_it_ended_and_its_room_is_closed(site: Open) -> None:
    """Outcome, diagnosis, what was learned and the accepted answer; one event in the room; nothing more is written there."""
    async with site() as here, here.client(await here.token()) as author, here.client(await here.token()) as other:
        case = await opened(author)
        accepted = await reply(other, case)
        answer = await author.post(
            f"/api/v1/cases/{case['id']}/resolve", json=RESOLUTION | {"accepted": accepted}, headers=key()
        )
        now = answer.json()["case"]
        assert {name: now[name] for name in RESOLUTION} == RESOLUTION
        assert (now["state"], now["accepted"], now["may"]) == ("resolved", accepted, ["reopen", "correct", "follow-up"])
        assert now["resolved_at"] >= case["opened_at"]
        closed = await other.post(f"/api/v1/rooms/{case['room']}/messages", json={"body": "Late"}, headers=key())
        assert (closed.status_code, closed.json()["error"]["code"]) == (409, "room_closed")
        await act(author, case, "reopen")
        assert await reply(other, case, "Not too late.")


@pytest.mark.parametrize(
    "broken", [{"outcome": "cured"}, {"diagnosis": " "}, {"learned": "x" * 5001}, {"accepted": 999}]
)
async def test_a_resolution_that_breaks_a_rule_changes_nothing(site: Open, broken: dict[str, Any]) -> None:
    """An unknown outcome, a diagnosis that is missing, too long a text, a message that is not there."""
    async with site() as here, here.client(await here.token()) as author:
        case = await opened(author)
        answer = await author.post(f"/api/v1/cases/{case['id']}/resolve", json=RESOLUTION | broken, headers=key())
        assert answer.status_code in (400, 422)
        assert (await author.get(f"/api/v1/cases/{case['id']}")).json()["case"]["state"] == "open"


async def test_a_change_sent_again_is_done_once(site: Open, owner: Ask) -> None:
    """Ten at once under one key: one event. The same key for another resolution is refused."""
    async with site() as here, here.client(await here.token()) as author:
        case = await opened(author)
        same = key()
        answers = await asyncio.gather(*(act(author, case, "resolve", same) for _ in range(10)))
        assert [answer.status_code for answer in answers] == [200] * 10
        events = await owner("select 1 from lounge.events where stream = $1 and kind = 'resolved'", case["room"])
        assert len(events) == 1
        other = await author.post(
            f"/api/v1/cases/{case['id']}/resolve", json=RESOLUTION | {"learned": "Other"}, headers=same
        )
        assert (other.status_code, other.json()["error"]["code"]) == (409, "key_reused")


async def test_what_was_corrected_is_left_nowhere(site: Open, owner: Ask) -> None:
    """In no table: not in the case, its room, the boards; lists and rooms show what stands."""
    async with site() as here, here.client(await here.token()) as author, here.client(await here.token()) as other:
        words = {"title": "Mrs Aardvark", "presentation": "Mrs Aardvark fell.", "question": "What ails Mrs Aardvark?"}
        case = await opened(author, **words, summary={"history": "Aardvark's mother had it too."})
        await reply(other, case)
        first = await author.post(
            f"/api/v1/cases/{case['id']}/corrections", json={"rev": 1, "title": "Madam Aardvark, 80"}, headers=key()
        )
        assert first.json()["case"]["title"] == "Madam Aardvark, 80"
        right: dict[str, Any] = {"title": "A fall at 80", "presentation": "She fell.", "question": "What ails her?"}
        right["summary"] = {
            "patient": None,
            "history": "Her mother had it too.",
            "examination": "",
            "investigations": [],
        }
        answer = await author.post(f"/api/v1/cases/{case['id']}/corrections", json=right | {"rev": 2}, headers=key())
        now = answer.json()["case"]
        assert {name: now[name] for name in right} == right
        tables = [row[0] for row in await owner("select tablename from pg_tables where schemaname = 'lounge'")]
        for table in tables:
            assert not await owner(f"select 1 from lounge.{table} t where t::text ~ 'Aardvark'"), table
        assert (await other.get("/api/v1/cases")).json()["cases"][0]["title"] == "A fall at 80"
        rooms = (await author.get("/api/v1/rooms?limit=100")).json()["rooms"]
        assert [room["title"] for room in rooms if room["stream"] == case["room"]] == ["A fall at 80"]


async def test_what_an_older_release_told_on_a_specialtys_open_board_is_corrected_as_well(
    site: Open, owner: Ask
) -> None:
    """Nothing new comes to such a board, and the title that was taken back goes from it."""
    async with site() as here, here.client(await here.token()) as author:
        case = await opened(author, title="Mr Dromedary")
        former = former_board(Ids(SystemClock(), SystemRandomness()), case["specialty"])
        await owner("insert into lounge.streams (id, kind, head) values ($1, 'board', 1)", former)
        await owner(
            """insert into lounge.events (stream, seq, kind, author, key, digest, at, data)
            select $1, 1, kind, author, key, digest, at, data from lounge.events
            where kind = 'case.opened' and data->>'id' = $2""",
            former,
            case["id"],
        )
        await author.post(f"/api/v1/cases/{case['id']}/corrections", json={"rev": 1, "title": "A hump"}, headers=key())
        told = await owner("select kind, data->>'title' as title from lounge.events where stream = $1", former)
        assert [(row["kind"], row["title"]) for row in told] == [("case.opened", "")]


async def test_a_correction_of_what_changed_meanwhile_is_stale(site: Open) -> None:
    """Two at once on the same revision: one stands."""
    async with site() as here, here.client(await here.token()) as author:
        case = await opened(author)
        answers = await asyncio.gather(
            *(
                author.post(
                    f"/api/v1/cases/{case['id']}/corrections",
                    json={"rev": 1, "question": f"Question {n}?"},
                    headers=key(),
                )
                for n in range(4)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        nothing = await author.post(f"/api/v1/cases/{case['id']}/corrections", json={"rev": 2}, headers=key())
        assert nothing.status_code == 422


async def test_a_withdrawn_case_is_in_its_authors_list_alone(site: Open) -> None:
    """Gone for everybody else, by whatever filter."""
    async with site() as here, here.client(await here.token()) as author, here.client(await here.token()) as other:
        case = await opened(author)
        await act(author, case, "withdraw")
        for query in ("", "?state=withdrawn", "?order=waiting"):
            assert case["id"] not in {one["id"] for one in (await other.get(f"/api/v1/cases{query}")).json()["cases"]}
        assert (await author.get("/api/v1/cases?mine=true&limit=1")).json()["cases"][0]["id"] == case["id"]


async def test_views_count_each_member_once_and_not_the_author(site: Open) -> None:
    """However often each looks."""
    async with site() as here, here.client(await here.token()) as author:
        case = await opened(author)
        for _ in range(3):
            async with here.client(await here.token()) as other:
                for _ in range(2):
                    assert (await other.post(f"/api/v1/cases/{case['id']}/views")).status_code == 204
        await author.post(f"/api/v1/cases/{case['id']}/views")
        assert (await author.get(f"/api/v1/cases/{case['id']}")).json()["case"]["views"] == 3


async def test_drills_with_an_end_are_removed_whole(site: Open, owner: Ask) -> None:
    """Resolved, looked at, followed: nothing of it stays."""
    async with site() as here, here.client(await here.token()) as author, here.client(await here.token()) as other:
        case = await opened(author, drill=True)
        await other.post(f"/api/v1/cases/{case['id']}/views")
        await other.post(f"/api/v1/rooms/{case['room']}/notify", json={"notify": "follow"})
        await act(author, case, "resolve")
        assert (await author.delete("/api/v1/drills")).json() == {"removed": 1}
        for table in ("cases", "case_views", "follow_ups", "notify", "rooms", "streams", "events"):
            assert not await owner(
                f"select 1 from lounge.{table} t where t::text ~ $1 or t::text ~ $2", case["id"], case["room"]
            ), table
