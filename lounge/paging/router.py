"""The router: for each step of a search, whom to ask, best first, and why.

People are found by few indexed queries and ranked by a pure function (`lounge.paging.ranking`, which lists the codes of why).
Asks that are alike share what was found, and the pages that one of them is about to make weigh for the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from lounge.members.accounts import member_of
from lounge.paging.hours import by_day
from lounge.paging.ranking import Candidate, rank
from lounge.paging.weights import Weights
from lounge.paging.zones import UTC, Zones, load_zones

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from lounge.clock import Clock
    from lounge.data import Countries, Specialties
    from lounge.paging.asking import Ask, Choice
    from lounge.paging.zones import Here
    from lounge.store import Record

__all__ = ("ANY", "Candidate", "Router", "Rows", "Weights", "rank")

SPARE: Final = 10
"""Choices beyond twice the people of an ask: some may have spent their budget meanwhile."""
WIDTH: Final = 40
"""People found beyond those needed, so that the ranking has something to choose from."""
MOST: Final = 1_000
"""People found for asks that are alike, at the most."""
LOOK: Final = 400
"""People looked at in one query, evenly over the places in reach."""
ALONE: Final = 12
"""Specialties that are looked through one by one; where more are related, all members are, once."""
RINGS: Final = ((0, 0), (1, 2), (3, 4))
"""Distances that are looked at together, the nearest first: the next only where too few were found."""
ANY: Final = ""


class Rows(Protocol):
    """What answers named queries: a transaction."""

    async def rows(self, name: str, *args: object) -> list[Record]:
        """Return all rows."""
        ...


class Router:
    """Chooses people."""

    def __init__(
        self,
        specialties: Specialties,
        countries: Countries,
        weights: Weights,
        clock: Clock,
        zones: Zones | None = None,
    ) -> None:
        """Take the distances of specialties, the regions of countries, what counts how much, and what clocks show."""
        self._specialties = specialties
        self._countries = countries
        self._weights = weights
        self._clock = clock
        self._zones = zones or load_zones()

    async def choose(self, transaction: Rows, asks: Sequence[Ask]) -> list[list[Choice]]:
        """Return for each ask, in order, whom to ask, best first: up to 2 x `ask.people` + 10.

        It locks nothing: `lounge.paging.duties.spend_all` decides, under the locks, who is still there to be asked.
        """
        now = self._clock.now()
        alike: dict[tuple[object, ...], list[int]] = {}
        for number, ask in enumerate(asks):
            alike.setdefault(_kind(ask), []).append(number)
        chosen: list[list[Choice]] = [[] for _ in asks]
        for numbers in alike.values():
            together = [asks[number] for number in numbers]
            found = await self._find(transaction, together, now)
            for number in numbers:
                ask = asks[number]
                choices = rank(ask, found.values(), self._weights, now, 2 * ask.people + SPARE)
                chosen[number] = choices
                for choice in choices[: ask.people]:
                    one = found[choice.member.id]
                    found[choice.member.id] = msgspec.structs.replace(one, today=one.today + 1, paged_at=now)
        return chosen

    async def _find(self, transaction: Rows, asks: Sequence[Ask], now: datetime) -> dict[str, Candidate]:
        """Return who may be asked by at least one of these asks, which are alike, by member."""
        ask = asks[0]
        never = frozenset.intersection(*(one.asked | {one.author} for one in asks))
        most = WIDTH + SPARE + sum(one.people for one in asks) + max(one.people + len(one.asked) for one in asks)
        search = _Search(self, transaction, ask, sorted(never), min(most, MOST), now)
        if ask.reach.who == "moderators":
            return await search.moderators()
        if ask.audience == "members":
            return await search.invited()
        await search.look(awake=False)
        if ask.reach.who == "awake":
            await search.look(awake=True)
        return search.found

    def here(self, now: datetime) -> Here:
        """Return what clocks show."""
        return self._zones.here(now)

    def distances(self, ask: Ask) -> dict[str, int]:
        """Return the specialties within reach of a step, the nearest first."""
        near = {ask.specialty: 0} | dict(self._specialties.near(ask.specialty))
        return {one: distance for one, distance in near.items() if distance <= ask.reach.distance}

    def within(self, ask: Ask) -> list[str] | None:
        """Return the countries within reach of a step; None for all. Where a licence is asked for it is that country."""
        if ask.licence is not None:
            return [ask.licence]
        if ask.reach.borders == "world":
            return None
        home = self._countries.get(ask.country)
        if ask.reach.borders == "country" or home is None:
            return [ask.country]
        return [one.code for one in self._countries if one.region == home.region]


class _Search:
    """One look for people, for asks that are alike."""

    def __init__(self, router: Router, transaction: Rows, ask: Ask, never: list[str], most: int, now: datetime) -> None:
        self._transaction = transaction
        self._ask = ask
        self._never = never
        self._most = most
        self._now = now
        self._here = router.here(now)
        self._near = router.distances(ask)
        self._within = router.within(ask)
        self._free = ask.urgency == "emergency"
        self.found: dict[str, Candidate] = {}

    async def look(self, *, awake: bool) -> None:
        """Find people ring by ring, until there are enough."""
        for first, last in RINGS:
            ring = {one: distance for one, distance in self._near.items() if first <= distance <= last}
            if len(self.found) >= self._most or not ring:
                continue
            for row in await self._ring(ring, awake=awake):
                self._keep(self._candidate(row, on_call=row["on_call"], quiet=row["quiet"], stand_in=row["stand_in"]))

    async def _ring(self, ring: dict[str, int], *, awake: bool) -> list[Record]:
        alone = len(ring) <= ALONE
        here, ask = self._here, self._ask
        return await self._transaction.rows(
            "duties.candidates",
            awake,
            list(ring) if alone else [ANY],
            list(ring.values()) if alone else [max(ring.values())],
            None if alone else list(ring),
            here.zones,
            here.quarters,
            here.dates,
            self._within,
            self._now,
            self._never,
            ask.audience,
            list(ask.specialties),
            ask.licence,
            self._free,
            ask.language,
            LOOK,
            self._most,
        )

    async def invited(self) -> dict[str, Candidate]:
        """Find people among those whom the case is for by name."""
        rows = {row["id"]: row for row in await self._transaction.rows("duties.invited", self._ask.room)}
        for row in rows.values():
            if self._within is not None and row["country"] not in self._within:
                continue
            own = self._judged(row)
            other = rows.get(row["stand_in"]) if own.undisturbed else None
            one = own if other is None else self._standing_in(own, other)
            if one is not None and (self._free or one.today < rows[one.member.id]["budget"]):
                self._keep(one)
        return self.found

    async def moderators(self) -> dict[str, Candidate]:
        """Find moderators who can open the case, whatever they bore."""
        ask = self._ask
        rows = await self._transaction.rows(
            "duties.moderators", self._never, ask.room, ask.audience, list(ask.specialties), self._now, self._most
        )
        for row in rows:
            self._keep(self._judged(row))
        return self.found

    def _judged(self, row: Record) -> Candidate:
        """Return what a row says of whether its member can be reached now."""
        quarter = self._here.quarter(row["zone"])
        quiet = row["quiet"][quarter] == "1"
        switched = row["on_call_until"] is not None and row["on_call_until"] > self._now
        on_call = switched or (row["hours"][quarter] == "1" and not quiet)
        today = row["spent"] if row["spent_on"] >= self._here.date(row["zone"]) else 0
        one = self._candidate({**row, "today": today, "agrees": row["awake_too"]}, on_call=on_call, quiet=quiet)
        undisturbed = row["undisturbed_until"] is not None and row["undisturbed_until"] > self._now
        return msgspec.structs.replace(one, undisturbed=undisturbed)

    def _standing_in(self, one: Candidate, row: Record) -> Candidate | None:
        """Return the stand-in of somebody undisturbed, in their place; None where the stand-in cannot be asked."""
        other = self._judged(row)
        if other.undisturbed or not row["stands_in"] or one.member.id in self._never:
            return None
        return msgspec.structs.replace(
            other,
            specialty=one.specialty,
            distance=one.distance,
            on_call=one.on_call,
            agrees=one.agrees,
            stand_in=True,
        )

    def _candidate(self, row: Any, *, on_call: bool, quiet: bool, stand_in: bool = False) -> Candidate:  # noqa: ANN401  a record
        known = row["zone"] in self._here.at
        specialty, distance = self._nearest(row["paged_for"])
        return Candidate(
            member=member_of(row),
            version=row["version"],
            zone=row["zone"] if known else UTC,
            specialty=specialty,
            distance=distance,
            on_call=on_call,
            awake=by_day(self._here.quarter(row["zone"])) and not quiet,
            agrees=row["agrees"] or stand_in,
            stand_in=stand_in,
            today=row["today"],
            paged_at=_time(row["paged_at"]),
            asked=row["asked"],
            acknowledged=row["acknowledged"],
        )

    def _nearest(self, paged_for: Iterable[str]) -> tuple[str | None, int | None]:
        related = [(self._near[one], one) for one in paged_for if one in self._near]
        if not related:
            return None, None
        distance, specialty = min(related)
        return specialty, distance

    def _keep(self, one: Candidate) -> None:
        """Keep somebody once: as who can be asked best, for themselves rather than for another."""
        known = self.found.get(one.member.id)
        if known is None or _readiness(one) > _readiness(known):
            self.found[one.member.id] = one


def _readiness(one: Candidate) -> tuple[bool, bool, bool]:
    return one.on_call or (one.awake and one.agrees), one.on_call, not one.stand_in


def _kind(ask: Ask) -> tuple[object, ...]:
    """Return what makes asks alike: whatever decides who may be asked, but for who was."""
    room = ask.room if ask.audience == "members" else None
    return (
        ask.specialty,
        ask.urgency == "emergency",
        ask.language,
        ask.licence,
        ask.country,
        ask.audience,
        ask.specialties,
        ask.reach,
        room,
    )


def _time(moment: Any) -> datetime | None:  # noqa: ANN401  asyncpg shows '-infinity' as year 1
    return None if moment is None or moment.year <= 1 else moment
