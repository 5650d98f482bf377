"""Policies: whom a case of each urgency asks, in which order, and how long each step waits for an answer. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct

from lounge.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lounge.live.events import Urgency

STEPS: Final = 20
PEOPLE: Final = 100
"""People asked in one step, at the most; so many where a step asks all."""
FARTHEST: Final = 4
"""The largest distance between specialties (`lounge.data.Specialties.distance`) that is still related."""

Who = Literal["on_call", "awake", "moderators"]
Borders = Literal["country", "region", "world"]
Seconds = Annotated[int, Meta(ge=0, le=7 * 86_400)]


class Reach(Struct, frozen=True):
    """Whom a step may ask.

    `who`: those on call; also those who are awake and agreed to be asked then; or moderators, whatever they are.
    `distance`: how far their specialty may be from the case's. `borders`: as far as the author's country, the region of the
    world around it, or anywhere.
    """

    who: Who = "on_call"
    distance: Annotated[int, Meta(ge=0, le=FARTHEST)] = 0
    borders: Borders = "world"


class Step(Struct, frozen=True):
    """One step: how many `people` (0: all who are in reach, up to 100), and the seconds to `wait` before the next step."""

    people: Annotated[int, Meta(ge=0, le=PEOPLE)]
    wait: Seconds
    reach: Reach = Reach()

    @property
    def most(self) -> int:
        """How many people the step asks at the most."""
        return self.people or PEOPLE


class Policy(Struct, frozen=True):
    """How a search goes.

    After `wanted` acknowledgements nobody else is asked. Who acknowledged and has not replied is reminded after `remind`
    seconds; after as many again the search goes on where it stood.
    """

    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=STEPS)]
    wanted: Annotated[int, Meta(ge=1, le=20)] = 1
    remind: Annotated[int, Meta(ge=60, le=86_400)] = 600

    def step(self, number: int) -> Step | None:
        """Return the step with this number, counted from 0; None beyond the last resort."""
        return self.steps[number] if 0 <= number < len(self.steps) else None


def check(policy: Policy, *, moderators: int) -> None:
    """Raise Invalid unless a search under this policy ends at people who can be reached."""
    if policy.steps[-1].reach.who != "moderators":
        raise Invalid("steps: the last one asks moderators: a page must not end at nobody")
    if any(one.reach.who == "moderators" for one in policy.steps[:-1]):
        raise Invalid("steps: moderators are the last resort: only the last step asks them")
    if any(step.wait == 0 and after.reach == step.reach for step, after in pairwise(policy.steps)):
        raise Invalid(
            "steps: one that waits for nobody and is followed by the same again asks twice at once: join the two"
        )
    if moderators == 0:
        raise Invalid(
            "steps: no active member is a moderator: make one first (lounge token --create-member … --role moderator)"
        )


_MINUTE: Final = 60
_HOUR: Final = 3_600
_LAST_RESORT: Final = Reach("moderators", FARTHEST, "world")

DEFAULTS: Final[Mapping[Urgency, Policy]] = {
    "emergency": Policy(
        steps=(
            Step(5, 1 * _MINUTE, Reach("on_call", 1, "region")),
            Step(5, 1 * _MINUTE, Reach("on_call", 1, "world")),
            Step(10, 1 * _MINUTE, Reach("awake", 2, "world")),
            Step(0, 2 * _MINUTE, Reach("awake", FARTHEST, "world")),
            Step(0, 0, _LAST_RESORT),
        ),
        wanted=2,
        remind=3 * _MINUTE,
    ),
    "urgent": Policy(
        steps=(
            Step(3, 2 * _MINUTE, Reach("on_call", 0, "country")),
            Step(3, 1 * _MINUTE, Reach("on_call", 0, "country")),
            Step(6, 2 * _MINUTE, Reach("awake", 2, "country")),
            Step(6, 5 * _MINUTE, Reach("awake", 2, "world")),
            Step(0, 5 * _MINUTE, Reach("awake", FARTHEST, "world")),
            Step(0, 0, _LAST_RESORT),
        ),
        remind=10 * _MINUTE,
    ),
    "today": Policy(
        steps=(
            Step(2, 20 * _MINUTE, Reach("awake", 0, "country")),
            Step(3, 40 * _MINUTE, Reach("awake", 1, "region")),
            Step(6, 2 * _HOUR, Reach("awake", 2, "world")),
            Step(0, 0, _LAST_RESORT),
        ),
        remind=_HOUR,
    ),
    "routine": Policy(
        steps=(
            Step(2, 4 * _HOUR, Reach("awake", 0, "region")),
            Step(3, 12 * _HOUR, Reach("awake", 1, "world")),
            Step(6, 24 * _HOUR, Reach("awake", 2, "world")),
            Step(0, 0, _LAST_RESORT),
        ),
        remind=8 * _HOUR,
    ),
}
"""The policies that come along; an urgent case asks 3 people, 3 more after 2 minutes, wider after 3, across
borders after 5, all on call after 10, moderators after 15."""
