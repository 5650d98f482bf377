"""No page is lost, none is claimed after an acknowledgement, none is taken twice: whatever breaks, wherever it does."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from lounge.errors import LoungeError, PageOver
from lounge.paging.taking import BATCH
from lounge.sql import load_queries
from lounge.store import Store
from tests.integration.paging.breaking import BreakingStore, Killed
from tests.integration.paging.desk import Desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lounge.cases import Case
    from tests.integration.cases.conftest import Ask, Node
    from tests.integration.conftest import Database
    from tests.integration.paging.breaking import Way

MINUTE = 60.0


@pytest_asyncio.fixture(loop_scope="session")
async def breaking(database: Database, owner: Ask) -> AsyncIterator[BreakingStore]:
    """Return a store that breaks."""
    store = BreakingStore(database.url, owner)
    await store.open()
    yield store
    await store.close()


async def all_turns(desk: Desk, case: Case) -> list[int]:
    rows = await desk.owner("select turn from turns where case_id = $1 order by turn", case.id)
    return [row["turn"] for row in rows]


async def told_once(desk: Desk, case: Case) -> None:
    """Every page of a case is on its member's feed, once, and nobody's feed has one that is no row."""
    pages = await desk.owner(
        "select p.id, (select count(*) from events e where e.stream = m.feed and e.kind = 'paged'"
        " and e.data->>'page' = p.id::text) as told from pages p join members m on m.id = p.member where p.case_id = $1",
        case.id,
    )
    assert {row["told"] for row in pages} <= {1}
    strays = await desk.owner(
        "select count(*) as n from events e where e.kind = 'paged' and e.data->>'case' = $1"
        " and not exists (select from pages p where p.id::text = e.data->>'page')",
        case.id,
    )
    assert strays[0]["n"] == 0


@pytest.mark.parametrize("way", ["killed", "cut", "answer lost"])
async def test_an_engine_that_breaks_at_any_statement_of_a_step_leaves_it_to_the_other_once(
    desk: Desk,
    node: Node,
    breaking: BreakingStore,
    way: Way,
) -> None:
    """All statements are walked: asking, reminding, reopening, answering; the second engine finds just what is left."""
    author, one, two = await desk.member(), await desk.member(), await desk.member()
    broken = Desk(node, desk.owner, breaking)
    breaking.way, breaking.at = way, None

    async def prepared(kind: str) -> Case:
        await desk.rest()
        case = await desk.node.case(author)
        if kind != "step":
            await desk.engine.take_all()
            page = await desk.page(case, one)
            await desk.pages.acknowledge(one, page)
            await desk.pass_time(10 * MINUTE, case)
        if kind == "reopen":
            await desk.engine.take_all()
            await desk.pass_time(10 * MINUTE, case)
        if kind == "answered":
            await desk.node.post(two, case.room)
        return case

    async def attempt() -> None:
        with contextlib.suppress(LoungeError, Killed, ConnectionResetError):
            await broken.taking.take()

    walked = 0
    for kind in ("step", "remind", "reopen", "answered"):
        breaking.at = None
        await prepared(kind)
        await attempt()
        statements = len(breaking.statements)
        places = [statements] if way == "answer lost" else range(statements)
        for at in places:
            case = await prepared(kind)
            before = await all_turns(desk, case)
            breaking.at = at
            await attempt()
            breaking.at = None
            await desk.pass_time(MINUTE if way == "cut" else 0, case)
            # Whoever is left takes what is due, again and again: one step and no more.
            await desk.taking.take()
            taken = await all_turns(desk, case)
            assert taken == [*before, len(before) + 1], f"{kind} broke at {at}: {breaking.statements[-1:]}"
            await told_once_or_again(desk, case, kind)
            await desk.owner("update escalations set due = null, due_at = null where case_id = $1", case.id)
            walked += 1
    assert walked >= (4 if way == "answer lost" else 20)


async def told_once_or_again(desk: Desk, case: Case, kind: str) -> None:
    """A search that was reopened asks again whom it had let off; everybody else was told once."""
    if kind != "reopen":
        await told_once(desk, case)
        return
    rows = await desk.owner(
        "select p.state, (select count(*) from events e where e.stream = m.feed and e.kind = 'paged'"
        " and e.data->>'page' = p.id::text) as told from pages p join members m on m.id = p.member where p.case_id = $1",
        case.id,
    )
    assert {(row["state"], row["told"]) for row in rows} == {("expired", 1), ("sent", 2)}


async def stop_in_the_middle(store: Store, desk: Desk, case: Case) -> None:
    """Claim a step and do nothing more until somebody else has taken it; then go on as if nothing had been."""
    async with store.transaction() as stopped:
        assert len(await stopped.rows("paging.claim", BATCH)) == 1
        assert await desk.taking.take() == 0
        while await desk.taking.take() == 0:
            await asyncio.sleep(0.2)
        await stopped.rows("paging.counts", [case.id])


async def test_a_stopped_engine_holds_a_step_for_seconds_and_not_for_ever(desk: Desk, database: Database) -> None:
    """SIGSTOP in the middle of a step: PostgreSQL ends the idle transaction, and the other engine takes the step."""
    author, one = await desk.member(), await desk.member()
    case = await desk.node.case(author)
    store = Store(database.url, load_queries())
    await store.open()
    try:
        async with asyncio.timeout(30):
            with pytest.raises(LoungeError):
                await stop_in_the_middle(store, desk, case)
    finally:
        await store.close()
    assert await desk.paged(case) == {one.handle: "sent"}
    assert len(await all_turns(desk, case)) == 1


async def test_two_engines_take_every_step_once(desk: Desk, second: Desk) -> None:
    """Their own clocks are thirty seconds apart: the database's says what is due."""
    second.node.clock.ahead = timedelta(seconds=30)
    desk.node.clock.ahead = timedelta(seconds=-30)
    author = await desk.member()
    await desk.members(12)
    await desk.rest()
    cases = [await desk.node.case(author) for _ in range(30)]
    for _ in range(4):
        await asyncio.gather(*(one.engine.take_all() for one in (desk, second) for _ in range(3)))
        for case in cases:
            row = await desk.search(case)
            assert row["wait"] is None or row["wait"] > 0
        await desk.pass_time(2 * MINUTE)
    for case in cases:
        assert await all_turns(desk, case) == list(range(1, len(await all_turns(desk, case)) + 1))
        steps = [step for kind, step, _ in await desk.turns(case)]
        assert steps == sorted(set(steps))
        await told_once(desk, case)


