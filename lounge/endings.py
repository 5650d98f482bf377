"""How a case ends, and what may still become of it: the table of its states, and the changes that move it between them.

Whatever changes a case is an event of its room, in one transaction with the case's own row. The events say that something
changed, never what was written: texts stand in the case alone, so that a correction leaves no former text behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from lounge.boards import former_board, targets
from lounge.errors import Forbidden, Invalid, KeyReused, NotFound, RoomClosed, Stale
from lounge.live.events import (
    CaseOutcome,
    CaseRetitled,
    CaseState,
    Corrected,
    Posted,
    Reopened,
    Resolved,
    Urgency,
    Withdrawn,
)
from lounge.live.messages import Body, Target
from lounge.store import Item, Outcome, digest
from lounge.summary import Summary, check_summary

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from lounge.clock import Clock
    from lounge.ids import Ids
    from lounge.members.accounts import Member
    from lounge.store import Record, Store, Transaction

Action = Literal["resolve", "reopen", "withdraw", "correct", "follow-up"]

TITLE_CHARACTERS: Final = 200
PRESENTATION_CHARACTERS: Final = 20_000
QUESTION_CHARACTERS: Final = 2_000
DIAGNOSIS_CHARACTERS: Final = 500
LEARNED_CHARACTERS: Final = 5_000
FOLLOW_UP_DAYS: Final = (1, 7, 30)
"""Days after its resolution on which the author is asked what became of the patient."""
DUE_AT_ONCE: Final = 100
AUTHOR: Final = 1
"""The participant number of a case's author in its room."""

_encode = msgspec.json.Encoder().encode


class Rule(NamedTuple):
    """One row of the table: from which states, to which (None: it stays), and whether moderators may as well."""

    before: frozenset[CaseState]
    after: CaseState | None
    moderators: bool


def _rule(before: str, after: CaseState | None, *, moderators: bool) -> Rule:
    return Rule(frozenset(before.split()), after, moderators)  # type: ignore[arg-type]


TABLE: Final[dict[Action, Rule]] = {
    "resolve": _rule("open answered reopened", "resolved", moderators=True),
    "reopen": _rule("resolved withdrawn", "reopened", moderators=True),
    "withdraw": _rule("open answered reopened", "withdrawn", moderators=True),
    "correct": _rule("open answered reopened resolved", None, moderators=False),
    "follow-up": _rule("resolved", None, moderators=False),
}
"""Who may do what, and when. "Answered" is done by nobody: an open case is, once somebody else has written."""


def actions(state: CaseState, *, author: bool, moderator: bool) -> list[Action]:
    """Return what the author, a moderator or somebody else may do with a case in this state."""
    return [
        action for action, rule in TABLE.items() if state in rule.before and (author or (moderator and rule.moderators))
    ]


class Resolution(Struct, frozen=True):
    """How a case ended: `accepted` is the number of the message that answered it, where one did."""

    outcome: CaseOutcome
    diagnosis: Annotated[str, Meta(max_length=DIAGNOSIS_CHARACTERS)] = ""
    learned: Annotated[str, Meta(max_length=LEARNED_CHARACTERS)] = ""
    accepted: Target | None = None


class Correction(Struct, frozen=True):
    """What the author changes, seen at revision `rev`; null leaves a field as it is. The former text is kept nowhere."""

    rev: Target
    title: Annotated[str, Meta(max_length=TITLE_CHARACTERS)] | None = None
    urgency: Urgency | None = None
    presentation: Annotated[str, Meta(max_length=PRESENTATION_CHARACTERS)] | None = None
    question: Annotated[str, Meta(max_length=QUESTION_CHARACTERS)] | None = None
    diagnosis: Annotated[str, Meta(max_length=DIAGNOSIS_CHARACTERS)] | None = None
    learned: Annotated[str, Meta(max_length=LEARNED_CHARACTERS)] | None = None
    summary: Summary | None = None


class FollowUp(Struct, frozen=True):
    """What became of the patient: a message of the room, though it is closed."""

    body: Body


