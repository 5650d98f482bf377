"""What people do with messages: two with their own browsers, one of them often on a phone."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from playwright.async_api import Locator, Page, expect

from tests.browser.waiting import Shown, Wire, loaded, settled, stay, to_discussion, to_end, to_top, until

if TYPE_CHECKING:
    from tests.browser.conftest import Demo, NewPage

TITLE = "Chest pain 16 days after birth"
LONG = "Febrile, rigid, mute after haloperidol"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def unique(text: str) -> str:
    return f"{text} {uuid.uuid4().hex[:8]}"


MORE = re.compile("^More: ")
SOUGHT = ".item.sought .message"
"""The message to which one was led: set off for a moment only."""


async def enter(page: Page, title: str = TITLE) -> None:
    """Open a case from the list, and be where what is written comes into sight: one begins at what is new."""
    await page.get_by_role("link").filter(has_text=title).click()
    await expect(page.get_by_role("textbox", name="Write a reply")).to_be_visible()
    await to_discussion(page)
    await to_end(page.locator(".log"))


async def write(page: Page, text: str) -> Locator:
    """Post by hand; return the message."""
    await page.get_by_role("textbox", name="Write a reply").fill(text)
    await page.get_by_role("button", name="Send").first.click()
    message = said(page, text)
    await expect(message).to_be_visible()
    await expect(page.locator(".message.pending")).to_have_count(0)
    return message


def said(page: Page, text: str) -> Locator:
    """Return the message with this text in the room."""
    return page.locator(".log .message").filter(has=page.get_by_text(text, exact=True))


async def do(page: Page, message: Locator, what: str) -> None:
    """Choose something from a message's menu."""
    await message.hover()
    await message.get_by_role("button", name=MORE).click()
    await page.get_by_role("dialog").get_by_role("button", name=what, exact=True).click()


async def test_a_mark_is_set_seen_and_taken_back(person: NewPage) -> None:
    """From the menu on a phone; the chip counts for both, and pressing one's own takes it back."""
    a, b = await person("heron-lane"), await person("quiet-harbour", **PHONE)
    for page in (a, b):
        await enter(page)
    text = unique("Marked")
    message = await write(a, text)
    await do(b, said(b, text), "Important")
    chip = message.get_by_role("button", name="Important: 1.")
    await expect(chip).to_have_attribute("aria-pressed", "false")
    await chip.click()
    await expect(said(b, text).get_by_role("button", name="Important: 2.")).to_have_attribute("aria-pressed", "true")
    await said(b, text).get_by_role("button", name="Important: 2.").click()
    await expect(message.get_by_role("button", name="Important: 1.")).to_have_attribute("aria-pressed", "true")


async def test_an_edit_is_seen_and_earlier_versions_are_the_authors(person: NewPage) -> None:
    """The other reads the new text alone; the author finds the old one; escape leaves the message as it was."""
    a, b = await person("heron-lane"), await person("quiet-harbour")
    for page in (a, b):
        await enter(page)
    text, better = unique("Potasium"), unique("Potassium")
    message = await write(a, text)
    await do(a, message, "Edit")
    box = a.get_by_role("textbox", name="Write a reply")
    await expect(box).to_have_value(text)
    await box.press("Escape")
    await expect(box).to_have_value("")
    await do(a, message, "Edit")
    await box.fill(better)
    await a.get_by_role("button", name="Save").click()
    await expect(said(b, better).get_by_text("edited")).to_be_visible()
    await expect(said(b, text)).to_have_count(0)
    await do(a, said(a, better), "Earlier versions")
    await expect(a.get_by_role("dialog").get_by_text(text)).to_be_visible()
    await said(b, better).hover()
    await said(b, better).get_by_role("button", name=MORE).click()
    await expect(b.get_by_role("dialog").get_by_role("button", name="Earlier versions")).to_have_count(0)


