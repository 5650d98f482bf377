"""Colleagues carry pagers: who is paged for a visitor's case answers it, and a visitor who is on call is asked."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from lounge.colleagues.cast import VISITORS
from lounge.colleagues.colleague import WAITING
from lounge.data import load_stock
from tests.integration.colleagues.conftest import WITHIN, until

if TYPE_CHECKING:
    import pytest

    from tests.integration.colleagues.conftest import House, Visitor

OWN = {one.title: one for one in load_stock().pleas}
PAGES = """select m.handle, p.state, p.paged_at, p.delivered_at, p.seen_at, p.acknowledged_at, p.reason
    from pages p join members m on m.id = p.member where p.case_id = $1::uuid order by p.paged_at, m.handle"""


async def found(look: Any, wanted: Any, within: float = WITHIN) -> Any:
    """Look until what is seen is as wanted, and return it."""
    async with asyncio.timeout(within):
        while not wanted(seen := await look()):
            await asyncio.sleep(0.05)
    return seen


async def switch(visitor: Visitor, hours: float | None) -> None:
    """Turn the switch on, or off."""
    until = None if hours is None else int((time.time() + hours * 3600) * 1000)
    answer = await visitor.client.post("/api/v1/pager/on-call", json={"until": until})
    assert answer.is_success, answer.text


async def asked(visitor: Visitor) -> list[dict[str, Any]]:
    """Return the open pages of a visitor for cases that colleagues opened, with their titles."""
    pages = (await visitor.client.get("/api/v1/pager/pages?open=true")).json()["pages"]
    told = [(page, await case_of(visitor, page)) for page in pages]
    return [page | {"title": case["title"]} for page, case in told if case["title"] in OWN]


async def case_of(visitor: Visitor, page: dict[str, Any]) -> dict[str, Any]:
    """Return the case of a page."""
    case: dict[str, Any] = (await visitor.client.get(f"/api/v1/cases/{page['case']}")).json()["case"]
    return case


def for_ever(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let what waits so long wait for ever, so that no clock decides a test."""
    for name in names:
        monkeypatch.setattr(f"lounge.colleagues.{name}", (1e6, 1e6))