async def test_nobody_is_asked_after_an_acknowledgement_has_committed(desk: Desk, second: Desk) -> None:
    """A thousand acknowledgements race the step that would ask more: on the log of feeds none is paged after it.

    Pages and acknowledgements are numbered in logs; which came first is told by the order of their commits, which the
    search's own row keeps: turns taken after the acknowledgement ask nobody.
    """
    author = await desk.member()
    first = await desk.member()
    await desk.members(6, country="NZ")
    chance = random.Random(7)
    late = 0
    for _ in range(40):
        await desk.rest()
        cases = await asyncio.gather(*(desk.node.case(author) for _ in range(25)))
        await desk.engine.take_all()
        pages = {case.id: await desk.page(case, first) for case in cases}
        await desk.pass_time(5 * MINUTE)

        async def acknowledge(case: Case, page: str) -> int:
            await asyncio.sleep(chance.random() * 0.05)
            await desk.pages.acknowledge(first, page)
            (row,) = await desk.owner("select count(*) as n from pages where case_id = $1", case.id)
            return int(row["n"])

        raced = asyncio.gather(*(acknowledge(case, pages[case.id]) for case in cases))
        await asyncio.gather(desk.engine.take_all(), second.engine.take_all())
        known = await raced
        await asyncio.gather(desk.engine.take_all(), second.engine.take_all())
        for case, count in zip(cases, known, strict=True):
            states = await desk.paged(case)
            assert len(states) == count, "somebody was paged after the acknowledgement had committed"
            assert states.pop(first.handle) == "acknowledged"
            assert set(states.values()) <= {"superseded"}
            late += bool(states)
        await desk.owner("update escalations set due = null, due_at = null")
    assert late < 1000, "no acknowledgement ever won its race: the test shows nothing"


async def test_of_two_who_acknowledge_at_once_one_has_it(desk: Desk, second: Desk) -> None:
    """And the other is told so."""
    author, one, two = await desk.member(), await desk.member(), await desk.member()
    for _ in range(50):
        await desk.rest()
        case = await desk.node.case(author)
        await desk.engine.take_all()
        pages = await desk.page(case, one), await desk.page(case, two)
        results = await asyncio.gather(
            desk.pages.acknowledge(one, pages[0]), second.pages.acknowledge(two, pages[1]), return_exceptions=True
        )
        assert sorted(type(result).__name__ for result in results) == ["Page", "PageOver"]
        assert sorted((await desk.paged(case)).values()) == ["acknowledged", "superseded"]
    assert PageOver.retry is False


