"""Names and labels of participants: what they may tell, and how evenly they are drawn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lounge.aliases import EVERYBODY, Crowd, Levels, coarsened
from lounge.data import load_alias_words

LEVELS = Levels("Cardiology, Portugal", "Cardiology, Europe", "Cardiology", "Internal medicine")
counts = st.lists(st.integers(0, 100), min_size=4, max_size=4).map(sorted)


@given(counts, st.integers(1, 50))
def test_a_label_is_the_finest_that_k_members_share(crowd: list[int], k: int) -> None:
    """Never one that fewer than k share; never coarser than it must be; below all, no specialty at all."""
    label = coarsened(LEVELS, Crowd(*crowd), k)
    fine_enough = [name for name, count in zip(LEVELS, crowd, strict=True) if count >= k]
    assert label == (fine_enough[0] if fine_enough else EVERYBODY)


def test_a_room_does_not_run_out_of_names() -> None:
    """Twenty draws fail to find a free name in a room of a thousand less than once in 10^28."""
    words = load_alias_words()
    names = len(words.first) * len(words.second)
    assert (1_000 / names) ** 20 < 1e-28
