"""What every session of a node works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from lounge.clock import Clock
    from lounge.live.commit import GroupCommit
    from lounge.live.hub import Hub
    from lounge.live.marks import Marks
    from lounge.live.registry import Registry
    from lounge.members.accounts import Credential
    from lounge.presence import PresenceKeeper
    from lounge.rooms import Rooms


@dataclass(frozen=True, slots=True)
class Services:
    """The collaborators of a session; `later` calls back after some seconds and can be cancelled."""

    hub: Hub
    rooms: Rooms
    commit: GroupCommit
    registry: Registry
    presence: PresenceKeeper
    marks: Marks
    clock: Clock
    tasks: asyncio.TaskGroup
    authenticate: Callable[[str], Awaitable[Credential]]
    epoch: Callable[[], str]
    later: Callable[[float, Callable[[], None]], Any]
