"""What runs here: for the client, before anybody has signed in."""

from __future__ import annotations

from msgspec import Struct

from lounge.http.operation import Answer, Call, Operation


class About(Struct, frozen=True):
    """`demo` says that all members and cases are made up."""

    demo: bool
    name: str
    version: str


class AboutHere:
    """The resource."""

    def __init__(self, about: About) -> None:
        """Take what there is to tell."""
        self._about = about

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/api/v1/about",
                name="about",
                summary="What runs here.",
                handle=self._tell,
                answers={200: About},
                signed_in=False,
                cache="no-cache",
            )
        ]

    async def _tell(self, _call: Call[None, None]) -> Answer:
        return Answer(self._about)
