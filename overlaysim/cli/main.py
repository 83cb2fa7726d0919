"""The command line: ``overlaysim run | check | schema | sh | demo | show | headers | decode |
compare | validate``.

Exit status: 0 everything holds, 1 an expectation or a typed command failed (with its own status),
2 the input is wrong, 130 interrupted. Imports stay inside the commands, so that ``--help`` is fast.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from overlaysim.cli.benching import add_bench_command
from overlaysim.cli.comparing import add_compare_command
from overlaysim.cli.decoding import add_decode_command
from overlaysim.cli.headers import add_headers_command
from overlaysim.cli.status import INTERNAL_ERROR, INTERRUPTED, IO_FAILED, WRONG_INPUT
from overlaysim.cli.validating import add_validate_command
from overlaysim.errors import InputError, ModelError, Problem, nearest, visible
from overlaysim.version import __version__

EPILOG = """\
first steps:
  overlaysim demo                          the Docker overlay tutorial, run and explained
  overlaysim sh                            type docker commands on simulated hosts
  overlaysim run scenarios/tutorial.overlay.yml --out runs/tutorial
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows ASCII only, stray bytes
    options = build_parser().parse_args(arguments)
    try:
        return _status_of(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()  # the reader has seen enough, as `head` does
        return 0
    except OSError as error:
        _discard_output()
        print(f"overlaysim: input or output failed: {error.strerror}", file=sys.stderr)
        return IO_FAILED


def _status_of(options: argparse.Namespace) -> int:
    """Run a command and tell what is wrong; all that it printed has been written when it ends."""
    try:
        status = int(options.run(options))
    except InputError as error:
        print_problems(error)
        status = WRONG_INPUT
    except ModelError as error:
        print(f"overlaysim: a bug in the simulator: {error}", file=sys.stderr)
        status = INTERNAL_ERROR
    if sys.stdout is not None:  # None: closed before the start
        sys.stdout.flush()
    return status


def _discard_output() -> None:
    """Let what could not be written go nowhere, or Python would complain once more at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in filter(None, (sys.stdout, sys.stderr)):  # None: closed before the start
        try:
            stream.flush()
        except OSError:
            os.dup2(null, stream.fileno())


class Parser(argparse.ArgumentParser):
    """An argument parser that suggests the nearest spelling (argparse itself does from 3.14 on)."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and end with status 2."""
        wrong = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if wrong:
            message += nearest(wrong[1], re.findall(r"[\w-]+", wrong[2]))
        unknown = re.search(r"unrecognized arguments: (--[\w-]+)", message)
        if unknown:
            message += nearest(unknown[1], long_options(self))
        super().error(visible(message))


def long_options(parser: argparse.ArgumentParser) -> set[str]:
    """The long options of a parser and of all commands below it, in whatever group they are."""
    found: set[str] = set()
    for action in parser._actions:
        found.update(name for name in action.option_strings if name.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):
            found = found.union(*map(long_options, action.choices.values()))
    return found


def build_parser() -> argparse.ArgumentParser:
    """Declare the commands and their options."""
    parser = Parser(
        prog="overlaysim",
        description="Simulate Docker-Swarm-style overlay networks: hosts, VXLAN, gossip, names.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"overlaysim {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = commands.add_parser("run", help="run a scenario file and report")
    run.add_argument("file", type=Path, metavar="FILE", help="a scenario (.yml, .json or .toml)")
    run.add_argument(
        "--plane", choices=("auto", "event", "vector"),
        help="what carries bulk traffic; takes the place of the scenario's plane",
    )  # fmt: skip
    _add_run_options(run)
    run.set_defaults(run=_run)

    demo = commands.add_parser("demo", help="run the shipped tutorial scenario")
    _add_run_options(demo)
    demo.set_defaults(run=_demo, plane=None)

    check = commands.add_parser("check", help="check scenario files without running them")
    check.add_argument("files", type=Path, nargs="+", metavar="FILE")
    check.set_defaults(run=_check)

    shell = commands.add_parser("sh", help="type docker commands on simulated hosts")
    shell.add_argument(
        "file", type=Path, nargs="?", metavar="FILE",
        help="a scenario (.yml, .json, .toml) to start from, or a text file of commands to run",
    )  # fmt: skip
    shell.add_argument(
        "--manual", action="store_true",
        help="hosts join the swarm only by `docker swarm join`, not by themselves",
    )  # fmt: skip
    _add_run_options(shell)
    shell.set_defaults(run=_shell)

    schema = commands.add_parser("schema", help="print the JSON Schema of scenario files")
    schema.add_argument(
        "--text", action="store_true",
        help="print for people instead: every key, and every metric that `expect` knows",
    )  # fmt: skip
    schema.set_defaults(run=_schema)

    add_bench_command(commands)
    add_compare_command(commands)

    show = commands.add_parser("show", help="tell from a run's folder who could reach whom")
    show.add_argument("folder", type=Path, metavar="RUN", help="a folder that --out has written")
    show.add_argument("--at", metavar="TIME", help="an instant of the run, as in 30s; else its end")
    show.add_argument("--network", metavar="NAME", help="this network only")
    show.set_defaults(run=_show)

    add_headers_command(commands)
    add_decode_command(commands)
    add_validate_command(commands)
    return parser


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed", type=int, metavar="N", help="take the place of the scenario's seed"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write report, tables and figures")
    parser.add_argument("--capture", action="store_true", help="add capture.pcapng to --out")
    parser.add_argument(
        "--seal", action="store_true",
        help="encrypt what encrypted tunnels carry in the capture; the keys go to esp_sa beside it",
    )  # fmt: skip
    parser.add_argument("--no-figures", action="store_true", help="leave the figures out of --out")


def print_problems(error: InputError) -> None:
    """Print what is wrong with the input, one line each, and the count."""
    problems = error.problems
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"overlaysim: {visible(str(error))}", file=sys.stderr)
    else:
        word = "problem" if len(problems) == 1 else "problems"
        print(f"{len(problems)} {word}, nothing was run", file=sys.stderr)


def _check_output(options: argparse.Namespace) -> None:
    """Find out before the run whether its folder could be written."""
    if options.out is not None:
        from overlaysim.report.run_folder import check_run_folder  # noqa: PLC0415 (late)

        check_run_folder(options.out)
    elif options.capture:
        raise InputError("--capture needs a folder for the capture: add --out DIR")
    if options.seal and not options.capture:
        raise InputError("--seal encrypts a capture: add --capture")


def _run(options: argparse.Namespace) -> int:
    from overlaysim.cli.running import run_file  # noqa: PLC0415 (late: networkx, numpy)

    _check_output(options)
    return run_file(options.file, options)


def _demo(options: argparse.Namespace) -> int:
    from overlaysim.cli.running import demo_file, run_file  # noqa: PLC0415 (late)

    _check_output(options)
    return run_file(demo_file(), options)


def _check(options: argparse.Namespace) -> int:
    from overlaysim.cli.running import print_warnings  # noqa: PLC0415 (late)
    from overlaysim.scenario.run import load  # noqa: PLC0415 (late)

    problems: list[Problem] = []
    for path in options.files:
        try:
            scenario, _ = load(path)
        except InputError as error:
            problems += error.problems
        else:
            count = print_warnings(scenario, path)
            warned = f", {count} warning{'s' * (count > 1)}" if count else ""
            print(f"{visible(str(path))}: good{warned}")
    if problems:
        raise InputError(problems)
    return 0


def _shell(options: argparse.Namespace) -> int:
    from overlaysim.cli.shell import run_shell  # noqa: PLC0415 (late)

    _check_output(options)
    return run_shell(options)


def _show(options: argparse.Namespace) -> int:
    from overlaysim.cli.show import show_run  # noqa: PLC0415 (late)

    return show_run(options)


def _schema(options: argparse.Namespace) -> int:
    import json  # noqa: PLC0415 (late)

    from overlaysim.measure import METRICS  # noqa: PLC0415 (late)
    from overlaysim.scenario.schema import (  # noqa: PLC0415 (late)
        json_schema,
        metrics_text,
        reference_text,
    )

    if options.text:
        print(f"{reference_text()}\nexpect: METRIC.FIELD OPERATOR VALUE\n{metrics_text(METRICS)}")
    else:
        print(json.dumps(json_schema(), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
