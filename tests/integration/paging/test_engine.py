"""A search asks, widens, and stops: each step once, told on feeds in the transaction that takes it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import msgspec
import pytest

from lounge.cases import Audience
from lounge.endings import Resolution
from lounge.errors import Forbidden, Invalid, KeyReused, NotFound, PageOver
from lounge.paging.policy import DEFAULTS, Policy, Reach, Step

if TYPE_CHECKING:
    from tests.integration.paging.desk import Desk

MINUTE = 60.0


async def test_an_urgent_case_asks_three_of_its_specialty_who_are_on_call(desk: Desk) -> None:
    """At once, in the author's country; neither its author nor anybody else."""
    author = await desk.member("cardiology")
    near = await desk.members(5, "cardiology")
    await desk.members(2, "dermatology")
    await desk.members(2, "cardiology", on_call=False)
    await desk.members(2, "cardiology", country="FR")
    case = await desk.node.case(author)
    await desk.engine.take_all()
    paged = await desk.paged(case)
    assert len(paged) == 3
    assert set(paged.values()) == {"sent"}
    assert set(paged) <= {one.handle for one in near}


async def test_a_page_is_an_event_of_the_feed_without_a_word_of_the_patient(desk: Desk) -> None:
    """Who is asked learns specialty, urgency, the author's label, why they are asked, and when others are."""
    author = await desk.member()
    asked = await desk.member()
    case = await desk.node.case(
        author, title="Zebra stripes on the tongue", question="Is it zebra?", presentation="Zebra."
    )
    await desk.engine.take_all()
    (told,) = await desk.told(asked, "paged")
    assert told["case"] == case.id
    assert told["room"] == case.room
    assert (told["specialty"], told["urgency"], told["language"]) == ("cardiology", "urgent", "en")
    assert told["label"] == case.label
    assert "specialty:cardiology" in told["why"]
    assert "on_call" in told["why"]
    assert told["others"] == []
    assert told["next_at"] is not None
    assert "ebra" not in msgspec.json.encode(told).decode()
    assert author.id not in msgspec.json.encode(told).decode()


async def test_silence_widens_the_search(desk: Desk) -> None:
    """Three, three more after two minutes, neighbours after another, then across borders."""
    author = await desk.member()
    near = await desk.members(6, "cardiology")
    neighbours = await desk.members(3, "cardiothoracic")
    abroad = await desk.members(3, "cardiology", country="NZ")
    case = await desk.node.case(author)
    await desk.engine.take_all()
    assert len(await desk.paged(case)) == 3
    await desk.pass_time(1.9 * MINUTE, case)
    await desk.engine.take_all()
    assert len(await desk.paged(case)) == 3
    await desk.pass_time(0.2 * MINUTE, case)
    await desk.engine.take_all()
    assert set(await desk.paged(case)) == {one.handle for one in near}
    await desk.pass_time(1 * MINUTE, case)
    await desk.engine.take_all()
    assert set(await desk.paged(case)) == {one.handle for one in near + neighbours}
    await desk.pass_time(2 * MINUTE, case)
    await desk.engine.take_all()
    assert set(await desk.paged(case)) == {one.handle for one in near + neighbours + abroad}


async def test_where_nobody_is_on_call_the_last_resort_is_asked_at_once(desk: Desk) -> None:
    """An empty step escalates now: no minute passes before moderators are asked."""
    author = await desk.member(on_call=False)
    moderator = await desk.member("dermatology", role="moderator", on_call=False)
    case = await desk.node.case(author)
    await desk.engine.take_all()
    assert await desk.paged(case) == {moderator.handle: "sent"}
    assert (await desk.search(case))["state"] == "exhausted"
    assert [people for _, _, people in await desk.turns(case)] == [0, 0, 0, 0, 0, 1]


async def test_an_acknowledgement_stops_the_waves_and_lets_the_others_off(desk: Desk) -> None:
    """Their pages end in the same transaction, told who has it by label; the author sees it happen."""
    author = await desk.member()
    one, two = await desk.members(2)
    case = await desk.node.case(author)
    await desk.engine.take_all()
    page = await desk.pages.acknowledge(one, await desk.page(case, one))
    assert page.state == "acknowledged"
    assert await desk.paged(case) == {one.handle: "acknowledged", two.handle: "superseded"}
    (changed,) = await desk.told(two, "page.changed")
    assert (changed["state"], changed["holder"]) == ("superseded", page.holder)
    assert page.holder is not None
    last = (await desk.told(author, "search.changed"))[-1]
    assert (last["state"], last["acknowledged"], last["open"]) == ("held", 1, 0)
    await desk.pass_time(9 * MINUTE, case)
    await desk.engine.take_all()
    assert len(await desk.paged(case)) == 2


