"""``overlaysim sh``: docker commands typed, piped in, or read from a text file."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from overlaysim.cli.prompt import Prompt, Stop
from overlaysim.cli.running import finish
from overlaysim.cli.status import INTERRUPTED
from overlaysim.errors import InputError, Problem, visible
from overlaysim.scenario.run import conclude, load
from overlaysim.scenario.session import Session, with_seed
from overlaysim.units import format_rate, format_roughly

SCENARIO_SUFFIXES = (".yml", ".yaml", ".json", ".toml")
DEFAULT_WORLD = "name: prompt\nabout: Commands typed at the prompt.\n"
LONGEST_SCRIPT = 1_000_000


def run_shell(options: argparse.Namespace) -> int:
    """Run the prompt, or a script; return the exit status.

    Raises:
        InputError: the file cannot be read.
    """
    path: Path | None = options.file
    is_scenario = path is not None and path.suffix.lower() in SCENARIO_SUFFIXES
    scenario, digest = load(path) if path and is_scenario else load(DEFAULT_WORLD, name="prompt")
    if options.manual:
        scenario = replace(scenario, automatic_join=False)
    script = read_script(path) if path is not None and not is_scenario else None
    if script is not None and path is not None:
        scenario = replace(scenario, name=path.stem, about="")
    session = Session(
        with_seed(scenario, options.seed), capture=options.capture, digest=digest, manual="--manual"
    )
    prompt = Prompt(session)
    given: Iterable[str] = (sys.stdin or ()) if script is None else script
    interactive = script is None and sys.stdin is not None and sys.stdin.isatty()
    print(welcome(session) + (" Type docker commands; `help` lists the rest." * interactive))
    complete = True
    try:
        status = converse(prompt) if interactive else run_lines(prompt, script_lines(prompt, given))
    except KeyboardInterrupt:
        status, complete = INTERRUPTED, False
    if session.simulator.now or options.out is not None:
        print()
        reported = finish(conclude(session, complete=complete), options)
        status = status or reported
    return status


def run_lines(prompt: Prompt, lines: Iterator[str]) -> int:
    """Do one line after the other up to the first that fails; return its exit status."""
    with contextlib.suppress(Stop):
        for line in lines:
            if status := prompt.do(line):
                return status
    return 0


def converse(prompt: Prompt) -> int:
    """Do what is typed until the user leaves; a mistake or Ctrl-C does not end it."""
    lines = typed_lines(prompt)
    while True:
        try:
            prompt.do(next(lines))
        except (Stop, StopIteration):
            return 0
        except KeyboardInterrupt:
            print()
            lines = typed_lines(prompt)


def read_script(path: Path) -> list[str]:
    """Read a text file of commands.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST_SCRIPT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise InputError([Problem(str(path), 0, 0, "", f"cannot be read: {reason}")]) from None
    if len(text) > LONGEST_SCRIPT:
        raise InputError([Problem(str(path), 0, 0, "", "too long for a script")])
    return text.splitlines()


def script_lines(prompt: Prompt, lines: Iterable[str]) -> Iterator[str]:
    """Give each line after showing it behind the prompt, as if it had been typed."""
    for line in lines:
        text = line.strip()
        if text and not text.startswith("#"):
            print(f"{prompt.text}{visible(text)}")
            yield text


def typed_lines(prompt: Prompt) -> Iterator[str]:
    """Ask for lines until the end of the input."""
    with contextlib.suppress(ImportError):  # no line editing on Windows
        import readline  # noqa: F401, PLC0415 (imported for what it does to input())
    while True:
        try:
            yield input(prompt.text).strip()
        except EOFError:
            print()
            return


def welcome(session: Session) -> str:
    """Describe the world in one line."""
    topology = session.scenario.underlay.topology
    spec = topology.links[0][2]
    names = ", ".join(topology.hosts[:5]) + (", …" if len(topology.hosts) > 5 else "")
    where = " and ".join(
        f"one {kind}" if count == 1 else f"{count} {kind}{plural}"
        for count, kind, plural in (
            (len(topology.switches), "switch", "es"), (len(topology.routers), "router", "s"),
        )
        if count
    ) or "direct links"  # fmt: skip
    return (
        f"{len(topology.hosts)} hosts ({names}) on {where}, {format_rate(spec.rate)}, "
        f"{format_roughly(spec.delay)} a link."
    )
