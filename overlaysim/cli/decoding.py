"""``overlaysim decode``: a capture as JSON lines, and the capture again from those lines."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from overlaysim.cli.whole_file import appearing_file, check_place
from overlaysim.errors import InputError, ModelError, nearest, quote

if TYPE_CHECKING:
    from overlaysim.wire.capture import CapturedFrame, CaptureRecord
    from overlaysim.wire.decode import Bindings

STANDARD_INPUT = "-"
"""The file name that means it, as in many programs."""

DESCRIPTION = """\
Print every frame of a capture as one line of JSON: when and where it was seen, and under `layers`
every header with all its fields, outermost first. What no header claims is `payload`; what stands
behind a layer, such as the padding of a short frame, is in `trailers`. Bytes are hex digits.

  truncated   so many bytes were on the wire and not kept; what is there is decoded
  stopped     why the next header was not read: its bytes are cut off, or a fragment ends
  quoted      the headers of the packet that an ICMP error is about
  malformed   the frame contradicts itself, this is how; its `bytes` follow
"""

EPILOG = """\
examples:
  overlaysim decode capture.pcapng | jq -c '[.seconds, .interface, .layers[].layer]'
  overlaysim decode flannel.pcap --udp-port 8472=VXLAN
  tcpdump -w - udp port 4789 | overlaysim decode -

Reads pcap and pcapng with link types Ethernet, Linux cooked, raw IP and loopback. Frames that
are malformed are printed too, and are no failure; a file that is broken has exit status 2.
"""


def add_decode_command(commands: Any) -> None:
    """Declare ``decode`` and its options.

    Args:
        commands: the subparsers of the program.
    """
    decode = commands.add_parser(
        "decode", help="print the frames of a capture, every header and field, as JSON lines",
        description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    decode.add_argument("file", metavar="FILE", help="a .pcap or .pcapng file; - is standard input")
    decode.add_argument(
        "--repack", type=Path, metavar="OUT",
        help="write the capture again, each frame built from the fields that were printed",
    )  # fmt: skip
    decode.add_argument(
        "--udp-port", action="append", default=[], metavar="PORT=HEADER",
        help="what UDP to this port carries, where it is not the assigned one; can be repeated",
    )  # fmt: skip
    decode.set_defaults(run=_decode)


def _decode(options: argparse.Namespace) -> int:
    from overlaysim.wire import MalformedPacket  # noqa: PLC0415 (late)

    bindings = _bindings(options.udp_port)
    if options.repack is not None:
        check_place(options.repack)
    with _opened(options.file) as file, _output(options.repack) as write:
        try:
            _decode_file(file, options.file, bindings, write)
        except MalformedPacket as error:
            raise InputError(str(error)) from None
    return 0


def _decode_file(
    file: BinaryIO, path: str, bindings: Bindings, write: Callable[[bytes], None] | None
) -> None:
    """Print each frame; give ``write`` each record, built from what was printed."""
    from overlaysim.wire.read_capture import capture_records  # noqa: PLC0415 (late)

    piped = path == STANDARD_INPUT
    name = "standard input" if piped else path
    number, heard = 0, True
    for record in capture_records(file, name):
        line = ""
        if record.frame is not None:
            number += 1
            line = _line(record.frame, number, name, bindings)
            heard = heard and _told(line, at_once=piped, needed=write is None)
        if write is not None:
            write(_built(record, line))


def _line(frame: CapturedFrame, number: int, name: str, bindings: Bindings) -> str:
    from overlaysim.wire import MalformedPacket, dissect  # noqa: PLC0415 (late)

    try:
        return json.dumps(dissect(frame, number, bindings))
    except MalformedPacket as error:  # of a link type that is not read
        raise InputError(f"{name}: frame {number}: {error}") from None


def _told(line: str, *, at_once: bool, needed: bool) -> bool:
    """Print a line and return whether anybody reads; if the lines are ``needed``, somebody must."""
    try:
        print(line, flush=at_once)
    except BrokenPipeError:
        if needed:
            raise
        return False
    return True


def _built(record: CaptureRecord, line: str) -> bytes:
    """Return a record of the capture, its frame built from its line and nothing else."""
    from overlaysim.wire import MalformedPacket, frame_from_json  # noqa: PLC0415 (late)

    if record.frame is None:
        return record.head
    try:
        frame = frame_from_json(json.loads(line)).pack()
    except MalformedPacket as error:
        raise ModelError(f"{error}, in a frame that was decoded: {line}") from error
    if frame != record.frame.data:
        raise ModelError(f"a frame cannot be built from its fields: {line}")
    return record.head + frame + record.tail


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """Open the capture; raises InputError if it cannot be."""
    if name == STANDARD_INPUT:
        if sys.stdin is None:  # closed before the start
            raise InputError("standard input is closed")
        yield sys.stdin.buffer
        return
    try:
        file = open(name, "rb")  # noqa: SIM115 (what happens in the body is no failure to open)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None
    with file:
        yield file


def _output(path: Path | None) -> AbstractContextManager[Callable[[bytes], None] | None]:
    return nullcontext() if path is None else appearing_file(path)


def _bindings(choices: Sequence[str]) -> Bindings:
    """Read ``--udp-port`` options into what is known anyway; raises InputError."""
    from overlaysim.wire import HEADERS  # noqa: PLC0415 (late)
    from overlaysim.wire.partial import KNOWN  # noqa: PLC0415 (late)

    headers = {header.__name__.lower(): header for header in HEADERS}
    bindings = dict(KNOWN)
    for choice in choices:
        port, _, name = choice.partition("=")
        if not (name and re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 1 << 16):
            raise InputError(
                f"--udp-port {quote(choice)}: write a port from 1 to 65535 and the header behind "
                f"it, as in 8472=VXLAN"
            )
        if name.lower() not in headers:
            known = [header.__name__ for header in HEADERS]
            raise InputError(
                f"--udp-port {quote(choice)}: no such header{nearest(name, known)}; known are "
                f"{', '.join(known)}"
            )
        bindings["udp_port", int(port)] = headers[name.lower()]
    return bindings
