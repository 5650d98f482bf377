"""The own duty over HTTP: read, changed in part, and switched."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lounge.clock import milliseconds

if TYPE_CHECKING:
    from tests.integration.http.conftest import Open, Site

DUTY = "/api/v1/pager/duty"
SWITCH = "/api/v1/pager/on-call"


def ahead(here: Site, **by: float) -> int:
    return milliseconds(here.clock.now() + timedelta(**by))


async def test_a_duty_is_read_and_changed_in_part(site: Open) -> None:
    """In the zone of the country at first; what is left out of a change stays, and null takes away."""
    async with site() as here:
        member, other = await here.member("cardiology", "stroke", country="NP"), await here.member()
        async with here.client(await here.token(member)) as me, here.client(await here.token(other)) as they:
            duty = (await me.get(DUTY)).json()
            assert (duty["zone"], duty["paged_for"], duty["version"]) == ("Asia/Kathmandu", ["cardiology", "stroke"], 1)
            assert set(duty["now"]) == {"on_call", "awake", "local", "pages_today"}
            agreed = await they.post(DUTY, json={"version": 1, "stands_in": True})
            assert (agreed.status_code, agreed.json()["stands_in"]) == (200, True)
            until = ahead(here, days=2)
            change = {
                "version": 1,
                "hours": [{"day": 6, "from": "22:00", "to": "06:00"}],
                "undisturbed_until": until,
                "stand_in": other.handle,
            }
            duty = (await me.post(DUTY, json=change)).json()
            assert (duty["hours"], duty["undisturbed_until"], duty["stand_in"]) == (
                change["hours"],
                until,
                other.handle,
            )
            duty = (await me.post(DUTY, json={"version": 2, "budget": 0, "undisturbed_until": None})).json()
            assert (duty["hours"], duty["undisturbed_until"], duty["budget"]) == (change["hours"], None, 0)
            assert (await me.get(DUTY)).json()["version"] == 3


async def test_a_change_of_an_older_version_is_stale(site: Open) -> None:
    """Sent again it answers so: it was done, or somebody else did something else."""
    async with site() as here, here.client(await here.token()) as me:
        assert (await me.post(DUTY, json={"version": 1, "budget": 9})).status_code == 200
        again = await me.post(DUTY, json={"version": 1, "budget": 9})
        assert (again.status_code, again.json()["error"]["code"]) == (409, "stale")


async def test_the_switch_may_be_sent_twice(site: Open) -> None:
    """Until a time, and off; the same again is the same."""
    async with site() as here, here.client(await here.token()) as me:
        until = ahead(here, hours=8)
        on = [(await me.post(SWITCH, json={"until": until})).json() for _ in range(2)]
        assert [(duty["on_call_until"], duty["now"]["on_call"], duty["version"]) for duty in on] == [
            (until, True, 2)
        ] * 2
        off = (await me.post(SWITCH, json={"until": None})).json()
        assert (off["on_call_until"], off["now"]["on_call"]) == (None, False)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 400, "version"),
        ({"version": 1, "budget": 101}, 400, "budget"),
        ({"version": 1, "budget": -1}, 400, "budget"),
        ({"version": 1, "hours": [{"day": 7, "from": "08:00", "to": "09:00"}]}, 400, "day"),
        ({"version": 1, "hours": [{"day": 1, "from": "08:00", "to": "09:00"}] * 101}, 400, "hours"),
        ({"version": 1, "quiet": [{"day": 1, "from": "8 Uhr", "to": "09:00"}]}, 422, "from, to: a time is HH:MM"),
        ({"version": 1, "zone": "Secret/Town"}, 422, "zone: "),
        ({"version": 1, "zone": ""}, 400, "zone"),
        ({"version": 1, "zone": None}, 400, "zone"),
        ({"version": 1, "on_call_until": 1}, 422, "on_call_until: "),
        ({"version": 1, "stand_in": "nobody-at-all"}, 422, "stand_in: "),
        ({"version": 1, "paged_for": ["dermatology"]}, 422, "paged_for: "),
    ],
)
async def test_what_does_not_fit_is_refused(site: Open, body: dict[str, Any], status: int, says: str) -> None:
    """The error names the field, says what to do, and repeats nothing."""
    async with site() as here, here.client(await here.token()) as me:
        answer = await me.post(DUTY, json=body)
        assert answer.status_code == status, answer.text
        assert says in answer.json()["error"]["message"]
        assert "Secret" not in answer.text
        assert (await me.get(DUTY)).json()["version"] == 1


async def test_the_switch_reaches_seven_days(site: Open) -> None:
    """Not into the past, and not for ever."""
    async with site() as here, here.client(await here.token()) as me:
        for until in (0, ahead(here, seconds=-1), ahead(here, days=7, minutes=1), 2**53 - 1):
            answer = await me.post(SWITCH, json={"until": until})
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
        assert (await me.post(SWITCH, json={"until": ahead(here, days=6.99)})).status_code == 200


async def test_nobody_without_a_token(site: Open) -> None:
    """Neither to read nor to change."""
    async with site() as here, here.client() as nobody:
        assert (await nobody.get(DUTY)).status_code == 401
        assert (await nobody.post(DUTY, json={"version": 1})).status_code == 401
        assert (await nobody.post(SWITCH, json={"until": None})).status_code == 401
