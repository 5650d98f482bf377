"""The client's types of the wire are the server's."""

from __future__ import annotations

from tools.protocol_types import files


def test_the_clients_types_are_written_from_the_servers() -> None:
    """`python -m tools.protocol_types` would change nothing."""
    assert {path: path.read_text("utf-8") for path in files()} == files()
