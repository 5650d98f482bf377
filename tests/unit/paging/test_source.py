"""Server-sent events are read as the standard says (HTML, 9.2), however the bytes are cut."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lounge.paging.source import LARGEST, Parser, Told, TooLong

STREAM = (
    b"\xef\xbb\xbfretry: 2345\n\n"
    b'event: pages\nid: abc-4\ndata: {"pages":[]}\n\n'
    b":\n\n"
    b"event: paged\r\nid: abc-5\r\ndata: one\r\ndata:two\r\n\r\n"
    b":\nid: abc-9\n\n"
    b"data: \xe2\x80\xa8 no line break\r\r"
    b"event: half\ndata: never"
)
TOLD = [
    Told("pages", '{"pages":[]}', "abc-4"),
    Told("paged", "one\ntwo", "abc-5"),
    Told("message", "\u2028 no line break", "abc-9"),
]


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_however_it_is_cut_the_same_is_read(cuts: list[int]) -> None:
    """Also between the two characters of a line break, and within one of UTF-8."""
    parser = Parser()
    bounds = sorted({0, len(STREAM), *cuts})
    told = [one for a, b in pairwise(bounds) for one in parser.feed(STREAM[a:b])]
    assert told == TOLD
    assert parser.retry == 2345
    assert parser.last_id == "abc-9"


def test_an_id_counts_with_its_blank_line_alone() -> None:
    """Whoever is cut off in the middle of an event comes back with the one before, and is told it again."""
    parser = Parser()
    parser.feed(b"id: a-1\ndata: x\n\nid: a-2\ndata: y\n")
    assert parser.last_id == "a-1"
    parser.feed(b"\n")
    assert parser.last_id == "a-2"


@pytest.mark.parametrize("line", [b"data: " + b"x" * (LARGEST + 1), b"data: x\n" * (LARGEST // 8 + 1)])
def test_an_event_without_an_end_is_given_up(line: bytes) -> None:
    """Memory has a bound."""
    parser = Parser()
    pieces = [line[at : at + 65_536] for at in range(0, len(line), 65_536)]
    with pytest.raises(TooLong):
        deque(map(parser.feed, pieces), maxlen=0)


@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(data: bytes) -> None:
    """A proxy may send anything."""
    Parser().feed(data)
