"""One simulated search: the rows that the engine would have, moved by the engine's own decisions (`lounge.paging.plan`).

What happens between two steps (an acknowledgement, a decline, a reply) follows `lounge.paging.pages`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from lounge.paging.plan import planned, stepped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lounge.paging.asking import Choice
    from lounge.paging.plan import Plan
    from lounge.paging.policy import Policy
    from lounge.paging.simulation.arrivals import Arrival
    from lounge.paging.simulation.people import Person

State = Literal["sent", "acknowledged", "declined", "superseded", "expired"]
AUTHOR: Final = "author"


class Page:
    """A case asked of one person; `times` counts how often, since whoever was let off may be asked again."""

    __slots__ = ("person", "replies", "state", "times")

    def __init__(self, person: Person) -> None:
        """Take who was asked."""
        self.person = person
        self.state: State = "sent"
        self.times = 0
        self.replies: float | None = None
        """Seconds from the acknowledgement to the reply that will come without a reminder."""


class Search:
    """Where the search for one case stands, and whom it has asked."""

    def __init__(self, arrival: Arrival, policy: Policy, encoded: bytes) -> None:
        """Begin: the first step is due now."""
        self.arrival = arrival
        self.policy = policy
        self.pages: dict[str, Page] = {}
        self.acknowledged_at: float | None = None
        self.replied_at: float | None = None
        self.alarm = 0
        """Grows whenever something else is due: an alarm set before is not rung."""
        self._row: dict[str, Any] = {
            "case_id": str(arrival.number),
            "state": "searching",
            "policy": encoded,
            "step": 0,
            "turn": 0,
            "wanted": policy.wanted,
            "acks": 0,
            "due": "step",
            "due_at": None,
            "failures": 0,
            "again": False,
        }
        self._facts: dict[str, Any] = {
            "case_state": "open",
            "first_reply_at": None,
            "room": "",
            "specialty": arrival.specialty,
            "urgency": arrival.urgency,
            "language": arrival.language,
            "licence": None,
            "author": AUTHOR,
            "country": arrival.country,
            "audience": "all",
            "specialties": (),
        }

    @property
    def state(self) -> str:
        """The engine's word for where it stands."""
        state: str = self._row["state"]
        return state

    @property
    def due(self) -> str | None:
        """What is due next."""
        due: str | None = self._row["due"]
        return due

    @property
    def waiting(self) -> list[Page]:
        """Pages that somebody may still acknowledge."""
        return [page for page in self.pages.values() if page.state == "sent"]

    def plan(self) -> Plan:
        """Return what the step that is due does."""
        return planned(self._row, {**self._facts, "asked": self.pages.keys()})

    def take(self, plan: Plan, choices: Sequence[Choice], people: Sequence[Person]) -> tuple[list[Page], float | None]:
        """Stand where the plan leads; return the pages that are new or asked again, and the seconds to the next step."""
        if plan.ask is not None:
            plan = stepped(plan, choices)
        self._stand(plan.state, plan.acks, plan.due, plan.step)
        self._row["turn"] = plan.turn
        if plan.kind == "reopen":
            return self._revive(), plan.wait
        new = [Page(person) for person in people]
        self.pages |= {page.person.member.id: page for page in new}
        return new, plan.wait

    def acknowledge(self, page: Page, at: float) -> float | None:
        """Take the case on; return the seconds until a reminder where that is what is due now."""
        page.state = "acknowledged"
        if self.acknowledged_at is None:
            self.acknowledged_at = at
        acks = self._row["acks"] + 1
        if acks < self._row["wanted"] and self.state != "exhausted":
            self._row["acks"] = acks
            return None
        for other in self.waiting:
            other.state = "superseded"
        self._stand("held", acks, "remind", self._row["step"])
        return float(self.policy.remind)

    def decline(self, page: Page) -> bool:
        """Say no; return whether nobody is left who could say yes, so that the next step is due at once."""
        page.state = "declined"
        return self.state == "searching" and not any(
            one.state in ("sent", "acknowledged") for one in self.pages.values()
        )

    def _revive(self) -> list[Page]:
        back = []
        for page in self.pages.values():
            if page.state == "acknowledged":
                page.state = "expired"
            elif page.state == "superseded":
                page.state = "sent"
                page.times += 1
                back.append(page)
        return back

    def _stand(self, state: str, acks: int, due: str | None, step: int) -> None:
        self._row |= {"state": state, "acks": acks, "due": due, "step": step}
