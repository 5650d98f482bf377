"""The rules of cases: opening one with its room in a single transaction, and who finds it in which list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from lounge.boards import line_items
from lounge.clock import milliseconds
from lounge.endings import (
    PRESENTATION_CHARACTERS,
    QUESTION_CHARACTERS,
    TITLE_CHARACTERS,
    Action,
    actions,
    check_texts,
)
from lounge.errors import Invalid, KeyReused, NotFound
from lounge.live.events import CaseLine, CaseState, Joined, Opened, Urgency
from lounge.rooms import Notify  # noqa: TC001  read at run time by msgspec
from lounge.store import Item, Pool, Taken, digest
from lounge.summary import CountryCode, LanguageCode, Summary, check_summary

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container, Sequence

    from lounge.aliases import Aliases
    from lounge.ids import Ids
    from lounge.members.accounts import Member
    from lounge.store import Outcome, Record, Store, Transaction

AudienceKind = Literal["all", "specialties", "members"]
Order = Literal["newest", "waiting"]

AUDIENCE_SPECIALTIES: Final = 10
AUDIENCE_MEMBERS: Final = 50

_encode = msgspec.json.Encoder().encode
_decode_summary = msgspec.json.Decoder(Summary).decode


class Audience(Struct, frozen=True):
    """Who may see a case: all members, those of some specialties, or some members by handle; its author always."""

    kind: AudienceKind = "all"
    specialties: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=AUDIENCE_SPECIALTIES)] = []
    members: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=AUDIENCE_MEMBERS)] = []


class Draft(Struct, frozen=True):
    """What the author writes; lengths in characters. `licence`: the country in which who is paged must be licensed.

    `drill`: a case to test with, in no list, on no board, paging nobody, removable.
    """

    title: Annotated[str, Meta(max_length=TITLE_CHARACTERS)]
    specialty: Annotated[str, Meta(max_length=40)]
    urgency: Urgency
    presentation: Annotated[str, Meta(max_length=PRESENTATION_CHARACTERS)]
    question: Annotated[str, Meta(max_length=QUESTION_CHARACTERS)]
    summary: Summary = Summary()
    audience: Audience = Audience()
    language: LanguageCode = "en"
    licence: CountryCode | None = None
    drill: bool = False


class OwnLine(CaseLine, frozen=True):
    """A case as a member's own list shows it."""

    mine: bool
    notify: Notify


class Case(OwnLine, frozen=True):
    """A whole case. `may`: what you can do with it now; `follow_up`: the days after which an answer is due, if one is."""

    presentation: str
    question: str
    summary: Summary
    licence: str | None
    views: int
    diagnosis: str
    learned: str
    accepted: int | None
    resolved_at: int | None
    may: list[Action]
    follow_up: int | None


class Filters(Struct, frozen=True):
    """What a list is narrowed to; None lets all pass. `waiting`: nobody but the author has written, and it is not over.

    Withdrawn cases are in their author's list alone.
    """

    states: list[CaseState] | None = None
    specialties: list[str] | None = None
    urgencies: list[Urgency] | None = None
    waiting: bool | None = None
    mine: bool | None = None
    followed: bool | None = None


class _Listeners(Struct, frozen=True):
    """The members whom a case is for, by id, and the feeds on which they are told."""

    members: list[str]
    feeds: list[str]


