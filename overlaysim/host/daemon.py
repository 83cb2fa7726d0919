"""The daemon of a host as a process of its kernel: it can be frozen, kept busy, and ended.

All that the daemon does begins here: with a process (:meth:`Daemon.spawn`), or with something that
came in over a socket (:meth:`Daemon.take`). The kernel's own work does not: it forwards the
containers' frames and acknowledges TCP segments whatever the daemon does.

An overloaded host is modelled as one server with a queue: each thing that came in over a socket
takes the same time, in the order of arrival.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator
from typing import Any

from overlaysim.errors import OverlaysimError
from overlaysim.sim import Event, Process, Simulator, Steps
from overlaysim.sim.clock import Interrupt

RECEIVE_BUFFER = 2 * 212_992
"""Bytes of a UDP socket's receive buffer. The daemon asks for 2 MiB (memberlist
``net_transport.go``, setUDPRecvBuf), gets ``net.core.rmem_max`` (212 992 unless the host was
tuned), and the kernel doubles that (socket(7), SO_RCVBUF)."""
BUFFER_OVERHEAD = 576
"""Bytes that a datagram takes there besides its own: ``struct sk_buff`` and ``skb_shared_info``
(Linux ``include/linux/skbuff.h``, SKB_TRUESIZE, on 64 bits)."""

Work = Callable[[], None]


class DaemonStopped(OverlaysimError):  # noqa: N818 - says what happened to the daemon
    """The daemon does not run, or ended while it was at work."""

    def __init__(self) -> None:
        super().__init__(
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. "
            "Is the docker daemon running?"
        )


class Daemon:
    """Lets the work of one host's daemon go on, wait, or end.

    Attributes:
        running: whether there is a daemon at all.
        frozen: whether it has been sent SIGSTOP.
    """

    def __init__(self, simulator: Simulator) -> None:
        self.running = True
        self.frozen = False
        self._simulator = simulator
        self._life = 0  # counts the starts: work of an earlier life is void
        self._thaw: Event = simulator.event()
        self._delays: list[int] = []
        self._queue: deque[tuple[int, int, Work]] = deque()  # socket's port, bytes there, work
        self._buffered: Counter[int] = Counter()
        self._serving = False
        self._held: dict[int, tuple[Process, Steps]] = {}
        self._numbers = 0

    # ---- processes ------------------------------------------------------------------------

    def spawn(self, steps: Steps) -> Process:
        """Start a process of the daemon; if the daemon ends, the process does, with None."""
        return self._simulator.spawn(self._quietly(self.during(steps)))

    @staticmethod
    def _quietly(steps: Steps) -> Steps:
        try:
            return (yield from steps)
        except DaemonStopped:
            return None

    def during(self, steps: Steps) -> Steps:
        """Carry out ``steps``, in a process of its own, as work of the daemon: it stands still
        while the daemon is frozen.

        Raises:
            DaemonStopped: the daemon does not run, or ends before the steps do.
        """
        return self._during(steps, self._life)

    def _during(self, steps: Steps, life: int) -> Steps:
        if not self.running or life != self._life:
            steps.close()
            raise DaemonStopped
        process = self._simulator.active_process
        assert process is not None
        self._numbers += 1
        number = self._numbers
        self._held[number] = (process, steps)
        try:
            return (yield from self._drive(steps))
        except Interrupt:
            raise DaemonStopped from None
        finally:
            self._held.pop(number, None)

    def _drive(self, steps: Steps) -> Steps:
        """Hand every value and every exception to ``steps``, but not while the daemon is frozen."""
        yield from self._awake()
        resume: Callable[[], Event] = lambda: next(steps)  # noqa: E731 - replaced in the loop
        while True:
            try:
                awaited = resume()
            except StopIteration as end:
                return end.value
            try:
                value = yield awaited
            except Interrupt:
                raise
            except Exception as error:
                resume = _thrower(steps, error)
            else:
                resume = _sender(steps, value)
            yield from self._awake()

    def _awake(self) -> Steps:
        while self.frozen:
            yield self._thaw

    # ---- sockets --------------------------------------------------------------------------

    def has_room(self, port: int) -> bool:
        """Whether the socket of a UDP port takes another datagram (Linux ``net/ipv4/udp.c``,
        __udp_enqueue_schedule_skb: the last one may exceed the limit).
        """
        return self._buffered[port] <= RECEIVE_BUFFER

    def take(self, work: Work, *, port: int = 0, length: int = 0) -> None:
        """Do what something that came in over a socket asks for: at once, or when its turn comes.

        Args:
            port, length: of a datagram: it takes room in that socket's buffer until then.
        """
        if not self.running:
            return
        if not (self.frozen or self._serving or self._delays or self._queue):
            work()
            return
        size = length + BUFFER_OVERHEAD if port else 0
        self._buffered[port] += size
        self._queue.append((port, size, work))
        self._serve()

    def only_now(self, work: Work) -> Callable[[object], None]:
        """Make a timer's callback of ``work``: it waits while the daemon is frozen, and comes to
        nothing if the daemon has ended meanwhile.
        """
        life = self._life

        def fire(_: object) -> None:
            if life != self._life or not self.running:
                return
            if self.frozen:
                self._queue.append((0, 0, work))
            else:
                work()

        return fire

    def _serve(self) -> None:
        """Begin with the next in the queue, unless one is being served."""
        while self._queue and not self._serving and not self.frozen:
            self._serving = True
            if self._delays:
                self._simulator.call_in(sum(self._delays), self._served, self._life)
                return
            self._finish()

    def _served(self, life: int) -> None:
        if life != self._life:
            return
        if self.frozen:  # stopped in the middle: it begins with this one again
            self._serving = False
            return
        self._finish()
        self._serve()

    def _finish(self) -> None:
        port, size, work = self._queue.popleft()
        self._buffered[port] -= size
        work()
        self._serving = False

    # ---- what befalls it ------------------------------------------------------------------

    def freeze(self) -> None:
        """SIGSTOP: nothing goes on until :meth:`thaw`."""
        self.frozen = self.running

    def thaw(self) -> None:
        """SIGCONT: what came in meanwhile is dealt with, then everything goes on."""
        if not self.frozen:
            return
        self.frozen = False
        self._serve()
        thaw, self._thaw = self._thaw, self._simulator.event()
        thaw.succeed()

    def slow_down(self, delay: int) -> Callable[[], None]:
        """Let everything that comes in over a socket take ``delay`` picoseconds more.

        Returns how to undo it.
        """
        entry = delay
        self._delays.append(entry)

        def undo() -> None:
            self._delays.remove(entry)
            self._serve()

        return undo

    def end(self) -> None:
        """The daemon is gone with all that it was doing, and its sockets with what was in them."""
        self.running = self.frozen = self._serving = False
        self._life += 1
        self._queue.clear()
        self._buffered.clear()
        held, self._held = self._held, {}
        for _, steps in held.values():
            steps.close()
        for process in dict.fromkeys(process for process, _ in held.values()):
            process.interrupt()

    def begin(self) -> None:
        """A new daemon starts."""
        self.running = True


def _sender(steps: Generator[Event, Any, Any], value: Any) -> Callable[[], Event]:
    return lambda: steps.send(value)


def _thrower(steps: Generator[Event, Any, Any], error: Exception) -> Callable[[], Event]:
    return lambda: steps.throw(error)
