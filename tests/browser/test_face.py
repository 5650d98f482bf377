"""What a physician meets: by keyboard alone, by ear, in a language of signs that tell without frightening."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.test_access import AXE, check
from tests.browser.waiting import Shown, Wire, settled, to_discussion, until
from tests.browser.writing import new_case

if TYPE_CHECKING:
    from tests.browser.conftest import Demo, NewPage

PHONE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
RESULTS: Final = "Potassium 7.1 mmol/L (3.5-5.3)\nSodium 128 mmol/L (133-146)\nBlood cultures: negative"
_RECORD: Final = """() => {
  window.shown = [];
  window.Notification = class {
    static permission = 'granted';
    constructor(title, its) { window.shown.push(its.body); }
    close() {}
  };
  Object.defineProperty(document, 'hasFocus', { value: () => false });
  localStorage.setItem('alerts', 'notifications');
}"""


def title_of(text: str) -> str:
    return f"{text} {uuid.uuid4().hex[:6]}"


async def say(page: Page, text: str) -> None:
    """Write in a room, and wait until it stands."""
    await page.get_by_role("textbox", name="Write a reply").fill(text)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".log .message:not(.pending)").filter(has_text=text)).to_be_visible()


async def press(page: Page, *keys: str) -> None:
    """Press one key after the other."""
    for key in keys:
        await page.keyboard.press(key)


async def tab_to(page: Page, name: str, most: int = 80) -> None:
    """Go on by the Tab key until the focus is on what has this name."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        told = await page.evaluate(
            """() => {
              const one = document.activeElement;
              return [one.ariaLabel, one.textContent, one.labels?.[0]?.textContent];
            }"""
        )
        if any(one is not None and one.strip().startswith(name) for one in told):
            return
    pytest.fail(f"{name} was not reached")


