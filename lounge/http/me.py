"""Who you are, and the end of it: told to yourself alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from lounge.boards import Board
from lounge.clock import milliseconds
from lounge.http.operation import Answer, Call, Operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from lounge.clock import Clock
    from lounge.http.identity import Identity
    from lounge.members.accounts import Accounts, Member
    from lounge.store import Store


class Me(Struct, frozen=True):
    """The member who asks; `feed` is the stream of their own pages; `time` is the server's, in milliseconds."""

    handle: str
    role: str
    specialties: tuple[str, ...]
    country: str
    languages: tuple[str, ...]
    feed: str
    boards: list[Board]
    epoch: str
    time: int


class SignIn(Struct, frozen=True):
    """A token that an operator handed out."""

    token: Annotated[str, Meta(max_length=200)]


class SignedIn(Struct, frozen=True):
    """The session is in the cookie."""

    handle: str


class Mine:
    """The member's own account over HTTP."""

    def __init__(
        self,
        accounts: Accounts,
        identity: Identity,
        store: Store,
        clock: Clock,
        *,
        boards_of: Callable[[Member], list[Board]],
        lifetime: timedelta,
    ) -> None:
        """Take which boards a member may follow, and how long a session lasts."""
        self._accounts = accounts
        self._identity = identity
        self._store = store
        self._clock = clock
        self._boards_of = boards_of
        self._lifetime = lifetime

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/api/v1/me",
                name="me",
                summary="Who you are, and the streams that tell of cases open to you.",
                handle=self._me,
                answers={200: Me},
            ),
            Operation(
                method="POST",
                path="/api/v1/sign-in",
                name="sign_in",
                summary="Begin a browser session with a token that an operator handed out.",
                handle=self._sign_in,
                body=SignIn,
                answers={200: SignedIn},
                signed_in=False,
            ),
            Operation(
                method="POST",
                path="/api/v1/sign-out",
                name="sign_out",
                summary="End this session or token, and every live connection opened with it.",
                handle=self._sign_out,
                answers={204: None},
            ),
        ]

    async def _me(self, call: Call[None, None]) -> Answer:
        member = call.member
        return Answer(
            Me(
                member.handle,
                member.role,
                member.specialties,
                member.country,
                member.languages,
                member.feed,
                self._boards_of(member),
                self._store.epoch.name,
                milliseconds(self._clock.now()),
            )
        )

    async def _sign_in(self, call: Call[SignIn, None]) -> Answer:
        token = await self._identity.prove(call.request, call.body.token)
        # Not longer than the token itself: a leaked token that ends must not live on as a session.
        lifetime = min(self._lifetime, token.expires_at - self._clock.now())
        secret, _ = await self._accounts.issue(token.member, "session", lifetime)
        return Answer(
            SignedIn(token.member.handle), sets=lambda response: self._identity.remember(response, secret, lifetime)
        )

    async def _sign_out(self, call: Call[None, None]) -> Answer:
        await self._accounts.end(call.credential)
        return Answer(status=204, sets=self._identity.forget)
