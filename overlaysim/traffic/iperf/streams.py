"""What the two sides of a test have in common, whatever carries it: its streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from overlaysim.traffic.iperf.control import Parameters
from overlaysim.traffic.iperf.report import SEPARATOR, stream_name
from overlaysim.traffic.messages import Request


class Ends(Protocol):
    """The addresses and ports of a stream, as one side sees them."""

    @property
    def local(self) -> str:
        """Own address."""

    @property
    def local_port(self) -> int:
        """Own port."""

    @property
    def remote(self) -> str:
        """Address of the other side."""

    @property
    def remote_port(self) -> int:
        """Port there."""


class Sized(Protocol):
    """A stream that counts its bytes."""

    size: int


Key = TypeVar("Key")
Stream = TypeVar("Stream", bound=Sized)


class Streams(Generic[Key, Stream]):
    """The streams of a test at one of its ends.

    Args:
        parameters: what the test is.
        interval: between reports, picoseconds; 0 for none.
        sends: whether this side sends.
        say: takes the lines that it prints.
        ask: takes its requests to the stack.
    """

    def __init__(
        self,
        parameters: Parameters,
        interval: int,
        *,
        sends: bool,
        say: Callable[[str], None],
        ask: Callable[[Request], None],
    ) -> None:
        self.sends = sends
        self.running = False
        self._parameters = parameters
        self._interval = interval
        self._say, self._ask = say, ask
        self._streams: dict[Key, Stream] = {}
        self._began = self._reported = 0
        self._head_shown = False

    @property
    def complete(self) -> bool:
        """Whether all streams are there."""
        return len(self._streams) == self._parameters.streams

    @property
    def is_done(self) -> bool:
        """Whether as many bytes have been handed over, or have come, as were asked for."""
        wanted = self._parameters.size
        return wanted > 0 and sum(stream.size for stream in self._streams.values()) >= wanted

    def _join(self, key: Key, stream: Stream, ends: Ends) -> None:
        """A stream is connected."""
        name = stream_name(len(self._streams))
        self._streams[key] = stream
        self._say(
            f"{name} local {ends.local} port {ends.local_port} connected to {ends.remote} port "
            f"{ends.remote_port}"
        )

    def _say_head(self, head: str) -> None:
        """Print what stands above the lines of an interval."""
        if not self._head_shown:
            self._say(head)
            self._head_shown = True
        elif len(self._streams) > 1:
            self._say(SEPARATOR)
