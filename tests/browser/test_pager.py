"""The pager as physicians meet it: paged on a phone, off the hook when somebody else has it, and watched by who asked."""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.browser.test_access import check
from tests.browser.waiting import Shown, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.browser.conftest import Demo, NewPage

PHONE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
AUTHOR, ONE, OTHER, THIRD = "cedar-ward", "quiet-harbour", "heron-lane", "plover-desk"
"""Members whom no simulated colleague plays; the second and third are of fields next to cardiology."""
OPERATOR: Final = "night-kettle"
HOUR: Final = 3_600_000
_RECORD: Final = """() => {
  window.shown = [];
  window.rung = 0;
  window.Notification = class {
    static permission = 'granted';
    static requestPermission() { return Promise.resolve('granted'); }
    constructor(title, its) { window.shown.push(its.body); }
    close() { window.shown.push('closed'); }
  };
  window.AudioContext = class extends window.AudioContext {
    createOscillator() { window.rung++; return super.createOscillator(); }
  };
  Object.defineProperty(document, 'hasFocus', { value: () => false });
}"""


async def post(page: Page, demo: Demo, path: str, data: dict[str, Any]) -> dict[str, Any]:
    """Do something as the member of a page, beside its pages."""
    answer = await page.request.post(f"{demo.url}{path}", data=data, headers={"Origin": demo.url})
    assert answer.ok, await answer.text()
    found: dict[str, Any] = await answer.json()
    return found


async def duty_of(page: Page, demo: Demo) -> dict[str, Any]:
    """Return the duty of a page's member."""
    found: dict[str, Any] = await (await page.request.get(f"{demo.url}/api/v1/pager/duty")).json()
    return found


async def on_call(page: Page, demo: Demo, *, hours: int | None = 8) -> None:
    """Put the member of a page on call, or off call; nothing else holds them back."""
    duty = await duty_of(page, demo)
    change: dict[str, Any] = {"budget": 100, "undisturbed_until": None, "awake_too": False, "hours": []}
    await post(page, demo, "/api/v1/pager/duty", {**change, "version": duty["version"]})
    until_ = None if hours is None else int(time.time() * 1000) + hours * HOUR
    await post(page, demo, "/api/v1/pager/on-call", {"until": until_})


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def off_call(person: NewPage, demo: Demo) -> AsyncIterator[None]:
    """Leave nobody on call and no page open: the demo pages who is on call, and other tests would meet it."""
    yield
    for handle in (ONE, OTHER, THIRD):
        page = await person(handle)
        await on_call(page, demo, hours=None)
        found = await (await page.request.get(f"{demo.url}/api/v1/pager/pages?open=true")).json()
        for one in found["pages"]:
            await page.request.post(
                f"{demo.url}/api/v1/pager/pages/{one['id']}/hand-over",
                data={"handle": None},
                headers={"Origin": demo.url},
            )


async def ask(page: Page, members: list[str], urgency: str = "Urgent") -> str:
    """Post a cardiology case that these members may see alone: no simulated colleague answers it. Return its title."""
    title = f"Broad complexes {uuid.uuid4().hex[:6]}"
    await page.get_by_role("link", name="New case", exact=True).first.click()
    await page.get_by_label("Title").fill(title)
    await page.get_by_label("Your question").fill("Shock, or drugs first?")
    await page.locator("select[name=specialty]").select_option("cardiology")
    await page.get_by_role("radio", name=urgency).check()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Presentation").fill("A man of fifty with palpitations since noon.")
    await page.get_by_role("button", name=re.compile("^Readers|Readers$")).click()
    await page.get_by_role("radio", name="Some members").check()
    await page.get_by_label("Handles, separated").fill(", ".join(members))
    await page.get_by_role("button", name="Preview", exact=True).click()
    await page.get_by_role("button", name="Post case").click()
    await expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    return title


def search(page: Page) -> Locator:
    """Return the line that tells an author how the search stands."""
    return page.get_by_role("group", name="Who is asked to answer")


def incoming(page: Page) -> Locator:
    """Return the card of a page that waits."""
    return page.get_by_role("article", name="Urgent page: Cardiology")


