"""The tree itself: what may stand in it, who may import what, and how large a file may grow."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = {".py", ".ts", ".tsx", ".css", ".sql"}
LINES = 500

# Assembled, so that this file does not hold what it looks for.
HOSTS = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry.npm" + "js",
    "npm" + "js.org",
    "deb.deb" + "ian.org",
    "crates" + ".io",
    "yarn" + "pkg.com",
]
PLACES = [r"/wo" + r"rk/", r"/fa" + r"rm/", r"/ho" + r"me/[a-z]+/", r"/ro" + r"ot/", r"/Us" + r"ers/[a-zA-Z]+/"]

DRIVERS = {
    "asyncpg": {"lounge/store.py"},
    "redis": {"lounge/live/bus.py"},
    "starlette": {"lounge/http/", "lounge/live/gateway.py", "lounge/live/listener.py", "lounge/app.py"},
    "uvicorn": {"lounge/live/gateway.py", "lounge/live/listener.py", "lounge/live/requests.py"},
}


def files() -> list[Path]:
    """Return what git tracks, or would: new files that it does not ignore as well."""
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [path for name in told.split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    """Return a file's text, or nothing for one that has none."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def modules() -> list[tuple[str, ast.Module]]:
    return [
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in files()
        if path.suffix == ".py" and path.is_relative_to(ROOT / "lounge")
    ]


def test_no_file_names_a_registry_or_the_machine_it_was_made_on() -> None:
    """Neither a package registry's host nor a path of a build machine stands anywhere, lock files included."""
    pattern = re.compile("|".join([*(re.escape(host) for host in HOSTS), *PLACES]))
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


def test_no_code_file_is_longer_than_it_can_be_read() -> None:
    """Five hundred lines at the most."""
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in files()
        if path.suffix in CODE and (count := len(text_of(path).splitlines())) > LINES
    }
    assert long == {}


@pytest.mark.parametrize("driver", DRIVERS)
def test_only_the_doors_import_the_drivers(driver: str) -> None:
    """Domain files know neither Postgres nor Redis nor the web framework; for types alone they may name them."""
    strangers = []
    for name, tree in modules():
        for_types = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            imported = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            if any(one.split(".")[0] == driver for one in imported) and node not in for_types:
                strangers.append(name)
    allowed = DRIVERS[driver]
    assert [name for name in strangers if not any(name.startswith(one) for one in allowed)] == []


def test_no_module_holds_mutable_state() -> None:
    """At module level nothing is assigned that code could change: lists, dictionaries and sets are Final constants."""
    found = []
    for name, tree in modules():
        for node in tree.body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            final = isinstance(node, ast.AnnAssign) and "Final" in ast.dump(node.annotation)
            if (
                isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)
                and not final
            ):
                found.append(f"{name}:{node.lineno}")
        found += [f"{name}:{node.lineno}" for node in ast.walk(tree) if isinstance(node, ast.Global)]
    assert found == []


def test_nothing_is_left_to_be_done() -> None:
    """What is in the tree is done; what is not is not in it."""
    pattern = re.compile("|".join([r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", "NotImplemented" + "Error"]))
    found = [
        path.relative_to(ROOT).as_posix()
        for path in files()
        if path.suffix in CODE and pattern.search(text_of(path)) and path != Path(__file__)
    ]
    assert found == []


def test_the_continuous_integration_runs_what_a_developer_runs() -> None:
    """`.ci/run` calls `make test` and nothing else of substance; make knows every target that the documents name."""
    script = (ROOT / ".ci/run").read_text("utf-8").splitlines()
    assert [line for line in script if line and not line.startswith(("#", "set ", "cd "))] == ["make test"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in ("demo", "test", "check", "build", "bench", "shots"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
