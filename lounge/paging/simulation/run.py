"""The simulation: cases, steps, reactions and replies in the order of a simulated clock.

The decisions are those of the program: `lounge.paging.plan` says what a step does and what follows it, the router's `rank` whom
it asks. The world, and what people make of a page, are made up (`constants.json`).
"""

from __future__ import annotations

import heapq
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

import msgspec

from lounge.paging.simulation.outcome import NEVER, Load, Outcome, Tally
from lounge.paging.simulation.reactions import Reactions
from lounge.paging.simulation.search import Search

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lounge.live.events import Urgency
    from lounge.paging.asking import Ask, Choice
    from lounge.paging.policy import Policy
    from lounge.paging.simulation.arrivals import Arrival
    from lounge.paging.simulation.people import Person
    from lounge.paging.simulation.search import Page
    from lounge.paging.simulation.world import World

EVENTS: Final = 5_000
"""For each case, more than any can come to: a loop that does not end is an error and not a wait."""


class Chooses(Protocol):
    """Ranks people for a step, best first, as the router does."""

    def __call__(self, ask: Ask, people: Sequence[Person], now: datetime, world: World) -> list[Choice]:
        """Return those who may be asked; members are those of `people`."""
        ...


class Event(NamedTuple):
    """Something that happens: in the order of time, and of its making where at the same time."""

    at: float
    number: int
    what: Literal["step", "react", "reply"]
    search: Search
    alarm: int
    page: Page | None
    verdict: str


class Watcher(Protocol):
    """Is told of every page, for tests."""

    def __call__(self, arrival: Arrival, person: Person, at: float, choice: Choice | None) -> None:
        """`choice` is None where somebody who was let off is asked again."""
        ...


class Run:
    """One policy in one world."""

    def __init__(
        self,
        world: World,
        cases: Sequence[Arrival],
        policies: Mapping[Urgency, Policy],
        choose: Chooses,
        begins: datetime,
        seed: int,
        *,
        watch: Watcher | None = None,
    ) -> None:
        """Take the world, which is used up, the cases in order, and how the program chooses."""
        self._world = world
        self._cases = cases
        self._policies = policies
        self._encoded = {urgency: msgspec.json.encode(policy) for urgency, policy in policies.items()}
        self._choose = choose
        self._begins = begins
        self._watch = watch
        self._reactions = Reactions(world.behaviour, seed)
        self._queue: list[Event] = []
        self._made = 0
        self._open: dict[int, Search] = {}
        self._tally = Tally()

    def outcome(self, policy: str, years: float) -> Outcome:
        """Let it all happen, and return what it came to."""
        cases = iter(self._cases)
        upcoming = next(cases, None)
        for _ in range(EVENTS * (len(self._cases) + 1)):
            if upcoming is not None and (not self._queue or upcoming.at <= self._queue[0].at):
                search = Search(upcoming, self._policies[upcoming.urgency], self._encoded[upcoming.urgency])
                self._open[upcoming.number] = search
                self._step(search, upcoming.at)
                upcoming = next(cases, None)
            elif self._queue:
                self._happen(heapq.heappop(self._queue))
            else:
                break
        else:
            raise RuntimeError("the simulation does not end: a search goes on for ever")
        for search in self._open.values():
            self._count(search)
        return Outcome(policy, years, self._tally, *self._loads(years))

    def _happen(self, event: Event) -> None:
        search, page = event.search, event.page
        if search.replied_at is not None:
            return
        if event.what == "step":
            if event.alarm == search.alarm:
                self._step(search, event.at)
            return
        assert page is not None
        if event.what == "reply":
            search.replied_at = event.at
            self._count(self._open.pop(search.arrival.number))
        elif page.state == "sent" and event.alarm == page.times:
            self._react(search, page, event)

    def _react(self, search: Search, page: Page, event: Event) -> None:
        if event.verdict == "decline":
            if search.decline(page):
                self._due(search, event.at, 0.0)
            return
        page.person.acknowledged += 1
        wait = search.acknowledge(page, event.at)
        if wait is not None:
            self._due(search, event.at, wait)
        page.replies = self._reactions.reply(page.person, search.arrival.number, page.times)
        if page.replies is not None:
            self._push(event.at + page.replies, "reply", search, page)

    def _step(self, search: Search, at: float) -> None:
        """Take the step that is due."""
        plan = search.plan()
        choices: list[Choice] = []
        people: list[Person] = []
        if plan.ask is not None:
            choices, people = self._chosen(plan.ask, at)
        if plan.kind == "remind":
            self._remind(search, at)
        pages, wait = search.take(plan, choices, people)
        search.alarm += 1
        if search.due is not None:
            assert wait is not None
            self._push(at + wait, "step", search, None)
        for number, page in enumerate(pages):
            self._page(search, page, at, choices[number] if choices else None)

    def _chosen(self, ask: Ask, at: float) -> tuple[list[Choice], list[Person]]:
        """Return whom the router asks, best first; all of them have budget left, since here nothing else spends it."""
        found = {one.member.id: one for one in self._world.reach(ask, at)}
        now = self._begins + timedelta(seconds=at)
        choices = self._choose(ask, list(found.values()), now, self._world)[: ask.people]
        return choices, [found[choice.member.id] for choice in choices]

    def _page(self, search: Search, page: Page, at: float, choice: Choice | None) -> None:
        """Page a person, and see what they make of it."""
        person, local = page.person, self._world.local
        local.set(at)
        zone = person.crowd.zone
        if choice is not None:
            person.page(at, local.day(zone), night=not local.awake[zone])
        if self._watch is not None:
            self._watch(search.arrival, person, at, choice)
        arrival = search.arrival
        reaction = self._reactions.to_page(self._world, person, arrival.number, at, arrival.language, page.times)
        if reaction is not None:
            self._push(at + reaction.after, "react", search, page, reaction.verdict)

    def _remind(self, search: Search, at: float) -> None:
        for page in search.pages.values():
            if page.state == "acknowledged" and page.replies is None:
                after = self._reactions.reminded(page.person, search.arrival.number, page.times)
                if after is not None:
                    self._push(at + after, "reply", search, page)

    def _due(self, search: Search, at: float, wait: float) -> None:
        search.alarm += 1
        self._push(at + wait, "step", search, None)

    def _push(
        self, at: float, what: Literal["step", "react", "reply"], search: Search, page: Page | None, verdict: str = ""
    ) -> None:
        self._made += 1
        alarm = search.alarm if page is None else page.times
        heapq.heappush(self._queue, Event(at, self._made, what, search, alarm, page, verdict))

    def _count(self, search: Search) -> None:
        opened = search.arrival.at
        self._tally.add(
            search.arrival.urgency,
            NEVER if search.acknowledged_at is None else search.acknowledged_at - opened,
            NEVER if search.replied_at is None else search.replied_at - opened,
            len(search.pages),
        )

    def _loads(self, years: float) -> tuple[Load, Load]:
        """Return what responders bore, and what moderators did."""
        made = self._world.maker.made
        both = []
        for size, role in ((self._world.responders, "member"), (self._world.moderators, "moderator")):
            paged = [one for one in made if one.member.role == role and one.asked]
            pages = sorted(one.asked / years for one in paged)
            nights = sorted(one.nights / years for one in paged)
            both.append(Load(pages, nights, size))
        return both[0], both[1]