async def test_a_page_is_acknowledged_on_a_phone_and_everybody_sees_it(person: NewPage, demo: Demo) -> None:
    """A posts; B is told without a word of the case and takes it; C's page vanishes, and A sees it happen."""
    author, one, other = await person(AUTHOR), await person(ONE, **PHONE), await person(OTHER)
    await on_call(one, demo, hours=None)
    await on_call(other, demo)
    await one.add_init_script(f"({_RECORD})()")
    await one.goto(f"{demo.url}/pager")
    switch = one.get_by_role("switch", name="On call")
    await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(one.get_by_text("This device does not ring")).to_be_visible()
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    await expect(one.get_by_text("This device rings when you are paged.")).to_be_visible()
    before = await one.evaluate("window.rung")
    title = await ask(author, [ONE, OTHER])
    await expect(search(author)).to_contain_text("2 paged")
    await expect(incoming(one).get_by_role("heading", name="Cardiology")).to_be_visible()
    await expect(incoming(one)).to_contain_text("on call")
    await expect(incoming(one)).to_contain_text("Also asked:")
    await expect(one).to_have_title(re.compile(r"^\(\d+\) Lounge$"))
    assert "Urgent page: Cardiology" in await one.evaluate("window.shown")
    assert await one.evaluate("window.rung") > before
    assert title not in await one.content()
    await check(one)
    box = await one.locator(".incoming").first.get_by_role("button", name="Acknowledge").bounding_box()
    assert box is not None
    assert box["y"] > 844 / 2
    assert box["height"] >= 44
    calling = other.get_by_role("alert").filter(has_text="Urgent page: Cardiology")
    await calling.get_by_role("link", name="Look").click()
    await expect(incoming(other)).to_be_visible()
    await incoming(one).get_by_role("button", name="Acknowledge").click()
    await expect(one.get_by_role("heading", level=1, name=title)).to_be_visible()
    await expect(one.get_by_text("You are on the way: write your first reply.")).to_be_visible()
    assert "closed" in await one.evaluate("window.shown")
    await expect(incoming(other)).to_have_count(0)
    await expect(other.get_by_role("status").filter(has_text="has it.")).to_be_visible()
    await expect(search(author)).to_contain_text("1 on the way")
    await one.get_by_role("button", name="Write your first reply").click()
    await expect(one.get_by_role("textbox", name="Write a reply")).to_be_focused()
    await one.get_by_role("textbox", name="Write a reply").fill("Shock. Now.")
    await one.get_by_role("button", name="Send").click()
    await expect(one.get_by_text("You are on the way")).to_have_count(0)
    await expect(author.get_by_role("log").get_by_text("Shock. Now.")).to_be_visible()
    await expect(search(author)).to_contain_text("Answered")
    await search(author).get_by_role("button").click()
    people = author.get_by_role("dialog", name="Who is asked").get_by_role("listitem")
    await expect(people.filter(has_text="answered")).to_have_count(1)
    await expect(people.filter(has_text="no longer needed")).to_have_count(1)


async def test_a_page_is_declined_with_a_reason_and_handed_over(person: NewPage, demo: Demo) -> None:
    """Who says no is asked no more; who gives it away names whom; the author sees both, and the reason nowhere."""
    author, one, other, third = [await person(who) for who in (AUTHOR, ONE, OTHER, THIRD)]
    await on_call(one, demo)
    await on_call(other, demo)
    await on_call(third, demo, hours=None)
    for page in (one, other, third):
        await page.goto(f"{demo.url}/pager")
    await ask(author, [ONE, OTHER, THIRD])
    await incoming(one).get_by_role("button", name="Decline").click()
    sheet = one.get_by_role("dialog", name="Why do you decline?")
    await check(one)
    await sheet.get_by_role("button", name="Resting").click()
    await expect(incoming(one)).to_have_count(0)
    await expect(one.get_by_role("link").filter(has_text="You declined: Resting").first).to_be_visible()
    await expect(search(author)).to_contain_text("1 declined")
    await incoming(other).get_by_role("button", name="Hand over").click()
    sheet = other.get_by_role("dialog", name="Hand over to whom?")
    await sheet.get_by_role("button", name="Hand over", exact=True).click()
    await expect(sheet.get_by_role("alert")).to_have_text("Give a handle, or hand over to whoever is next.")
    await sheet.get_by_label("Or to the colleague").fill("nobody-at-all")
    await sheet.get_by_role("button", name="Hand over", exact=True).click()
    await expect(sheet.get_by_role("alert")).to_contain_text("may see this case")
    toasts = await Shown.watch(other, ".toast")
    await sheet.get_by_label("Or to the colleague").fill(THIRD)
    await sheet.get_by_role("button", name="Hand over", exact=True).click()
    await toasts.has("Handed over.")
    await expect(incoming(other)).to_have_count(0)
    await expect(other.get_by_role("link").filter(has_text="You handed it over").first).to_be_visible()
    await expect(incoming(third)).to_contain_text("handed over to you")
    await search(author).get_by_role("button").click()
    people = author.get_by_role("dialog", name="Who is asked")
    await expect(people.get_by_text("handed it over")).to_be_visible()
    assert "esting" not in await people.inner_text()
    # Who cannot be asked is passed over, and nothing of it is told: the words are the same.
    toasts = await Shown.watch(third, ".toast")
    await incoming(third).get_by_role("button", name="Hand over").click()
    sheet = third.get_by_role("dialog", name="Hand over to whom?")
    await sheet.get_by_label("Or to the colleague").fill(AUTHOR)
    await sheet.get_by_role("button", name="Hand over", exact=True).click()
    await toasts.has("Handed over.")
    await expect(incoming(third)).to_have_count(0)


