"""Each fault alone, for some seconds each: nothing is lost, doubled, reordered, left out, invented or stale.

`python -m tests.faults` (`make faults`) is the long form: twenty seeds, faults mixed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.faults.nemesis import FAULTS
from tests.faults.place import installation
from tests.faults.trial import told, trial

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults.place import Place


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place() -> AsyncIterator[Place]:
    """Set up one installation for all of them: what one fault leaves behind, the next one meets."""
    async with installation() as place:
        yield place


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_loses_nothing(place: Place, fault: str) -> None:
    """The drill finds nothing, by SQL and by HTTP, and much was acknowledged on the way."""
    report = await trial(place, [fault], seed=1)
    assert report.clean, told(report)
    assert report.acknowledged > 0
    assert report.deliveries > report.acknowledged