async def test_acknowledging_twice_is_answered_as_the_first_time(desk: Desk) -> None:
    """And counted once."""
    author, one = await desk.member(), await desk.member()
    case = await desk.node.case(author)
    await desk.engine.take_all()
    page = await desk.page(case, one)
    first = await desk.pages.acknowledge(one, page)
    assert await desk.pages.acknowledge(one, page) == first
    assert (await desk.search(case))["acks"] == 1
    assert len(await desk.told(one, "page.changed")) == 1


async def test_a_page_is_nobody_elses(desk: Desk) -> None:
    """A page of another member is not found, whatever one does with it; a page that is over says so."""
    author, one, two = await desk.member(), await desk.member(), await desk.member()
    case = await desk.node.case(author)
    await desk.engine.take_all()
    page = await desk.page(case, one)
    for act in (desk.pages.acknowledge(two, page), desk.pages.decline(two, page, "busy"), desk.pages.one(two, page)):
        with pytest.raises(NotFound):
            await act
    await desk.pages.acknowledge(two, await desk.page(case, two))
    with pytest.raises(PageOver):
        await desk.pages.acknowledge(one, page)
    assert (await desk.search(case))["acks"] == 1


async def test_when_all_decline_the_next_step_is_taken_at_once(desk: Desk) -> None:
    """Nobody is left who could say yes: no wait."""
    author = await desk.member()
    near = await desk.members(2)
    abroad = await desk.member(country="NZ")
    case = await desk.node.case(author)
    await desk.engine.take_all()
    assert set(await desk.paged(case)) == {one.handle for one in near}
    await desk.pages.decline(near[0], await desk.page(case, near[0]), "busy")
    await desk.engine.take_all()
    assert abroad.handle not in await desk.paged(case)
    await desk.pages.decline(near[1], await desk.page(case, near[1]), "not_my_field")
    await desk.engine.take_all()
    assert (await desk.paged(case))[abroad.handle] == "sent"


async def test_the_first_reply_stops_the_search(desk: Desk) -> None:
    """Whoever replies; the pages end as answered, and nobody else is asked."""
    author, one, passer_by = await desk.member(), await desk.member(), await desk.member("dermatology")
    case = await desk.node.case(author)
    await desk.engine.take_all()
    await desk.node.post(author, case.room, "A word of the author's is no reply.")
    assert await desk.taking.answer([case.room]) == 0
    await desk.node.post(passer_by, case.room, "I would ask for cultures.")
    assert await desk.taking.answer([case.room]) == 1
    assert await desk.paged(case) == {one.handle: "answered"}
    assert (await desk.search(case))["state"] == "answered"
    await desk.pass_time(60 * MINUTE)
    await desk.engine.take_all()
    assert await desk.paged(case) == {one.handle: "answered"}


async def test_a_reply_that_no_node_noticed_stops_the_step_itself(desk: Desk) -> None:
    """A node that died after the post leaves the search open; the step that falls due asks nobody all the same."""
    author, one = await desk.member(), await desk.member()
    abroad = await desk.member(country="NZ")
    case = await desk.node.case(author)
    await desk.engine.take_all()
    await desk.node.post(one, case.room)
    await desk.pass_time(10 * MINUTE, case)
    await desk.engine.take_all()
    assert abroad.handle not in await desk.paged(case)
    assert (await desk.search(case))["state"] == "answered"


async def test_an_acknowledgement_without_a_reply_is_reminded_and_then_the_search_goes_on(desk: Desk) -> None:
    """A paused search resumes (grafana/oncall 1206): whoever was let off is asked again, and the steps follow as before."""
    author, one, two = await desk.member(), await desk.member(), await desk.member()
    abroad = await desk.member(country="NZ")
    case = await desk.node.case(author)
    await desk.engine.take_all()
    await desk.pages.acknowledge(one, await desk.page(case, one))
    await desk.pass_time(10 * MINUTE, case)
    await desk.engine.take_all()
    assert len(await desk.told(one, "page.reminded")) == 1
    assert (await desk.paged(case))[two.handle] == "superseded"
    await desk.pass_time(10 * MINUTE, case)
    await desk.engine.take_all()
    assert await desk.paged(case) == {one.handle: "expired", two.handle: "sent"}
    assert len(await desk.told(two, "paged")) == 2
    for _ in range(4):
        await desk.pass_time(5 * MINUTE, case)
        await desk.engine.take_all()
    assert (await desk.paged(case))[abroad.handle] == "sent"