class Cases:
    """Cases, seen with the eyes of one member at a time."""

    def __init__(
        self,
        store: Store,
        ids: Ids,
        aliases: Aliases,
        specialties: Container[str],
        committed: Callable[[Sequence[Item], Sequence[Outcome]], None],
        *,
        countries: Container[str],
        search: Callable[[Transaction, str, Urgency], Awaitable[None]],
    ) -> None:
        """Take the store, what makes ids and names, the known specialties, and whom to tell of events.

        `search` begins the search for responders, in the transaction that opens the case.
        """
        self._store = store
        self._ids = ids
        self._aliases = aliases
        self._specialties = specialties
        self._committed = committed
        self._countries = countries
        self._search = search

    async def open(
        self, member: Member, key: str, draft: Draft, case_id: str | None = None, *, past: bool = False
    ) -> tuple[Case, bool]:
        """Open a case: itself, its room, the room's first events, its line on boards or feeds, its search, or nothing at all.

        `past`: a story that is told, which pages nobody.
        Return it, and whether it is new: the same key again returns the case of before. Raises KeyReused where the key was
        used for another content, Invalid where a field breaks a rule.
        """
        self._check(draft)
        fingerprint = digest("case", _encode(draft).decode())
        if (known := await self._known(member, key, fingerprint)) is not None:
            return known, False
        case_id = case_id or self._ids.stream()
        label = await self._aliases.label(member)
        try:
            async with self._store.transaction() as transaction:
                items = await self._insert(transaction, member, key, draft, case_id, label, fingerprint)
                if not (draft.drill or past):
                    await self._search(transaction, case_id, draft.urgency)
                outcomes = await transaction.append(items)
        except Taken:
            # Two requests with this key at once: the other one opened it.
            if (known := await self._known(member, key, fingerprint)) is not None:
                return known, False
            raise
        self._committed(items, outcomes)
        return await self.one(member, case_id), True

    async def _insert(
        self,
        transaction: Transaction,
        member: Member,
        key: str,
        draft: Draft,
        case_id: str,
        label: str,
        fingerprint: bytes,
    ) -> list[Item]:
        room, alias = self._ids.stream(), self._aliases.draw()
        listeners = await self._listeners(transaction, member, draft.audience)
        await transaction.rows("cases.room", room)
        specialties = draft.audience.specialties if draft.audience.kind == "specialties" else []
        await transaction.rows(
            "cases.audience", room, draft.title, draft.audience.kind, specialties, case_id, draft.drill, draft.language
        )
        await transaction.rows("cases.members", room, listeners.members)
        await transaction.rows("cases.author", room, member.id, alias, label)
        opened_at = await transaction.value(
            "cases.open",
            case_id,
            room,
            member.id,
            key,
            fingerprint,
            label,
            draft.title,
            draft.specialty,
            draft.urgency,
            draft.presentation,
            draft.question,
            _encode(draft.summary).decode(),
            draft.licence,
        )
        at = milliseconds(opened_at)
        line = CaseLine(
            id=case_id,
            room=room,
            title=draft.title,
            specialty=draft.specialty,
            urgency=draft.urgency,
            audience=draft.audience.kind,
            state="open",
            label=label,
            opened_at=at,
            last_at=at,
            replies=0,
            first_reply_at=None,
            rev=1,
            outcome=None,
            language=draft.language,
        )
        return [
            self._event(room, 0, "opened", _encode(Opened(case=case_id)), case_id),
            self._event(room, 1, "joined", _encode(Joined(1, alias, label)), case_id),
            *([] if draft.drill else line_items(self._ids, line, specialties, listeners.feeds)),
        ]

    async def _listeners(self, transaction: Transaction, member: Member, audience: Audience) -> _Listeners:
        """Find whom the case is for, by name; everybody else is found by what they are."""
        if audience.kind == "all":
            return _Listeners([], [])
        if audience.kind == "specialties":
            return _Listeners([member.id], [])
        rows = await transaction.rows("cases.handles", audience.members)
        if missing := sorted(set(audience.members) - {row["handle"] for row in rows}):
            raise Invalid(f"audience.members: there is no member {missing[0]}")
        members = {row["id"]: row["feed"] for row in rows} | {member.id: member.feed}
        return _Listeners(list(members), list(members.values()))

    async def one(self, member: Member, case_id: str) -> Case:
        """Return a case; NotFound where it does not exist or is not for `member`, alike."""
        row = await self._store.row("cases.one", case_id, member.id, list(member.specialties))
        if row is None:
            raise NotFound
        return Case(
            **_line(row),
            presentation=row["presentation"],
            question=row["question"],
            summary=_decode_summary(row["summary"]),
            licence=row["licence"],
            views=row["views"],
            diagnosis=row["diagnosis"],
            learned=row["learned"],
            accepted=row["accepted"],
            resolved_at=None if row["resolved_at"] is None else milliseconds(row["resolved_at"]),
            may=actions(row["state"], author=row["mine"], moderator=member.role == "moderator"),
            follow_up=row["follow_up"] if row["mine"] else None,
        )

    async def lines(
        self, member: Member, filters: Filters, after: str | None, limit: int, order: Order = "newest"
    ) -> list[OwnLine]:
        """Return up to `limit` cases that `member` may see, the newest or those that wait longest first, after one."""
        rows = await self._store.rows(
            "cases.lines" if order == "newest" else "cases.waiting",
            member.id,
            list(member.specialties),
            after,
            filters.states,
            filters.specialties,
            filters.urgencies,
            filters.waiting,
            filters.mine,
            filters.followed,
            limit,
        )
        return [OwnLine(**_line(row)) for row in rows]

    async def view(self, member: Member, case_id: str) -> None:
        """Count that `member` has looked at a case: once, and not where it is their own."""
        await self.one(member, case_id)
        await self._store.rows("cases.view", case_id, member.id, pool=Pool.COMMITS)

    async def remove_drills(self, member: Member) -> int:
        """Remove the drill cases that `member` opened, with their rooms and every event; return how many they were."""
        removed: int = await self._store.value("cases.remove_drills", member.id, pool=Pool.COMMITS)
        return removed

    async def _known(self, member: Member, key: str, fingerprint: bytes) -> Case | None:
        row = await self._store.row("cases.known", member.id, key)
        if row is None:
            return None
        if row["digest"] is not None and row["digest"] != fingerprint:
            raise KeyReused
        return await self.one(member, row["id"])

    def _event(self, stream: str, author: int, kind: str, data: bytes, case_id: str) -> Item:
        key = self._ids.derived(kind, case_id)
        return Item(stream=stream, author=author, key=key, kind=kind, data=data, digest=digest(kind, data.decode()))

    def _check(self, draft: Draft) -> None:
        check_texts(title=draft.title, presentation=draft.presentation, question=draft.question)
        if draft.specialty not in self._specialties:
            raise Invalid("specialty: there is no such specialty: GET /api/v1/specialties lists them")
        check_summary(draft.summary)
        if draft.licence is not None and draft.licence not in self._countries:
            raise Invalid("licence: there is no such country: give its ISO 3166-1 code of two capital letters")
        self._check_audience(draft.audience)

    def _check_audience(self, audience: Audience) -> None:
        if audience.kind == "specialties":
            if not audience.specialties:
                raise Invalid("audience.specialties: name at least one specialty")
            if not all(one in self._specialties for one in audience.specialties):
                raise Invalid("audience.specialties: there is no such specialty: GET /api/v1/specialties lists them")
        elif audience.kind == "members":
            if not audience.members:
                raise Invalid("audience.members: name at least one member by handle")
            if any("\x00" in handle for handle in audience.members):
                raise Invalid("audience.members: a handle has no such character")


def _line(row: Record) -> dict[str, Any]:
    return {
        "id": row["id"],
        "room": row["room"],
        "title": row["title"],
        "specialty": row["specialty"],
        "urgency": row["urgency"],
        "audience": row["audience"],
        "state": row["state"],
        "label": row["label"],
        "opened_at": milliseconds(row["opened_at"]),
        "last_at": milliseconds(row["last_at"]),
        "replies": row["posts"],
        "first_reply_at": None if row["first_reply_at"] is None else milliseconds(row["first_reply_at"]),
        "rev": row["rev"],
        "outcome": row["outcome"],
        "language": row["language"],
        "mine": row["mine"],
        "notify": row["notify"],
    }
