"""What a colleague makes of a page: one of those who are paged mostly takes the case on."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, cast

from hypothesis import given
from hypothesis import strategies as st

from lounge.colleagues.on_call import OnCall

if TYPE_CHECKING:
    from lounge.colleagues.pace import Pace
    from lounge.colleagues.site import Site


def on_call(seed: int) -> OnCall:
    """Return what answers pages, with nobody to talk to."""
    nothing = cast("Site", None), cast("Pace", None)
    return OnCall(*nothing, Random(seed), lambda work: work.close(), lambda *_: None, ())


@given(seed=st.integers(0, 2**32), people=st.integers(2, 8))
def test_nobody_both_takes_and_declines(seed: int, people: int) -> None:
    """Whoever does not take the first page declines it, so that the next are asked at once."""
    pager = on_call(seed)
    decisions = [pager._decided("case") for _ in range(people)]
    assert (True, True) not in decisions
    assert decisions[0] in ((True, False), (False, True))


def test_of_many_cases_almost_all_are_taken_on_by_one_of_three() -> None:
    """Nine in ten by the first alone; and of the others, some take, some decline and some are silent."""
    pager = on_call(1)
    cases = [[pager._decided(str(number)) for _ in range(3)] for number in range(1000)]
    assert sum(any(takes for takes, _ in one) for one in cases) > 990
    assert {one[2] for one in cases} == {(True, False), (False, True), (False, False)}
