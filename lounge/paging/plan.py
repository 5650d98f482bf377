"""What becomes of a search when its step is taken: decided from its row and its case alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from lounge.paging.asking import Ask
from lounge.paging.policies import policy_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lounge.live.events import SearchState
    from lounge.paging.asking import Choice
    from lounge.paging.policy import Policy
    from lounge.store import Record

TRIES: Final = 3
"""Failures after which a step is not tried again: its search goes to its last resort."""
OVER: Final = ("resolved", "withdrawn")
WAITING: Final = ("queued", "sent", "delivered", "seen")
"""States of a page that waits for an answer."""

Kind = Literal["step", "remind", "reopen", "answered"]
Due = Literal["step", "remind", "reopen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where a search stands next, what is due then and in how many seconds, and whom it asks now."""

    row: Record
    """The search as it stands (`paging.claim`)."""
    facts: Record
    """Its case (`paging.facts`)."""
    kind: Kind
    state: SearchState
    step: int
    acks: int
    due: Due | None = None
    wait: float | None = None
    ask: Ask | None = None
    choices: Sequence[Choice] = ()

    @property
    def case(self) -> str:
        """The case searched for."""
        case: str = self.row["case_id"]
        return case

    @property
    def taken(self) -> int:
        """Which step of the policy this is; the one that comes next where it asks nobody."""
        taken: int = self.row["step"] if self.ask is None else self.step - 1
        return taken

    @property
    def turn(self) -> int:
        """The number of this step among all that were taken."""
        turn: int = self.row["turn"] + 1
        return turn


def planned(row: Record, facts: Record) -> Plan:
    """Return what the due step of a search does; where it asks people, whom is yet to be found (`stepped`)."""
    policy = policy_of(row["policy"], facts["urgency"])
    if facts["case_state"] in OVER or (facts["first_reply_at"] is not None and not row["again"]):
        return answered(row, facts)
    if row["due"] == "remind":
        return Plan(
            row=row,
            facts=facts,
            kind="remind",
            state="held",
            step=row["step"],
            acks=row["acks"],
            due="reopen",
            wait=policy.remind,
        )
    if row["due"] == "reopen":
        # Whoever was let off is asked again; the next step follows as it would have.
        before = policy.step(row["step"] - 1)
        return Plan(
            row=row,
            facts=facts,
            kind="reopen",
            state="searching",
            step=row["step"],
            acks=0,
            due="step",
            wait=0 if before is None else before.wait,
        )
    number = row["step"] if row["failures"] < TRIES else len(policy.steps) - 1
    step = policy.step(number)
    if step is None:
        return _ended(Plan(row=row, facts=facts, kind="step", state="exhausted", step=number, acks=row["acks"]), policy)
    ask = Ask(
        case=row["case_id"],
        room=facts["room"],
        specialty=facts["specialty"],
        urgency=facts["urgency"],
        language=facts["language"],
        licence=facts["licence"],
        author=facts["author"],
        country=facts["country"],
        audience=facts["audience"],
        specialties=tuple(facts["specialties"]),
        reach=step.reach,
        people=step.most,
        asked=frozenset(facts["asked"]),
    )
    return Plan(row=row, facts=facts, kind="step", state="searching", step=number, acks=row["acks"], ask=ask)


def stepped(plan: Plan, choices: Sequence[Choice]) -> Plan:
    """Return the plan of a step that has found these people.

    The next step follows after the wait of this one, at once where it asked nobody; after the last resort nothing does.
    """
    policy = policy_of(plan.row["policy"], plan.facts["urgency"])
    step = policy.step(plan.step)
    assert step is not None
    number = plan.step + 1
    plan = replace(plan, choices=choices, step=number)
    if policy.step(number) is not None:
        return replace(plan, due="step", wait=step.wait if choices else 0)
    return _ended(plan, policy)


def answered(row: Record, facts: Record) -> Plan:
    """Return the end of a search: somebody has replied, or the case is over."""
    state: SearchState = "ended" if facts["case_state"] in OVER else "answered"
    return Plan(row=row, facts=facts, kind="answered", state=state, step=row["step"], acks=0)


def _ended(plan: Plan, policy: Policy) -> Plan:
    """Return the plan of a search that asks nobody else: fewer may have it than were wanted, but they are reminded like any."""
    if plan.acks > 0:
        return replace(plan, state="held", due="remind", wait=policy.remind)
    return replace(plan, state="exhausted")
