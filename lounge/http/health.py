"""Whether this node runs, whether it can serve, and its figures: for supervisors, balancers and Prometheus."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from lounge.errors import LoungeError
from lounge.http.operation import Answer, Call, Operation
from lounge.metrics import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lounge.metrics import Metrics

CHECK_SECONDS: Final = 3.0
NO_STORE: Final = "no-store"


class Up(Struct, frozen=True):
    """The process answers."""

    up: bool = True


class Readiness(Struct, frozen=True):
    """Whether to send users here: `missing` names what keeps it from serving, `degraded` what only makes it slower."""

    ready: bool
    missing: list[str] = field(default_factory=list)
    degraded: list[str] = field(default_factory=list)


class Health:
    """Asks the parts that registered a check how they are."""

    def __init__(self, metrics: Metrics) -> None:
        """Begin without checks."""
        self._metrics = metrics
        self._needed: dict[str, Callable[[], Awaitable[bool]]] = {}
        self._helpful: dict[str, Callable[[], Awaitable[bool]]] = {}
        self._draining = False

    def needs(self, name: str, check: Callable[[], Awaitable[bool]]) -> None:
        """Register what this node cannot serve without; an error of Lounge's own counts as False."""
        self._needed[name] = check

    def prefers(self, name: str, check: Callable[[], Awaitable[bool]]) -> None:
        """Register what this node serves better with."""
        self._helpful[name] = check

    def drain(self) -> None:
        """Say from now on that users should go elsewhere."""
        self._draining = True

    async def readiness(self) -> Readiness:
        """Ask all checks at once."""
        missing = await _failing(self._needed)
        degraded = await _failing(self._helpful)
        if self._draining:
            missing.append("draining")
        return Readiness(not missing, missing, degraded)

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/healthz",
                name="alive",
                summary="The process answers.",
                handle=self._alive,
                answers={200: Up},
                signed_in=False,
                cache=NO_STORE,
            ),
            Operation(
                method="GET",
                path="/readyz",
                name="ready",
                summary="Whether this node can serve, and if not what is missing.",
                handle=self._ready,
                answers={200: Readiness, 503: Readiness},
                signed_in=False,
                cache=NO_STORE,
            ),
            Operation(
                method="GET",
                path="/metrics",
                name="metrics",
                summary="Figures of this node in Prometheus's text format.",
                handle=self._figures,
                answers={200: MEDIA_TYPE},
                signed_in=False,
                cache=NO_STORE,
            ),
        ]

    async def _alive(self, _call: Call[None, None]) -> Answer:
        return Answer(Up())

    async def _ready(self, _call: Call[None, None]) -> Answer:
        readiness = await self.readiness()
        return Answer(readiness, 200 if readiness.ready else 503)

    async def _figures(self, _call: Call[None, None]) -> Answer:
        return Answer(self._metrics.rendered())


async def _failing(checks: dict[str, Callable[[], Awaitable[bool]]]) -> list[str]:
    healthy = await asyncio.gather(*(_passes(check) for check in checks.values()))
    return [name for name, good in zip(checks, healthy, strict=True) if not good]


async def _passes(check: Callable[[], Awaitable[bool]]) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except (LoungeError, TimeoutError, OSError):
        return False