async def test_an_urgent_case_of_a_visitor_is_answered_first_by_somebody_who_was_paged(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paged, received, looked at, taken on, and replied to, in this order; by no name that visitors are offered."""
    for_ever(monkeypatch, "replies.PATIENCE")
    async with house.company(), house.visitor() as visitor:
        case = await visitor.opens(urgency="urgent")
        messages = await visitor.hears(case["room"], 2)
        pages = {row["handle"]: row for row in await house.asks(PAGES, case["id"])}
        authors = await house.authors(case["room"])
        first = pages[authors[0]]
        times = [first[one] for one in ("paged_at", "delivered_at", "seen_at", "acknowledged_at")]
        assert times == sorted(times)
        assert times[-1].timestamp() * 1000 < messages[0]["at"]
        assert not VISITORS & set(authors)

        async def search() -> Any:
            return (await visitor.client.get(f"/api/v1/cases/{case['id']}/paging")).json()["search"]

        assert (await found(search, lambda seen: seen["state"] == "answered"))["acknowledged"] >= 1


async def test_an_urgent_case_that_nobody_takes_on_is_answered_by_whoever_comes_by(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while, where everybody declines; each has given a reason."""
    for name in ("FIRST_TAKES", "TAKES"):
        monkeypatch.setattr(f"lounge.colleagues.on_call.{name}", 0.0)
    monkeypatch.setattr("lounge.colleagues.on_call.DECLINES", 1.0)
    async with house.company(seed=5), house.visitor() as visitor:
        case = await visitor.opens(urgency="urgent", title="Sodium 109, and nobody about")
        declined = await found(
            lambda: house.asks(PAGES, case["id"]), lambda rows: [row for row in rows if row["state"] == "declined"]
        )
        await visitor.hears(case["room"], 1)
        assert all((row["reason"] is None) == (row["state"] != "declined") for row in declined)


async def test_pages_of_colleagues_come_to_an_end(house: House) -> None:
    """After an emergency nobody is left with a page that waits."""
    async with house.company(seed=5), house.visitor() as visitor:
        case = await visitor.opens(urgency="emergency", title="Sodium 108 and a fit that does not stop")
        await visitor.hears(case["room"], 2)
        await found(
            lambda: house.asks(PAGES, case["id"]),
            lambda rows: rows and not [row for row in rows if row["state"] in (*WAITING, "acknowledged")],
        )


async def test_a_visitor_who_turns_the_switch_on_is_asked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a colleague, for their own field; whoever helps is thanked, and the case ends with that answer."""
    for_ever(monkeypatch, "on_call.YIELDING", "asking.AGAIN", "asking.LASTING")
    async with house.company() as company, house.visitor("quiet-harbour") as visitor:
        assert await asked(visitor) == []
        await switch(visitor, 1)
        (page,) = await found(lambda: asked(visitor), bool)
        assert page["specialty"] in ("neurology", "stroke")
        assert page["urgency"] == "urgent"
        answer = await visitor.client.post(f"/api/v1/pager/pages/{page['id']}/acknowledge")
        assert answer.json()["page"]["state"] == "acknowledged"
        await visitor.writes(page["room"], "She goes in now, and her vessels are looked at today.")
        messages = await visitor.hears(page["room"], 2)
        assert await house.authors(page["room"]) == ["quiet-harbour", OWN[page["title"]].by]
        ended = await found(lambda: case_of(visitor, page), lambda case: case["state"] == "resolved")
        assert (ended["accepted"], ended["diagnosis"]) == (messages[0]["seq"], OWN[page["title"]].diagnosis)
        # Peace, whatever the switch does.
        after = company._asking._next["quiet-harbour"]
        await switch(visitor, None)
        await switch(visitor, 1)
        await company._asking._look("quiet-harbour")
        assert company._asking._next["quiet-harbour"] == after
        assert len(await house.asks("select 1 from cases where title = any($1::text[])", list(OWN))) == 1
        await switch(visitor, None)


async def test_a_case_that_the_visitor_leaves_is_taken_by_a_colleague(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else who was paged answers it after a while; the visitor's page is over, and in the end the case is."""
    for_ever(monkeypatch, "asking.AGAIN", "asking.LASTING")
    monkeypatch.setattr("lounge.colleagues.on_call.FIRST_TAKES", 1.0)
    async with house.company(seed=3), house.visitor("cedar-ward") as visitor:
        await switch(visitor, 1)
        (page,) = await found(lambda: asked(visitor), bool)
        await switch(visitor, None)
        messages = await visitor.hears(page["room"], 1)
        assert messages[0]["by"] != 1
        await found(lambda: asked(visitor), lambda pages: pages == [])
        await found(lambda: case_of(visitor, page), lambda case: case["state"] == "resolved")


async def test_a_case_that_nobody_answers_is_withdrawn(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that lists do not fill up."""
    for_ever(monkeypatch, "on_call.YIELDING", "asking.AGAIN")
    monkeypatch.setattr("lounge.colleagues.asking.LASTING", (0, 0))
    async with house.company(seed=4), house.visitor("larch-ledger") as visitor:
        await switch(visitor, 1)
        standing = "select state from cases c where title = any($1::text[]) and specialty = 'haematology'"
        await found(
            lambda: house.asks(standing, list(OWN)), lambda rows: [row["state"] for row in rows] == ["withdrawn"]
        )
        await switch(visitor, None)


async def test_a_case_of_before_a_restart_is_seen_to(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Colleagues who come back end what they had opened."""
    for_ever(monkeypatch, "on_call.YIELDING", "asking.AGAIN", "asking.LASTING")
    standing = "select state from cases c where title = any($1::text[]) and specialty = 'neonatology'"
    async with house.company(seed=9), house.visitor("plover-desk") as visitor:
        await switch(visitor, 1)
        await found(lambda: house.asks(standing, list(OWN)), bool)
        await switch(visitor, None)
    monkeypatch.setattr("lounge.colleagues.asking.LASTING", (0, 0))
    async with house.company(seed=10):
        await found(
            lambda: house.asks(standing, list(OWN)), lambda rows: [row["state"] for row in rows] == ["withdrawn"]
        )


async def test_nobody_is_asked_who_is_not_on_call(house: House) -> None:
    """Looked at again and again, a visitor whose switch is off has no case opened for them."""
    async with house.company(seed=6) as company:
        for _ in range(3):
            await company._asking._look("orchard-gate")
        assert "orchard-gate" not in company._asking._next


async def test_the_page_of_a_visitor_who_goes_by_a_colleagues_name_is_theirs(house: House) -> None:
    """Who has turned the switch on as tui-gully is paged, and no simulated hand answers."""
    async with house.company(seed=7) as company, house.visitor("tui-gully") as named, house.visitor() as visitor:
        await switch(named, 1)
        case = await visitor.opens(specialty="urology", urgency="urgent", title="No urine since the catheter came out")
        await visitor.hears(case["room"], 1)
        await until(lambda: not company._colleagues["tui-gully"].awake)
        rows = {row["handle"]: row for row in await house.asks(PAGES, case["id"])}
        assert rows["tui-gully"]["delivered_at"] is None
        assert "tui-gully" not in await house.authors(case["room"])
        await switch(named, None)
