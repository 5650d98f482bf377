"""Duties: when a member can be reached, what for and how often; and the budget of pages, spent under a lock."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType

from lounge.clock import milliseconds
from lounge.errors import Invalid, NotFound, Stale
from lounge.members.accounts import SPECIALTIES_PER_MEMBER
from lounge.paging.hours import Spans, by_day, date_at, spans_of, time_at, week_of
from lounge.paging.zones import UTC as UTC_ZONE
from lounge.paging.zones import ZONE_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from lounge.clock import Clock
    from lounge.live.events import Urgency
    from lounge.members.accounts import Member
    from lounge.paging.asking import Choice
    from lounge.paging.zones import Zones
    from lounge.store import Record, Store, Transaction

ON_CALL_DAYS: Final = 7
"""Days for which the switch can be set, at the most: who forgot it is not called for ever."""
UNDISTURBED_DAYS: Final = 366
LAPSED: Final = 20
"""Switches that ran out which one call of `lapse` clears, at the most."""

Moment = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Budget = Annotated[int, Meta(ge=0, le=100)]
Zone = Annotated[str, Meta(min_length=1, max_length=ZONE_CHARACTERS)]
PagedFor = Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=SPECIALTIES_PER_MEMBER)]


class Now(Struct, frozen=True):
    """How it stands at this moment: `local` is what clocks in the own zone show, as "HH:MM"."""

    on_call: bool
    awake: bool
    local: str
    pages_today: int


class Duty(Struct, frozen=True):
    """When and for what a member is paged; times in milliseconds, hours by the clocks of `zone`.

    On call: until `on_call_until`, and in the weekly `hours` that are not `quiet`. `awake_too`: may also be paged when awake
    and not on call. Until `undisturbed_until` not at all, but `stand_in` (a handle) is, if they agree (`stands_in`) and are
    not undisturbed themselves. `budget`: pages a day, which only an emergency exceeds.
    """

    zone: str
    hours: Spans
    quiet: Spans
    awake_too: bool
    on_call_until: int | None
    undisturbed_until: int | None
    stand_in: str | None
    stands_in: bool
    budget: int
    paged_for: list[str]
    now: Now
    version: int


class DutyChange(Struct, frozen=True):
    """What to change: what is left out stays. `version` as you saw it, else `stale`."""

    version: Annotated[int, Meta(ge=1)]
    zone: Zone | UnsetType = UNSET
    hours: Spans | UnsetType = UNSET
    quiet: Spans | UnsetType = UNSET
    awake_too: bool | UnsetType = UNSET
    on_call_until: Moment | UnsetType | None = UNSET
    undisturbed_until: Moment | UnsetType | None = UNSET
    stand_in: Annotated[str, Meta(max_length=32)] | UnsetType | None = UNSET
    stands_in: bool | UnsetType = UNSET
    budget: Budget | UnsetType = UNSET
    paged_for: PagedFor | UnsetType = UNSET


class Wish(NamedTuple):
    """Whom a step would ask, best first, and how many of them."""

    choices: Sequence[Choice]
    urgency: Urgency
    take: int


class Duties:
    """The duties of members, each seen and changed by its own member alone."""

    def __init__(self, store: Store, zones: Zones, clock: Clock) -> None:
        """Take the store, what clocks show in the zones of the world, and the time."""
        self._store = store
        self._zones = zones
        self._clock = clock

    async def of(self, member: Member) -> Duty:
        """Return a member's duty."""
        return self._duty(await self._row(member))

    async def change(self, member: Member, change: DutyChange) -> Duty:
        """Change what is given; raise Stale where it changed meanwhile, Invalid where a field breaks a rule."""
        row = await self._row(member)
        if row["version"] != change.version:
            raise Stale
        self._check(member, change)
        stand_in = await self._stand_in(member, change.stand_in)
        version = await self._store_change(member, row, change, stand_in)
        if version is None:
            raise Stale
        return await self.of(member)

    async def on_call(self, member: Member, until: int | None) -> Duty:
        """Be on call until then, at most seven days ahead; None: from now on by the weekly hours alone."""
        moment = self._ahead(until, "until", ON_CALL_DAYS)
        async with self._store.transaction() as transaction:
            await ensure(transaction, member, self._zones)
            await transaction.rows("duties.switch", member.id, moment)
        # Whoever sets a switch clears some that ran out: so there are never many, and nobody has to see to it.
        await self.lapse()
        return await self.of(member)

    async def lapse(self) -> int:
        """Clear some switches that ran out; return how many: it spares the router to look at them."""
        async with self._store.transaction() as transaction:
            return len(await transaction.rows("duties.lapse", self._clock.now(), LAPSED))

    async def _row(self, member: Member) -> Record:
        row = await self._store.row("duties.of", member.id)
        if row is None:
            async with self._store.transaction() as transaction:
                await ensure(transaction, member, self._zones)
                row = await transaction.row("duties.of", member.id)
        if row is None:
            raise NotFound
        return row

    async def _store_change(self, member: Member, row: Record, change: DutyChange, stand_in: str | None) -> int | None:
        kept: dict[str, Any] = {
            name: row[name] if getattr(change, name) is UNSET else getattr(change, name)
            for name in ("zone", "awake_too", "stands_in", "budget")
        }
        paged_for = row["paged_for"] if change.paged_for is UNSET else list(dict.fromkeys(change.paged_for))
        async with self._store.transaction() as transaction:
            version: int | None = await transaction.value(
                "duties.change",
                member.id,
                change.version,
                kept["zone"],
                row["hours"] if change.hours is UNSET else week_of(change.hours),
                row["quiet"] if change.quiet is UNSET else week_of(change.quiet),
                paged_for,
                kept["awake_too"],
                self._changed(row, change.on_call_until, "on_call_until", ON_CALL_DAYS),
                self._changed(row, change.undisturbed_until, "undisturbed_until", UNDISTURBED_DAYS),
                change.stand_in is not UNSET,
                stand_in,
                kept["stands_in"],
                kept["budget"],
            )
        return version

    def _changed(self, row: Record, until: int | UnsetType | None, name: str, days: int) -> datetime | None:
        if until is UNSET:
            moment: datetime | None = row[name]
            return moment
        return self._ahead(until, name, days)

    def _ahead(self, until: int | None, name: str, days: int) -> datetime | None:
        """Return a moment that is yet to come and not too far; raise Invalid."""
        if until is None:
            return None
        now = self._clock.now()
        if not milliseconds(now) < until <= milliseconds(now + timedelta(days=days)):
            raise Invalid(f"{name}: a time that is yet to come, in milliseconds, and at most {days} days ahead")
        return datetime.fromtimestamp(until / 1000, UTC)

    def _check(self, member: Member, change: DutyChange) -> None:
        if change.zone is not UNSET and change.zone not in self._zones:
            raise Invalid("zone: there is no such time zone: give its IANA name, such as Europe/Berlin")
        if change.paged_for is not UNSET and not set(change.paged_for) <= set(member.specialties):
            raise Invalid("paged_for: you are paged for your own specialties alone")

    async def _stand_in(self, member: Member, handle: str | UnsetType | None) -> str | None:
        """Return who is called so, if they can stand in; why they cannot is theirs to know."""
        if handle is UNSET or handle is None:
            return None
        if handle == member.handle:
            raise Invalid("stand_in: nobody stands in for themselves: name a colleague")
        found: str | None = await self._store.value("duties.stand_in", handle, member.id, self._clock.now())
        if found is None:
            raise Invalid("stand_in: nobody of this handle agrees to stand in and can be reached now: ask them first")
        return found

    def _duty(self, row: Record) -> Duty:
        now = self._clock.now()
        here, zone = self._zones.here(now), row["zone"]
        quarter = here.quarter(zone)
        quiet = row["quiet"][quarter] == "1"
        switched = row["on_call_until"] is not None and row["on_call_until"] > now
        undisturbed = row["undisturbed_until"] is not None and row["undisturbed_until"] > now
        on_call = (switched or (row["hours"][quarter] == "1" and not quiet)) and not undisturbed
        today = row["spent"] if row["spent_on"] >= here.date(zone) else 0
        local = time_at(now, zone if zone in self._zones else UTC_ZONE)
        return Duty(
            zone=zone,
            hours=spans_of(row["hours"]),
            quiet=spans_of(row["quiet"]),
            awake_too=row["awake_too"],
            on_call_until=_ahead_of(row["on_call_until"], now),
            undisturbed_until=_ahead_of(row["undisturbed_until"], now),
            stand_in=row["stand_in"],
            stands_in=row["stands_in"],
            budget=row["budget"],
            paged_for=list(row["paged_for"]),
            now=Now(on_call, by_day(quarter) and not quiet, local, today),
            version=row["version"],
        )