async def test_an_own_text_is_taken_away_at_once_and_can_be_written_again(person: NewPage) -> None:
    """For both, without a question that costs time; that something stood there stays visible; a slip is no loss."""
    a, b = await person("heron-lane"), await person("quiet-harbour")
    for page in (a, b):
        await enter(page)
    await stay(a, 12)
    text = unique("Mrs Miller")
    message = await write(a, text)
    await expect(said(b, text)).to_be_visible()
    await do(a, message, "Take text away")
    for page in (a, b):
        await expect(said(page, text)).to_have_count(0)
        await expect(page.locator(".log").get_by_text("The text of this message was taken away.").last).to_be_visible()
    await a.get_by_role("button", name="Write it again").click()
    await expect(a.get_by_role("textbox", name="Write a reply")).to_have_value(text)


async def test_a_moderator_is_asked_before_the_words_of_another_are_taken_away(person: NewPage) -> None:
    """Nothing goes until they have said so."""
    a, moderator = await person("heron-lane"), await person("larch-ledger")
    for page in (a, moderator):
        await enter(page)
    text = unique("Somebody's name")
    await write(a, text)
    await do(moderator, said(moderator, text), "Take text away")
    await expect(said(moderator, text)).to_be_visible()
    await moderator.get_by_role("dialog").get_by_role("button", name="Take text away").click()
    for page in (a, moderator):
        await expect(said(page, text)).to_have_count(0)


async def test_a_thread_gathers_answers_and_a_quote_leads_back(person: NewPage) -> None:
    """Answered beside the room, on a phone in its place; the root counts its answers; a quote jumps to what it quotes."""
    a, b = await person("heron-lane"), await person("quiet-harbour", **PHONE)
    for page in (a, b):
        await enter(page)
    root_text, answer, other = unique("A question"), unique("In the thread"), unique("Beside it")
    root = await write(a, root_text)
    await do(b, said(b, root_text), "Open thread")
    thread = b.get_by_role("complementary", name="Thread")
    await thread.get_by_role("textbox", name="Answer in this thread").fill(answer)
    await thread.get_by_role("button", name="Send").click()
    await expect(thread.get_by_text(answer, exact=True)).to_be_visible()
    await write(a, other)
    await expect(thread.get_by_text(other, exact=True)).to_have_count(0)
    await thread.get_by_role("button", name="Close thread").click()
    await expect(root.get_by_role("button", name="1 reply")).to_be_visible()
    led = await Shown.watch(a, SOUGHT)
    await said(a, answer).get_by_role("button", name="Go to the original").click()
    await led.has(root_text)
    await expect(root).to_be_in_viewport()


async def test_who_is_called_is_told_and_led_there(person: NewPage) -> None:
    """Chosen by keys from the list of those who wrote here; under "For you" the call leads to the message."""
    a, b = await person("orchard-gate"), await person("slow-cadence")
    await enter(a)
    await enter(b)
    name = await (await write(b, unique("Here I am"))).locator(".who b").inner_text()
    box = a.get_by_role("textbox", name="Write a reply")
    await box.press_sequentially(f"Please look, @{name[:4].lower()}")
    await expect(a.get_by_role("option", name=name)).to_be_visible()
    await box.press("Enter")
    ending = unique("at the ECG")
    await box.press_sequentially(ending)
    await box.press("Enter")
    call = a.locator(".log .message[data-seq]").filter(has_text=ending)
    await expect(call.locator(".call", has_text=f"@{name}")).to_be_visible()
    led = await Shown.watch(b, f"{SOUGHT}.called")
    await b.get_by_role("link", name="For you").first.click()
    told = b.locator(f"a[href$='?m={await call.get_attribute('data-seq')}']")
    await told.filter(has_text="You were called").click()
    await led.has(ending)
    await expect(b.locator(".log .message.called").filter(has_text=ending)).to_be_in_viewport()


async def test_a_pin_is_found_at_the_top(person: NewPage) -> None:
    """Set by the case's author, found by the other, taken away again."""
    a, b = await person("orchard-gate"), await person("heron-lane", **PHONE)
    await enter(a)
    await enter(b)
    text = unique("Plan")
    message = await write(a, text)
    await do(a, message, "Pin")
    led = await Shown.watch(b, SOUGHT)
    await b.get_by_role("button", name="1 pinned message").click()
    await b.get_by_role("dialog").get_by_role("button").filter(has_text=text).click()
    await led.has(text)
    await expect(said(b, text)).to_be_in_viewport()
    await do(a, message, "Unpin")
    await expect(b.get_by_role("button", name="1 pinned message")).to_have_count(0)


