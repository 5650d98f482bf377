"""What became of the searches for the demo's cases: whom they asked, and what those made of it. Pure, and told alike each time.

Invented like the cases themselves. None of these searches is under way, and no page waits for an answer: nothing rings.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from msgspec import Struct

from lounge.demo_duties import spans
from lounge.live.events import PageState, SearchState
from lounge.paging.asking import Ask
from lounge.paging.hours import awake, week_of
from lounge.paging.pages import Reason
from lounge.paging.policy import DEFAULTS, FARTHEST, Policy
from lounge.paging.ranking import Candidate, why

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lounge.data import DemoCase, DemoMember, Specialties
    from lounge.members.accounts import Member

NOWHERE: Final = FARTHEST + 1
"""The distance of a specialty that is not related to the case's: nobody is asked for it."""
OTHERS: Final = (1, 2)
"""People who are asked beside the one who takes the case on."""
SOON: Final = {"emergency": (12, 70), "urgent": (18, 110), "today": (120, 900), "routine": (300, 1800)}
"""Seconds from a page to its acknowledgement, by the case's urgency."""
BEFORE: Final = 0.7
"""By which part of the time to the first reply the case is somebody's."""
STOOD_DOWN: Final = {"emergency": 105, "urgent": 200, "today": 480, "routine": 2700}
"""Seconds after which the author of a case that waits stood its search down."""
EXHAUSTED: Final = "urgent"
"""Cases that wait and are of this urgency had everybody asked, who declined."""
LATER: Final = 0.4
"""How likely whoever takes the case on is asked in the second step."""
DECLINES: Final = 0.4

Fate = Literal["takes", "declines", "silent"]


class Asked(Struct, frozen=True, kw_only=True):
    """One page as it ended."""

    handle: str
    turn: int
    state: PageState
    why: tuple[str, ...]
    paged_at: datetime
    delivered_at: datetime
    seen_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime
    reason: Reason | None = None


class Turn(NamedTuple):
    """One step as it was taken."""

    turn: int
    step: int
    kind: str
    at: datetime
    people: int


class Searched(Struct, frozen=True, kw_only=True):
    """A search as it stands; `raised` says for what operators need not be called any more."""

    state: SearchState
    policy: Policy
    step: int
    wanted: int
    paged_at: datetime
    acknowledged_at: datetime | None
    ended_at: datetime | None
    raised: tuple[str, ...]
    pages: tuple[Asked, ...]
    turns: tuple[Turn, ...]

    @property
    def acks(self) -> int:
        """How many took it on."""
        return sum(one.acknowledged_at is not None for one in self.pages)