async def test_a_case_is_asked_and_answered_without_a_mouse(person: NewPage) -> None:
    """Past the navigation to a case, an answer, its menu and out of it again; then a case of one's own, by keys alone."""
    page = await person("slow-cadence")
    await expect(page.locator("a.row").first).to_be_visible()
    await press(page, "Tab")
    await expect(page.get_by_role("link", name="To the content")).to_be_focused()
    await press(page, "Enter")
    await expect(page.get_by_role("main")).to_be_focused()
    await tab_to(page, "EmergencyToxicology")
    await press(page, "Enter")
    box = page.get_by_role("textbox", name="Write a reply")
    await expect(box).to_be_visible()
    await tab_to(page, "Write a reply")
    answer = title_of("By keys")
    await page.keyboard.type(answer)
    await press(page, "Enter")
    message = page.locator(".log .message").filter(has_text=answer)
    await expect(message).to_be_visible()
    await expect(page.locator(".message.pending")).to_have_count(0)
    await box.evaluate("(one) => one.blur()")
    await press(page, "j")
    await expect(page.locator(".message:focus")).to_be_visible()
    await press(page, ".")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await press(page, "Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await press(page, "n")
    await expect(page.get_by_role("heading", name="New case")).to_be_visible()
    await tab_to(page, "Title")
    title = title_of("Asked by keys")
    await page.keyboard.type(title)
    await tab_to(page, "Your question")
    await page.keyboard.type("Can it be done?")
    await tab_to(page, "Specialty asked")
    await page.keyboard.type("Cardio")
    await tab_to(page, "Continue")
    await press(page, "Enter")
    await expect(page.get_by_role("heading", level=2, name="Patient")).to_be_focused()
    await tab_to(page, "Presentation")
    await page.keyboard.type("A man who has no mouse.")
    await tab_to(page, "To the preview")
    await press(page, "Enter")
    await expect(page.get_by_role("heading", level=2, name="Preview")).to_be_focused()
    await tab_to(page, "Post case")
    await press(page, "Enter")
    await expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()


@pytest.mark.parametrize("path", ["cases", "lounges", "new", "notices", "me"])
async def test_a_page_read_aloud_says_where_one_is(person: NewPage, demo: Demo, path: str) -> None:
    """One main part, one first heading, navigation with a name and the page one is on."""
    page = await person("basalt-step")
    await page.goto(f"{demo.url}/{path}")
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    await expect(page.get_by_role("main")).to_have_count(1)
    navigation = page.get_by_role("navigation", name="Main")
    await expect(navigation).to_have_count(1)
    await expect(navigation.locator("[aria-current=page]")).to_have_count(1)
    assert await page.evaluate("document.documentElement.lang") == "en-GB"


async def test_a_room_read_aloud_tells_what_comes_and_what_was_done(person: NewPage) -> None:
    """The discussion is a log that is told as it grows; what is done is said once; a message is called after who wrote it."""
    one, two = await person("basalt-step"), await person("tidewater")
    title = title_of("To be read aloud")
    await new_case(one, title)
    await two.get_by_role("link").filter(has_text=title).click()
    answer = title_of("Heard")
    await two.get_by_role("textbox", name="Write a reply").fill(answer)
    await two.get_by_role("button", name="Send").click()
    log = one.get_by_role("log", name="Discussion")
    await expect(log.get_by_role("article").filter(has_text=answer)).to_be_visible()
    name = await log.get_by_role("article").filter(has_text=answer).get_attribute("aria-label")
    assert name is not None
    assert name.startswith("Message by ")
    await expect(
        one.get_by_role("complementary", name="The case").get_by_role("heading", name="Question")
    ).to_be_visible()
    told = await Shown.watch(two, "[role=status] .toast")
    await two.get_by_role("button", name="Follow", exact=True).click()
    await told.has("You follow this case")


async def test_results_are_read_flagged_and_previewed(person: NewPage, demo: Demo) -> None:
    """As they are pasted; in the case as others see it, with the range and in words whether they lie beside it."""
    author, other = await person("tarn-lantern"), await person("heron-lane")
    title = title_of("Results")
    await author.goto(f"{demo.url}/new")
    await author.get_by_label("Title").fill(title)
    await author.get_by_label("Your question").fill("Which first?")
    await author.get_by_label("Specialty asked").select_option("nephrology")
    await author.get_by_role("button", name="Continue").click()
    await author.get_by_role("textbox", name="Age").fill("91")
    await author.get_by_role("radio", name="Female").check()
    await author.get_by_label("Presentation").fill("Weak since yesterday.")
    await author.get_by_role("button", name="Continue").click()
    await author.get_by_role("textbox", name="Investigations").fill(f"{RESULTS}\n{'looks ill ' * 15}")
    await author.get_by_role("button", name="To the preview").click()
    await author.get_by_role("button", name="Post case").click()
    problems = author.get_by_role("alert").filter(has_text="2 things are missing")
    await problems.get_by_role("button", name="1 line is too long").click()
    await author.get_by_role("textbox", name="Investigations").fill(RESULTS)
    await author.get_by_role("button", name=re.compile("^Patient")).click()
    await author.get_by_role("textbox", name="Age").fill("90")
    await author.reload()
    await expect(author.get_by_role("textbox", name="Age")).to_have_value("90")
    await author.get_by_role("button", name="Preview", exact=True).click()
    await author.get_by_role("button", name="Post case").click()
    await expect(author.get_by_role("heading", level=1, name=title)).to_be_visible()
    await other.get_by_role("link").filter(has_text=title).click()
    about = other.get_by_role("complementary", name="The case")
    await expect(about.get_by_text("90 years or older, female")).to_be_visible()
    await expect(about.get_by_role("row", name="Potassium 7.1 mmol/L high 3.5\N{EN DASH}5.3")).to_be_visible()
    await expect(about.get_by_role("row", name="Sodium 128 mmol/L low 133\N{EN DASH}146")).to_be_visible()
    await expect(about.get_by_role("row", name="Blood cultures negative")).to_be_visible()


async def test_on_a_phone_a_case_is_read_before_its_discussion(person: NewPage, demo: Demo) -> None:
    """What lies behind it is not counted as read until it is shown; who has read it finds the discussion."""
    author, reader = await person("tarn-lantern"), await person("birch-window", **PHONE)
    title = title_of("Read me first")
    await new_case(author, title)
    answer = await author.request.get(f"{demo.url}/api/v1{urlsplit(author.url).path}")
    stream = (await answer.json())["case"]["room"]
    about = reader.get_by_role("complementary", name="The case")
    wire = Wire(reader)
    await reader.reload()
    await say(author, "An afterthought.")
    await reader.get_by_role("link").filter(has_text=title).click()
    await expect(about.get_by_text("What now?")).to_be_visible()
    await expect(reader.locator(".log").get_by_text("An afterthought.")).to_be_attached()
    # Were the first told as read, it would be before the second is there.
    await say(author, "And another.")
    await expect(reader.locator(".log").get_by_text("And another.")).to_be_attached()
    await settled(reader.locator(".log"))
    assert wire.asked("seen", stream=stream) == []
    wire = Wire(reader)
    await reader.reload()
    assert (await wire.answered("follow", stream=stream)).get("seen", 0) == 0
    await expect(about).to_be_visible()
    await reader.get_by_role("button", name=re.compile("^Discussion")).first.click()
    last = reader.locator(".log .message").filter(has_text="And another.")
    await expect(last).to_be_in_viewport()
    await wire.answered("seen", stream=stream, seq=int(await last.get_attribute("data-seq") or 0))
    wire = Wire(reader)
    await reader.goto(f"{demo.url}/cases")
    await reader.get_by_role("link").filter(has_text=title).click()
    await wire.answered("follow", stream=stream)
    await settled(reader.locator(".log"))
    await expect(reader.get_by_role("button", name="Show the case")).to_be_visible()


async def test_an_answer_is_told_in_the_title_and_by_a_notification_without_the_case(person: NewPage) -> None:
    """To who is elsewhere: a count, and a line that a locked screen may show."""
    author, other = await person("tarn-lantern"), await person("heron-lane")
    await author.evaluate(_RECORD)
    await author.add_init_script(f"({_RECORD})()")
    await author.reload()
    await author.get_by_role("link", name="For you").first.click()
    await expect(author.get_by_role("heading", level=1, name="For you")).to_be_visible()
    title = title_of("Nobody must read this")
    await new_case(author, title)
    await expect(author).to_have_title("Lounge")
    await author.get_by_role("link", name="Lounges").first.click()
    await other.get_by_role("link").filter(has_text=title).click()
    await other.get_by_role("textbox", name="Write a reply").fill("A first thought.")
    await other.get_by_role("button", name="Send").click()
    await expect(author).to_have_title("(1) Lounge")
    await until(lambda: author.evaluate("window.shown.length"), "a notification")
    assert await author.evaluate("window.shown") == ["A case of yours has a new reply"]
    await author.get_by_role("link", name="For you").first.click()
    await expect(author).to_have_title("Lounge")


async def test_what_comes_soon_shows_no_sign_that_it_loads(person: NewPage, demo: Demo) -> None:
    """Grey rows are there for who listens, and come into sight only after 300 ms."""
    page = await person("slow-cadence")
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/api/v1/rooms*", hold)
    await page.evaluate(
        """async () => Promise.all((await indexedDB.databases()).map(({ name }) => new Promise((gone) => {
          indexedDB.deleteDatabase(name).onsuccess = gone;
        })))"""
    )
    await page.goto(f"{demo.url}/lounges")
    rows = page.locator(".skeletons")
    await expect(rows).to_have_css("animation-delay", "0.3s")
    await expect(rows).to_have_css("opacity", "1")
    assert held
    await page.unroute_all()


async def test_the_tour_has_four_cards_and_comes_once(person: NewPage, demo: Demo) -> None:
    """Gone through, or skipped: not shown again on this device."""
    page = await person("basalt-step")
    tour = page.get_by_role("complementary", name="A short tour")
    for number in range(1, 5):
        await expect(tour.get_by_text(f"{number} of 4")).to_be_visible()
        await tour.get_by_role("button").first.click()
    await expect(tour).to_have_count(0)
    await page.goto(f"{demo.url}/cases")
    await expect(page.locator("a.row").first).to_be_visible()
    await expect(tour).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_more_contrast_is_enough_for_weak_eyes(person: NewPage, demo: Demo, scheme: str) -> None:
    """Seven to one for every text (WCAG 2.2, 1.4.6), by choice, in both schemes."""
    page = await person("orchard-gate", color_scheme=scheme)
    await page.goto(f"{demo.url}/me")
    await page.get_by_role("radio", name="Higher").check()
    for path in ("cases", "me", "new", "notices", "design"):
        await page.goto(f"{demo.url}/{path}")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await check(page)
        await page.evaluate(AXE.read_text("utf-8"))
        found = await page.evaluate("() => axe.run(document, { runOnly: ['color-contrast-enhanced'] })")
        assert [node["html"][:100] for one in found["violations"] for node in one["nodes"]] == [], path


async def test_a_room_is_opened_in_one_round_trip(person: NewPage, demo: Demo) -> None:
    """It is followed while the case is still on its way."""
    page = await person("heron-lane", service_workers="block")
    followed: list[str] = []
    held: list[Route] = []

    def told(frame: bytes | str) -> None:
        if '"follow"' in str(frame):
            followed.append(str(frame))

    async def hold(route: Route) -> None:
        held.append(route)

    page.on("websocket", lambda socket: socket.on("framesent", told))
    await page.reload()
    row = page.get_by_role("link").filter(has_text="Three men after home-distilled spirit")
    await expect(row).to_be_visible()
    address = f"/api/v1{await row.get_attribute('href')}"
    room = (await (await page.request.get(f"{demo.url}{address}")).json())["case"]["room"]
    await page.route(f"**{address}", hold)

    async def lists() -> bool:
        return followed != []

    async def asked() -> bool:
        return held != []

    async def room_followed() -> bool:
        return any(room in frame for frame in followed)

    await until(lists, "the lists are followed")
    assert not [frame for frame in followed if room in frame]
    await row.click()
    await until(asked, "the case is asked for")
    await until(room_followed, "its room is followed")
    await held[0].continue_()
    await expect(page.get_by_role("log").get_by_role("article").first).to_be_visible()


async def test_one_comes_back_to_where_one_was(person: NewPage) -> None:
    """In a long discussion, after a look at another case."""
    page = await person("heron-lane", viewport={"width": 1280, "height": 600})
    long, other = "Three men after home-distilled spirit", "Platelets 9, fragments"
    log = page.get_by_role("log")
    await page.get_by_role("link").filter(has_text=long).click()
    await expect(log.get_by_role("article").first).to_be_visible()
    await settled(log)
    seen = """() => [...document.querySelectorAll('.log .message')]
      .find((one) => one.getBoundingClientRect().top > 250)?.dataset.seq"""
    await log.evaluate("(log) => { log.scrollTop = log.scrollHeight / 3; }")
    await settled(log)
    before = await page.evaluate(seen)
    await page.get_by_role("link").filter(has_text=other).click()
    await expect(page.get_by_role("heading", level=1, name=other)).to_be_visible()
    await page.get_by_role("link").filter(has_text=long).click()
    await expect(log.get_by_role("article").first).to_be_visible()
    await settled(log)
    assert await page.evaluate(seen) == before
    assert not await log.evaluate("(log) => log.scrollHeight - log.scrollTop - log.clientHeight < 80")


async def test_a_case_can_be_followed_by_a_link_and_left_by_back(person: NewPage, demo: Demo) -> None:
    """A deep link opens the case; "back" leads to where one was before."""
    page = await person("heron-lane")
    await page.locator("a.row").first.click()
    await expect(page.locator(".room")).to_be_visible()
    link = page.url
    await page.goto(f"{demo.url}/me")
    await page.goto(link)
    await expect(page.locator(".room h1")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()


async def test_replying_on_a_phone_keeps_everything_in_sight(person: NewPage) -> None:
    """A long message that is answered is cut in its line, and the field, its button and the way out stay on the page."""
    page = await person("heron-lane", **PHONE)
    await page.get_by_role("link").filter(has_text="Chest pain 16 days").click()
    await expect(page.locator(".room .composer")).to_be_visible()
    await to_discussion(page)
    await page.locator(".log .message").last.get_by_role("button", name=re.compile("^More: ")).click()
    await page.get_by_role("dialog").get_by_role("button", name="Reply", exact=True).click()
    await expect(page.locator(".composer .replying")).to_be_visible()
    await settled(page.locator(".room"))
    for name in ("Send", "Cancel"):
        box = await page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


async def test_what_one_writes_is_shown_where_the_case_lay_over_it(person: NewPage) -> None:
    """On a phone: who answers while reading the case sees their answer in its place."""
    author, reader = await person("tarn-lantern"), await person("tidewater", **PHONE)
    title = title_of("Answered from above")
    await new_case(author, title)
    await reader.get_by_role("link").filter(has_text=title).click()
    await expect(reader.get_by_role("complementary", name="The case")).to_be_visible()
    await reader.get_by_role("textbox", name="Write a reply").fill("Seen at once.")
    await reader.get_by_role("button", name="Send").click()
    await expect(reader.get_by_role("complementary", name="The case")).to_have_count(0)
    await expect(reader.get_by_role("log").get_by_text("Seen at once.")).to_be_in_viewport()


async def test_the_clock_stops_for_whoever_follows_and_whatever_the_list_shows(person: NewPage) -> None:
    """A first reply is shown at once, in a case that the list leaves out as well, and following takes nothing back."""
    author, helper = await person("tarn-lantern"), await person("tidewater")
    title = title_of("The clock must stop")
    await new_case(author, title)
    await author.get_by_role("button", name="Followed").click()
    await expect(author.locator("a.row").filter(has_text=title)).to_have_count(0)
    await helper.get_by_role("link").filter(has_text=title).click()
    await expect(helper.locator(".room-head .waiting")).to_be_visible()
    await helper.get_by_role("textbox", name="Write a reply").fill("Here.")
    await helper.get_by_role("button", name="Send").click()
    for page in (author, helper):
        await expect(page.locator(".room-head").get_by_text("First reply after")).to_be_visible()
    await helper.get_by_role("button", name="Follow", exact=True).click()
    await expect(helper.get_by_role("button", name="Follow", exact=True)).to_have_attribute("aria-pressed", "true")
    await expect(helper.locator(".room-head").get_by_text("First reply after")).to_be_visible()
    await expect(helper.get_by_role("link").filter(has_text=title).get_by_text("1 reply")).to_be_visible()