class Endings:
    """The changes of cases, made by one member at a time."""

    def __init__(
        self,
        store: Store,
        ids: Ids,
        clock: Clock,
        *,
        enter: Callable[[Member, str], Awaitable[int]],
        committed: Callable[[Sequence[Item], Sequence[Outcome]], None],
        end_search: Callable[[Transaction, str], Awaitable[list[Item]]],
    ) -> None:
        """Take the store; `enter` makes a member a participant of a room, `committed` learns of every event.

        `end_search` lets off whoever is asked for a case that is over, in the transaction that ends it.
        """
        self._store = store
        self._ids = ids
        self._clock = clock
        self._enter = enter
        self._committed = committed
        self._end_search = end_search

    async def resolve(self, member: Member, case_id: str, key: str, resolution: Resolution) -> None:
        """Close a case with its outcome; the author will be asked later what became of the patient."""
        _check_optional(diagnosis=resolution.diagnosis, learned=resolution.learned)
        if resolution.outcome in ("confirmed", "probable") and not resolution.diagnosis.strip():
            raise Invalid("diagnosis: say what it is, or choose another outcome")

        async def change(transaction: Transaction, case: Record) -> list[Item]:
            if resolution.accepted is not None:
                await self._must_stand(case["room"], resolution.accepted)
            r = resolution
            at = await transaction.value("cases.resolve", case_id, r.outcome, r.diagnosis, r.learned, r.accepted)
            await transaction.rows("cases.ask_later", case_id, list(FOLLOW_UP_DAYS), at)
            return await self._end_search(transaction, case_id)

        data = _encode(Resolved(outcome=resolution.outcome, accepted=resolution.accepted))
        await self._change(member, case_id, "resolve", key, ("resolved", data, _encode(resolution)), change)

    async def reopen(self, member: Member, case_id: str, key: str) -> None:
        """Open a case again: its room takes messages, and nobody is asked about its end any more."""

        async def change(transaction: Transaction, _: Record) -> list[Item]:
            await transaction.rows("cases.reopen", case_id)
            await transaction.rows("cases.ask_no_more", case_id)
            await transaction.rows("paging.reopened", case_id)
            return []

        await self._change(member, case_id, "reopen", key, ("reopened", _encode(Reopened()), b""), change)

    async def withdraw(self, member: Member, case_id: str, key: str) -> None:
        """Take a case back: it leaves all lists but its author's, and its room is closed."""

        async def change(transaction: Transaction, _: Record) -> list[Item]:
            await transaction.rows("cases.to_state", case_id, "withdrawn")
            return await self._end_search(transaction, case_id)

        await self._change(member, case_id, "withdraw", key, ("withdrawn", _encode(Withdrawn()), b""), change)

    async def correct(self, member: Member, case_id: str, key: str, correction: Correction) -> None:
        """Change what the author wrote; raises Stale where it was changed since revision `rev`."""
        texts = {name: getattr(correction, name) for name in ("title", "presentation", "question")}
        check_texts(**{name: text for name, text in texts.items() if text is not None})
        _check_optional(diagnosis=correction.diagnosis or "", learned=correction.learned or "")
        check_summary(correction.summary or Summary())
        fields = [name for name in _CORRECTABLE if getattr(correction, name) is not None]
        if not fields:
            raise Invalid("change something, or there is nothing to correct")

        async def change(transaction: Transaction, case: Record) -> list[Item]:
            if case["rev"] != correction.rev:
                raise Stale
            if case["state"] != "resolved" and {"diagnosis", "learned"} & set(fields):
                raise Invalid("diagnosis, learned: the case is not resolved")
            summary = None if correction.summary is None else _encode(correction.summary).decode()
            values = [*(getattr(correction, name) for name in _CORRECTABLE[:-1]), summary]
            await transaction.rows("cases.forget_digests", case["room"])
            rev = await transaction.value("cases.correct", case_id, *values)
            assert rev == correction.rev + 1
            if correction.title is None:
                return []
            await transaction.rows("cases.retitle_room", case["room"], correction.title)
            return [] if case["drill"] else await self._retitled(transaction, case, rev, correction.title)

        data = _encode(Corrected(rev=correction.rev + 1, fields=fields))
        await self._change(member, case_id, "correct", key, ("corrected", data, _encode(correction)), change)

    async def follow_up(self, member: Member, case_id: str, key: str, follow_up: FollowUp) -> None:
        """Say in the closed room what became of the patient; answers what the author was asked."""
        if "\x00" in follow_up.body or not follow_up.body.strip():
            raise Invalid("body: write something that can be stored")

        async def change(transaction: Transaction, _: Record) -> list[Item]:
            await transaction.rows("cases.answered", case_id, self._clock.now())
            return []

        data = _encode(Posted(body=follow_up.body, note="follow-up"))
        await self._change(member, case_id, "follow-up", key, ("posted", data, _encode(follow_up)), change)

    async def _change(
        self,
        member: Member,
        case_id: str,
        action: Action,
        key: str,
        event: tuple[str, bytes, bytes],
        change: Callable[[Transaction, Record], Awaitable[list[Item]]],
    ) -> None:
        """Judge by the table under the lock of the case, change it, append its event: all of it, or nothing."""
        kind, data, asked = event
        fingerprint = digest(action, asked.decode())
        seen = await self._store.row("cases.of_member", case_id, member.id, list(member.specialties))
        if seen is None:
            raise NotFound
        _check_rights(seen, member, action)
        n = AUTHOR
        if seen["author"] != member.id:
            if _state(seen) not in TABLE[action].before and seen["n"] is None:
                raise RoomClosed(_cannot(seen))
            n = await self._enter(member, seen["room"])
        async with self._store.transaction() as transaction:
            case = await transaction.row("cases.hold", case_id)
            if case is None:
                raise NotFound
            known = await transaction.row("cases.changed_by", case["room"], n, key)
            if known is not None:
                if known["digest"] is not None and known["digest"] != fingerprint:
                    raise KeyReused
                return
            if _state(case) not in TABLE[action].before:
                raise RoomClosed(_cannot(case))
            items = [
                Item(stream=case["room"], author=n, key=key, kind=kind, data=data, digest=fingerprint),
                *await change(transaction, case),
            ]
            outcomes = await transaction.append(items)
        self._committed(items, outcomes)

    async def _must_stand(self, room: str, seq: int) -> None:
        row = await self._store.row("log.message", room, seq)
        if row is None or row["redacted"]:
            raise Invalid("accepted: the room has no such message, or its text was taken away")

    async def _retitled(self, transaction: Transaction, case: Record, rev: int, title: str) -> list[Item]:
        """Return what tells boards and feeds the new title; what they said before loses the old one."""
        feeds = [row["feed"] for row in await transaction.rows("boards.feeds", case["room"])]
        streams = targets(self._ids, case["audience"], case["specialties"], feeds)
        keys = [self._ids.derived("case.opened", case["id"])]
        keys += [self._ids.derived("case.retitled", case["id"], str(number)) for number in range(2, rev)]
        await transaction.rows("cases.retitle_lines", [*streams, former_board(self._ids, case["specialty"])], keys)
        key, data = (
            self._ids.derived("case.retitled", case["id"], str(rev)),
            _encode(CaseRetitled(case=case["id"], rev=rev, title=title)),
        )
        return [
            Item(stream=stream, author=0, key=key, kind="case.retitled", data=data, digest=digest("case.retitled"))
            for stream in streams
        ]


