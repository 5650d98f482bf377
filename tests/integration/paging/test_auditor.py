"""Whoever paging has let down is told of: once, by whichever node finds it, by the database's clock."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

import pytest_asyncio
from structlog.testing import capture_logs

from lounge.errors import Unavailable
from lounge.members.accounts import NewMember
from lounge.metrics import Metrics
from lounge.paging import auditor as auditing
from lounge.paging.auditor import Auditor, Findings
from lounge.paging.stopwatch import Stopwatch
from tests.integration.cases.conftest import node, other, owner  # noqa: F401  fixtures
from tests.integration.paging.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from lounge.cases import Case
    from lounge.members.accounts import Member
    from lounge.paging.heartbeat import Heartbeat
    from tests.integration.cases.conftest import Ask, Node


class Watch:
    """Auditors of two nodes on one database, and two operators."""

    def __init__(self, node: Node, other: Node, owner: Ask) -> None:  # noqa: F811  fixtures
        self.node = node
        self.owner = owner
        self.one = Auditor(node.store, node.ids, node.clock, node.committed)
        self.two = Auditor(other.store, other.ids, other.clock, other.committed)
        self.operators: list[Member] = []

    async def begin(self) -> None:
        """Let nothing of other tests be found, and nobody of theirs be told."""
        await self.owner("update escalations set state = 'ended', due = null, due_at = null")
        await self.owner("update members set state = 'locked'")
        self.operators = [await self.operator(), await self.operator()]

    async def operator(self) -> Member:
        handle = f"op-{self.node.ids.secret()[:12]}"
        (member,) = await self.node.accounts.create([NewMember(handle, ("cardiology",), "DE", "operator")])
        return member

    async def case(self, **columns: str) -> Case:
        """Open a case whose search has taken its first step; `columns`: what stands in its row, as SQL."""
        case = await self.node.case(await self.node.member())
        columns = {
            "turn": "1",
            "paged_at": "clock_timestamp()",
            "due_at": "clock_timestamp() + interval '2 minutes'",
        } | columns
        changes = ", ".join(f"{name} = {value}" for name, value in columns.items())
        await self.owner(f"update escalations set {changes} where case_id = $1", case.id)
        return case

    async def step(self, case: Case, ago: str) -> None:
        """Write a step that was taken so long ago."""
        await self.owner(
            "insert into turns (case_id, turn, step, kind, at, people)"
            " values ($1, 1, 0, 'step', clock_timestamp() - $2::text::interval, 3)",
            case.id,
            ago,
        )

    async def both(self) -> list[Findings]:
        """Let both nodes audit at once."""
        return list(await asyncio.gather(self.one.audit(), self.two.audit()))

    async def told(self, member: Member) -> list[tuple[str, str]]:
        """Return the alarms on a member's feed: case and reason."""
        rows = await self.owner(
            "select data from events where stream = $1 and kind = 'pager.alarm' order by seq", member.feed
        )
        alarms = [json.loads(row["data"]) for row in rows]
        return [(alarm["case"], alarm["reason"]) for alarm in alarms]


@pytest_asyncio.fixture(loop_scope="session")
async def watch(node: Node, other: Node, owner: Ask) -> Watch:  # noqa: F811  fixtures
    """Return the auditors of two nodes, with nothing to find."""
    watch = Watch(node, other, owner)
    await watch.begin()
    return watch


EXHAUSTED = {"state": "'exhausted'", "due": "null", "due_at": "null"}
LATE = "clock_timestamp() - interval '61 seconds'"


async def test_an_overdue_step_is_told_of_once_to_all_operators(watch: Watch) -> None:
    """By two nodes at once, at every audit: one event on each operator's feed, on no other, and noted with the search."""
    case = await watch.case(due_at=LATE)
    bystander = await watch.node.member()
    for _ in range(3):
        await watch.both()
    for operator in watch.operators:
        assert await watch.told(operator) == [(case.id, "overdue")]
    assert await watch.told(bystander) == []
    ((raised, at),) = await watch.owner("select raised, raised_at from escalations where case_id = $1", case.id)
    assert raised == ["overdue"]
    assert at is not None
    for findings in (watch.one.findings, watch.two.findings):
        assert (findings.searches, findings.overdue) == (1, 1)
        assert findings.late > 60


async def test_what_is_only_just_due_is_no_alarm(watch: Watch) -> None:
    """An engine has a minute; and a search that asked somebody and waits for the next step is in order."""
    await watch.case(due_at="clock_timestamp() - interval '50 seconds'")
    await watch.case()
    findings = await watch.one.audit()
    assert await watch.told(watch.operators[0]) == []
    assert (findings.searches, findings.overdue, findings.unreached, findings.unanswered) == (2, 0, 0, 0)
    assert 50 <= findings.late < 60