async def test_an_author_asks_more_and_stands_down(person: NewPage, demo: Demo) -> None:
    """What they ask for is done at once, and the way back is offered; who was asked is let off."""
    author, one = await person(AUTHOR), await person(ONE)
    await on_call(one, demo)
    await one.goto(f"{demo.url}/pager")
    title = await ask(author, [ONE])
    await expect(incoming(one)).to_be_visible()
    await search(author).get_by_role("button").click()
    dialog = author.get_by_role("dialog", name="Who is asked")
    await check(author)
    toasts = await Shown.watch(author, ".toast")
    await dialog.get_by_role("button", name="Stand down").click()
    await toasts.has("Nobody else is asked.")
    await expect(search(author)).to_contain_text("Nobody else is asked")
    await expect(incoming(one)).to_have_count(0)
    await expect(one.get_by_role("status").filter(has_text="Nobody else is needed")).to_be_visible()
    await search(author).get_by_role("button").click()
    await expect(dialog.get_by_role("button", name="Stand down")).to_have_count(0)
    await dialog.get_by_role("button", name="Ask more").click()
    await toasts.has("More colleagues are asked.")
    await author.reload()
    await expect(author.get_by_role("heading", level=1, name=title)).to_be_visible()
    await expect(search(author)).to_contain_text("paged")


async def test_a_page_is_answered_in_its_case_as_well(person: NewPage, demo: Demo) -> None:
    """Above the field, on a phone without the pager's page; nobody else is shown the search."""
    author, one = await person(AUTHOR), await person(ONE, **PHONE)
    await on_call(one, demo)
    title = await ask(author, [ONE])
    await expect(one.get_by_role("alert").filter(has_text="Urgent page: Cardiology")).to_be_visible()
    await one.get_by_role("link").filter(has_text=title).click()
    await expect(one.get_by_role("alert").filter(has_text="Urgent page")).to_have_count(0)
    await expect(search(one)).to_have_count(0)
    await check(one)
    await one.get_by_role("button", name="Acknowledge").click()
    await expect(one.get_by_text("You are on the way: write your first reply.")).to_be_visible()
    await expect(search(author)).to_contain_text("1 on the way")
    await one.goto(f"{demo.url}/pager")
    await one.get_by_role("link", name="Write your first reply").click()
    await expect(one.get_by_role("textbox", name="Write a reply")).to_be_focused()


async def test_the_switch_is_one_press_and_says_until_when(person: NewPage, demo: Demo) -> None:
    """On, for as long as chosen, off with a way back; it outlives the page."""
    page = await person(ONE, timezone_id="Europe/Berlin")
    await on_call(page, demo, hours=None)
    await page.goto(f"{demo.url}/pager")
    switch = page.get_by_role("switch", name="On call")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")

    async def hours() -> float:
        until_ = (await duty_of(page, demo))["on_call_until"]
        return 0 if until_ is None else (until_ / 1000 - time.time()) / 3600

    assert 7.9 < await hours() < 8.1
    await page.get_by_role("button", name="2 hours", exact=True).click()

    async def shortened() -> bool:
        return 1.9 < await hours() < 2.1

    await until(shortened, "two hours")
    await page.get_by_role("button", name="Set").click()
    await expect(page.get_by_role("alert").filter(has_text="Give a time such as 18:00.")).to_be_visible()
    await page.get_by_label("Until").fill("18:15")
    await page.get_by_role("button", name="Set").click()
    await expect(page.locator("#on-call-state")).to_contain_text("18:15")
    await page.reload()
    await expect(page.locator("#on-call-state")).to_contain_text("18:15")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#on-call-state")).to_contain_text("18:15")


