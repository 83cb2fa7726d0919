"""Programs that do nothing on the network: sleep, a server that waits, one that prints and ends."""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.traffic.messages import Event
from overlaysim.traffic.program import Program
from overlaysim.units import SECOND

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Idle(Program):
    """What the programs of this module share: they listen to nothing."""

    def receive(self, message: Event, now: int) -> None:
        """Nothing concerns it."""

    def on_timer(self, now: int) -> None:
        """The time is up."""
        self._end(0)


class Server(Idle):
    """An image's own server: it runs until it is told to stop, and then ends in good order."""

    def start(self, now: int) -> None:
        """Run."""

    def stop(self, now: int) -> None:
        """End with success, as a server does that handles SIGTERM."""
        if not self.finished:
            self._end(0)


class Sleep(Idle):
    """``sleep N[smhd]``: the arguments add up; ``infinity`` never ends."""

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__()
        self._arguments = arguments

    def start(self, now: int) -> None:
        """Read the arguments and wait."""
        if not self._arguments:
            self._fail("sleep: missing operand")
            return
        total = 0
        for argument in self._arguments:
            if argument in ("inf", "infinity"):
                return
            number, factor = argument, 1
            if argument[-1:] in _UNITS:
                number, factor = argument[:-1], _UNITS[argument[-1]]
            if not number.isdecimal() or len(number) > 9:
                self._fail(f"sleep: invalid number '{argument}'")
                return
            total += int(number) * factor
        self._due = now + total * SECOND


class Print(Idle):
    """A program whose output is known when it starts, such as ``cat`` of a small file."""

    def __init__(self, lines: Sequence[str], errors: Sequence[str] = (), status: int = 0) -> None:
        super().__init__()
        self._result = (list(lines), list(errors), status)

    def start(self, now: int) -> None:
        """Print everything and end."""
        lines, errors, status = self._result
        self.lines += lines
        self.errors += errors
        self._end(status)
