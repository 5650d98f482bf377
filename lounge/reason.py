"""Why a value from outside does not fit its type, in msgspec's words but without the value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import msgspec

_QUOTED: Final = re.compile(r"^Invalid (?:enum )?value .*?(?= - at `[^`]*`$|$)", re.DOTALL)
_PATTERN: Final = re.compile(r"matching regex '.*?'(?= - at `[^`]*`$|$)", re.DOTALL)


def reason(error: msgspec.MsgspecError) -> str:
    """Return the reason and the place, such as "Expected `str`, got `int` - at `$.title`".

    Of a value that is none of a few allowed ones msgspec quotes the value; it may be a secret or a patient's name.
    """
    text = _QUOTED.sub("Expected one of the allowed values", str(error))
    return _PATTERN.sub("of the documented form", text)
