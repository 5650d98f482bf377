"""Pseudonymous accounts, and the secrets by which a request proves that it comes from one.

Secrets carry 256 random bits, so a plain SHA-256 of them is stored: there is nothing to guess, hence nothing to slow down
(unlike a password), and the check stays cheap when thousands reconnect at once.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, cast

import msgspec
from msgspec import Struct

from lounge.errors import Invalid, NotFound, SignInNeeded
from lounge.ids import CONTROL
from lounge.store import Item, Taken, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence
    from datetime import timedelta

    from lounge.clock import Clock
    from lounge.ids import Ids
    from lounge.store import Outcome, Record, Store

Role = Literal["member", "moderator", "reviewer", "custodian", "operator"]
Kind = Literal["session", "token"]

ROLES: Final[tuple[Role, ...]] = ("member", "moderator", "reviewer", "custodian", "operator")
SPECIALTIES_PER_MEMBER: Final = 8
LANGUAGES_PER_MEMBER: Final = 8
MEMBERS_SHOWN: Final = 200

_HANDLE: Final = re.compile(r"[a-z0-9-]{3,32}")
_SECRET: Final = re.compile(r"lng_[A-Za-z0-9_-]{43}")


class Member(Struct, frozen=True):
    """An account: known to others by alias or handle, never by `id`; `feed` is the stream of its pages."""

    id: str
    handle: str
    role: Role
    specialties: tuple[str, ...]
    country: str
    feed: str
    languages: tuple[str, ...] = ("en",)

    @property
    def circles(self) -> list[str]:
        """What rooms may be for that this member is: specialties, country and languages."""
        return [*self.specialties, f"country:{self.country}", *(f"language:{one}" for one in self.languages)]


class Credential(Struct, frozen=True):
    """What a request came with: a browser's session or a program's token, and whose it is."""

    id: str
    member: Member
    kind: Kind
    expires_at: datetime


class NewMember(Struct, frozen=True):
    """What it takes to make an account: `specialties` by id, `country` as ISO 3166-1 alpha-2, `languages` as ISO 639-1."""

    handle: str
    specialties: tuple[str, ...]
    country: str
    role: Role = "member"
    languages: tuple[str, ...] = ("en",)


class SessionEnded(Struct, frozen=True):
    """`session.ended`, on the control stream: every node closes the connections opened with this credential."""

    credential: str


class Accounts:
    """Makes members and credentials, and says whose a secret is."""

    def __init__(
        self,
        store: Store,
        ids: Ids,
        clock: Clock,
        *,
        specialties: Container[str],
        countries: Container[str],
        languages: Container[str],
        committed: Callable[[Sequence[Item], Sequence[Outcome]], None],
        zone_of: Callable[[str], str] = lambda _: "UTC",
    ) -> None:
        """Take the known specialties, countries and languages by id; `committed` learns of every event that stands.

        `zone_of` says in which zone a member of a country is taken to live until they say otherwise.
        """
        self._store = store
        self._ids = ids
        self._clock = clock
        self._specialties = specialties
        self._countries = countries
        self._languages = languages
        self._committed = committed
        self._zone_of = zone_of

    async def create(self, new: Sequence[NewMember]) -> list[Member]:
        """Make all of these members or none, with their feeds and duties; raise Invalid where one breaks a rule."""
        members = [self._checked(one) for one in new]
        try:
            async with self._store.transaction() as transaction:
                # In one order: two batches at once wait for each other's new places, and not in a circle.
                for m in sorted(members, key=lambda one: one.country):
                    await transaction.rows(
                        "members.create",
                        m.id,
                        m.handle,
                        m.role,
                        list(m.specialties),
                        m.country,
                        m.feed,
                        list(m.languages),
                        self._zone_of(m.country),
                    )
        except Taken as taken:
            message = "a member with this handle exists already: choose another handle"
            raise Invalid(message) from taken
        return members

    async def by_handle(self, handle: str) -> Member:
        """Return the member, or raise NotFound."""
        row = await self._store.row("members.by_handle", handle)
        if row is None:
            message = "there is no member with this handle"
            raise NotFound(message)
        return member_of(row)

    async def everyone(self) -> list[Member]:
        """Return the members, the oldest first, at most 200: for the demo's list alone."""
        return [member_of(row) for row in await self._store.rows("members.all", MEMBERS_SHOWN)]

    async def issue(self, member: Member, kind: Kind, lifetime: timedelta) -> tuple[str, Credential]:
        """Make a credential; the secret is returned this once and stands nowhere."""
        now = self._clock.now()
        secret = self._ids.token()
        credential = Credential(self._ids.secret(), member, kind, now + lifetime)
        async with self._store.transaction() as transaction:
            await transaction.rows(
                "members.issue", credential.id, _digest(secret), member.id, kind, now, credential.expires_at
            )
        return secret, credential

    async def authenticate(self, secret: str) -> Credential:
        """Return what this secret proves; raise SignInNeeded where it is malformed, unknown, expired or its member locked."""
        if not _SECRET.fullmatch(secret):
            raise SignInNeeded
        row = await self._store.row("members.authenticate", _digest(secret), self._clock.now())
        if row is None:
            raise SignInNeeded
        return Credential(row["credential"], member_of(row), cast("Kind", row["kind"]), row["expires_at"])

    async def end(self, credential: Credential) -> None:
        """End a credential, here and in every connection opened with it on any node. Twice is no error."""
        item = Item(
            stream=CONTROL,
            author=0,
            key=self._ids.derived("session.ended", credential.id),
            kind="session.ended",
            data=msgspec.json.encode(SessionEnded(credential.id)),
            digest=digest("session.ended", credential.id),
        )
        async with self._store.transaction() as transaction:
            if await transaction.value("members.end_credential", credential.id) is None:
                return
            outcomes = await transaction.append([item])
        self._committed([item], outcomes)

    def _checked(self, new: NewMember) -> Member:
        if not _HANDLE.fullmatch(new.handle):
            message = "a handle has 3 to 32 of the characters a-z, 0-9 and -"
            raise Invalid(message)
        specialties = tuple(dict.fromkeys(new.specialties))
        if not 1 <= len(specialties) <= SPECIALTIES_PER_MEMBER:
            message = f"a member has 1 to {SPECIALTIES_PER_MEMBER} specialties"
            raise Invalid(message)
        if not all(one in self._specialties for one in specialties):
            message = "there is no such specialty: GET /api/v1/specialties lists them"
            raise Invalid(message)
        if new.country not in self._countries:
            message = "there is no such country: give its ISO 3166-1 code of two capital letters"
            raise Invalid(message)
        if new.role not in ROLES:
            message = f"there is no such role: it is one of {', '.join(ROLES)}"
            raise Invalid(message)
        languages = tuple(dict.fromkeys(new.languages))
        if not 1 <= len(languages) <= LANGUAGES_PER_MEMBER:
            message = f"a member has 1 to {LANGUAGES_PER_MEMBER} languages"
            raise Invalid(message)
        if not all(one in self._languages for one in languages):
            message = "there is no such language here: give its ISO 639-1 code of two small letters"
            raise Invalid(message)
        return Member(self._ids.secret(), new.handle, new.role, specialties, new.country, self._ids.stream(), languages)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def member_of(row: Record) -> Member:
    """Return the member of a row that has their columns."""
    return Member(
        row["id"],
        row["handle"],
        cast("Role", row["role"]),
        tuple(row["specialties"]),
        row["country"],
        row["feed"],
        tuple(row["languages"]),
    )
