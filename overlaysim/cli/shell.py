"""``overlaysim sh``: docker commands typed, piped in, or read from a text file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from overlaysim.cli.prompt import Prompt, Stop
from overlaysim.cli.running import finish
from overlaysim.errors import InputError, Problem, visible
from overlaysim.scenario.run import conclude, load
from overlaysim.scenario.session import Session, with_seed
from overlaysim.units import format_duration, format_rate

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
    session = Session(with_seed(scenario, options.seed), capture=options.capture, digest=digest)
    prompt = Prompt(session)
    print(welcome(session))
    interactive = script is None and sys.stdin.isatty()
    lines = typed_lines(prompt) if interactive else script_lines(prompt, script or sys.stdin)
    status = 0
    try:
        for line in lines:
            status = prompt.do(line)
            if status and not interactive:
                break
    except Stop:
        pass
    except KeyboardInterrupt:
        status = 130
    if session.simulator.now:
        print()
        reported = finish(conclude(session), options)
        status = status or reported
    return 0 if interactive else status


def read_script(path: Path) -> list[str]:
    """Read a text file of commands.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise InputError([Problem(str(path), 0, 0, "", f"cannot be read: {reason}")]) from None
    if len(text) > LONGEST_SCRIPT:
        raise InputError([Problem(str(path), 0, 0, "", "too long for a script")])
    return text.splitlines()


def script_lines(prompt: Prompt, lines: Iterator[str] | list[str]) -> Iterator[str]:
    """Give each line after showing it behind the prompt, as if it had been typed."""
    for line in lines:
        text = line.strip()
        if text and not text.startswith("#"):
            print(f"{prompt.text}{visible(text)}")
            yield text


def typed_lines(prompt: Prompt) -> Iterator[str]:
    """Ask for lines until the end of the input."""
    try:
        import readline  # noqa: F401, PLC0415 (line editing where there is one: not on Windows)
    except ImportError:
        pass
    print("Type docker commands; `help` lists the rest.")
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
    switches = f"{len(topology.switches)} switch" + ("es" if len(topology.switches) != 1 else "")
    where = "one switch" if len(topology.switches) == 1 else switches
    return (
        f"{len(topology.hosts)} hosts ({names}) on {where}, {format_rate(spec.rate)}, "
        f"{format_duration(spec.delay)} a link."
    )
