"""The pulse over HTTP: of groups for members, the load of responders for operators, and never who anybody is."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from lounge.members.accounts import Member
    from tests.integration.http.conftest import Ask, Open, Site

DRAFT = {
    "title": "Zebra stripes on the tongue",
    "specialty": "cardiology",
    "urgency": "urgent",
    "presentation": "A zebra of fifty.",
    "question": "Is it zebra?",
}


async def opened(client: httpx.AsyncClient, count: int, **changed: Any) -> None:
    """Open cases."""
    for _ in range(count):
        key = {"idempotency-key": str(uuid.uuid4())}
        assert (await client.post("/api/v1/cases", json=DRAFT | changed, headers=key)).status_code == 201


async def paged(owner: Ask, members: list[Member]) -> None:
    """Write that all of them were paged for all cases, a second after those were opened."""
    await owner("update lounge.escalations set paged_at = opened_at + interval '1 second'")
    for one in members:
        await owner(
            "insert into lounge.pages (id, case_id, member, turn, why, duty_version, label)"
            " select gen_random_uuid(), case_id, $1, 1, '{}', 1, 'x' from lounge.escalations"
            " on conflict (case_id, member) do nothing",
            one.id,
        )


async def people(here: Site, count: int) -> list[Member]:
    return [await here.member() for _ in range(count)]


async def test_a_member_sees_the_pulse_of_groups_and_an_operator_the_load_as_well(site: Open, owner: Ask) -> None:
    """Numbers and ids of specialties, countries and urgencies: no handle, no member, no word of a patient."""
    async with site(label_k=3) as here:
        members = await people(here, 4)
        operator = await here.member(role="operator")
        async with (
            here.client(await here.token(members[0])) as member,
            here.client(await here.token(operator)) as boss,
        ):
            await opened(member, 5)
            await opened(member, 2, drill=True)
            await paged(owner, members[1:])
            seen = await member.get("/api/v1/pulse?days=7")
            told = (await boss.get("/api/v1/pulse?days=7")).json()
        assert seen.status_code == 200
        assert seen.headers["cache-control"] == "private, no-store"
        pulse = seen.json()
        assert (pulse["days"], pulse["k"], pulse["cases"], pulse["waiting"]) == (7, 3, 5, 5)
        assert [(one["of"], one["cases"]) for one in pulse["specialties"]] == [("cardiology", 5)]
        assert [(one["of"], one["cases"]) for one in pulse["countries"]] == [("DE", 5)]
        assert pulse["times"]["paged"]["p50"] == pytest.approx(1_000, abs=500)
        assert pulse["times"]["acknowledged"] is None
        assert len(pulse["coverage"]) == 168
        assert pulse["load"] is None
        assert len(told["load"]) >= 3
        assert {"load": None} | {name: told[name] for name in told if name != "load"} == pulse | {"load": None}
        for one in members:
            assert one.id not in str(told)
            assert one.handle not in str(told)
        assert "ebra" not in seen.text


async def test_the_pulse_of_few_members_tells_nothing_of_them(site: Open) -> None:
    """Groups under eleven members are not shown, which is the default."""
    async with site(label_k=1_000) as here, here.client(await here.token()) as member:
        await opened(member, 5)
        pulse = (await member.get("/api/v1/pulse")).json()
        assert (pulse["days"], pulse["k"]) == (30, 1_000)
        assert pulse["cases"] >= 5
        assert (pulse["times"], pulse["objective"]) == (None, None)
        assert pulse["specialties"] == pulse["countries"] == pulse["urgencies"] == []
        assert set(pulse["coverage"]) == {None}


@pytest.mark.parametrize("days", ["0", "366", "-1", "1.5", "thirty", "30&days=31"])
async def test_a_period_is_one_to_365_days(site: Open, days: str) -> None:
    """Whatever else is refused before anything is counted."""
    async with site() as here, here.client(await here.token()) as member:
        answer = await member.get(f"/api/v1/pulse?days={days}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


async def test_the_pulse_is_for_members_alone(site: Open) -> None:
    """Who is not signed in learns nothing."""
    async with site() as here, here.client() as stranger:
        assert (await stranger.get("/api/v1/pulse")).status_code == 401


async def test_a_node_says_when_a_step_is_overdue(site: Open, owner: Ask) -> None:
    """It is ready and degraded, until some engine has taken the step; the metrics have a place for it."""
    async with site() as here, here.client(await here.token()) as member:
        await opened(member, 1)
        ready = await member.get("/readyz")
        for _ in range(100):
            # Our own engine takes it within a second, so it is made overdue until the node is asked before that.
            await owner("update lounge.escalations set due = 'step', due_at = clock_timestamp() - interval '2 minutes'")
            ready = await member.get("/readyz")
            if "pager" in ready.json()["degraded"]:
                break
        assert ready.status_code == 200
        assert "pager" in ready.json()["degraded"]
        await owner("update lounge.escalations set due = null, due_at = null")
        assert "pager" not in (await member.get("/readyz")).json()["degraded"]
        assert "lounge_pager_steps_overdue" in (await member.get("/metrics")).text
