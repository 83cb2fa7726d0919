"""``overlaysim headers``: the table of all encapsulations, and their headers drawn bit by bit."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overlaysim.cli.rounds import number
from overlaysim.cli.whole_file import check_place, write_whole
from overlaysim.errors import InputError, visible

if TYPE_CHECKING:
    from overlaysim.overlay.encapsulation import Encapsulation, Example

STANDARD_OUTPUT = Path("-")
_FAMILIES = {"ipv4": 4, "ipv6": 6}
_EXAMPLE = ("underlay", "inner", "payload", "network")
"""Options that say what the packet that is drawn is like."""
_MTUS = (1500, 9000)


def add_headers_command(commands: Any) -> None:
    """Declare ``headers`` and its options.

    Args:
        commands: the subparsers of the program.
    """
    headers = commands.add_parser(
        "headers",
        help="list encapsulations, or draw the headers of one bit by bit",
        description="Without a name: a table of all encapsulations. With names: the headers of an"
        " example packet of each, outermost first, with all fields.",
    )
    headers.add_argument("names", nargs="*", metavar="NAME", help="an encapsulation, as vxlan")
    headers.add_argument(
        "--mtu", type=number(68, 65_535), metavar="N",
        help="of the underlay, in bytes (default: 1500; the table has 9000 too)",
    )  # fmt: skip
    packet = headers.add_argument_group("the packet that is drawn")
    packet.add_argument("--underlay", choices=_FAMILIES, help="its outer IP version")
    packet.add_argument("--inner", choices=_FAMILIES, help="its inner IP version")
    packet.add_argument("--payload", type=number(0, 65_507), metavar="N",
                        help="bytes of its inner UDP datagram (default: 56)")  # fmt: skip
    packet.add_argument("--network", type=number(0, 2**32 - 1), metavar="N",
                        help="number of its overlay network (default: 4097)")  # fmt: skip
    forms = headers.add_argument_group("instead of text; - is standard output")
    form = forms.add_mutually_exclusive_group()
    form.add_argument("--svg", type=Path, metavar="FILE", help="a vector drawing of one")
    form.add_argument("--csv", type=Path, metavar="FILE", help="the table as CSV")
    form.add_argument("--json", type=Path, metavar="FILE", help="table, headers and fields as JSON")
    headers.set_defaults(run=_headers)


def _headers(options: argparse.Namespace) -> int:
    from overlaysim.overlay.encapsulation import encapsulation, encapsulations  # noqa: PLC0415 (late)

    chosen = [encapsulation(name) for name in options.names] or encapsulations()
    if not options.names or options.csv is not None:
        _refuse_example(options)
    if options.svg is not None and len(options.names) != 1:
        raise InputError("--svg draws one encapsulation: name one")
    target = options.svg or options.csv or options.json
    if target is None:
        print(_text(chosen, options), end="")
    else:
        _write(target, chosen, options)
    return 0


def _refuse_example(options: argparse.Namespace) -> None:
    for name in _EXAMPLE:
        if getattr(options, name) is not None:
            raise InputError(
                f"--{name} is of the packet that is drawn: name an encapsulation"
                + (", and leave --csv out" if options.csv else "")
            )


def _text(chosen: Sequence[Encapsulation], options: argparse.Namespace) -> str:
    from overlaysim.cli.encapsulation_table import table_text  # noqa: PLC0415 (late)
    from overlaysim.report.headers import sheet_of, text_of  # noqa: PLC0415 (late)

    if not options.names:
        return table_text(chosen, _mtus(options))
    return "\n".join(text_of(sheet_of(_example(known, options))) for known in chosen)


def _write(target: Path, chosen: Sequence[Encapsulation], options: argparse.Namespace) -> None:
    """Write what is asked for instead of text, whole or not at all."""
    from overlaysim.cli.encapsulation_table import table_csv, table_json  # noqa: PLC0415 (late)
    from overlaysim.report.headers import sheet_of, svg_of  # noqa: PLC0415 (late)

    if target != STANDARD_OUTPUT:
        check_place(target)
    if options.svg is not None:
        text = svg_of(sheet_of(_example(chosen[0], options)))
    elif options.csv is not None:
        text = table_csv(chosen, _mtus(options))
    else:
        text = table_json([_example(known, options) for known in chosen], _mtus(options))
    if target == STANDARD_OUTPUT:
        print(text, end="")
    else:
        write_whole(target, text)
        print(f"{visible(str(target))}: {', '.join(known.name for known in chosen)}")


def _mtus(options: argparse.Namespace) -> tuple[int, ...]:
    return _MTUS if options.mtu is None else (options.mtu,)


def _example(known: Encapsulation, options: argparse.Namespace) -> Example:
    """Build the packet that is drawn.

    Raises:
        InputError: the encapsulation cannot carry it, or a number does not fit into its field.
    """
    from overlaysim.overlay.encapsulation import CannotCarry, example  # noqa: PLC0415 (late)
    from overlaysim.wire import MalformedPacket  # noqa: PLC0415 (late)

    numbers = {name: getattr(options, name) for name in ("payload", "network", "mtu")}
    given = {name: value for name, value in numbers.items() if value is not None}
    family, inner = (_FAMILIES.get(option) for option in (options.underlay, options.inner))
    try:
        return example(known, family=family, inner=inner, **given)
    except (CannotCarry, MalformedPacket) as error:
        raise InputError(str(error)) from None
