"""Sign-in without proof, for `lounge demo` alone: made-up members on a loopback address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from lounge.errors import Forbidden
from lounge.http.operation import Answer, Call, Operation

if TYPE_CHECKING:
    from datetime import timedelta

    from lounge.http.identity import Identity
    from lounge.http.origins import Origins
    from lounge.members.accounts import Accounts


class DemoMember(Struct, frozen=True):
    """Whom one may sign in as."""

    handle: str
    specialties: tuple[str, ...]
    country: str
    role: str


class DemoMembers(Struct, frozen=True):
    """All of them."""

    members: list[DemoMember]


class DemoSignIn(Struct, frozen=True):
    """Whom to sign in as."""

    handle: Annotated[str, Meta(max_length=32)]


class DemoSignedIn(Struct, frozen=True):
    """A secret for programs; the browser has it in its cookie."""

    token: str
    handle: str


class Demo:
    """The demo's own resource: never built by `lounge serve`, so that its paths do not exist there."""

    def __init__(self, accounts: Accounts, identity: Identity, origins: Origins, *, lifetime: timedelta) -> None:
        """Take how long a session lasts."""
        self._accounts = accounts
        self._identity = identity
        self._origins = origins
        self._lifetime = lifetime

    def operations(self) -> list[Operation]:
        """Return what this resource offers."""
        return [
            Operation(
                method="GET",
                path="/api/v1/demo/members",
                name="demo_members",
                summary="The made-up members; in the demo alone.",
                handle=self._members,
                answers={200: DemoMembers},
                signed_in=False,
                demo=True,
            ),
            Operation(
                method="POST",
                path="/api/v1/demo/sign-in",
                name="demo_sign_in",
                summary="Sign in as one of them; in the demo alone.",
                handle=self._sign_in,
                body=DemoSignIn,
                answers={200: DemoSignedIn},
                signed_in=False,
                demo=True,
            ),
        ]

    async def _members(self, call: Call[None, None]) -> Answer:
        self._check_host(call)
        everyone = await self._accounts.everyone()
        return Answer(DemoMembers([DemoMember(m.handle, m.specialties, m.country, m.role) for m in everyone]))

    async def _sign_in(self, call: Call[DemoSignIn, None]) -> Answer:
        self._check_host(call)
        member = await self._accounts.by_handle(call.body.handle)
        secret, _ = await self._accounts.issue(member, "session", self._lifetime)
        return Answer(
            DemoSignedIn(secret, member.handle),
            sets=lambda response: self._identity.remember(response, secret, self._lifetime),
        )

    def _check_host(self, call: Call[Any, Any]) -> None:
        """Refuse what was addressed to another name: a page whose own name points here could otherwise sign in."""
        if not self._origins.addressed(call.request.headers):
            message = "the demo answers under its loopback address alone"
            raise Forbidden(message)