_CORRECTABLE: Final = ("title", "urgency", "presentation", "question", "diagnosis", "learned", "summary")
_WHO: Final[dict[Action, str]] = {
    "resolve": "only its author or a moderator may resolve a case",
    "reopen": "only its author or a moderator may reopen a case",
    "withdraw": "only its author or a moderator may withdraw a case",
    "correct": "only its author may correct a case",
    "follow-up": "only its author may say what became of the patient",
}


def _state(case: Record) -> CaseState:
    state: CaseState = case["state"]
    return "answered" if state == "open" and case["first_reply_at"] is not None else state


def _cannot(case: Record) -> str:
    return f"the case is {_state(case)}: that cannot be done with it now"


def _check_rights(case: Record, member: Member, action: Action) -> None:
    moderates = member.role == "moderator" and TABLE[action].moderators
    if case["author"] != member.id and not moderates:
        raise Forbidden(_WHO[action])


def check_texts(**texts: str) -> None:
    """Raise Invalid where a field of a case is empty, cannot be stored, or is a title of several lines."""
    for name, text in texts.items():
        if "\x00" in text:
            raise Invalid(f"{name}: the character U+0000 cannot be stored: remove it")
        if not text.strip():
            raise Invalid(f"{name}: write something")
    if len(texts.get("title", "").splitlines()) > 1:
        raise Invalid("title: keep it to one line")


def _check_optional(**texts: str) -> None:
    for name, text in texts.items():
        if "\x00" in text:
            raise Invalid(f"{name}: the character U+0000 cannot be stored: remove it")
