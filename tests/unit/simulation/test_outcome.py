"""Percentiles, shares and loads."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from lounge.paging.simulation.outcome import Load, Tally, percentile, share_within

VALUES = st.lists(st.floats(0, 1e6) | st.just(math.inf), min_size=1, max_size=60).map(sorted)


def test_percentiles_of_ten_are_the_nearest_ranks() -> None:
    """Of 1 to 10: the median is 5, p90 is 9, p99 and p100 are 10."""
    values = [float(one) for one in range(1, 11)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.9, 0.91, 0.99, 1.0)] == [1, 5, 9, 10, 10, 10]
    assert math.isnan(percentile([], 0.5))


@given(VALUES, st.floats(0.01, 1))
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(values: list[float], share: float) -> None:
    """It is one of the values; so many do not exceed it, and too few do not exceed the one before."""
    found = percentile(values, share)
    assert found in values
    assert sum(one <= found for one in values) >= share * len(values) - 1e-6
    assert sum(one < found for one in values) < share * len(values)


def test_cases_that_nobody_had_count_as_never() -> None:
    """They are beyond every limit, and reach the percentiles."""
    tally = Tally()
    for at in (60.0, 120.0, math.inf, math.inf):
        tally.add("urgent", at, math.inf, 3)
    tally.add("routine", 1.0, 2.0, 1)
    times = tally.times(["urgent"])
    assert times == [60.0, 120.0, math.inf, math.inf]
    assert share_within(times, 120.0) == 0.5
    assert percentile(times, 0.75) == math.inf
    assert tally.times(["routine"], reply=True) == [2.0]


def test_whoever_was_never_paged_counts_among_responders() -> None:
    """Of ten who could be paged two were, so p80 is none, p90 the one and the maximum the other."""
    load = Load([1.0, 5.0], [0.0, 0.0], 10)
    assert [load.percentile(share) for share in (0.5, 0.8, 0.9, 1.0)] == [0, 0, 1, 5]
