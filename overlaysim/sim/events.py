"""Trace events: what the model tells the outside, and the bus that carries it.

Recorders, the audit and the capture writer read these and nothing else of the model. All instants
are picoseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CommandEnded:
    """A docker command typed on a host has ended; output and errors are what it printed where."""

    at: int
    host: str
    command: str
    status: int
    took: int
    output: str
    errors: str = ""

    @property
    def complaint(self) -> str:
        """What a failed command said: the first line of its errors, else the last it printed.

        Of a program's errors it is the last: what went wrong in the end.
        """
        errors = self.errors.strip().splitlines()
        if errors and self.command.split()[:2] == ["docker", "exec"]:
            return errors[-1]
        lines = self.output.strip().splitlines()
        return errors[0] if errors else lines[-1] if lines else ""


@dataclass(frozen=True, slots=True)
class NameAdded:
    """The truth changed: from now on ``name`` in ``network`` means (also) ``address``.

    ``host`` is where it became true: the host whose own table heard of it first.
    """

    at: int
    network: str
    name: str
    address: str
    host: str


@dataclass(frozen=True, slots=True)
class NameRemoved:
    """The truth changed: ``address`` no longer belongs to ``name`` in ``network``."""

    at: int
    network: str
    name: str
    address: str
    host: str


@dataclass(frozen=True, slots=True)
class BeliefAdded:
    """A host now answers ``name`` in ``network`` (also) with ``address``."""

    at: int
    host: str
    network: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class BeliefRemoved:
    """A host no longer answers ``name`` in ``network`` with ``address``."""

    at: int
    host: str
    network: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class HostJoinedNetwork:
    """A host holds the tables of ``network`` from now on."""

    at: int
    host: str
    network: str


@dataclass(frozen=True, slots=True)
class HostLeftNetwork:
    """A host no longer holds the tables of ``network``."""

    at: int
    host: str
    network: str


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A container asked its resolver; ``at`` is the instant of the answer, ``took`` the wait.

    ``networks`` are those the container is attached to, in search order; ``network`` is the one
    that knew the name, or empty.
    """

    at: int
    took: int
    host: str
    container: str
    networks: tuple[str, ...]
    network: str
    name: str
    qtype: str
    rcode: str
    answers: tuple[str, ...]
    forwarded: bool


@dataclass(frozen=True, slots=True)
class NodeChanged:
    """The managers' view of a node changed: joined, left, ready, down."""

    at: int
    host: str
    state: str


@dataclass(frozen=True, slots=True)
class TaskChanged:
    """A task of a service reached a state."""

    at: int
    service: str
    task: str
    host: str
    state: str


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A link went up or down, or got other properties; ``what`` says it in words."""

    at: int
    a: str
    b: str
    what: str


@dataclass(frozen=True, slots=True)
class EndpointAdded:
    """From now on ``address`` in ``network`` is an interface of ``endpoint``, which is on ``host``.

    ``endpoint`` is a label such as ``web@host-a``.
    """

    at: int
    network: str
    endpoint: str
    address: str
    host: str


@dataclass(frozen=True, slots=True)
class EndpointRemoved:
    """``endpoint`` has left ``network``; ``address`` is nobody's."""

    at: int
    network: str
    endpoint: str
    address: str
    host: str


@dataclass(frozen=True, slots=True)
class PeerAdded:
    """A host now sends frames for ``address`` in ``network`` to the tunnel end of ``to``."""

    at: int
    host: str
    network: str
    address: str
    to: str


@dataclass(frozen=True, slots=True)
class PeerRemoved:
    """A host no longer knows where ``address`` in ``network`` is."""

    at: int
    host: str
    network: str
    address: str
    to: str


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """What one host's gossip says of another: ``active``, ``failed``, ``left`` or ``forgotten``."""

    at: int
    host: str
    member: str
    state: str


@dataclass(frozen=True, slots=True)
class GossipEnded:
    """The gossip of ``host`` has ended: it says nothing of anybody any more."""

    at: int
    host: str


@dataclass(frozen=True, slots=True)
class FaultBegan:
    """Something was broken on purpose; ``number`` tells it from others, ``what`` says it in words.

    ``hosts`` are those that it concerns.
    """

    at: int
    number: int
    what: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FaultEnded:
    """What was broken as ``number`` is whole again."""

    at: int
    number: int
    what: str


@dataclass(frozen=True, slots=True)
class PathChanged:
    """Tunnel frames from ``source`` to ``target`` (hosts) now arrive, or do not and why.

    ``obstacle`` is empty if they arrive; otherwise a word such as ``link down``. Everything arrives
    unless an event says otherwise.
    """

    at: int
    source: str
    target: str
    obstacle: str


