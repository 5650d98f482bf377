"""Settings come from the environment once, typed and bounded; each is documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from lounge.settings import Settings, SettingsError, check_exposure, described, is_loopback, read

SERVERS = {"DATABASE_URL": "postgresql://lounge@db/lounge", "REDIS_URL": "redis://cache"}
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_an_empty_environment_gives_the_defaults() -> None:
    """So does one whose variables are empty."""
    assert read({}) == Settings()
    assert read({"LOUNGE_LABEL_K": "", "DATABASE_URL": ""}) == Settings()
    assert Settings().embedded


def test_values_are_read_by_type() -> None:
    """Numbers are numbers, text is text."""
    settings = read(SERVERS | {"LOUNGE_LABEL_K": "5", "LOUNGE_PUBLIC_URL": "https://lounge.example.org"})
    assert (settings.label_k, settings.secure, settings.embedded) == (5, True, False)
    assert settings.database_url == SERVERS["DATABASE_URL"]


def test_other_variables_are_nobodys_business() -> None:
    """An orchestrator puts LOUNGE_PORT and the like into the environment of a service of this name."""
    assert read({"LOUNGE_PORT": "tcp://10.0.0.1:80", "HOME": "x"}) == Settings()


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"LOUNGE_LABEL_K": "0"}, "LOUNGE_LABEL_K"),
        ({"LOUNGE_LABEL_K": "1.5"}, "LOUNGE_LABEL_K"),
        ({"LOUNGE_SESSION_DAYS": "1e9"}, "LOUNGE_SESSION_DAYS"),
        ({"LOUNGE_SOCKETS_PER_MEMBER": "none"}, "LOUNGE_SOCKETS_PER_MEMBER"),
        ({"LOUNGE_LOG_FORMAT": "yaml"}, "LOUNGE_LOG_FORMAT"),
        ({"LOUNGE_ROUTER_WEIGHTS": "distance=-1"}, "LOUNGE_ROUTER_WEIGHTS"),
        ({"LOUNGE_ROUTER_WEIGHTS": "distance=1001"}, "LOUNGE_ROUTER_WEIGHTS"),
        ({"LOUNGE_ROUTER_WEIGHTS": "distance=4,distance=5"}, "LOUNGE_ROUTER_WEIGHTS"),
        ({"LOUNGE_ROUTER_WEIGHTS": "seniority=40"}, "LOUNGE_ROUTER_WEIGHTS"),
        ({"LOUNGE_ROUTER_WEIGHTS": "nearness"}, "LOUNGE_ROUTER_WEIGHTS"),
        ({"DATABASE_URL": "db/lounge", "REDIS_URL": "redis://cache"}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://db/lounge", "REDIS_URL": "redis://cache"}, "DATABASE_URL"),
        (SERVERS | {"DATABASE_OWNER_URL": "sqlite:///x"}, "DATABASE_OWNER_URL"),
        ({"DATABASE_URL": "postgresql://db/lounge"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://cache"}, "DATABASE_URL"),
        ({"LOUNGE_PUBLIC_URL": "https://:443"}, "LOUNGE_PUBLIC_URL"),
        ({"LOUNGE_PUBLIC_URL": "https://lounge.example.org/app"}, "LOUNGE_PUBLIC_URL"),
        ({"LOUNGE_PUBLIC_URL": "https://lounge.example.org:port"}, "LOUNGE_PUBLIC_URL"),
        ({"LOUNGE_PUBLIC_URL": "https://[lounge"}, "LOUNGE_PUBLIC_URL"),
        ({"LOUNGE_PUBLIC_URL": "http://lounge.example.org"}, "LOUNGE_PUBLIC_URL"),
        ({"LOUNGE_PUBLIC_URL": "ftp://lounge.example.org"}, "LOUNGE_PUBLIC_URL"),
        ({"LOUNGE_HEARTBEAT_URL": "http://watch.example.org/secret"}, "LOUNGE_HEARTBEAT_URL"),
        ({"LOUNGE_HEARTBEAT_URL": "https:///secret"}, "LOUNGE_HEARTBEAT_URL"),
        ({"LOUNGE_HEARTBEAT_URL": "https://watch.example.org:port/secret"}, "LOUNGE_HEARTBEAT_URL"),
        ({"LOUNGE_HEARTBEAT_URL": "https://watch.example.org/a b"}, "LOUNGE_HEARTBEAT_URL"),
        ({"LOUNGE_HEARTBEAT_URL": "file:///etc/hosts"}, "LOUNGE_HEARTBEAT_URL"),
        ({"LOUNGE_HEARTBEAT_SECONDS": "29"}, "LOUNGE_HEARTBEAT_SECONDS"),
    ],
)
def test_a_bad_value_is_named_by_its_variable_and_not_repeated(environment: dict[str, str], named: str) -> None:
    """One line that begins with the variable; an address may hold a password."""
    with pytest.raises(SettingsError) as raised:
        read(environment)
    message = str(raised.value)
    assert message.startswith(f"{named}: ")
    assert "\n" not in message
    assert environment.get(named, "\0") not in message


@pytest.mark.parametrize(
    ("host", "public", "allowed"),
    [
        ("127.0.0.1", None, True),
        ("127.8.8.8", None, True),
        ("::1", None, True),
        ("localhost", None, True),
        ("0.0.0.0", None, False),
        ("::", None, False),
        ("192.0.2.1", None, False),
        ("lounge.example.org", None, False),
        ("0.0.0.0", "https://lounge.example.org", True),
        ("0.0.0.0", "http://localhost:8000", False),
        ("", None, False),
    ],
)
def test_only_https_leaves_the_machine(host: str, public: str | None, allowed: bool) -> None:
    """Cookies and cases cross no network in the clear: beyond loopback an https address is needed."""
    settings = read({} if public is None else {"LOUNGE_PUBLIC_URL": public})
    if allowed:
        check_exposure(settings, host)
    else:
        with pytest.raises(SettingsError, match="LOUNGE_PUBLIC_URL"):
            check_exposure(settings, host)


@pytest.mark.parametrize("url", ["https://watch.example.org/0a1b?x=1", "http://127.0.0.1:9000/", "http://[::1]/beat"])
def test_a_heartbeat_goes_over_https_or_stays_on_this_machine(url: str) -> None:
    """Its path may be a secret."""
    assert read({"LOUNGE_HEARTBEAT_URL": url}).heartbeat_url == url


def test_a_name_is_not_loopback_for_its_looks() -> None:
    """Only the one name and the addresses of the loopback networks (RFC 1122, RFC 4291)."""
    assert not is_loopback("localhost.example.org")
    assert not is_loopback("127.0.0.1.example.org")


def test_every_setting_is_described() -> None:
    """Each says its default, and stands in the reference in just those words; the reference names no other."""
    page = REFERENCE.read_text("utf-8")
    settings = list(described())
    assert len(settings) == len(Settings.__struct_fields__)
    for setting in settings:
        assert "Default" in setting.description
        assert f"## `{setting.variable}`\n\n{setting.description}\n" in page
    assert page.count("\n## `") == len(settings)
