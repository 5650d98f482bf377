"""docs/reference/cli.md tells of every command and option, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

import click

from lounge.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text("utf-8")


def commands() -> dict[str, click.Command]:
    """Return every command by its name, those of a group with the group's name before it."""
    found: dict[str, click.Command] = {}
    for name, command in main.commands.items():
        inner = command.commands.items() if isinstance(command, click.Group) else ()
        found |= {f"{name} {one}": sub for one, sub in inner} or {name: command}
    return found


def sections() -> dict[str, set[str]]:
    """Return the options by command, as the page has them."""
    _, *parts = re.split(r"^## `lounge ([a-z -]+)`$", PAGE, flags=re.MULTILINE)
    return {
        name: set(re.findall(r"^- `(--[a-z-]+)`", text, flags=re.MULTILINE))
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }


def test_the_page_has_every_command_and_option() -> None:
    """In both directions; --help goes without saying."""
    assert sections() == {
        name: {flag for option in command.params if isinstance(option, click.Option) for flag in option.opts}
        for name, command in commands().items()
    }


def test_every_command_and_option_explains_itself() -> None:
    """At the terminal, in a sentence."""
    for command in commands().values():
        assert (command.help or "").partition("\n")[0].endswith(".")
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"{command.name} {option.opts}"
