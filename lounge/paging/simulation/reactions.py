"""What a person makes of a page, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from lounge.paging.simulation.chance import about, mixed, share

if TYPE_CHECKING:
    from lounge.paging.simulation.constants import Behaviour
    from lounge.paging.simulation.people import Person
    from lounge.paging.simulation.world import World

Verdict = Literal["acknowledge", "decline"]

_MINUTE: Final = 60.0
_REACTION: Final = 21
_REPLY: Final = 22
_REMINDED: Final = 23


class Reaction(NamedTuple):
    """What becomes of a page: seconds until then, and what."""

    after: float
    verdict: Verdict


class Reactions:
    """Draws reactions, by case and person, whatever happened before."""

    def __init__(self, behaviour: Behaviour, seed: int) -> None:
        """Take how members behave."""
        self._behaviour = behaviour
        self._reaction = mixed(seed, _REACTION)
        self._reply = mixed(seed, _REPLY)
        self._reminded = mixed(seed, _REMINDED)

    def to_page(
        self, world: World, person: Person, case: int, seconds: float, language: str, times: int
    ) -> Reaction | None:
        """Return the reaction to a page, the `times`th of this case, or None for none; the world's time must be set."""
        behaviour = self._behaviour
        state = mixed(mixed(self._reaction, case * 32 + times), person.number)
        awake = world.local.awake[person.crowd.zone]
        later = 0.0
        if world.on_call(person):
            reacts = behaviour.on_call_reacts if awake else behaviour.woken_reacts
            median = behaviour.on_call_median if awake else behaviour.woken_median
            spread, acknowledges = behaviour.on_call_spread, behaviour.on_call_acknowledges
        else:
            reacts, median = behaviour.awake_reacts, behaviour.awake_median
            spread, acknowledges = behaviour.awake_spread, behaviour.awake_acknowledges
            if not awake and share(mixed(state, 1)) >= behaviour.asleep_reacts:
                later = world.local.until_seven(person.crowd.zone, seconds)
        if share(mixed(state, 2)) >= reacts:
            return None
        if language not in person.member.languages:
            acknowledges *= behaviour.stranger_factor
        after = later + _MINUTE * about(median, spread, mixed(state, 3))
        answer = share(mixed(state, 4))
        if answer < acknowledges:
            return Reaction(after, "acknowledge")
        if answer < acknowledges + (1 - acknowledges) * behaviour.declines:
            return Reaction(after, "decline")
        return None

    def reply(self, person: Person, case: int, times: int) -> float | None:
        """Return the seconds from acknowledgement to reply, or None for whoever forgets."""
        state = mixed(mixed(self._reply, case * 32 + times), person.number)
        if share(mixed(state, 1)) >= self._behaviour.replies:
            return None
        return _MINUTE * about(self._behaviour.reply_median, self._behaviour.reply_spread, mixed(state, 2))

    def reminded(self, person: Person, case: int, times: int) -> float | None:
        """Return the seconds from a reminder to the reply of whoever had forgotten, or None for whoever does it again."""
        state = mixed(mixed(self._reminded, case * 32 + times), person.number)
        if share(mixed(state, 1)) >= self._behaviour.reminded_replies:
            return None
        return _MINUTE * about(self._behaviour.reply_median, self._behaviour.reply_spread, mixed(state, 2))
