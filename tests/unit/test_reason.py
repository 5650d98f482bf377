"""What is said of a value that does not fit."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from lounge.reason import reason


class Form(Struct):
    word: Annotated[str, Meta(pattern=r"^[a-z]\Z", max_length=20)] = "a"
    choice: Literal["one", "two"] = "one"
    number: Annotated[int, Meta(ge=1)] = 1
    many: list[Literal[1, 2]] = []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"word": "Smith's"}, "Expected `str` of the documented form - at `$.word`"),
        ({"choice": "Smith's"}, "Expected one of the allowed values - at `$.choice`"),
        ({"choice": "Smith - at `$.x`"}, "Expected one of the allowed values - at `$.choice`"),
        ({"choice": "Sm\nith"}, "Expected one of the allowed values - at `$.choice`"),
        ({"many": [1, 1946]}, "Expected one of the allowed values - at `$.many[1]`"),
        ({"number": 0}, "Expected `int` >= 1 - at `$.number`"),
        ({"number": "Smith"}, "Expected `int`, got `str` - at `$.number`"),
    ],
)
def test_a_reason_names_the_place_and_not_the_value(given: dict[str, object], expected: str) -> None:
    """Whatever the value: the type that was expected and the field, in a fixed form."""
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(given, Form)
    assert expected == reason(raised.value)
    assert "Smith" not in reason(raised.value)
    assert "1946" not in reason(raised.value)
