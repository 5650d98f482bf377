"""The data of events, by kind: what the log keeps, and what frames of `event` carry. Told in prose in `docs/protocol.md`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

CaseState = Literal["open", "answered", "resolved", "reopened", "withdrawn"]
CaseOutcome = Literal["confirmed", "probable", "unresolved", "referred"]
Urgency = Literal["emergency", "urgent", "today", "routine"]


class Opened(Struct, frozen=True, omit_defaults=True):
    """`opened`: the room begins; `case` where it is a case's."""

    case: str | None = None


class Joined(Struct, frozen=True):
    """`joined`: a participant acts for the first time."""

    n: int
    alias: str
    label: str


class Posted(Struct, frozen=True, omit_defaults=True):
    """`posted`: a message; `note` says that it is more than one (`follow-up`: what became of the patient).

    `redacted` is its tombstone; `superseded`: its text was edited since, and the event of that edit brings the new one.
    """

    body: str
    reply_to: int | None = None
    mentions: list[int] = []
    note: str | None = None
    redacted: bool = False
    superseded: bool = False


class Edited(Struct, frozen=True, omit_defaults=True):
    """`edited`: the body of message `target` is now this; `redacted` and `superseded` as in `posted`."""

    target: int
    body: str
    redacted: bool = False
    superseded: bool = False


class Redacted(Struct, frozen=True):
    """`redacted`: the text of message `target` is gone."""

    target: int


class Reacted(Struct, frozen=True):
    """`reacted`: participant `by` set or cleared `mark` on `target`."""

    target: int
    mark: str
    set: bool


class Pinned(Struct, frozen=True):
    """`pinned`: message `target` is to be found at the top of the room, or no longer."""

    target: int
    set: bool


class Expired(Struct, frozen=True):
    """`expired`: the texts of the messages after number `after`, up to `upto`, are gone: their time is over."""

    after: int
    upto: int


class Resolved(Struct, frozen=True):
    """`resolved`: the case is closed with an outcome, and `accepted` is the message that answered it.

    What was learned stands in the case, not here: it can be corrected.
    """

    outcome: CaseOutcome
    accepted: int | None


class Reopened(Struct, frozen=True):
    """`reopened`: the room takes messages again."""


class Withdrawn(Struct, frozen=True):
    """`withdrawn`: the case is taken back, and its room closed."""


class Corrected(Struct, frozen=True):
    """`corrected`: the author changed these fields of the case; it now stands at revision `rev`: read it anew."""

    rev: int
    fields: list[str]


class Mentioned(Struct, frozen=True, omit_defaults=True):
    """`mentioned`, on one's own feed: message `seq` of a room calls you; `case` where it is a case's room."""

    stream: str
    seq: int
    case: str | None = None


class Invited(Struct, frozen=True):
    """`invited`, on one's own feed: a room was opened for you."""

    stream: str
    room: Literal["direct", "consult"]


class FollowUpAsked(Struct, frozen=True):
    """`followup.asked`, on one's own feed: you resolved your case `days` ago, and are asked what came of it."""

    case: str
    days: int


class CaseLine(Struct, frozen=True):
    """A case as lists show it. Times in milliseconds; `first_reply_at` null while nobody else has written."""

    id: str
    room: str
    title: str
    specialty: str
    urgency: Urgency
    audience: Literal["all", "specialties", "members"]
    state: CaseState
    label: str
    opened_at: int
    last_at: int
    replies: int
    first_reply_at: int | None
    rev: int
    outcome: CaseOutcome | None
    language: str


class CaseChanged(Struct, frozen=True):
    """`case.changed`, on boards and feeds: the moving part of a case's line; `case.opened` carries a whole `CaseLine`."""

    case: str
    rev: int
    state: CaseState
    urgency: Urgency
    outcome: CaseOutcome | None
    last_at: int
    replies: int
    first_reply_at: int | None


class CaseRetitled(Struct, frozen=True):
    """`case.retitled`, on boards and feeds: the case is called this now. Its former titles are gone from their events."""

    case: str
    rev: int
    title: str


PageState = Literal[
    "queued",
    "sent",
    "delivered",
    "seen",
    "acknowledged",
    "declined",
    "handed_over",
    "expired",
    "superseded",
    "answered",
]
SearchState = Literal["searching", "held", "exhausted", "answered", "stood_down", "ended"]


class Paged(Struct, frozen=True):
    """`paged`, on one's own feed: a case asks for you. Not a word of the patient.

    `label` is its author's; `others` are the labels of who else is asked, `why` says why you are (`lounge.paging.router`);
    `next_at` (milliseconds) is when others are asked, null where nobody else would be.
    """

    page: str
    case: str
    room: str
    specialty: str
    urgency: Urgency
    language: str
    label: str
    opened_at: int
    why: list[str]
    others: list[str]
    next_at: int | None


class PageChanged(Struct, frozen=True):
    """`page.changed`, on one's own feed: the page is in this state now; `holder` is the label of who has acknowledged it."""

    page: str
    case: str
    state: PageState
    holder: str | None


class PageReminded(Struct, frozen=True):
    """`page.reminded`, on one's own feed: you acknowledged it and have not replied; at `reopens_at` others are asked again."""

    page: str
    case: str
    reopens_at: int


class SearchChanged(Struct, frozen=True):
    """`search.changed`, on the author's feed: how the search for responders to a case stands.

    `open` pages wait for an answer; at `next_at` (milliseconds) up to `next_people` more are asked, null where it is all of
    them or nobody.
    """

    case: str
    state: SearchState
    paged: int
    open: int
    acknowledged: int
    declined: int
    next_at: int | None
    next_people: int | None


class PagerAlarm(Struct, frozen=True):
    """`pager.alarm`, on the feeds of operators: a search needs a person.

    `overdue`: its next step was not taken in time; `unreached`: nobody could be paged; `unanswered`: the last resort was.
    """

    case: str
    reason: Literal["overdue", "unreached", "unanswered"]