async def test_a_case_withdrawn_while_its_wave_is_under_way_asks_nobody_afterwards(desk: Desk, second: Desk) -> None:
    """Whichever comes first: everybody who was asked is let off."""
    author = await desk.member()
    await desk.members(3)
    for _ in range(30):
        case = await desk.node.case(author)

        async def withdraw(case: Case = case) -> None:
            async with desk.node.store.transaction() as transaction:
                await transaction.row("cases.hold", case.id)
                await transaction.rows("cases.to_state", case.id, "withdrawn")
                await transaction.append(await desk.node.escalations.end(transaction, case.id))

        await asyncio.gather(second.engine.take_all(), withdraw())
        await desk.engine.take_all()
        assert set((await desk.paged(case)).values()) <= {"superseded"}
        assert (await desk.search(case))["state"] == "ended"


async def test_steps_that_fell_due_while_postgres_was_away_are_taken_one_at_a_time(desk: Desk, second: Desk) -> None:
    """Two minutes late, or twenty: one step for each case, the next one counted from when this one was taken."""
    author = await desk.member()
    await desk.members(6)
    await desk.members(6, country="NZ")
    await desk.rest()
    cases = [await desk.node.case(author) for _ in range(10)]
    await desk.engine.take_all()
    await desk.pass_time(20 * MINUTE)
    await asyncio.gather(desk.engine.take_all(), second.engine.take_all())
    for case in cases:
        assert [step for _, step, _ in await desk.turns(case)] == [0, 1]
        row = await desk.search(case)
        assert 0 < row["wait"] <= MINUTE


async def test_nobody_on_call_anywhere_and_no_moderator_is_said_and_not_forgotten(desk: Desk) -> None:
    """The search ends as exhausted with nobody paged, which the auditor raises; whoever comes later can be called."""
    author = await desk.member(on_call=False)
    case = await desk.node.case(author)
    await desk.engine.take_all()
    assert (await desk.search(case))["state"] == "exhausted"
    assert await desk.paged(case) == {}
    late = await desk.member()
    await desk.node.escalations.call_more(author, case.id, str(uuid.uuid4()))
    await desk.engine.take_all()
    assert late.handle in await desk.paged(case)


POISON = """
create or replace function poison() returns trigger language plpgsql as $$
begin
  if new.case_id = '{case}' and new.step < 5 then raise exception 'poisoned'; end if;
  return new;
end $$;
create trigger poisoned before insert on turns for each row execute function poison();
"""


async def test_a_poisoned_step_goes_to_its_last_resort_and_hurts_no_other(desk: Desk) -> None:
    """PostgreSQL refuses what it writes: the others of the batch are taken at once, this one after three tries."""
    moderator = await desk.member("dermatology", role="moderator", on_call=False)
    author = await desk.member()
    one = await desk.member()
    await desk.rest()
    cases = [await desk.node.case(author) for _ in range(5)]
    poisoned = cases[2]
    # asyncpg runs several statements only where none has arguments.
    await desk.owner(POISON.split("create trigger", maxsplit=1)[0].format(case=poisoned.id))
    await desk.owner("create trigger" + POISON.split("create trigger")[1])
    try:
        await desk.engine.take_all()
        for case in cases:
            assert await desk.paged(case) == ({} if case is poisoned else {one.handle: "sent"})
        for _ in range(4):
            await desk.pass_time(MINUTE, poisoned)
            await desk.engine.take_all()
        assert await desk.paged(poisoned) == {moderator.handle: "sent"}
        assert (await desk.search(poisoned))["state"] == "exhausted"
    finally:
        await desk.owner("drop trigger poisoned on turns")


async def test_what_passes_is_no_poison(desk: Desk, second: Desk) -> None:
    """A duty that somebody holds too long: the step is tried again, and none of its people is passed over for it."""
    author, one = await desk.member(), await desk.member()
    case = await desk.node.case(author)
    async with second.node.store.transaction() as held:
        await held.rows("duties.lock", [one.id])
        taking = asyncio.create_task(desk.engine.take_all())
        while not taking.done():
            # Whoever does nothing with a lock loses it.
            await held.rows("duties.lock", [one.id])
            await asyncio.sleep(0.1)
        await taking
    row = await desk.search(case)
    assert (row["failures"], row["step"], row["state"]) == (0, 0, "searching")
    await desk.pass_time(MINUTE, case)
    await desk.engine.take_all()
    assert await desk.paged(case) == {one.handle: "sent"}


async def test_a_post_stops_its_search_and_no_other(desk: Desk, second: Desk) -> None:
    """Two engines that notice at once write it once."""
    author, one = await desk.member(), await desk.member()
    answered, open_ = await desk.node.case(author), await desk.node.case(author)
    await desk.engine.take_all()
    await desk.node.post(one, answered.room)
    await asyncio.gather(desk.taking.answer(None), second.taking.answer([answered.room]))
    assert (await desk.search(answered))["state"] == "answered"
    assert [kind for kind, _, _ in await desk.turns(answered)] == ["step", "answered"]
    assert (await desk.search(open_))["state"] == "searching"