async def test_what_one_is_paged_for_is_a_plain_form(person: NewPage, demo: Demo) -> None:
    """Errors are said in words beside their fields; what was saved is there again; another device's change is not lost."""
    page = await person(OTHER, **PHONE)
    await on_call(page, demo, hours=None)
    await page.goto(f"{demo.url}/pager")
    await page.get_by_role("link", name="What you are paged for, and when").click()
    await expect(page.get_by_role("heading", level=1, name="What you are paged for")).to_be_visible()
    weekly = page.get_by_role("group", name="Weekly hours on call")
    await weekly.get_by_label("From").fill("22:10")
    await weekly.get_by_role("button", name="Add hours").click()
    await expect(weekly.get_by_role("alert")).to_have_text("Give full quarters of an hour, such as 08:15.")
    await weekly.get_by_label("From").fill("22:15")
    await weekly.get_by_label("Until").fill("07:00")
    for day in ("Tue", "Wed", "Thu", "Fri"):
        await weekly.get_by_role("button", name=day, exact=True).click()
    await weekly.get_by_role("button", name="Add hours").click()
    await expect(weekly.get_by_text("22:15 to 07:00 the next day")).to_be_visible()
    await page.get_by_label("Your time zone").select_option("America/Toronto")
    await page.get_by_role("checkbox", name="Toxicology").uncheck()
    await page.get_by_role("switch", name="Also when I am awake").click()
    await page.get_by_label("Pages a day").fill("many")
    await page.get_by_label("Your stand-in").fill("nobody-at-all")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Give a whole number from 0 to 100.")).to_be_visible()
    await expect(page.get_by_label("Pages a day")).to_be_focused()
    await page.get_by_label("Pages a day").fill("7")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert").filter(has_text="stand")).to_be_visible()
    await page.get_by_label("Your stand-in").fill("")
    elsewhere = await duty_of(page, demo)
    await post(
        page, demo, "/api/v1/pager/duty", {"stands_in": not elsewhere["stands_in"], "version": elsewhere["version"]}
    )
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("It was changed on another device meanwhile")).to_be_visible()
    toasts = await Shown.watch(page, ".toast")
    await page.get_by_role("button", name="Save").click()
    await toasts.has("Saved.")
    await page.reload()
    await expect(weekly.get_by_text("22:15 to 07:00 the next day")).to_be_visible()
    saved = await duty_of(page, demo)
    assert saved["hours"] == [{"day": 0, "from": "22:15", "to": "07:00"}]
    assert saved["paged_for"] == ["emergency-medicine"]
    assert (saved["budget"], saved["zone"], saved["awake_too"]) == (7, "America/Toronto", True)
    assert saved["stands_in"] is not elsewhere["stands_in"]
    await weekly.get_by_role("button", name="Remove Monday, 22:15 to 07:00 the next day").click()
    await page.get_by_role("button", name="Save").click()

    async def removed() -> bool:
        return not (await duty_of(page, demo))["hours"]

    await until(removed, "no weekly hours")


async def test_the_pulse_is_for_all_and_the_load_for_operators(person: NewPage, demo: Demo) -> None:
    """Times, the aim and the hours of the week for every member; what responders bore for operators alone."""
    member, operator = await person(ONE), await person(OPERATOR)
    await member.goto(f"{demo.url}/me")
    await member.get_by_role("link", name=re.compile("^Pulse")).click()
    answer = await operator.goto(f"{demo.url}/pulse")
    assert answer is not None
    assert answer.status == 200
    for page in (member, operator):
        await expect(page.get_by_role("heading", level=1, name="Pulse")).to_be_visible()
        await expect(page.get_by_role("table", name="Times")).to_be_visible()
        await expect(page.get_by_role("heading", name=re.compile("^Our aim"))).to_be_visible()
        await check(page)
    hours = member.get_by_role("table", name="Who is on call, by hour of the week")
    await expect(hours.get_by_role("row")).to_have_count(25)
    await expect(hours.get_by_role("cell")).to_have_count(7 * 24)
    await expect(operator.get_by_role("heading", name="What responders bore")).to_be_visible()
    await expect(member.get_by_role("heading", name="What responders bore")).to_have_count(0)


async def test_the_pager_read_aloud_says_where_one_is(person: NewPage, demo: Demo) -> None:
    """One first heading, and the place in the navigation."""
    page = await person(THIRD)
    for path, heading in (("pager", "Pager"), ("pager/duty", "What you are paged for")):
        answer = await page.goto(f"{demo.url}/{path}")
        assert answer is not None
        assert answer.status == 200
        await expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        await expect(page.get_by_role("main")).to_have_count(1)
        navigation = page.get_by_role("navigation", name="Main")
        await expect(navigation.locator("[aria-current=page]")).to_contain_text("Pager")
