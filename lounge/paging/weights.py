"""What counts how much when the router chooses among people: an operator's setting."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

HEAVIEST: Final = 1_000

Weight = Annotated[int, Meta(ge=0, le=HEAVIEST)]


class Weights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's score is the sum of these, each times how far it holds, from 0 to 1. Seniority is none of them.

    `distance`: how near their specialty is to the case's (1 the same, 0 unrelated); `on_call`; `awake`: it is day there and
    not quiet; `language`: they speak the case's; `today`: how few pages they had today (1 for none, a half after one, a
    third after two); `rested`: how long ago the last page was (1 after a day); `answers`: which share of their pages they
    acknowledged, begun at a half for whoever is new.
    """

    distance: Weight = 40
    on_call: Weight = 30
    awake: Weight = 15
    language: Weight = 15
    today: Weight = 10
    rested: Weight = 5
    answers: Weight = 10

    def __str__(self) -> str:
        """Return them as a setting gives them."""
        return ",".join(f"{name}={getattr(self, name)}" for name in self.__struct_fields__)


def weights_of(text: str) -> Weights:
    """Return the weights that a setting gives, such as "distance=40,language=30": what it leaves out stays as it was.

    Raise ValueError, which says what is expected and does not repeat the text, where it has another form.
    """
    message = f"expected names and whole numbers from 0 to {HEAVIEST}, such as {Weights()}, each name once"
    pairs = [part.partition("=") for part in text.split(",")]
    names = [name.strip() for name, _, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(message)
    try:
        return msgspec.convert(
            {name: number.strip() for name, (_, _, number) in zip(names, pairs, strict=True)}, Weights, strict=False
        )
    except msgspec.ValidationError:
        raise ValueError(message) from None
