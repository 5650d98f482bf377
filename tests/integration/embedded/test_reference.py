"""The reference page says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lounge.embedded.postgres import EmbeddedPostgres
from lounge.embedded.valkey import EmbeddedValkey

if TYPE_CHECKING:
    from lounge.embedded.server import EmbeddedServer

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "embedded.md"


def rows() -> dict[str, str]:
    """Return the settings on the page: each name with the value beside it (empty, or one for several names)."""
    found: dict[str, str] = {}
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 3:
            names, values = (re.findall(r"`([^`]+)`", cell) for cell in cells[:2])
            given = values or [""]
            found |= dict(zip(names, given * len(names) if len(given) == 1 else given, strict=True))
    return found


@pytest.mark.parametrize("server", [EmbeddedPostgres, EmbeddedValkey])
def test_page_lists_every_setting_with_its_value(server: type[EmbeddedServer]) -> None:
    """No setting that the servers are started with is missing on the page, or stands there with another value."""
    on_page = rows()
    # The port only names the socket file.
    given = {name: value for name, value in server.usual_settings.items() if name not in {"port", "daemonize"}}
    assert given == {name: on_page.get(name) for name in given}
