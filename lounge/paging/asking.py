"""What a step asks of the router, and what it is answered."""

from __future__ import annotations

from msgspec import Struct

from lounge.live.events import Urgency
from lounge.members.accounts import Member
from lounge.paging.policy import Reach


class Ask(Struct, frozen=True, kw_only=True):
    """One step of one search: whom it may ask, and whom it has asked already."""

    case: str
    room: str
    specialty: str
    urgency: Urgency
    language: str
    licence: str | None
    author: str
    """The member who opened the case: never asked."""
    country: str
    """The author's."""
    audience: str
    specialties: tuple[str, ...]
    """The audience's, where it is one of specialties."""
    reach: Reach
    people: int
    asked: frozenset[str]
    """Members who were paged for this case before, whatever became of it."""


class Choice(Struct, frozen=True):
    """One person to ask, and why: codes with what they speak of behind a colon (`lounge.paging.router` lists them)."""

    member: Member
    score: float
    why: tuple[str, ...]
    version: int
    """Of the duty by which they were routed."""
