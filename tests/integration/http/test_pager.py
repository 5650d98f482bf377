"""The pager over HTTP: whose pages they are, what may be made of them, and that looking changes nothing."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, get_args

import pytest

from lounge.paging.command import REASONS
from lounge.paging.pages import Reason
from tests.integration.http.paged import go_on_call, key, open_pages, opened, page_of, post

if TYPE_CHECKING:
    import httpx

    from tests.integration.http.conftest import Ask, Open, Site

NOWHERE = "0190b6c0-0000-7000-8000-000000000000"
VERBS: dict[str, Any] = {
    "acknowledge": None,
    "decline": {"reason": "busy"},
    "hand-over": {},
    "received": {"state": "seen"},
}


async def people(here: Site, stack: AsyncExitStack, specialty: str, responders: int) -> list[httpx.AsyncClient]:
    """Return clients of an author, and of responders of a specialty who are on call."""
    clients = [await stack.enter_async_context(here.client(await here.token()))]
    for _ in range(responders):
        member = await here.member(specialty)
        clients.append(await stack.enter_async_context(here.client(await here.token(member))))
        await go_on_call(clients[-1])
    return clients


async def stored(owner: Ask, page: dict[str, Any]) -> tuple[Any, ...]:
    """Return a page as it stands in the database."""
    rows = await owner("select * from lounge.pages where id = $1", page["id"])
    return tuple(rows[0])


async def test_a_page_tells_nothing_of_the_patient(site: Open) -> None:
    """Specialty, urgency, labels and times, and why it is you."""
    async with site(label_k=1) as here, AsyncExitStack() as stack:
        author, one, two = await people(here, stack, "nephrology", 2)
        case = await opened(author)
        page = await page_of(one, case)
        await page_of(two, case)
        page = (await one.get(f"/api/v1/pager/pages/{page['id']}")).json()["page"]
        assert (page["specialty"], page["urgency"], page["state"], page["holder"]) == (
            "nephrology",
            "urgent",
            "sent",
            None,
        )
        assert len(page["others"]) == 1
        assert page["next_at"] > page["paged_at"] >= page["opened_at"]
        assert "on_call" in page["why"]
        text = str(page)
        assert not [word for word in ("Potsdam", "potassium", "spironolactone", "Dialysis") if word in text]
        assert not re.search(r"m-[0-9a-f]{12}", text)


@pytest.mark.parametrize("verb", VERBS)
async def test_a_page_of_somebody_else_is_not_found_and_not_touched(site: Open, owner: Ask, verb: str) -> None:
    """To another member it is as if it did not exist, whatever they try."""
    async with site() as here, AsyncExitStack() as stack:
        author, mine = await people(here, stack, "psychiatry", 1)
        page = await page_of(mine, await opened(author, "psychiatry"))
        before = await stored(owner, page)
        async with here.client(await here.token()) as stranger:
            refused = await post(stranger, page, verb, VERBS[verb])
            unknown = await post(stranger, {"id": NOWHERE}, verb, VERBS[verb])
            looked = await stranger.get(f"/api/v1/pager/pages/{page['id']}")
            assert (await stranger.get("/api/v1/pager/pages")).json()["pages"] == []
        assert refused.status_code == unknown.status_code == looked.status_code == 404
        assert refused.json() == unknown.json() == looked.json()
        assert await stored(owner, page) == before


async def test_an_acknowledgement_is_done_once_and_lets_the_others_off(site: Open, owner: Ask) -> None:
    """Asked again, the same answer; whoever comes too late is told so, and sees who has it."""
    async with site() as here, AsyncExitStack() as stack:
        author, one, two = await people(here, stack, "haematology", 2)
        case = await opened(author, "haematology")
        mine, other = await page_of(one, case), await page_of(two, case)
        answers = [await post(one, mine, "acknowledge") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
        assert answers[0].json()["page"]["state"] == "acknowledged"
        late = await post(two, other, "acknowledge")
        assert (late.status_code, late.json()["error"]["code"]) == (409, "page_over")
        assert other["id"] not in {page["id"] for page in await open_pages(two)}
        over = (await two.get(f"/api/v1/pager/pages/{other['id']}")).json()["page"]
        assert (over["state"], over["holder"] is not None) == ("superseded", True)
        search = (await author.get(f"/api/v1/cases/{case['id']}/paging")).json()["search"]
        assert (search["state"], search["acknowledged"], search["open"]) == ("held", 1, 0)
        told = await owner(
            "select count(*) from lounge.events where kind = 'page.changed' and data::text like $1", f"%{mine['id']}%"
        )
        assert told[0][0] == 1


async def test_a_page_is_declined_with_a_reason_of_a_list(site: Open, owner: Ask) -> None:
    """A reason that is none is refused; again is the same; nobody takes back a no by acknowledging."""
    async with site() as here, AsyncExitStack() as stack:
        author, mine = await people(here, stack, "rheumatology", 1)
        page = await page_of(mine, await opened(author, "rheumatology"))
        assert (await post(mine, page, "decline", {"reason": "tired of it"})).status_code == 400
        answers = [await post(mine, page, "decline", {"reason": "resting"}) for _ in range(2)]
        assert [answer.json()["page"]["state"] for answer in answers] == ["declined", "declined"]
        assert answers[0].json()["page"]["reason"] == "resting"
        assert (await post(mine, page, "acknowledge")).status_code == 409
        assert (await owner("select state, reason from lounge.pages where id = $1", page["id"]))[0] == (
            "declined",
            "resting",
        )


def test_the_command_knows_the_reasons() -> None:
    """It does not load the rules to know them."""
    assert get_args(Reason) == REASONS


async def test_a_page_is_handed_to_a_colleague_or_to_whoever_is_next(site: Open) -> None:
    """Also after it was acknowledged; a colleague who cannot be asked is refused, and the page stays."""
    async with site() as here, AsyncExitStack() as stack:
        author, mine = await people(here, stack, "endocrinology", 1)
        colleague = await here.member("cardiology")
        theirs = await stack.enter_async_context(here.client(await here.token(colleague)))
        case = await opened(author, "endocrinology")
        page = await page_of(mine, case)
        assert (await post(mine, page, "acknowledge")).status_code == 200
        assert (await post(mine, page, "hand-over", {"handle": "nobody-at-all"})).status_code == 422
        assert (await post(mine, page, "hand-over", {"handle": "x" * 40})).status_code == 400
        assert (await mine.get(f"/api/v1/pager/pages/{page['id']}")).json()["page"]["state"] == "acknowledged"
        answer = await post(mine, page, "hand-over", {"handle": colleague.handle})
        assert answer.json()["page"]["state"] == "handed_over"
        assert (await page_of(theirs, case))["why"] == ["handed_over"]
        assert (await post(mine, page, "hand-over", {})).json()["page"]["state"] == "handed_over"


async def test_receipts_only_go_forward(site: Open) -> None:
    """What was seen is not merely delivered; what was declined stays so."""
    async with site() as here, AsyncExitStack() as stack:
        author, mine = await people(here, stack, "infectious-diseases", 1)
        page = await page_of(mine, await opened(author, "infectious-diseases"))
        states = [
            (await post(mine, page, "received", {"state": state})).json()["page"]["state"]
            for state in ("delivered", "seen", "delivered")
        ]
        await post(mine, page, "decline", {})
        states.append((await post(mine, page, "received", {"state": "seen"})).json()["page"]["state"])
        assert states == ["delivered", "seen", "seen", "declined"]


async def test_looking_changes_nothing(site: Open, owner: Ask) -> None:
    """No GET acknowledges: programs look at links beforehand. Each way of answering takes POST alone."""
    async with site() as here, AsyncExitStack() as stack:
        author, mine = await people(here, stack, "neurology", 1)
        case = await opened(author, "neurology")
        page = await page_of(mine, case)
        before = await stored(owner, page)
        for verb in VERBS:
            answer = await mine.get(f"/api/v1/pager/pages/{page['id']}/{verb}")
            assert answer.status_code == 404
        for wish in ("call-more", "widen", "stand-down"):
            assert (await author.get(f"/api/v1/cases/{case['id']}/paging/{wish}")).status_code == 404
        for path in ("", "?open=true", f"/{page['id']}"):
            assert (await mine.get(f"/api/v1/pager/pages{path}")).status_code == 200
        assert await stored(owner, page) == before


async def test_pages_come_newest_first_in_pages(site: Open) -> None:
    """Open ones apart from those that are over."""
    async with site() as here, AsyncExitStack() as stack:
        author, mine = await people(here, stack, "dermatology", 1)
        pages = [await page_of(mine, await opened(author, "dermatology")) for _ in range(3)]
        cases = {page["case"] for page in pages}
        await post(mine, pages[1], "decline", {})
        listed, cursor = [], ""
        while cursor is not None:
            answer = (await mine.get(f"/api/v1/pager/pages?limit=2{cursor and f'&cursor={cursor}'}")).json()
            assert len(answer["pages"]) <= 2
            # Searches of other tests go on, and may ask anybody who is on call.
            listed += [page for page in answer["pages"] if page["case"] in cases]
            cursor = answer["next"]
        assert [page["id"] for page in listed] == [page["id"] for page in reversed(pages)]
        open_ones = [page["id"] for page in await open_pages(mine) if page["case"] in cases]
        assert open_ones == [pages[2]["id"], pages[0]["id"]]
        over = (await mine.get("/api/v1/pager/pages?open=false")).json()["pages"]
        assert [page["id"] for page in over if page["case"] in cases] == [pages[1]["id"]]
        assert (await mine.get("/api/v1/pager/pages?cursor=abc")).status_code == 400
        assert (await mine.get("/api/v1/pager/pages?limit=1000")).status_code == 400


async def test_bodies_are_bounded_and_typed(site: Open, owner: Ask) -> None:
    """Nothing is done by one that is not as described."""
    async with site() as here, AsyncExitStack() as stack:
        author, mine = await people(here, stack, "gastroenterology", 1)
        page = await page_of(mine, await opened(author, "gastroenterology"))
        before = await stored(owner, page)
        path = f"/api/v1/pager/pages/{page['id']}"
        assert (await mine.post(f"{path}/decline", json={"reason": "x" * 600_000})).status_code == 413
        assert (await mine.post(f"{path}/received", json={"state": "acknowledged"})).status_code == 400
        assert (await mine.post(f"{path}/received", json={})).status_code == 400
        assert (await mine.post(f"{path}/decline", content=b"reason=busy")).status_code == 400
        assert await stored(owner, page) == before


async def test_a_search_is_for_its_author_to_see_and_to_steer(site: Open) -> None:
    """Others do not find it; each wish has a key, and is granted once."""
    async with site() as here, AsyncExitStack() as stack:
        author, mine = await people(here, stack, "oncology", 1)
        case = await opened(author, "oncology")
        await page_of(mine, case)
        path = f"/api/v1/cases/{case['id']}/paging"
        assert (await mine.get(path)).status_code == 404
        assert (await mine.post(f"{path}/stand-down", headers=key())).status_code == 404
        assert (await author.post(f"{path}/stand-down")).status_code == 400
        search = (await author.get(path)).json()["search"]
        assert search["may"] == ["call-more", "widen", "stand-down"]
        again = key()
        answers = [await author.post(f"{path}/stand-down", headers=again) for _ in range(2)]
        assert [answer.json()["search"]["state"] for answer in answers] == ["stood_down", "stood_down"]
        assert case["id"] not in {page["case"] for page in await open_pages(mine)}
        assert (await author.post(f"{path}/widen", headers=again)).status_code == 409


async def test_policies_are_for_operators_and_end_at_somebody(site: Open) -> None:
    """All may read them; what would end at nobody is refused, and so is an urgency that does not exist."""
    async with site() as here, AsyncExitStack() as stack:
        member, operator = [
            await stack.enter_async_context(here.client(await here.token(await here.member(role=role))))
            for role in ("member", "operator")
        ]
        policies = (await member.get("/api/v1/pager/policies")).json()["policies"]
        assert list(policies) == ["emergency", "urgent", "today", "routine"]
        changed = policies["urgent"] | {"wanted": 2}
        path = "/api/v1/pager/policies/urgent"
        assert (await member.post(path, json=changed)).status_code == 403
        assert (await operator.post(path, json=changed)).status_code == 422, "nobody is a moderator"
        await here.member(role="moderator")
        nobody = changed | {"steps": changed["steps"][:-1]}
        assert (await operator.post(path, json=nobody)).status_code == 422
        assert (await operator.post("/api/v1/pager/policies/tomorrow", json=changed)).status_code == 404
        assert (await operator.post(path, json=changed)).json()["policies"]["urgent"]["wanted"] == 2
        assert (await member.get("/api/v1/pager/policies")).json()["policies"]["urgent"] == changed
