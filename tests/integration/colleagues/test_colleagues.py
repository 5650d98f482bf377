"""A visitor of the demo meets colleagues: they answer, they keep out of what is not theirs, and they go when it ends."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from lounge.colleagues.cast import VISITORS
from lounge.colleagues.memory import sentences
from tests.integration.colleagues.conftest import WITHIN, until

if TYPE_CHECKING:
    from tests.integration.colleagues.conftest import House


async def test_a_visitors_case_is_answered_by_two_to_four_colleagues(house: House) -> None:
    """The first of the field asked, none by a name that visitors are offered; and what they say takes the case up."""
    async with house.company() as company, house.visitor() as visitor:
        case = await visitor.opens()
        first = (await visitor.hears(case["room"], 1))[0]
        assert 8 * 0.02 <= (first["at"] - case["opened_at"]) / 1000 <= WITHIN
        await visitor.hears(case["room"], 2)
        await until(lambda: not company._jobs)
        authors = await house.authors(case["room"])
        assert 2 <= len(set(authors)) <= 4
        assert authors[0] == "tarn-lantern"
        assert not VISITORS & set(authors)
        looked = (await visitor.client.get(f"/api/v1/cases/{case['id']}")).json()["case"]
        assert looked["views"] == len(set(authors))
        words = " ".join(one["body"] for one in await visitor.reads(case["room"])).lower()
        assert any(one in words for one in ("sodium", "how fast may it rise", "today", "nephrology", "seizure", "44"))


async def test_a_case_for_a_few_is_answered_by_those_few(house: House) -> None:
    """By the one colleague who was named; and by those of the specialties for which it is."""
    async with house.company() as company, house.visitor() as visitor:
        case = await visitor.opens(audience={"kind": "members", "members": ["copper-stile", "quiet-harbour"]})
        other = await visitor.opens(audience={"kind": "specialties", "specialties": ["radiology"]})
        await visitor.hears(case["room"], 1)
        await visitor.hears(other["room"], 1)
        await until(lambda: not company._jobs)
        assert set(await house.authors(case["room"])) == {"copper-stile"}
        assert set(await house.authors(other["room"])) <= {"slate-canal", "faro-quieto"}


async def test_whom_a_visitor_answers_or_calls_answers_back(house: House) -> None:
    """By a reply to the visitor's own message: the one who was replied to, then the one who was called by name."""
    async with house.company(), house.visitor() as visitor:
        case = await visitor.opens()
        first = (await visitor.hears(case["room"], 1))[0]
        for more in ({"reply_to": first["seq"]}, {"mentions": [first["by"]]}):
            own = await visitor.writes(case["room"], f"It was not there a month ago {uuid.uuid4()}.", **more)
            async with asyncio.timeout(WITHIN):
                while not (answers := [one for one in await visitor.reads(case["room"]) if one.get("reply_to") == own]):
                    await asyncio.sleep(0.05)
            assert [one["by"] for one in answers] == [first["by"]]


async def test_a_visitor_who_helps_with_an_older_case_is_thanked(house: House) -> None:
    """By its author, where that is a colleague."""
    async with house.company(), house.visitor() as visitor:
        cases = (await visitor.client.get("/api/v1/cases?limit=100")).json()["cases"]
        (ulcer,) = [one for one in cases if one["title"].startswith("Leg ulcer")]
        own = await visitor.writes(ulcer["room"], f"I would not cut either {uuid.uuid4()}.")
        async with asyncio.timeout(WITHIN):
            while not (answers := [one for one in await visitor.reads(ulcer["room"]) if one.get("reply_to") == own]):
                await asyncio.sleep(0.05)
        assert answers[0]["by"] == 1


async def test_rooms_of_a_few_are_left_alone(house: House) -> None:
    """Whoever is written to there, and called: nobody comes; a case that was posted later is answered meanwhile."""
    async with house.company() as company, house.visitor() as visitor:
        stream = await visitor.begins("slow-cadence")
        await visitor.writes(stream, "Are you there?", mentions=[1, 2])
        case = await visitor.opens()
        await visitor.hears(case["room"], 2)
        await until(lambda: not company._jobs)
        assert len(await visitor.reads(stream)) == 1
        assert not [one for one in company._colleagues.values() if stream in one.rooms]


async def test_after_a_cut_they_come_back_and_miss_nothing(house: House) -> None:
    """All connections break at once, and a case is posted before any stands again."""
    async with house.company() as company, house.visitor() as visitor:
        peers = [one._peer for one in company._colleagues.values()]
        await asyncio.gather(*(peer.abort() for peer in peers if peer is not None))
        case = await visitor.opens()
        await visitor.hears(case["room"], 1)


async def test_a_name_that_a_visitor_goes_by_is_left_to_them(house: House) -> None:
    """Somebody else who writes as tarn-lantern, or asks as tarn-lantern, is not answered by tarn-lantern."""
    async with house.company() as company, house.visitor("tarn-lantern") as visitor:
        colleague = company._colleagues["tarn-lantern"]
        case = await visitor.opens()
        await visitor.hears(case["room"], 2)
        await until(lambda: not colleague.awake)
        assert "tarn-lantern" not in await house.authors(case["room"])
    async with house.company(seed=2) as company, house.visitor("tarn-lantern") as visitor:
        colleague = company._colleagues["tarn-lantern"]
        assert colleague.awake
        own = next(room for room in colleague.rooms.values() if room.kind == "case" and room.you is not None)
        await visitor.writes(own.stream, f"In my own name {uuid.uuid4()}.")
        await until(lambda: not colleague.awake)


async def test_in_between_they_talk_and_say_nothing_twice(house: House) -> None:
    """In lounges and older cases, at a pace of its own; over all rooms no sentence stands there twice."""
    async with house.visitor() as visitor:
        rooms = [one["stream"] for one in await visitor.rooms()]
        cases = (await visitor.client.get("/api/v1/cases?limit=100")).json()["cases"]
        rooms += [one["room"] for one in cases if one["room"] not in rooms]
        before = {(room, one["seq"]) for room in rooms for one in await visitor.reads(room)}
        said: list[str] = []
        async with house.company(scale=0.002), asyncio.timeout(WITHIN):
            while len(said) < 25:
                await asyncio.sleep(1)
                fresh = [one for room in rooms for one in await visitor.reads(room) if (room, one["seq"]) not in before]
                said = [sentence for one in fresh for sentence in sentences(one["body"])]
        assert len(said) == len(set(said))


async def test_when_the_demo_stops_they_are_gone(house: House) -> None:
    """No connection of theirs is left, and it does not take long."""
    async with house.company(seed=4):
        assert house.sessions() >= 30
    await until(lambda: house.sessions() == 0)
