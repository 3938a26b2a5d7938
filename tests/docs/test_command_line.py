"""The command line and what is written about it agree."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from newgameplus.cli.main import cli

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^( *)```(?:bash|sh|console)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def commands_of(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, name
            yield (*path, name), inner
            yield from commands_of(inner, (*path, name))


def written_commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for fence in FENCE.finditer(page.read_text(encoding="utf-8")):
            for line in fence[2].replace("\\\n", " ").splitlines():
                if line.strip().removeprefix("$ ").startswith("ngp "):
                    found.append((str(page.relative_to(ROOT)), line.strip().removeprefix("$ ")))
    return found


def arguments_of(line: str) -> list[str]:
    """The words after ``ngp``, up to a comment, a pipe, a redirection or the next command."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words = list(lexer)
    end = next((i for i, word in enumerate(words) if set(word) <= set("|&;<>")), len(words))
    return words[1:end]


def parse(command: click.Command, name: str, arguments: list[str], parent: click.Context | None = None) -> None:
    """Parse as click would, without running anything and without asking whether files are there."""
    with pytest.MonkeyPatch.context() as patch:
        for parameter in command.params:
            if isinstance(parameter.type, click.Path | click.File):
                patch.setattr(parameter, "type", click.STRING)
        context = command.make_context(name, list(arguments), parent=parent)
    words = [*context._protected_args, *context.args]
    if isinstance(command, click.Group) and (words or not command.invoke_without_command):
        verb, inner, rest = command.resolve_command(context, words)
        assert verb is not None
        assert inner is not None
        parse(inner, verb, rest, context)


COMMANDS = dict(commands_of(cli))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_verb_says_what_it_does(path: tuple[str, ...]) -> None:
    assert COMMANDS[path].get_short_help_str()


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_has_help(path: tuple[str, ...]) -> None:
    options = [parameter for parameter in COMMANDS[path].params if isinstance(parameter, click.Option)]
    assert not [option.name for option in options if not option.help]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_argument_is_explained_in_its_verbs_help(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    text = command.help or ""
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            name = parameter.make_metavar(click.Context(command)).strip("[].…")
            assert re.search(rf"\b{re.escape(name)}\b", text) or getattr(parameter, "help", None), name


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_verb_is_mentioned_in_the_documentation(path: tuple[str, ...]) -> None:
    mention = re.compile(rf"\bngp {' '.join(path)}\b")
    assert any(mention.search(page.read_text(encoding="utf-8")) for page in PAGES)


@pytest.mark.parametrize(("page", "line"), written_commands(), ids=lambda value: value)
def test_every_written_command_parses(page: str, line: str) -> None:
    try:
        parse(cli, "ngp", arguments_of(line))
    except click.exceptions.Exit:
        return  # --help and --version end the parsing
    except click.ClickException as error:
        pytest.fail(f"{page}: {line}: {error.format_message()}")


@pytest.mark.parametrize("line", ["ngp evalute jerk", "ngp evaluate jerk --no-such-option", "ngp games infos X"])
def test_a_wrong_command_would_be_found(line: str) -> None:
    with pytest.raises(click.UsageError):
        parse(cli, "ngp", arguments_of(line))


def test_a_pipe_and_a_comment_are_not_arguments() -> None:
    assert arguments_of("ngp levels --json | head -1  # the first") == ["levels", "--json"]
    assert arguments_of("ngp levels >levels.txt") == ["levels"]