async def test_who_is_handed_a_page_is_asked_at_once(desk: Desk) -> None:
    """By handle, on call or not; the one before is out of it."""
    author, one = await desk.member(), await desk.member()
    colleague = await desk.member("dermatology", on_call=False)
    case = await desk.node.case(author)
    await desk.engine.take_all()
    page = await desk.page(case, one)
    await desk.pages.acknowledge(one, page)
    with pytest.raises(Invalid):
        await desk.pages.hand_over(one, page, "nobody-here")
    assert (await desk.pages.one(one, page)).state == "acknowledged"
    assert (await desk.pages.hand_over(one, page, colleague.handle)).state == "handed_over"
    assert await desk.paged(case) == {one.handle: "handed_over", colleague.handle: "sent"}
    (told,) = await desk.told(colleague, "paged")
    assert told["why"] == ["handed_over"]
    row = await desk.search(case)
    assert (row["state"], row["acks"], row["due"]) == ("searching", 0, "step")


async def test_a_page_handed_to_nobody_goes_to_whoever_is_next(desk: Desk) -> None:
    """At once."""
    author, one, abroad = await desk.member(), await desk.member(), await desk.member(country="NZ")
    case = await desk.node.case(author)
    await desk.engine.take_all()
    await desk.pages.hand_over(one, await desk.page(case, one), None)
    await desk.engine.take_all()
    assert await desk.paged(case) == {one.handle: "handed_over", abroad.handle: "sent"}


async def test_the_author_may_widen_call_more_and_stand_down(desk: Desk) -> None:
    """Each wish once for its key, and nobody else's to make."""
    author = await desk.member()
    near = await desk.members(7)
    case = await desk.node.case(author)
    await desk.engine.take_all()
    with pytest.raises(NotFound):
        await desk.node.escalations.widen(near[0], case.id, str(uuid.uuid4()))
    key = str(uuid.uuid4())
    await desk.node.escalations.call_more(author, case.id, key)
    await desk.engine.take_all()
    assert len(await desk.paged(case)) == 6
    await desk.node.escalations.call_more(author, case.id, key)
    await desk.engine.take_all()
    assert len(await desk.paged(case)) == 6
    with pytest.raises(KeyReused):
        await desk.node.escalations.widen(author, case.id, key)
    await desk.node.escalations.widen(author, case.id, str(uuid.uuid4()))
    await desk.engine.take_all()
    assert len(await desk.paged(case)) == 7
    search = await desk.node.escalations.stand_down(author, case.id, str(uuid.uuid4()))
    assert (search.state, search.open, search.next_at) == ("stood_down", 0, None)
    assert set((await desk.paged(case)).values()) == {"superseded"}


async def test_an_author_who_calls_more_after_a_reply_gets_more(desk: Desk) -> None:
    """A reply that does not help is no end: the replies before do not stop it again."""
    author, one = await desk.member(), await desk.member()
    case = await desk.node.case(author)
    await desk.engine.take_all()
    await desk.node.post(one, case.room)
    await desk.taking.answer([case.room])
    late = await desk.member()
    await desk.node.escalations.call_more(author, case.id, str(uuid.uuid4()))
    await desk.engine.take_all()
    assert (await desk.paged(case))[late.handle] == "sent"
    assert await desk.taking.answer(None) == 0


async def test_a_search_goes_by_the_policy_under_which_it_began(desk: Desk) -> None:
    """Whoever changes a policy changes new searches alone."""
    operator = msgspec.structs.replace(await desk.member(), role="operator")
    await desk.member("dermatology", role="moderator")
    author = await desk.member()
    await desk.members(5)
    before = await desk.node.case(author)
    policy = Policy(
        steps=(Step(1, 60, Reach("on_call", 0, "world")), Step(0, 0, Reach("moderators", 4, "world"))), wanted=1
    )
    await desk.node.policies.save(operator, "urgent", policy)
    after = await desk.node.case(author)
    await desk.engine.take_all()
    assert len(await desk.paged(before)) == 3
    assert len(await desk.paged(after)) == 1
    await desk.owner("delete from policies")


