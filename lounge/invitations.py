"""Rooms of a few: a direct room of two, or a consult to which some are invited, with texts that are kept for a while.

Whoever is known only by the alias of a room is invited by it, and everybody keeps that room's aliases in the new one:
nobody learns a handle by being asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from lounge.errors import Forbidden, Invalid, KeyReused, NotFound
from lounge.live.events import Invited, Joined, Opened
from lounge.store import Item, Taken, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lounge.ids import Ids
    from lounge.members.accounts import Member
    from lounge.rooms import Begin, Names, Rooms
    from lounge.store import Outcome, Store, Transaction

TWO: Final = 2

_encode = msgspec.json.Encoder().encode


class _Guest(NamedTuple):
    member: str
    feed: str
    alias: str
    label: str


class Invitations:
    """Opens rooms for members who are named."""

    def __init__(
        self,
        store: Store,
        ids: Ids,
        names: Names,
        rooms: Rooms,
        committed: Callable[[Sequence[Item], Sequence[Outcome]], None],
    ) -> None:
        """Take the rules of rooms, and whom to tell of events."""
        self._store = store
        self._ids = ids
        self._names = names
        self._rooms = rooms
        self._committed = committed

    async def begin(self, member: Member, key: str, begin: Begin) -> str:
        """Open the room that is asked for and return its stream: a direct room of the same two is the same one.

        Raises Invalid where somebody cannot be invited, and KeyReused where the key opened another room.
        """
        _check(begin)
        guests = await self._guests(member, begin)
        stream = self._stream(member, key, begin, guests)
        fingerprint = digest(
            "begin", begin.kind, begin.title, str(begin.retention_days), begin.language, *(g.member for g in guests)
        )
        if await self._begun(stream, begin, fingerprint):
            return stream
        try:
            async with self._store.transaction() as transaction:
                items = await self._insert(transaction, member, stream, begin, guests, fingerprint)
                outcomes = await transaction.append(items)
        except Taken:
            if await self._begun(stream, begin, fingerprint):
                return stream
            raise
        self._committed(items, outcomes)
        return stream

    def _stream(self, member: Member, key: str, begin: Begin, guests: Sequence[_Guest]) -> str:
        if begin.kind == "consult":
            return self._ids.derived("consult", member.id, key)
        origin = begin.participants[0].stream if begin.participants else ""
        return self._ids.derived("direct", origin, *sorted(guest.member for guest in guests))

    async def _begun(self, stream: str, begin: Begin, fingerprint: bytes) -> bool:
        row = await self._store.row("rooms.begun", stream)
        if row is None:
            return False
        if begin.kind == "consult" and row["digest"] != fingerprint:
            raise KeyReused
        return True

    async def _guests(self, member: Member, begin: Begin) -> list[_Guest]:
        """Return who takes part, the one who asks among them, in the order of ids."""
        found = await (self._by_alias(member, begin) if begin.participants else self._by_handle(member, begin))
        if begin.kind == "direct" and len(found) != TWO:
            raise Invalid("members: a direct room is for you and one other")
        if len(found) < TWO:
            raise Invalid("members: name somebody beside yourself")
        return sorted(found)

    async def _by_handle(self, member: Member, begin: Begin) -> list[_Guest]:
        async with self._store.transaction() as transaction:
            rows = await transaction.rows("rooms.members", begin.members)
        if missing := sorted(set(begin.members) - {row["handle"] for row in rows}):
            raise Invalid(f"members: there is no member {missing[0]}")
        found = {row["id"]: _Guest(row["id"], row["feed"], row["handle"], "") for row in rows}
        found[member.id] = _Guest(member.id, member.feed, member.handle, "")
        labels = {row["id"]: row for row in rows}
        guests = []
        for guest in found.values():
            row = labels.get(guest.member)
            one = (
                member
                if row is None
                else msgspec.structs.replace(
                    member,
                    id=row["id"],
                    handle=row["handle"],
                    specialties=tuple(row["specialties"]),
                    country=row["country"],
                )
            )
            guests.append(guest._replace(label=await self._names.label(one)))
        return guests

    async def _by_alias(self, member: Member, begin: Begin) -> list[_Guest]:
        stream = begin.participants[0].stream
        access = await self._rooms.access(member, stream)
        if access.kind != "room":
            raise NotFound
        if access.you is None:
            raise Forbidden("write in that room first: without an alias in it you could not be told from others")
        numbers = [whom.n for whom in begin.participants]
        rows = await self._store.rows("rooms.participants", stream, numbers, member.id)
        if missing := sorted(set(numbers) - {row["n"] for row in rows}):
            raise Invalid(f"participants: there is no participant {missing[0]} to be invited")
        return [_Guest(row["id"], row["feed"], row["alias"], row["label"]) for row in rows]

    async def _insert(
        self,
        transaction: Transaction,
        member: Member,
        stream: str,
        begin: Begin,
        guests: Sequence[_Guest],
        fingerprint: bytes,
    ) -> list[Item]:
        await transaction.rows(
            "rooms.begin", stream, len(guests), begin.kind, begin.title, begin.retention_days, begin.language
        )
        await transaction.rows("rooms.invite", stream, [guest.member for guest in guests])
        await transaction.rows(
            "rooms.take_part",
            stream,
            list(range(1, len(guests) + 1)),
            [guest.member for guest in guests],
            [guest.alias for guest in guests],
            [guest.label for guest in guests],
        )
        opened = Item(
            stream=stream,
            author=0,
            key=self._ids.derived("opened", stream),
            kind="opened",
            data=_encode(Opened()),
            digest=fingerprint,
        )
        joined = [
            self._event(stream, f"joined {n}", "joined", _encode(Joined(n, guest.alias, guest.label)))
            for n, guest in enumerate(guests, 1)
        ]
        invited = _encode(Invited(stream=stream, room=begin.kind))
        told = [
            self._event(guest.feed, f"invited {stream}", "invited", invited)
            for guest in guests
            if guest.member != member.id
        ]
        return [opened, *joined, *told]

    def _event(self, stream: str, name: str, kind: str, data: bytes) -> Item:
        key = self._ids.derived(name, stream)
        return Item(stream=stream, author=0, key=key, kind=kind, data=data, digest=digest(kind, data.decode()))


def _check(begin: Begin) -> None:
    if bool(begin.members) == bool(begin.participants):
        raise Invalid("members, participants: name either handles or participants of one room")
    if len({whom.stream for whom in begin.participants}) > 1:
        raise Invalid("participants: they must all be of one room")
    if "\x00" in begin.title or any("\x00" in handle for handle in begin.members):
        raise Invalid("title, members: the character U+0000 cannot be stored: remove it")
    if len(begin.title.splitlines()) > 1:
        raise Invalid("title: keep it to one line")