async def ensure(transaction: Transaction, member: Member, zones: Zones) -> None:
    """Give a member a duty who has none, in the zone of their country."""
    await transaction.rows("duties.ensure", member.id, zones.of(member.country))


async def spend(transaction: Transaction, choices: Sequence[Choice], *, urgency: Urgency, take: int) -> list[Choice]:
    """Spend a page of today's budget of each, best first, until `take` are got; return them, in that order."""
    (taken,) = await spend_all(transaction, [Wish(choices, urgency, take)])
    return taken


async def spend_all(transaction: Transaction, wishes: Sequence[Wish]) -> list[list[Choice]]:
    """Grant several wishes, in order; return for each whom it got.

    All duties that may be spent are locked first, in the order of ids, and judged as they stand under the locks: two engines
    at once cannot spend one page twice. Passed over is whoever has none left (but for an emergency, and the last resort), was
    locked out, or changed their duty since they were routed.
    """
    members = {choice.member.id for wish in wishes if wish.take > 0 for choice in wish.choices}
    if not members:
        return [[] for _ in wishes]
    held = {row["member"]: row for row in await transaction.rows("duties.lock", sorted(members))}
    pages: Counter[str] = Counter()
    granted = []
    for wish in wishes:
        taken: list[Choice] = []
        for one in wish.choices:
            if len(taken) >= wish.take:
                break
            row = held.get(one.member.id)
            if row is not None and _may(one, row, wish.urgency, pages[one.member.id]):
                taken.append(one)
                pages[one.member.id] += 1
        granted.append(taken)
    spent = sorted((member, count) for member, count in pages.items() if count > 0)
    if spent:
        await transaction.rows(
            "duties.spend",
            [member for member, _ in spent],
            [_date(held[member]) for member, _ in spent],
            [count for _, count in spent],
        )
    return granted


def _may(one: Choice, row: Mapping[str, Any], urgency: Urgency, more: int) -> bool:
    """Say whether one more page may be spent of this duty, besides those that are spent in this transaction already."""
    if not row["active"]:
        return False
    if _last(one):
        return True
    today = row["spent"] if row["spent_on"] >= _date(row) else 0
    return row["version"] == one.version and (urgency == "emergency" or today + more < row["budget"])


def _last(one: Choice) -> bool:
    """Say whether nobody else is left, or somebody gave a page to this one by name."""
    return "moderator" in one.why or "handed_over" in one.why


def _date(row: Mapping[str, Any]) -> date:
    """Return the date in the member's zone by the database's clock; in UTC where this machine does not know the zone."""
    try:
        return date_at(row["now"], row["zone"])
    except (KeyError, ValueError):  # zoneinfo's own error is a KeyError
        return date_at(row["now"], UTC_ZONE)


def _ahead_of(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None or moment <= now else milliseconds(moment)
