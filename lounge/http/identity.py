"""Whose request or connection this is: a session in a cookie, or a token in the Authorization header (RFC 6750)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from lounge.errors import Forbidden, SignInNeeded

if TYPE_CHECKING:
    from datetime import timedelta

    from starlette.requests import HTTPConnection
    from starlette.responses import Response

    from lounge.http.origins import Origins
    from lounge.http.throttle import Throttle
    from lounge.members.accounts import Accounts, Credential

SECURE_COOKIE: Final = "__Host-lounge"
LOOPBACK_COOKIE: Final = "lounge"

_FOREIGN: Final = "a page of another site asked for this: open this server's own address (LOUNGE_PUBLIC_URL)"


class Offered(NamedTuple):
    """A secret as it came, not yet believed; browsers send cookies unasked, so those need a check of the origin."""

    secret: str
    by_cookie: bool


class Identity:
    """Finds and checks what a request offers, and sets and clears the cookie."""

    def __init__(self, accounts: Accounts, origins: Origins, throttle: Throttle, *, secure: bool) -> None:
        """Take collaborators; `secure` says that browsers come over https."""
        self._accounts = accounts
        self._origins = origins
        self._throttle = throttle
        self._secure = secure
        self._cookie = SECURE_COOKIE if secure else LOOPBACK_COOKIE

    def offered(self, connection: HTTPConnection) -> Offered | None:
        """Return the secret that a request carries; the header wins, since it was set on purpose."""
        header = connection.headers.get("authorization")
        if header is not None:
            scheme, _, secret = header.partition(" ")
            if scheme.lower() != "bearer":
                message = "the Authorization header must be: Bearer, a space and a token"
                raise SignInNeeded(message)
            return Offered(secret.strip(), by_cookie=False)
        cookie = connection.cookies.get(self._cookie)
        return None if cookie is None else Offered(cookie, by_cookie=True)

    async def of(self, connection: HTTPConnection) -> Credential:
        """Return who asks; raise SignInNeeded where nobody says who it is or what is said is not valid."""
        offered = self.offered(connection)
        if offered is None:
            raise SignInNeeded
        return await self.prove(connection, offered.secret)

    async def offered_by(self, connection: HTTPConnection) -> Credential | None:
        """Return who opens a live connection, or None where nothing is offered: then its `hello` must say."""
        return None if self.offered(connection) is None else await self.of(connection)

    async def prove(self, connection: HTTPConnection, secret: str) -> Credential:
        """Return what `secret` proves; raise SignInNeeded, or TooFast where its address failed too often."""
        address = _address(connection)
        self._throttle.check(address)
        try:
            return await self._accounts.authenticate(secret)
        except SignInNeeded:
            self._throttle.failed(address)
            raise

    def check_change(self, connection: HTTPConnection) -> None:
        """Raise Forbidden where another site's page may be behind a change, or behind a live connection."""
        self.check_origin(connection)
        offered = self.offered(connection)
        if offered is not None and offered.by_cookie and not self._origins.own(connection.headers):
            raise Forbidden(_FOREIGN)

    def check_origin(self, connection: HTTPConnection) -> None:
        """Raise Forbidden where another site's page certainly is behind it: enough where no cookie is believed."""
        if self._origins.foreign(connection.headers):
            raise Forbidden(_FOREIGN)

    def remember(self, response: Response, secret: str, lifetime: timedelta) -> None:
        """Set the cookie: out of reach of scripts, not sent along with other sites' requests."""
        response.set_cookie(
            self._cookie,
            secret,
            max_age=int(lifetime.total_seconds()),
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def forget(self, response: Response) -> None:
        """Take the cookie back."""
        response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="lax")


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client is not None else ""