class Teller:
    """Tells what became of searches."""

    def __init__(self, members: Sequence[DemoMember], accounts: Mapping[str, Member], specialties: Specialties) -> None:
        """Take who could be asked, their accounts by handle, and how far specialties are from each other."""
        self._members = {one.handle: one for one in members}
        self._accounts = accounts
        self._specialties = specialties

    def told(self, case: DemoCase, opened_at: datetime, replied_at: datetime | None) -> Searched:
        """Return the search for a case; `replied_at` None where nobody has written in its room."""
        chance = Random(f"search {case.title}")  # noqa: S311  a story
        paged_at = opened_at + timedelta(milliseconds=chance.randint(300, 1800))
        if replied_at is not None and case.posts:
            return self._answered(case, chance, paged_at, replied_at)
        if case.urgency == EXHAUSTED:
            return self._exhausted(case, chance, paged_at)
        return self._stood_down(case, chance, paged_at)

    def _answered(self, case: DemoCase, chance: Random, paged_at: datetime, replied_at: datetime) -> Searched:
        """Somebody took it on, and it was replied to: perhaps by them, perhaps by somebody who just came by."""
        policy = DEFAULTS[case.urgency]
        wait = timedelta(seconds=policy.steps[0].wait)
        left = (replied_at - paged_at) * BEFORE
        soon = min(timedelta(seconds=chance.uniform(*SOON[case.urgency])), left)
        repliers = self._repliers(case)
        takers = repliers[: min(policy.wanted, len(repliers))]
        others = self._others(case, takers, chance.randint(*OTHERS))
        later = bool(others) and wait + soon <= left and chance.random() < LATER
        asked_at = paged_at + wait if later else paged_at
        taken_at = asked_at + soon
        pages = []
        for number, handle in enumerate(takers):
            after = timedelta(seconds=number * chance.uniform(8, 25))
            pages.append(
                self._page(
                    case, chance, handle, 1 + later, asked_at, "takes", min(taken_at + after, replied_at), replied_at
                )
            )
        held_at = max(one.acknowledged_at or taken_at for one in pages) if len(takers) >= policy.wanted else replied_at
        for handle in others:
            declines = chance.random() < DECLINES
            at = paged_at + (held_at - paged_at) * chance.uniform(0.3, 0.7) if declines else held_at
            fate: Fate = "declines" if declines else "silent"
            pages.append(self._page(case, chance, handle, 1, paged_at, fate, at, replied_at))
        turns = [Turn(1, 0, "step", paged_at, sum(one.turn == 1 for one in pages))]
        if later:
            turns.append(Turn(2, 1, "step", asked_at, len(takers)))
        turns.append(Turn(len(turns) + 1, len(turns), "answered", replied_at, 0))
        return Searched(
            state="answered",
            policy=policy,
            step=len(turns) - 1,
            wanted=policy.wanted,
            paged_at=paged_at,
            acknowledged_at=min(one.acknowledged_at for one in pages if one.acknowledged_at is not None),
            ended_at=replied_at,
            raised=(),
            pages=tuple(sorted(pages, key=lambda one: one.paged_at)),
            turns=tuple(turns),
        )

    def _exhausted(self, case: DemoCase, chance: Random, paged_at: datetime) -> Searched:
        """Everybody was asked, the moderator in the end, and declined; nobody is called to it again."""
        policy = DEFAULTS[case.urgency]
        last = len(policy.steps) - 1
        moderators = [one.handle for one in self._members.values() if one.role == "moderator"]
        people = self._others(case, moderators, 2)
        resort = paged_at + timedelta(seconds=sum(one.wait for one in policy.steps[3:last]))
        pages = [
            self._page(
                case, chance, one, 1, paged_at, "declines", paged_at + timedelta(seconds=chance.uniform(30, 90)), resort
            )
            for one in people
        ]
        pages += [
            self._page(
                case, chance, one, 2, resort, "declines", resort + timedelta(seconds=chance.uniform(30, 90)), resort
            )
            for one in moderators
        ]
        return Searched(
            state="exhausted",
            policy=policy,
            step=last + 1,
            wanted=policy.wanted,
            paged_at=paged_at,
            acknowledged_at=None,
            ended_at=None,
            raised=("unanswered",),
            pages=tuple(pages),
            turns=(Turn(1, 3, "step", paged_at, len(people)), Turn(2, last, "step", resort, len(moderators))),
        )

    def _stood_down(self, case: DemoCase, chance: Random, paged_at: datetime) -> Searched:
        """Whoever asked has let it rest before anybody took it on."""
        policy = DEFAULTS[case.urgency]
        ended_at = paged_at + timedelta(seconds=STOOD_DOWN[case.urgency])
        people = self._others(case, [], 2)
        return Searched(
            state="stood_down",
            policy=policy,
            step=1,
            wanted=policy.wanted,
            paged_at=paged_at,
            acknowledged_at=None,
            ended_at=ended_at,
            raised=(),
            pages=tuple(self._page(case, chance, one, 1, paged_at, "silent", ended_at, ended_at) for one in people),
            turns=(Turn(1, 0, "step", paged_at, len(people)),),
        )

    def _page(
        self,
        case: DemoCase,
        chance: Random,
        handle: str,
        turn: int,
        paged_at: datetime,
        fate: Fate,
        at: datetime,
        ended_at: datetime,
    ) -> Asked:
        """Return a page whose fate comes at this time; what was taken on ends with the search."""
        delivered = paged_at + min(timedelta(seconds=chance.uniform(0.2, 2.5)), (at - paged_at) / 4)
        seen = delivered + min(timedelta(seconds=chance.uniform(3, 25)), (at - delivered) / 2)
        states: dict[Fate, PageState] = {"takes": "answered", "declines": "declined", "silent": "superseded"}
        reason: Reason = chance.choice(("busy", "resting", "not_my_field"))
        return Asked(
            handle=handle,
            turn=turn,
            state=states[fate],
            why=self._why(case, self._members[handle], paged_at),
            paged_at=paged_at,
            delivered_at=delivered,
            seen_at=seen if fate != "silent" or chance.random() < DECLINES else None,
            acknowledged_at=at if fate == "takes" else None,
            ended_at=ended_at if fate == "takes" else at,
            reason=reason if fate == "declines" else None,
        )

    def _repliers(self, case: DemoCase) -> list[str]:
        """Return who has written and could have been asked, in that order."""
        handles = dict.fromkeys(one.by for one in case.posts if one.by != case.author)
        return [one for one in handles if self._distance(case, one) < NOWHERE]

    def _others(self, case: DemoCase, taken: Sequence[str], count: int) -> list[str]:
        """Return who else is asked: those whose field is nearest, who may see the case and speak its language."""
        written = {one.by for one in case.posts}
        free = [one for one in self._members.values() if one.handle not in taken and self._may(case, one)]
        free.sort(key=lambda one: (self._distance(case, one.handle), one.handle in written))
        return [one.handle for one in free[:count]]

    def _may(self, case: DemoCase, member: DemoMember) -> bool:
        sees = {
            "all": True,
            "specialties": not set(case.audience.specialties).isdisjoint(member.specialties),
            "members": member.handle in case.audience.members,
        }
        # Who stands on call in the story has hours; the others are those whom visitors are.
        return (
            sees[case.audience.kind]
            and member.handle != case.author
            and case.language in member.languages
            and bool(member.duty.hours)
            and self._distance(case, member.handle) < NOWHERE
        )

    def _distance(self, case: DemoCase, handle: str) -> int:
        return min(self._distances(case, handle).values(), default=NOWHERE)

    def _distances(self, case: DemoCase, handle: str) -> dict[str, int]:
        """Return which specialties of a member are related to the case's, and how far they are."""
        found = {one: self._specialties.distance(case.specialty, one) for one in self._members[handle].specialties}
        return {one: distance for one, distance in found.items() if distance is not None}

    def _why(self, case: DemoCase, member: DemoMember, at: datetime) -> tuple[str, ...]:
        """Return why this member was asked, in the router's own words."""
        distances = self._distances(case, member.handle)
        nearest = min(distances, key=lambda one: distances[one], default=None)
        ask = Ask(
            case="",
            room="",
            specialty=case.specialty,
            urgency=case.urgency,
            language=case.language,
            licence=None,
            author="",
            country=self._members[case.author].country,
            audience=case.audience.kind,
            specialties=case.audience.specialties,
            reach=DEFAULTS[case.urgency].steps[-1 if member.role == "moderator" else 0].reach,
            people=1,
            asked=frozenset(),
        )
        candidate = Candidate(
            member=self._accounts[member.handle],
            version=1,
            zone=member.duty.zone,
            specialty=nearest,
            distance=None if nearest is None else distances[nearest],
            on_call=member.role != "moderator",
            awake=awake(week_of(spans(member.duty.quiet)), at, member.duty.zone),
        )
        return why(ask, candidate, at)
