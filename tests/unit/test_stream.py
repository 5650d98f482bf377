"""A stream's position and its tail (lounge.live.stream)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lounge.live.stream import EARLY_EVENTS, Entry, Tail


def event(seq: int, size: int = 10) -> Entry:
    return Entry(seq, b"x" * size, "posted")


@given(
    st.integers(1, 60).flatmap(
        lambda n: st.lists(st.integers(1, n), min_size=n * 2, max_size=n * 4).map(lambda o: (n, o))
    )
)
def test_each_number_passes_once_and_in_order_whatever_the_order_of_arrival(case: tuple[int, list[int]]) -> None:
    """Events that come twice, early or late leave in order, each once, and none after a number that never came."""
    n, arrivals = case
    tail = Tail(0)
    passed = [entry.seq for seq in arrivals for entry in tail.offer(event(seq))]
    came = set(arrivals)
    expected = next(k for k in range(n + 1) if k + 1 not in came)
    assert passed == list(range(1, expected + 1))
    assert tail.position == expected


@given(st.permutations(range(1, 30)))
def test_a_permutation_of_all_events_closes_every_gap(order: list[int]) -> None:
    """Once all have come, all have passed and nothing is missing."""
    tail = Tail(0)
    for seq in order:
        tail.offer(event(seq))
    assert (tail.position, tail.gap) == (29, None)


def test_a_gap_names_the_numbers_that_are_missing() -> None:
    """The gap reaches from the next number to the last before the earliest that waits."""
    tail = Tail(3)
    tail.offer(event(9))
    tail.offer(event(7))
    assert tail.gap == (4, 6)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=80), st.integers(0, 90))
def test_what_followed_a_number_is_told_whole_or_not_at_all(sizes: list[int], position: int) -> None:
    """`since` returns every event after a number, or None once one of them has left memory."""
    tail = Tail(0, limit=2_000)
    for seq, size in enumerate(sizes, start=1):
        tail.offer(event(seq, size))
    told = tail.since(position)
    if told is None:
        assert position < len(sizes)
        assert sum(sizes) > 2_000
    else:
        assert [entry.seq for entry in told] == list(range(position + 1, len(sizes) + 1))
    assert tail.size <= max(2_000, sizes[-1])


def test_events_far_ahead_do_not_pile_up() -> None:
    """Behind a gap that never closes only so many events wait: the log has them all."""
    tail = Tail(0)
    for seq in range(2, 5_000):
        tail.offer(event(seq))
    assert len(tail.offer(event(1))) == EARLY_EVENTS + 1


def test_entries_are_rewritten_where_they_stand() -> None:
    """Another entry takes the place of each, in order; the size is that of what is held now."""
    tail = Tail(0)
    tail.offer(Entry(1, b"secret", "posted"))
    tail.offer(Entry(2, b"answer", "posted", 1))
    tail.rewrite(lambda entry: entry._replace(payload=b"-") if entry.seq == 1 else entry)
    told = tail.since(0)
    assert told is not None
    assert [entry.payload for entry in told] == [b"-", b"answer"]
    assert tail.size == len(b"-answer")


def test_a_cleared_tail_holds_nothing_and_goes_on() -> None:
    """Who comes back with an older number is sent to the log; the position stays."""
    tail = Tail(0)
    tail.offer(event(1))
    tail.clear()
    assert tail.since(0) is None
    assert tail.size == 0
    assert [one.seq for one in tail.offer(event(2))] == [2]
