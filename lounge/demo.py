"""The demo network: made-up members, cases and discussions, put in once through the same rules as real ones.

Every step carries a key of its own, so a start that was broken off is taken up where it ended. Times are set back
afterwards, as the owner of the schema: the application itself could not.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from lounge.cases import Audience, Draft
from lounge.clock import milliseconds
from lounge.endings import Resolution
from lounge.errors import NotFound
from lounge.ids import CONTROL
from lounge.live.messages import Post
from lounge.members.accounts import NewMember
from lounge.store import Item, digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lounge.cases import Case, Cases
    from lounge.clock import Clock
    from lounge.data import Demo, DemoCase, DemoLounge, DemoPost, DemoResolution
    from lounge.endings import Endings
    from lounge.ids import Ids
    from lounge.members.accounts import Accounts, Member
    from lounge.rooms import Rooms
    from lounge.store import Direct, Store

_SEEDED: Final = "demo.seeded"


class Seeder:
    """Puts the demo network in."""

    def __init__(
        self,
        store: Store,
        owner: Direct,
        ids: Ids,
        clock: Clock,
        accounts: Accounts,
        rooms: Rooms,
        cases: Cases,
        endings: Endings,
    ) -> None:
        """Take the rules that everything goes through, and a connection as the owner, to set times back."""
        self._store = store
        self._owner = owner
        self._ids = ids
        self._clock = clock
        self._accounts = accounts
        self._rooms = rooms
        self._cases = cases
        self._endings = endings

    async def seed(self, demo: Demo) -> bool:
        """Put everything in, unless it is in already; return whether there was anything to do."""
        if await self._store.value("demo.seeded", CONTROL):
            return False
        members = {
            one.handle: await self._member(NewMember(one.handle, one.specialties, one.country, one.role, one.languages))
            for one in demo.members
        }
        now = self._now()
        for lounge in demo.lounges:
            await self._lounge(lounge, members, now)
        for case in sorted(demo.cases, key=lambda one: -one.minutes_ago):
            await self._case(case, members, now)
        key = self._ids.derived(_SEEDED)
        await self._store.append(
            [Item(stream=CONTROL, author=0, key=key, kind=_SEEDED, data=b"{}", digest=digest(_SEEDED))]
        )
        return True

    def _now(self) -> datetime:
        """Return the present in whole milliseconds, as finely as the log tells time."""
        now = self._clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    async def _member(self, new: NewMember) -> Member:
        try:
            return await self._accounts.by_handle(new.handle)
        except NotFound:
            (member,) = await self._accounts.create([new])
            return member

    async def _lounge(self, lounge: DemoLounge, members: dict[str, Member], now: datetime) -> None:
        stream = self._ids.derived("demo lounge", lounge.title)
        await self._store.rows(
            "demo.lounge", stream, lounge.title, lounge.audience.kind, list(lounge.audience.specialties)
        )
        await self._discuss(stream, 0, now, lounge.posts, members)

    async def _case(self, case: DemoCase, members: dict[str, Member], now: datetime) -> None:
        opened_at = now - timedelta(minutes=case.minutes_ago)
        draft = Draft(
            title=case.title,
            specialty=case.specialty,
            urgency=case.urgency,
            presentation=case.presentation,
            question=case.question,
            audience=Audience(case.audience.kind, list(case.audience.specialties), list(case.audience.members)),
        )
        key = self._ids.derived("demo case", case.title)
        opened, _ = await self._cases.open(members[case.author], key, draft, self._ids.stream(opened_at))
        numbers = await self._discuss(opened.room, 2, opened_at, case.posts, members)
        if case.resolution is not None:
            await self._resolve(members[case.author], opened, case.resolution, numbers, now)
        await self._owner.value("demo.date_case", opened.id, opened_at)
        line = self._ids.derived("case.opened", opened.id)
        await self._owner.value("demo.date_line", line, opened_at, milliseconds(opened_at))

    async def _discuss(
        self, room: str, begun: int, opened_at: datetime, posts: Sequence[DemoPost], members: dict[str, Member]
    ) -> list[int]:
        """Post one after the other, and give each, and the entry before it, the time of the story; return their numbers."""
        now = self._now()
        numbers: list[int] = []
        after, upto, times = [0], [begun], [opened_at]
        for index, post in enumerate(posts):
            reply_to = None if post.reply_to is None else numbers[post.reply_to]
            key = self._ids.derived("demo post", room, str(index))
            done = await self._rooms.change(
                members[post.by], Post(id=0, stream=room, key=key, body=post.body, reply_to=reply_to)
            )
            assert done.seq is not None
            numbers.append(done.seq)
            after.append(upto[-1])
            upto.append(done.seq)
            times.append(now - timedelta(minutes=post.minutes_ago))
        await self._owner.value("demo.date_events", room, after, upto, times)
        await self._owner.value("demo.date_messages", room)
        await self._owner.value("demo.date_stream", room)
        return numbers

    async def _resolve(
        self, author: Member, case: Case, resolution: DemoResolution, numbers: Sequence[int], now: datetime
    ) -> None:
        """End a case as the story says; its author is asked what became of the patient when that falls due."""
        at = now - timedelta(minutes=resolution.minutes_ago)
        wanted = Resolution(
            outcome=resolution.outcome,
            diagnosis=resolution.diagnosis,
            learned=resolution.learned,
            accepted=numbers[resolution.accepted],
        )
        if case.state != "resolved":
            await self._endings.resolve(author, case.id, self._ids.derived("demo resolution", case.title), wanted)
        last = numbers[-1]
        await self._owner.value("demo.date_events", case.room, [last], [last + 1], [at])
        await self._owner.value("demo.date_stream", case.room)
        await self._owner.value("demo.date_resolution", case.id, at)
        await self._owner.value("demo.date_follow_ups", case.id, at)