async def test_the_clock_of_the_database_decides(watch: Watch) -> None:
    """A node that believes it is tomorrow calls nobody."""
    await watch.case()
    watch.node.clock.advance(86_400)
    assert (await watch.one.audit()).overdue == 0
    assert await watch.told(watch.operators[0]) == []


async def test_a_search_that_reaches_nobody_is_noticed(watch: Watch) -> None:
    """grafana/oncall #1326: at once where everybody was tried, after a minute where the search still goes on."""
    over = await watch.case(**EXHAUSTED, paged_at="null")
    going_on = await watch.case(paged_at="null", opened_at="clock_timestamp() - interval '61 seconds'")
    await watch.case(paged_at="null", opened_at="clock_timestamp() - interval '5 seconds'")
    findings = (await watch.both())[0]
    assert sorted(await watch.told(watch.operators[1])) == sorted([(over.id, "unreached"), (going_on.id, "unreached")])
    assert findings.unreached == 2


async def test_a_last_resort_that_says_nothing_is_noticed_after_five_minutes(watch: Watch) -> None:
    """Not before, and not where one of them has taken it on."""
    silent, new, taken = [await watch.case(**EXHAUSTED) for _ in range(3)]
    await watch.step(silent, "301 seconds")
    await watch.step(new, "290 seconds")
    await watch.step(taken, "1 hour")
    await watch.owner("update escalations set acks = 1 where case_id = $1", taken.id)
    for _ in range(2):
        findings = (await watch.both())[0]
    assert await watch.told(watch.operators[0]) == [(silent.id, "unanswered")]
    assert findings.unanswered == 1


async def test_another_reason_is_another_alarm(watch: Watch) -> None:
    """Of the same search; each once, though the first still holds."""
    case = await watch.case(due_at=LATE, paged_at="null")
    await watch.one.audit()
    await watch.owner(
        "update escalations set opened_at = clock_timestamp() - interval '2 minutes' where case_id = $1", case.id
    )
    await watch.two.audit()
    await watch.one.audit()
    assert await watch.told(watch.operators[0]) == [(case.id, "overdue"), (case.id, "unreached")]


async def test_a_search_that_is_over_needs_nobody(watch: Watch) -> None:
    """Whatever it did not reach."""
    for state in ("answered", "stood_down", "ended"):
        await watch.case(state=f"'{state}'", due="null", due_at="null", paged_at="null", opened_at=LATE)
    assert await watch.one.audit() == Findings()
    assert await watch.told(watch.operators[0]) == []


async def test_a_locked_operator_is_not_told(watch: Watch) -> None:
    """The others are; and where there is none it is logged each time, until one is there to be called."""
    gone, stays = watch.operators
    await watch.owner("update members set state = 'locked' where id = $1", gone.id)
    first = await watch.case(due_at=LATE)
    await watch.one.audit()
    assert await watch.told(gone) == []
    assert await watch.told(stays) == [(first.id, "overdue")]
    await watch.owner("update members set state = 'locked' where id = $1", stays.id)
    second = await watch.case(due_at=LATE)
    with capture_logs() as lines:
        await watch.both()
        await watch.both()
    assert {line["event"] for line in lines} == {"pager.alarm"}
    await watch.owner("update members set state = 'active' where id = $1", stays.id)
    await watch.both()
    assert await watch.told(stays) == [(first.id, "overdue"), (second.id, "overdue")]


async def test_the_log_tells_how_many_and_not_who(watch: Watch) -> None:
    """One line of level error for each reason, with a count: no case, no member."""
    cases = [await watch.case(due_at=LATE) for _ in range(3)]
    with capture_logs() as lines:
        await watch.one.audit()
    assert lines == [{"event": "pager.alarm", "reason": "overdue", "count": 3, "operators": 2, "log_level": "error"}]
    assert not any(case.id in str(lines) for case in cases)


