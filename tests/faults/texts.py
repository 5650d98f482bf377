"""What is written while faults happen: what it says does not matter."""

from __future__ import annotations


def texts() -> list[str]:
    """Return texts of our own: what they say does not matter here."""
    cases = [f"Case {n}. " + "Fever for six days, a rash, and no answer yet. " * 12 for n in range(8)]
    return cases + [f"Reply {n}: I would look at the potassium first." for n in range(60)]
