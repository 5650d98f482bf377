"""A time that tests move, and a case to read."""

from __future__ import annotations

from typing import Any

from lounge.clock import SystemClock
from lounge.ids import Ids, SystemRandomness


class HandTime:
    """Seconds that pass when told to."""

    def __init__(self, now: float = 0.0) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def pass_by(self, seconds: float) -> None:
        self._now += seconds


def ids() -> Ids:
    return Ids(SystemClock(), SystemRandomness())


def a_case(**changed: Any) -> dict[str, Any]:
    """Return a case as the API tells it; `investigations` goes into its summary."""
    results = [
        {"name": "Sodium", "value": "112", "unit": "mmol/L", "low": 133, "high": 146},
        {"name": "Creatinine", "value": "60", "unit": "µmol/L", "low": 45, "high": 84},
        {"name": "Potassium", "value": "3.1", "unit": "mmol/L", "low": 3.5, "high": 5.3},
    ]
    summary = {
        "patient": {"age": 44, "unit": "years", "sex": "female"},
        "history": "Sertraline for three weeks.",
        "examination": "",
        "investigations": changed.pop("investigations", results),
    }
    return {
        "id": "case",
        "title": "A first seizure",
        "specialty": "nephrology",
        "urgency": "urgent",
        "presentation": "Found seizing after two days of vomiting.",
        "question": "How fast may it rise?",
        "language": "en",
        "summary": summary,
    } | changed