async def test_a_flood_is_told_in_part_and_counted_whole(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after Postgres was away: no operator is told of a thousand at once."""
    monkeypatch.setattr(auditing, "AT_ONCE", 2)
    for _ in range(5):
        await watch.case(due_at=LATE)
    assert (await watch.one.audit()).overdue == 5
    assert len(await watch.told(watch.operators[0])) == 2
    await watch.two.audit()
    assert len(await watch.told(watch.operators[0])) == 4


async def test_a_node_is_degraded_while_a_step_is_overdue(watch: Watch) -> None:
    """Whether or not somebody was told of it before."""
    assert await watch.one.on_time()
    case = await watch.case(due_at=LATE)
    await watch.one.audit()
    assert not await watch.one.on_time()
    await watch.owner("update escalations set due_at = clock_timestamp() where case_id = $1", case.id)
    assert await watch.one.on_time()


async def test_the_metrics_tell_what_the_last_audit_found(watch: Watch) -> None:
    """And how long ago that was: figures that nobody renews look well for ever."""
    metrics = Metrics()
    watch.one.measure(metrics)
    await watch.case(due_at=LATE)
    await watch.case(**EXHAUSTED, paged_at="null")
    await watch.one.audit()
    watch.node.clock.advance(45)
    text = metrics.rendered().decode()
    for line in (
        "lounge_pager_searches 2.0",
        "lounge_pager_steps_overdue 1.0",
        "lounge_pager_unreached 1.0",
        "lounge_pager_unanswered 0.0",
        "lounge_pager_audit_age_seconds 45.",
    ):
        assert line in text
    assert "lounge_pager_oldest_overdue_seconds 6" in text


class Beats:
    """Stands where the heartbeat does, and counts."""

    def __init__(self) -> None:
        self.count = 0

    async def beat(self) -> bool:
        self.count += 1
        return True


async def test_the_heart_beats_only_while_all_is_in_order(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each audit, unless a step is overdue or the database did not answer; and the auditor goes on after either."""
    beats = Beats()
    rounds: list[Callable[[], Any]] = []
    counts: list[int] = []
    case = await watch.case()

    async def late() -> None:
        await watch.owner(
            "update escalations set due_at = clock_timestamp() - interval '2 minutes' where case_id = $1", case.id
        )

    async def in_time() -> None:
        await watch.owner("update escalations set due_at = clock_timestamp() where case_id = $1", case.id)

    async def away() -> None:
        async def unavailable(*_: object, **__: object) -> Any:
            raise Unavailable

        monkeypatch.setattr(watch.node.store, "row", unavailable)

    async def back() -> None:
        monkeypatch.undo()

    async def nothing() -> None:
        pass

    rounds = [nothing, late, in_time, away, back, nothing]

    async def sleep(seconds: float) -> None:
        assert seconds == auditing.SWEEP
        counts.append(beats.count)
        if not rounds:
            raise asyncio.CancelledError
        await rounds.pop(0)()

    node = watch.node  # noqa: F811  no fixture here
    heartbeat = cast("Heartbeat", beats)
    auditor = Auditor(node.store, node.ids, node.clock, node.committed, heartbeat, sleep)
    task = asyncio.create_task(auditor.run())
    await asyncio.wait([task])
    assert task.cancelled()
    assert counts == [0, 1, 1, 2, 2, 3, 4]


def test_a_stopwatch_tells_stage_and_urgency_alone(watch: Watch) -> None:
    """Seconds from posting, in a bucket that ends where the objective does."""
    metrics = Metrics()
    stopwatch = Stopwatch(metrics)
    posted = watch.node.clock.now()
    watch.node.clock.advance(299)
    stopwatch.stop("acknowledged", "urgent", posted, watch.node.clock.now())
    text = metrics.rendered().decode()
    assert 'lounge_pager_seconds_bucket{le="120.0",stage="acknowledged",urgency="urgent"} 0.0' in text
    assert 'lounge_pager_seconds_bucket{le="300.0",stage="acknowledged",urgency="urgent"} 1.0' in text
    assert 'lounge_pager_seconds_count{stage="acknowledged",urgency="urgent"} 1.0' in text


async def test_a_search_that_the_engine_has_taken_to_its_end_in_vain_is_noticed(watch: Watch) -> None:
    """Nobody is on call and nobody is a moderator: its steps are taken at once, one after the other, and then it is told of."""
    desk = Desk(watch.node, watch.owner)
    case = await watch.node.case(await watch.node.member())
    await desk.engine.take_all()
    assert (await desk.search(case))["state"] == "exhausted"
    assert await desk.paged(case) == {}
    await watch.both()
    assert await watch.told(watch.operators[0]) == [(case.id, "unreached")]


async def test_an_acknowledgement_of_the_last_resort_is_enough(watch: Watch) -> None:
    """A moderator who was asked says nothing for five minutes: an alarm. Once they have acknowledged: none."""
    desk = Desk(watch.node, watch.owner)
    moderator = await desk.member(role="moderator", on_call=False)
    silent, taken = [await watch.node.case(await watch.node.member()) for _ in range(2)]
    await desk.engine.take_all()
    await desk.pages.acknowledge(moderator, await desk.page(taken, moderator))
    await watch.owner("update turns set at = at - interval '6 minutes'")
    await watch.both()
    assert await watch.told(watch.operators[0]) == [(silent.id, "unanswered")]