async def test_a_link_leads_to_its_message_and_back_to_the_newest(person: NewPage) -> None:
    """Also where it is far above; what comes meanwhile is offered, not forced on the reader."""
    a = await person("quiet-harbour")
    await enter(a, LONG)
    await to_top(a.locator(".log"))
    await expect(a.get_by_text("This is where the discussion begins.")).to_be_in_viewport()
    first = a.locator(".log .message").first
    seq, text = await first.get_attribute("data-seq"), await first.locator(".body").text_content()
    case = a.url.split("?")[0]
    b = await person("quiet-harbour", **PHONE)
    led, said_so = await Shown.watch(b, SOUGHT), await Shown.watch(b, ".toast")
    await b.goto(f"{case}?m={seq}")
    assert text
    await led.has(text)
    await expect(b.locator(f".log .message[data-seq='{seq}']")).to_be_in_viewport()
    await b.goto(f"{case}?m=99999")
    await said_so.has("That message is not here.")


async def test_what_one_device_read_the_other_knows(person: NewPage) -> None:
    """The count in the list goes on the phone when the computer has shown the room; "unread from here" brings it back."""
    b, phone = await person("birch-window"), await person("birch-window", **PHONE)
    wire = Wire(b)
    await b.reload()
    for page in (b, phone):
        await page.get_by_role("link", name="Lounges", exact=True).locator("visible=true").click()
    row = phone.get_by_role("link").filter(has_text="Night shift")
    await expect(row.get_by_text("new")).to_be_visible()
    await b.get_by_role("link").filter(has_text="Night shift").click()
    last = b.locator(".log .message").last
    await expect(last).to_be_in_viewport()
    await settled(b.locator(".log"))
    seq = int(await last.get_attribute("data-seq") or 0)
    await wire.answered("seen", seq=seq)
    await phone.reload()
    await expect(row).to_be_visible()
    await expect(row.get_by_text("new")).to_have_count(0)
    await do(b, last, "Unread from here")
    await expect(b.get_by_role("log").get_by_text("New", exact=True)).to_be_visible()
    await wire.answered("seen", seq=seq - 1, unread=True)
    await phone.reload()
    await expect(row.get_by_text("1 new")).to_be_visible()


async def test_who_is_in_a_lounge_is_told_by_name_and_who_writes(person: NewPage) -> None:
    """Comes, writes, goes."""
    a, b = await person("cedar-ward"), await person("plover-desk", **PHONE)
    for page in (a, b):
        await page.get_by_role("link", name="Lounges", exact=True).locator("visible=true").click()
        await page.get_by_role("link").filter(has_text="Journal club").click()
        await expect(page.locator(".log .message").first).to_be_visible()
    await a.get_by_role("button", name="2 here").click()
    await expect(a.get_by_role("dialog").get_by_text("plover-desk")).to_be_visible()
    await a.get_by_role("dialog").get_by_role("button", name="Close").click()
    writing = await Shown.watch(a, ".composer")
    await b.get_by_role("textbox", name="Write a message").press_sequentially("I think")
    await writing.has("plover-desk writes…")
    await b.close()
    await expect(a.get_by_role("button", name="1 here")).to_be_visible()


async def test_a_case_room_tells_no_names_of_who_is_there(person: NewPage) -> None:
    """Nobody by name, nobody who writes; how many there were lately may be told anew meanwhile, for the grid is the clock's."""
    a, b = await person("cedar-ward"), await person("plover-desk")
    told: list[str] = []
    a.on("websocket", lambda socket: socket.on("framereceived", lambda frame: told.append(str(frame))))
    await a.reload()
    await enter(a)
    # What the clock moves: whose hour it is has nothing to do with who comes.
    moved = re.compile(r"(A physician was|About \d+ physicians were) here lately|\d+ (min|hr|day)s? ago|yesterday")

    async def head() -> str:
        return " ".join(moved.sub("", await a.locator(".room-head").inner_text()).split())

    await loaded(a)
    before = await head()
    await enter(b)
    text = unique("I think")
    await b.get_by_role("textbox", name="Write a reply").press_sequentially(text)
    await b.keyboard.press("Control+Enter")
    # What would tell that b came, or wrote, had to come before what b has written.
    await expect(a.get_by_text(text, exact=True)).to_be_visible()
    assert await head() == before
    assert any(text in frame for frame in told)
    assert not [frame for frame in told if '"typing"' in frame or "plover-desk" in frame]
    await expect(a.get_by_text("writes…")).to_have_count(0)