async def test_a_policy_that_ends_at_nobody_cannot_be_saved(desk: Desk) -> None:
    """Nor one whose last resort does not exist; and by operators alone."""
    member = await desk.member()
    operator = msgspec.structs.replace(member, role="operator")
    good = DEFAULTS["urgent"]
    with pytest.raises(Invalid, match="no active member is a moderator"):
        await desk.node.policies.save(operator, "urgent", good)
    await desk.member(role="moderator")
    with pytest.raises(Invalid, match="must not end at nobody"):
        await desk.node.policies.save(operator, "urgent", Policy(steps=good.steps[:-1]))
    with pytest.raises(Forbidden):
        await desk.node.policies.save(member, "urgent", good)
    await desk.node.policies.save(operator, "urgent", good)
    assert (await desk.node.policies.all())["urgent"] == good
    await desk.owner("delete from policies")


async def test_a_case_for_some_asks_nobody_else(desk: Desk) -> None:
    """Whoever may not see it is not asked, however near and awake."""
    author = await desk.member()
    near = await desk.members(3)
    case = await desk.node.case(author, audience=Audience(kind="members", members=[near[0].handle]))
    await desk.engine.take_all()
    assert set(await desk.paged(case)) <= {near[0].handle}
    assert near[0].handle in await desk.paged(case)


async def test_a_drill_asks_nobody(desk: Desk) -> None:
    """It is there to try the installation, not to wake people."""
    author = await desk.member()
    await desk.members(3)
    case = await desk.node.case(author, drill=True)
    await desk.engine.take_all()
    assert await desk.paged(case) == {}
    assert await desk.owner("select from escalations where case_id = $1", case.id) == []


@pytest.mark.parametrize("end", ["withdraw", "resolve"])
async def test_a_case_that_is_over_lets_everybody_off(desk: Desk, end: str) -> None:
    """While a wave is under way as well: in the transaction that ends it."""
    author, one = await desk.member(), await desk.member()
    abroad = await desk.member(country="NZ")
    case = await desk.node.case(author)
    await desk.engine.take_all()
    if end == "withdraw":
        await desk.endings.withdraw(author, case.id, str(uuid.uuid4()))
    else:
        await desk.endings.resolve(author, case.id, str(uuid.uuid4()), Resolution(outcome="unresolved"))
    assert await desk.paged(case) == {one.handle: "superseded"}
    await desk.pass_time(60 * MINUTE)
    await desk.engine.take_all()
    assert abroad.handle not in await desk.paged(case)
    assert (await desk.search(case))["state"] == "ended"


async def test_what_was_seen_is_not_merely_delivered(desk: Desk) -> None:
    """Receipt only ever goes forward, and a page that is over stays over."""
    author, one = await desk.member(), await desk.member()
    case = await desk.node.case(author)
    await desk.engine.take_all()
    page = await desk.page(case, one)
    assert (await desk.pages.received(one, page, "delivered")).state == "delivered"
    assert (await desk.pages.received(one, page, "seen")).state == "seen"
    assert (await desk.pages.received(one, page, "delivered")).state == "seen"
    await desk.pages.decline(one, page, "busy")
    assert (await desk.pages.received(one, page, "seen")).state == "declined"


@pytest.mark.parametrize("whom", ["author", "asked", "undisturbed"])
async def test_a_hand_over_tells_nothing_of_the_one_who_is_named(desk: Desk, whom: str) -> None:
    """Its author, somebody asked before, somebody undisturbed: all are answered alike, and whoever is next is asked."""
    author, one, two = await desk.member(), await desk.member(), await desk.member()
    undisturbed = await desk.member("dermatology")
    await desk.owner(
        "update duties set undisturbed_until = clock_timestamp() + interval '1 day' where member = $1", undisturbed.id
    )
    abroad = await desk.member(country="NZ")
    case = await desk.node.case(author)
    await desk.engine.take_all()
    named = {"author": author, "asked": two, "undisturbed": undisturbed}[whom]
    page = await desk.pages.hand_over(one, await desk.page(case, one), named.handle)
    assert (page.state, page.ended_at is not None) == ("handed_over", True)
    await desk.engine.take_all()
    assert await desk.paged(case) == {one.handle: "handed_over", two.handle: "sent", abroad.handle: "sent"}


async def test_who_was_let_off_is_asked_again_when_the_page_is_given_away(desk: Desk) -> None:
    """They are the nearest: the search does not go on without them."""
    author, one, two = await desk.member(), await desk.member(), await desk.member()
    case = await desk.node.case(author)
    await desk.engine.take_all()
    page = await desk.page(case, one)
    await desk.pages.acknowledge(one, page)
    await desk.pages.hand_over(one, page, None)
    await desk.engine.take_all()
    assert await desk.paged(case) == {one.handle: "handed_over", two.handle: "sent"}
    assert len(await desk.told(two, "paged")) == 2
    row = await desk.search(case)
    assert (row["state"], row["due"], row["acks"]) == ("searching", "step", 0)


