"""Settings: read once at start-up from the environment, typed, bounded, frozen.

Each field's description gives unit, default and consequence; `docs/reference/settings.md` is checked against them.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from lounge.paging.weights import Weights, weights_of
from lounge.reason import reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_PORT: Final = 8000

_UNPREFIXED: Final = frozenset({"database_url", "database_owner_url", "redis_url"})
_PLACE: Final = re.compile(r" - at `\$\.([a-z_]+)`$")


class SettingsError(Exception):
    """A setting has a bad value; the text names the variable, and never repeats a value that may hold a password."""


class Settings(Struct, frozen=True, kw_only=True):
    """All settings; `read` makes them from the environment."""

    database_url: Annotated[
        str | None,
        Meta(
            description="Address of PostgreSQL (15 or later) for the application's own role, as postgresql://. "
            "Default none: Lounge starts a PostgreSQL of its own. Give REDIS_URL with it."
        ),
    ] = None
    database_owner_url: Annotated[
        str | None,
        Meta(
            description="Address of the same database for the role that owns the schema; only `migrate` and "
            "`restore-epoch` use it. Default: DATABASE_URL."
        ),
    ] = None
    redis_url: Annotated[
        str | None,
        Meta(
            description="Address of Redis (7 or later) or Valkey, as redis://, rediss:// or unix://. Default none: Lounge "
            "starts a Valkey of its own. Give DATABASE_URL with it."
        ),
    ] = None
    public_url: Annotated[
        str | None,
        Meta(
            description="The address under which browsers reach this installation, such as https://lounge.example.org: "
            "changes asked for by pages from elsewhere are refused, and with https the cookie is sent over https alone. "
            "Default none: the loopback names of the own port. Needed, with https, to serve anything but loopback."
        ),
    ] = None
    specialties: Annotated[
        str | None,
        Meta(
            description="Path of a file of specialties that replaces the one that comes along, in the form that "
            "docs/reference/specialties.md gives; the same on every node. Default none: the specialties listed there. "
            "`lounge demo` always uses those."
        ),
    ] = None
    label_k: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            description="How many members must share a label such as 'Cardiology, Germany' before it is shown; where fewer do, "
            "a coarser one is. Default 11; the demo uses 1. One means that labels are never coarsened.",
        ),
    ] = 11
    router_weights: Annotated[
        str,
        Meta(
            description="What counts how much when the pager chooses whom to ask, as names and whole numbers from 0 to 1000; "
            "what is left out stays as it is. `distance`: their specialty is near; `on_call`; `awake`; `language`: they speak "
            "the case's; `today`: few pages today; `rested`: no page for a day; `answers`: they acknowledged most of theirs. "
            "Default distance=40,on_call=30,awake=15,language=15,today=10,rested=5,answers=10. Zero means that it does not "
            "count."
        ),
    ] = str(Weights())
    sockets: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Live connections that one node holds at once; above it a new one is answered 503. Default 20000.",
        ),
    ] = 20_000
    sockets_per_member: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000,
            description="Live connections that one member holds on one node at once; above it a new one is closed with 1013. "
            "Default 20. Zero means no bound.",
        ),
    ] = 20
    failures_per_minute: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000,
            description="Failed sign-ins, bad cookies and bad tokens a minute from one address; above it the address is "
            "answered 429 until it slows down. Default 120. Zero means no bound.",
        ),
    ] = 120
    trusted_proxies: Annotated[
        str,
        Meta(
            description="Addresses or networks, parted by commas, of the proxies whose X-Forwarded-For is believed; `*` for any. "
            "Default 127.0.0.1. Where the proxy is not among them all browsers share one bound on failed sign-ins."
        ),
    ] = "127.0.0.1"
    session_days: Annotated[
        int,
        Meta(ge=1, le=365, description="Days for which a browser stays signed in. Default 30."),
    ] = 30
    token_days: Annotated[
        int,
        Meta(ge=1, le=3650, description="Days for which a token made by `lounge token` is valid. Default 365."),
    ] = 365
    body_seconds: Annotated[
        int,
        Meta(
            ge=1,
            le=600,
            description="Seconds within which the body of an HTTP request must have arrived; then it is refused. Default 20.",
        ),
    ] = 20
    drain_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=600,
            description="Seconds that requests and connections under way are given when the server stops. Default 10. Zero "
            "means that they are cut off at once; what was acknowledged stands all the same.",
        ),
    ] = 10
    heartbeat_url: Annotated[
        str | None,
        Meta(
            description="Address, https or on loopback, that is asked by GET after each audit of paging that found no step "
            "overdue, so that a watcher outside notices when nobody audits. It may hold a secret, and is never logged. "
            "Default none: nobody is told.",
        ),
    ] = None
    heartbeat_seconds: Annotated[
        int,
        Meta(
            ge=30,
            le=86_400,
            description="Seconds between two heartbeats of a node, at the least; audits are 30 seconds apart. Default 60.",
        ),
    ] = 60
    log_format: Annotated[
        Literal["auto", "json", "text"],
        Meta(
            description="Form of the log on standard error: json (one object a line), text (for people), or auto: text on a "
            "terminal, else json. Default auto."
        ),
    ] = "auto"

    @property
    def embedded(self) -> bool:
        """Whether Lounge starts PostgreSQL and Valkey itself."""
        return self.database_url is None

    @property
    def secure(self) -> bool:
        """Whether browsers come over https."""
        return self.public_url is not None and self.public_url.startswith("https://")


class Setting(Struct, frozen=True):
    """What the documentation says of one setting."""

    variable: str
    description: str


def variable(field: str) -> str:
    """Return the environment variable of a field."""
    return field.upper() if field in _UNPREFIXED else f"LOUNGE_{field.upper()}"


def described() -> Iterator[Setting]:
    """Yield all settings in the order in which they are declared."""
    for field in msgspec.structs.fields(Settings):
        for note in field.type.__metadata__:
            yield Setting(variable(field.name), note.description)


def read(environment: Mapping[str, str]) -> Settings:
    """Return the settings that `environment` gives; an empty variable counts as absent. Raise SettingsError."""
    given = {
        field: environment[variable(field)] for field in Settings.__struct_fields__ if environment.get(variable(field))
    }
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(_explained(reason(error))) from None
    _check_addresses(settings)
    try:
        weights_of(settings.router_weights)
    except ValueError as error:
        raise SettingsError(f"{variable('router_weights')}: {error}") from None
    return settings


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_exposure(settings: Settings, host: str) -> None:
    """Raise SettingsError where serving on `host` would send cookies and case texts over a network in the clear."""
    if is_loopback(host) or settings.secure:
        return
    message = (
        "LOUNGE_PUBLIC_URL: serving anything but loopback needs the https address that browsers use, such as "
        "https://lounge.example.org (Lounge stands behind a proxy that ends TLS): else sign-ins cross the network in clear"
    )
    raise SettingsError(message)


def _explained(text: str) -> str:
    """Turn a reason into one line that names the variable."""
    found = _PLACE.search(text)
    if found is None:
        return f"settings: {text}"
    plain = text[: found.start()].replace("`", "")
    return f"{variable(found[1])}: {plain[:1].lower()}{plain[1:]}"


def _check_addresses(settings: Settings) -> None:
    schemes = {
        "database_url": ("postgresql", "postgres"),
        "database_owner_url": ("postgresql", "postgres"),
        "redis_url": ("redis", "rediss", "unix"),
        "public_url": ("https", "http"),
        "heartbeat_url": ("https", "http"),
    }
    for field, allowed in schemes.items():
        url = getattr(settings, field)
        if url is not None and _scheme(url) not in allowed:
            message = (
                f"{variable(field)}: expected an address that begins with {' or '.join(s + '://' for s in allowed)}"
            )
            raise SettingsError(message)
    if (settings.database_url is None) != (settings.redis_url is None):
        missing, present = (
            ("database_url", "redis_url") if settings.database_url is None else ("redis_url", "database_url")
        )
        message = f"{variable(missing)}: needed where {variable(present)} is given (give both or neither)"
        raise SettingsError(message)
    if settings.public_url is not None:
        _check_public(settings.public_url)
    if settings.heartbeat_url is not None:
        _check_heartbeat(settings.heartbeat_url)


def _check_public(url: str) -> None:
    message = "LOUNGE_PUBLIC_URL: expected scheme, host and perhaps port, such as https://lounge.example.org"
    parts = urlsplit(url)
    try:
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise SettingsError(message) from None
    if (
        not whole
        or not parts.hostname
        or parts.path not in {"", "/"}
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise SettingsError(message)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        message = "LOUNGE_PUBLIC_URL: http is for loopback alone; give the https address that browsers use"
        raise SettingsError(message)


def _check_heartbeat(url: str) -> None:
    message = (
        "LOUNGE_HEARTBEAT_URL: expected a whole address, https or on loopback, such as https://watch.example.org/lounge"
    )
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        raise SettingsError(message) from None
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise SettingsError(message)
    if parts.scheme == "http" and not is_loopback(host):
        raise SettingsError(message)


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme if "://" in url else ""
    except ValueError:
        return ""