async def test_everything_can_be_done_by_keys(person: NewPage) -> None:
    """K walks up, j down, . opens the menu, r answers, e changes, t opens the thread, ? lists them; never within a field."""
    page = await person("heron-lane")
    await enter(page)
    text = unique("By keys")
    await write(page, text)
    await page.locator(".log").focus()
    await page.keyboard.press("k")
    await expect(page.locator(".message:focus")).to_contain_text(text)
    await page.keyboard.press("k")
    await expect(page.locator(".message:focus")).not_to_contain_text(text)
    await page.keyboard.press("j")
    await expect(page.locator(".message:focus")).to_contain_text(text)
    await page.keyboard.press(".")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator(".message:focus-within")).to_contain_text(text)
    await page.keyboard.press("e")
    box = page.get_by_role("textbox", name="Write a reply")
    await expect(box).to_have_value(text)
    await page.keyboard.type("jk?")
    await expect(box).to_have_value(f"{text}jk?")
    await page.keyboard.press("Escape")
    await page.locator(".log").focus()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog").get_by_text("Previous message")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("l")
    await expect(page.get_by_role("heading", name="Lounges")).to_be_visible()


async def test_a_change_above_does_not_move_what_is_read(person: NewPage) -> None:
    """A mark on a message out of sight: what is in sight stays where it is."""
    a, b = await person("heron-lane"), await person("quiet-harbour")
    await enter(a)
    await enter(b)
    # Of what is out of sight the list keeps the rows that are near: those it has measured, and must measure anew.
    above, watched = a.locator(".log .message").first, a.locator(".log .message").last
    await expect(above).not_to_be_in_viewport()
    await expect(watched).to_be_in_viewport()
    seq = await above.get_attribute("data-seq")
    before = await watched.bounding_box()
    await b.goto(f"{b.url}?m={seq}")
    await do(b, b.locator(f".log .message[data-seq='{seq}']"), "Thanks")
    await expect(a.locator(f".log .message[data-seq='{seq}'] .chip")).to_have_count(1)
    await expect(above).not_to_be_in_viewport()
    await settled(a.locator(".log"))
    after = await watched.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) <= 1


async def test_scrolling_back_reads_on_and_keeps_the_place(person: NewPage, demo: Demo) -> None:
    """At the very top older messages come in above, and what was in sight stays there, up to the beginning."""
    page = await person("night-kettle")
    headers = {"Origin": demo.url, "Idempotency-Key": str(uuid.uuid4())}
    draft = {
        "title": unique("A long night"),
        "specialty": "cardiology",
        "urgency": "routine",
        "presentation": "P",
        "question": "Q",
    }
    answer = await page.context.request.post(f"{demo.url}/api/v1/cases", data=draft, headers=headers)
    case = (await answer.json())["case"]
    for number in range(130):
        posted = await page.context.request.post(
            f"{demo.url}/api/v1/rooms/{case['room']}/messages",
            data={"body": f"Entry {number} of the night."},
            headers=headers | {"Idempotency-Key": str(uuid.uuid4())},
        )
        assert posted.ok
    await page.goto(f"{demo.url}/cases/{case['id']}")
    log = page.locator(".log")
    await expect(log.get_by_text("Entry 129 of the night.")).to_be_in_viewport()
    begins = page.get_by_text("This is where the discussion begins.")

    async def at_the_beginning() -> bool:
        """Go to the top, again and again: what is read comes in above, and what was in sight stays there."""
        await log.evaluate("pane => { pane.scrollTop = 0; }")
        await settled(log)
        return bool(await begins.count()) and await log.evaluate("pane => pane.scrollTop") == 0

    await settled(log)
    await until(at_the_beginning, "the beginning is shown at the top")
    await expect(begins).to_be_visible()
    await expect(log.get_by_text("Entry 0 of the night.")).to_be_visible()