@dataclass(frozen=True, slots=True)
class HostsShadowed:
    """From now on ``endpoint`` does not reach ``hosts`` of the underlay by their ``addresses``.

    These lie in the ``subnet`` of ``network``, which it is attached to, so what it sends to them
    stays there. It is over when the endpoint leaves the network.
    """

    at: int
    network: str
    endpoint: str
    subnet: str
    host: str
    hosts: tuple[str, ...]
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlowMasqueraded:
    """``host`` gives the packets of a new flow of ``endpoint`` its own address as their source.

    They come from ``interface`` of the endpoint (``eth1``) by ``network``. ``source_port`` becomes
    ``port``; for ``icmp`` both are identifiers of echoes, and ``target_port`` is 0.
    """

    at: int
    host: str
    network: str
    endpoint: str
    interface: str
    protocol: str
    source: str
    source_port: int
    target: str
    target_port: int
    port: int


@dataclass(frozen=True, slots=True)
class ConnectionOpened:
    """A TCP connection is established, as ``endpoint`` sees it: one of its two ends.

    ``peer`` is the endpoint that its segments reach, also where an address was translated on the
    way; ``passive`` tells that the peer opened it. The four numbers name the connection in what
    the same endpoint says of it later.
    """

    at: int
    endpoint: str
    peer: str
    local: str
    local_port: int
    remote: str
    remote_port: int
    passive: bool


@dataclass(frozen=True, slots=True)
class ConnectionProgress:
    """How far a TCP connection has come.

    Told at most once a second while something moves, and when the program or its peer closes it.
    ``moved`` is when something was last acknowledged or received. Bytes of payload: of what the
    endpoint sent ``acknowledged``, by its program ``written`` so far, ``received`` in order.
    ``retransmissions`` counts segments.
    """

    at: int
    endpoint: str
    local: str
    local_port: int
    remote: str
    remote_port: int
    moved: int
    written: int
    acknowledged: int
    received: int
    retransmissions: int


@dataclass(frozen=True, slots=True)
class ConnectionStalled:
    """The same segment of a connection has been sent again and again: nothing comes of it.

    ``since`` is when something last moved; ``state`` is TCP's own (``SYN-SENT``). It is over when
    the connection makes progress or ends.
    """

    at: int
    endpoint: str
    peer: str
    local: str
    local_port: int
    remote: str
    remote_port: int
    state: str
    since: int
    written: int
    acknowledged: int
    received: int
    retransmissions: int


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """A TCP connection is over for ``endpoint``: why, and what came of it as in
    :class:`ConnectionProgress`.

    ``reason`` is ``closed`` or what went wrong, such as ``timed out``; then it may never have been
    established.
    """

    at: int
    endpoint: str
    peer: str
    local: str
    local_port: int
    remote: str
    remote_port: int
    reason: str
    moved: int
    written: int
    acknowledged: int
    received: int
    retransmissions: int


@dataclass(frozen=True, slots=True)
class BlackHoleFound:
    """A connection of ``endpoint`` sends shorter segments, since full ones keep vanishing.

    ``mtu`` is the length of the packets that do.
    """

    at: int
    endpoint: str
    local: str
    local_port: int
    remote: str
    remote_port: int
    mtu: int


@dataclass(frozen=True, slots=True)
class FrameSeen:
    """A frame passed a host's underlay interface; sent only when somebody captures.

    ``journey.packet`` is the packet as it looks on the wire at this point.
    """

    at: int
    host: str
    outgoing: bool
    journey: Any
    packet: Any


class Bus:
    """Carries trace events to whoever subscribed to their type, in order of subscription."""

    def __init__(self) -> None:
        self._listeners: dict[type, list[Callable[[Any], None]]] = {}
        self._all: list[Callable[[Any], None]] = []

    def subscribe(self, event_type: type, listener: Callable[[Any], None]) -> None:
        """Call ``listener(event)`` for each event of exactly this type."""
        self._listeners.setdefault(event_type, []).append(listener)

    def subscribe_all(self, listener: Callable[[Any], None]) -> None:
        """Call ``listener(event)`` for every event except :class:`FrameSeen`."""
        self._all.append(listener)

    def wants(self, event_type: type) -> bool:
        """Whether anybody subscribed to this very type: lets a hot path skip making events."""
        return event_type in self._listeners

    def emit(self, event: Any) -> None:
        """Tell everybody who subscribed."""
        for listener in self._listeners.get(type(event), ()):
            listener(event)
        if self._all and type(event) is not FrameSeen:
            for listener in self._all:
                listener(event)
