"""Whom to ask first: pure scoring of the people who may be asked, and the words in which each choice explains itself."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from lounge.members.accounts import Member
from lounge.paging.asking import Choice
from lounge.paging.hours import time_at
from lounge.paging.policy import FARTHEST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lounge.paging.asking import Ask
    from lounge.paging.weights import Weights

RESTED: Final = 86_400.0
"""Seconds after a page from which it no longer weighs."""
PRIOR: Final = (1.0, 2.0)
"""Pages that everybody is taken to have acknowledged, and to have been sent, before the first: one good or bad day of
somebody new does not decide. The mean of a Beta(1, 1) distribution and what was seen (Laplace's rule of succession)."""


class Candidate(Struct, frozen=True, kw_only=True):
    """Somebody who may be asked; what is told of them holds now.

    `specialty` is the one of theirs (or of the person for whom they stand in) that is nearest to the case's, at
    `distance`; None where none is related. `agrees`: to be asked when awake and not on call. `today`: pages of today, by the
    date in their own `zone`.
    """

    member: Member
    version: int
    zone: str
    specialty: str | None
    distance: int | None
    on_call: bool
    awake: bool
    agrees: bool = False
    undisturbed: bool = False
    stand_in: bool = False
    today: int = 0
    paged_at: datetime | None = None
    asked: int = 0
    acknowledged: int = 0


def rank(
    ask: Ask, candidates: Iterable[Candidate], weights: Weights, now: datetime, most: int | None = None
) -> list[Choice]:
    """Return those whom this step may ask, best first, `most` of them.

    Among equals whoever was paged longest ago comes first; where that is equal too, chance decides, by case and member: the
    same for a case whoever asks, and no favourite over many. How far borders reach, and who may see the case, is for who
    brings the candidates.
    """
    held = [one for one in candidates if fits(ask, one)]
    if ask.reach.who == "moderators":
        # The last resort: rather disturb somebody than nobody.
        held = [one for one in held if not one.undisturbed] or held
    scored = [(round(score(ask, one, weights, now), 6), one) for one in held]
    scored.sort(key=lambda pair: (-pair[0], _when(pair[1]), _lot(ask.case, pair[1].member.id)))
    return [Choice(one.member, points, why(ask, one, now), one.version) for points, one in scored[:most]]


def fits(ask: Ask, one: Candidate) -> bool:
    """Say whether a step may ask this person at all."""
    if one.member.id == ask.author or one.member.id in ask.asked:
        return False
    if ask.reach.who == "moderators":
        return one.member.role == "moderator"
    if one.undisturbed or (ask.licence is not None and one.member.country != ask.licence):
        return False
    if one.distance is None or one.distance > ask.reach.distance:
        return False
    return one.on_call or (ask.reach.who == "awake" and one.awake and one.agrees)


def score(ask: Ask, one: Candidate, weights: Weights, now: datetime) -> float:
    """Return how well this person suits the case now: see `Weights`."""
    near = 0.0 if one.distance is None else 1 - one.distance / (FARTHEST + 1)
    since = RESTED if one.paged_at is None else (now - one.paged_at).total_seconds()
    acknowledged, asked = PRIOR
    return (
        weights.distance * near
        + weights.on_call * one.on_call
        + weights.awake * one.awake
        + weights.language * (ask.language in one.member.languages)
        + weights.today / (1 + one.today)
        + weights.rested * min(max(since / RESTED, 0.0), 1.0)
        + weights.answers * (acknowledged + one.acknowledged) / (asked + max(one.asked, one.acknowledged))
    )


def why(ask: Ask, one: Candidate, now: datetime) -> tuple[str, ...]:
    """Return why this person is asked, as codes with what they speak of behind a colon.

    "specialty:ID" (the case's own) or "near:ID:DISTANCE"; "moderator"; "stand_in"; "on_call"; "awake" or "asleep";
    "local:HH:MM" (what clocks there show); "today:N" (pages today before this one); "language:ID" where they speak the
    case's; "licence:COUNTRY" where the case asks for one.
    """
    codes = []
    if ask.reach.who == "moderators":
        codes.append("moderator")
    elif one.distance == 0:
        codes.append(f"specialty:{one.specialty}")
    else:
        codes.append(f"near:{one.specialty}:{one.distance}")
    if one.stand_in:
        codes.append("stand_in")
    if one.on_call:
        codes.append("on_call")
    codes += ["awake" if one.awake else "asleep", f"local:{time_at(now, one.zone)}", f"today:{one.today}"]
    if ask.language in one.member.languages:
        codes.append(f"language:{ask.language}")
    if ask.licence is not None and one.member.country == ask.licence:
        codes.append(f"licence:{ask.licence}")
    return tuple(codes)


def _when(one: Candidate) -> float:
    return float("-inf") if one.paged_at is None else one.paged_at.timestamp()


def _lot(case: str, member: str) -> bytes:
    return hashlib.blake2b(f"{case}\x1f{member}".encode(), digest_size=8).digest()
