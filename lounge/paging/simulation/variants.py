"""The policies that are compared: those that come along, and three that are not wise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from lounge.paging.policy import DEFAULTS, FARTHEST, Policy, Reach, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lounge.live.events import Urgency

Variant = Literal["default", "one-wave", "everybody", "patient"]
VARIANTS: Final[tuple[Variant, ...]] = ("default", "one-wave", "everybody", "patient")
PATIENCE: Final = 5
"""Times as long as the defaults a patient policy waits."""
_HOUR: Final = 3_600


def policies(variant: Variant) -> Mapping[Urgency, Policy]:
    """Return the policy of each urgency.

    `one-wave`: the first step of the defaults, then nobody for an hour, then moderators. `everybody`: a hundred people at once,
    whoever is related and awake, then moderators after an hour. `patient`: the defaults, each wait five times as long.
    """
    if variant == "default":
        return DEFAULTS
    return {urgency: _varied(variant, policy) for urgency, policy in DEFAULTS.items()}


def _varied(variant: Variant, policy: Policy) -> Policy:
    last = policy.steps[-1]
    if variant == "one-wave":
        first = policy.steps[0]
        return replace(policy, steps=(replace(first, wait=max(first.wait, _HOUR)), last))
    if variant == "everybody":
        return replace(policy, steps=(Step(0, _HOUR, Reach("awake", FARTHEST, "world")), last))
    return replace(policy, steps=tuple(replace(step, wait=step.wait * PATIENCE) for step in policy.steps))
