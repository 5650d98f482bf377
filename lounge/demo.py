"""The demo network: made-up members, cases and discussions, put in once through the same rules as real ones.

Every step carries a key of its own, so a start that was broken off is taken up where it ended. Times are set back
afterwards, as the owner of the schema: the application itself could not.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from lounge.cases import Audience, Draft
from lounge.clock import milliseconds
from lounge.endings import AUTHOR, FollowUp, Resolution
from lounge.errors import NotFound
from lounge.ids import CONTROL
from lounge.live.messages import Post, React
from lounge.lounges import stream_of
from lounge.members.accounts import NewMember
from lounge.store import Item, digest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from lounge.cases import Case, Cases
    from lounge.clock import Clock
    from lounge.data import Demo, DemoCase, DemoLounge, DemoPost, DemoTalk
    from lounge.demo_paging import DemoPaging
    from lounge.endings import Endings
    from lounge.ids import Ids
    from lounge.members.accounts import Accounts, Member
    from lounge.rooms import Rooms
    from lounge.store import Direct, Store

_SEEDED: Final = "demo.seeded"
_PAGED: Final = "demo.paged"
_EVER: Final = 2**53
"""Above the number of any event."""


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
        paging: DemoPaging,
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
        self._paging = paging

    async def seed(self, demo: Demo) -> bool:
        """Put everything in, unless it is in already; return whether there was anything to do."""
        seeded = await self._once(_SEEDED, partial(self._put_in, demo))
        # A demo of before there was a pager gets one as well.
        paged = await self._once(_PAGED, partial(self._paging.put_in, demo))
        return seeded or paged

    async def _once(self, name: str, do: Callable[[], Awaitable[None]]) -> bool:
        """Do something unless the log says that it is done; return whether it was to be done."""
        if await self._store.value("demo.done", CONTROL, name):
            return False
        await do()
        key = self._ids.derived(name)
        await self._store.append([Item(stream=CONTROL, author=0, key=key, kind=name, data=b"{}", digest=digest(name))])
        return True

    async def _put_in(self, demo: Demo) -> None:
        members = {
            one.handle: await self._member(NewMember(one.handle, one.specialties, one.country, one.role, one.languages))
            for one in demo.members
        }
        now = self._now()
        for lounge in demo.lounges:
            await self._lounge(lounge, members, now)
        for talk in demo.talks:
            await self._talk(talk, members, now)
        for case in sorted(demo.cases, key=lambda one: -one.minutes_ago):
            await self._case(case, members, now)

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
        await self._told(_Telling(stream, 0, now), self._posts(stream, lounge.posts, members, []), now)

    async def _talk(self, talk: DemoTalk, members: dict[str, Member], now: datetime) -> None:
        stream = stream_of(self._ids, talk.group, talk.of)
        await self._told(_Telling(stream, 0, now), self._posts(stream, talk.posts, members, []), now)

    async def _case(self, case: DemoCase, members: dict[str, Member], now: datetime) -> None:
        opened_at = now - timedelta(minutes=case.minutes_ago)
        draft = Draft(
            title=case.title,
            specialty=case.specialty,
            urgency=case.urgency,
            presentation=case.presentation,
            question=case.question,
            summary=case.summary,
            audience=Audience(case.audience.kind, list(case.audience.specialties), list(case.audience.members)),
            language=case.language,
        )
        author, key = members[case.author], self._ids.derived("demo case", case.title)
        opened, _ = await self._cases.open(author, key, draft, self._ids.stream(opened_at), past=True)
        numbers: list[int] = []
        steps = [
            *self._posts(opened.room, case.posts, members, numbers),
            *self._turns(author, case, opened, numbers, now),
        ]
        await self._told(_Telling(opened.room, 2, opened_at), sorted(steps, key=lambda one: -one.minutes_ago), now)
        await self._owner.value("demo.date_case", opened.id, opened_at)
        line = self._ids.derived("case.opened", opened.id)
        await self._owner.value("demo.date_line", line, opened_at, milliseconds(opened_at))

    def _posts(
        self, room: str, posts: Sequence[DemoPost], members: dict[str, Member], numbers: list[int]
    ) -> list[_Step]:
        """Return the steps that post one after the other; each adds the number of its message to `numbers`."""

        async def do(index: int, post: DemoPost) -> int:
            reply_to = None if post.reply_to is None else numbers[post.reply_to]
            key = self._ids.derived("demo post", room, str(index))
            done = await self._rooms.change(
                members[post.by], Post(id=0, stream=room, key=key, body=post.body, reply_to=reply_to)
            )
            assert done.seq is not None
            numbers.append(done.seq)
            for one in post.marks:
                key = self._ids.derived("demo mark", room, str(index), one.by, one.mark)
                await self._rooms.change(
                    members[one.by], React(id=0, stream=room, key=key, target=done.seq, mark=one.mark)
                )
            return done.seq

        return [_Step(post.minutes_ago, partial(do, index, post)) for index, post in enumerate(posts)]

    def _turns(
        self, author: Member, case: DemoCase, opened: Case, numbers: Sequence[int], now: datetime
    ) -> list[_Step]:
        """Return the steps that end a case, or open it again, as the story says."""

        def key(name: str) -> str:
            return self._ids.derived(f"demo {name}", case.title)

        async def resolve() -> int:
            told = case.resolution
            assert told is not None
            wanted = Resolution(told.outcome, told.diagnosis, told.learned, numbers[told.accepted])
            await self._endings.resolve(author, opened.id, key("resolution"), wanted)
            at = now - timedelta(minutes=told.minutes_ago)
            await self._owner.value("demo.date_resolution", opened.id, at)
            await self._owner.value("demo.date_follow_ups", opened.id, at)
            return await self._number(opened.room, key("resolution"))

        async def follow_up() -> int:
            assert case.follow_up is not None
            await self._endings.follow_up(author, opened.id, key("follow-up"), FollowUp(case.follow_up.body))
            return await self._number(opened.room, key("follow-up"))

        async def reopen() -> int:
            await self._endings.reopen(author, opened.id, key("reopening"))
            return await self._number(opened.room, key("reopening"))

        async def withdraw() -> int:
            await self._endings.withdraw(author, opened.id, key("withdrawal"))
            return await self._number(opened.room, key("withdrawal"))

        turns = [
            (None if case.resolution is None else case.resolution.minutes_ago, resolve),
            (None if case.follow_up is None else case.follow_up.minutes_ago, follow_up),
            (case.reopened_minutes_ago, reopen),
            (case.withdrawn_minutes_ago, withdraw),
        ]
        return [_Step(at, do) for at, do in turns if at is not None]

    async def _number(self, room: str, key: str) -> int:
        """Return the number of the event by which the author of a case changed it."""
        row = await self._store.row("cases.changed_by", room, AUTHOR, key)
        assert row is not None
        seq: int = row["seq"]
        return seq

    async def _told(self, telling: _Telling, steps: Sequence[_Step], now: datetime) -> None:
        """Take the steps in turn, and give what each brought about, and what came before it, the time of the story."""
        for step in steps:
            telling.reached(await step.do(), now - timedelta(minutes=step.minutes_ago))
        telling.reached(_EVER, telling.times[-1])
        await self._owner.value("demo.date_events", telling.room, telling.after, telling.upto, telling.times)
        await self._owner.value("demo.date_messages", telling.room)
        await self._owner.value("demo.date_stream", telling.room)


class _Step(NamedTuple):
    """One thing that happened in a room: `do` makes it happen, and returns the number of its event."""

    minutes_ago: int
    do: Callable[[], Awaitable[int]]


class _Telling:
    """Which spans of a room's events, after one number and up to another, happened at which time."""

    def __init__(self, room: str, begun: int, at: datetime) -> None:
        """Begin with the events up to number `begun`, which stood before anything was said."""
        self.room = room
        self.after, self.upto, self.times = [0], [begun], [at]

    def reached(self, seq: int, at: datetime) -> None:
        """Let what came after the last span, up to event `seq`, be of this time."""
        self.after.append(self.upto[-1])
        self.upto.append(seq)
        self.times.append(at)