async def test_who_still_has_it_is_reminded_though_another_gave_it_away(desk: Desk) -> None:
    """Of two who were wanted one is left, and nobody else can be asked: the search is held, and not forgotten."""
    author = await desk.member(on_call=False)
    one = await desk.member()
    moderator = await desk.member("dermatology", role="moderator", on_call=False)
    case = await desk.node.case(author, urgency="emergency")
    await desk.engine.take_all()
    await desk.pages.acknowledge(one, await desk.page(case, one))
    for _ in range(4):
        await desk.pass_time(5 * MINUTE, case)
        await desk.engine.take_all()
        if moderator.handle in await desk.paged(case):
            break
    await desk.pages.hand_over(moderator, await desk.page(case, moderator), None)
    await desk.engine.take_all()
    row = await desk.search(case)
    assert (row["state"], row["due"], row["acks"]) == ("held", "remind", 1)
    await desk.pass_time(60 * MINUTE, case)
    await desk.engine.take_all()
    assert len(await desk.told(one, "page.reminded")) == 1


async def test_a_search_that_was_stood_down_begins_with_whom_it_had_asked(desk: Desk) -> None:
    """Asked again: nobody has it, whatever somebody had acknowledged before."""
    author, one, two = await desk.member(), await desk.member(), await desk.member()
    case = await desk.node.case(author)
    await desk.engine.take_all()
    await desk.pages.acknowledge(one, await desk.page(case, one))
    await desk.node.escalations.stand_down(author, case.id, str(uuid.uuid4()))
    assert (await desk.search(case))["acks"] == 0
    await desk.node.escalations.call_more(author, case.id, str(uuid.uuid4()))
    await desk.engine.take_all()
    assert await desk.paged(case) == {one.handle: "sent", two.handle: "sent"}


async def test_more_is_called_though_no_engine_has_noticed_the_reply(desk: Desk) -> None:
    """The reply that stands already does not end what is asked for after it."""
    author, one = await desk.member(), await desk.member()
    case = await desk.node.case(author)
    await desk.engine.take_all()
    await desk.node.post(one, case.room)
    late = await desk.member()
    await desk.node.escalations.call_more(author, case.id, str(uuid.uuid4()))
    assert await desk.taking.answer([case.room]) == 0
    await desk.engine.take_all()
    assert (await desk.paged(case))[late.handle] == "sent"


async def test_who_came_after_a_reply_ends_the_search_with_a_word_of_their_own(desk: Desk) -> None:
    """Not with anybody else's."""
    author, one = await desk.member(), await desk.member()
    case = await desk.node.case(author)
    await desk.engine.take_all()
    await desk.node.post(one, case.room)
    await desk.taking.answer([case.room])
    late = await desk.member()
    await desk.node.escalations.call_more(author, case.id, str(uuid.uuid4()))
    await desk.engine.take_all()
    await desk.pages.acknowledge(late, await desk.page(case, late))
    await desk.node.post(one, case.room, "Another word.")
    assert await desk.taking.answer([case.room]) == 0
    await desk.node.post(late, case.room, "Here I am.")
    assert await desk.taking.answer([case.room]) == 1
    assert (await desk.paged(case))[late.handle] == "answered"


async def test_a_case_that_is_open_again_can_be_searched_for_again(desk: Desk) -> None:
    """By its author, who asks for it; while it is over nobody can be called."""
    author, one = await desk.member(), await desk.member()
    case = await desk.node.case(author)
    await desk.engine.take_all()
    await desk.endings.withdraw(author, case.id, str(uuid.uuid4()))
    with pytest.raises(PageOver):
        await desk.node.escalations.call_more(author, case.id, str(uuid.uuid4()))
    await desk.endings.reopen(author, case.id, str(uuid.uuid4()))
    await desk.node.escalations.call_more(author, case.id, str(uuid.uuid4()))
    await desk.engine.take_all()
    assert await desk.paged(case) == {one.handle: "sent"}


async def test_a_search_whose_policy_cannot_be_read_goes_by_the_one_that_comes_along(desk: Desk) -> None:
    """A page does not hang on a row that somebody spoilt."""
    author, one = await desk.member(), await desk.member()
    case = await desk.node.case(author)
    await desk.owner("update escalations set policy = '{\"steps\": 7}' where case_id = $1", case.id)
    await desk.engine.take_all()
    page = await desk.pages.acknowledge(one, await desk.page(case, one))
    assert page.state == "acknowledged"
    assert (await desk.node.escalations.search(author, case.id)).state == "held"
