"""A case that is opened while the list is on its way."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from playwright.async_api import Route, expect

from tests.browser.waiting import Wire, until
from tests.browser.writing import new_case

if TYPE_CHECKING:
    from tests.browser.conftest import NewPage


async def test_a_case_told_while_the_list_is_on_its_way_stands_in_it(person: NewPage) -> None:
    """The answer was made before the case was opened, and arrives after the event that tells of it."""
    author, other = await person("tarn-lantern"), await person("heron-lane", service_workers="block")
    wire, held = Wire(other), []

    async def hold(route: Route) -> None:
        held.append((route, await route.fetch()))

    async def read_anew() -> bool:
        return len(held) >= 2

    title = f"In between {uuid.uuid4().hex[:6]}"

    async def told() -> bool:
        return any(one.get("kind") == "case.opened" and one["data"]["title"] == title for one in wire.received)

    await other.route("**/api/v1/cases?*", hold)
    await other.reload()
    await until(read_anew, "the list is read again when the boards are followed")
    await new_case(author, title)
    await until(told, "the case is told")
    for route, answer in held:
        await route.fulfill(response=answer)
    await expect(other.get_by_role("link").filter(has_text=title)).to_be_visible()
