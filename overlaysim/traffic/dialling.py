"""What programs have in common that look up a host and connect to it."""

from __future__ import annotations

from abc import abstractmethod

from overlaysim.traffic.messages import Event, Resolved
from overlaysim.traffic.program import Program, first_address, is_address


class Dialler(Program):
    """A program that begins with the address of a host.

    Until that is known the alarm is the resolver's.
    """

    def __init__(self) -> None:
        super().__init__()
        self._host = self._address = ""

    def _find(self, host: str, now: int) -> None:
        """Get the address of a name, or of what is one already."""
        self._host = host
        if is_address(host):
            self._take_address(host, now)
        else:
            self._ask(host, "A", now)

    def receive(self, message: Event, now: int) -> None:
        """Take the resolver's answer; all else is for the program."""
        if self.finished:
            return
        if not isinstance(message, Resolved):
            self._hear(message, now)
        elif not self._address and message.name == self._host:
            self._take_address(first_address(message), now)

    def on_timer(self, now: int) -> None:
        """The resolver has not answered, or a time of the program has come."""
        if self._address:
            self._elapsed(now)
        else:
            self._take_address(None, now)

    def _take_address(self, address: str | None, now: int) -> None:
        self._due = None
        if address is None:
            self._unresolved(now)
        else:
            self._address = address
            self._dial(now)

    @abstractmethod
    def _dial(self, now: int) -> None:
        """The address is known."""

    @abstractmethod
    def _unresolved(self, now: int) -> None:
        """The name has no address, or the resolver does not answer."""

    @abstractmethod
    def _hear(self, message: Event, now: int) -> None:
        """The stack tells something."""

    @abstractmethod
    def _elapsed(self, now: int) -> None:
        """The instant of the alarm has come."""
