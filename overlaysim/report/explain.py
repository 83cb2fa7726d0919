"""What one packet or one look-up did, step by step, in words."""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.errors import visible
from overlaysim.report.table import Table, cut
from overlaysim.sim import DROP_REASONS, Hop, Journey
from overlaysim.sim.events import FlowMasqueraded, LookedUp
from overlaysim.units import format_duration, format_seconds, format_us
from overlaysim.wire import ARP, ICMP, TCP, UDP, Ethernet, IPv4, IPv6, Packet
from overlaysim.wire.arp import REQUEST
from overlaysim.wire.tcp import FIN, RST, SYN

Note = tuple[str, str, str]
"""A line that the caller knows more about: what it concerns, the fact, where that comes from."""

_WIDTH = 120
"""Columns that an explanation may use: its tables are wider than a report's."""

_PART_NAMES = (
    "name look-up", "address resolution", "encapsulation", "queueing", "transmission",
    "propagation", "decapsulation",
)  # fmt: skip


def explain_packet(
    journey: Journey,
    notes: Sequence[Note] = (),
    *,
    extra: int = 24,
    masqueraded: FlowMasqueraded | None = None,
) -> str:
    """Tell the life of a packet hop by hop; the times are microseconds since its birth.

    Args:
        journey: the packet, with its hops if links were traced.
        notes: lines about the name and the address, put before the hops.
        extra: bytes that a frame takes on a link beside its own (24 on Ethernet).
        masqueraded: how its host has translated its source, if it has.
    """
    lines = [cut(visible(_title(journey)), _WIDTH)]
    lines += _note_lines(notes)
    table = Table(
        ("where", "what", "at, us", "waited", "on the wire"),
        tuple(_steps(journey, extra, masqueraded)),
        left=(0, 1, 4),
    )
    lines += [f"  {line}" for line in table.lines(_WIDTH - 2)]
    lines.append(_ending(journey))
    return "\n".join(lines) + "\n"


def explain_lookup(event: LookedUp, notes: Sequence[Note] = ()) -> str:
    """Tell what a container asked its resolver, and what it was answered from."""
    answer = ", ".join(event.answers) or event.rcode
    lines = [
        f"{event.container} on {event.host} asked for {event.name} ({event.qtype}) and had "
        f"{answer} after {format_duration(event.took)}, at {format_seconds(event.at)}"
    ]
    searched = ", ".join(event.networks) or "no network at all"
    if event.network:
        source = f"{event.host}'s own table of network {event.network}"
        lines.append(f"  answered from {source}; searched in this order: {searched}")
    elif event.forwarded:
        lines.append(f"  unknown in {searched}, so forwarded upstream, which said {event.rcode}")
    else:
        lines.append(f"  unknown in {searched}: {event.rcode}")
    return "\n".join([*(cut(visible(line), _WIDTH) for line in lines), *_note_lines(notes)]) + "\n"


def describe_packet(packet: Packet) -> str:
    """The innermost packet in a few words: ``ICMP 64 in IPv4 84``; sizes are bytes."""
    ethernet = max((i for i, x in enumerate(packet.layers) if isinstance(x, Ethernet)), default=-1)
    inner = packet.inner(ethernet + 1)
    arp = inner.find(ARP)
    if arp is not None:
        return f"ARP {'request for' if arp.operation == REQUEST else 'reply about'} {arp.target_ip}"
    ip = inner.find(IPv4)
    if ip is None:
        return f"{inner.length} B"
    within = f"in IPv4 {inner.length}"
    size = inner.length - ip.header_length
    if ip.offset:
        return f"fragment from byte {ip.offset} on, {size} {within}"
    more = ", first fragment" if ip.mf else ""
    transport = inner.find(UDP) or inner.find(TCP)
    if transport is not None:
        ports = f"{transport.src_port} -> {transport.dst_port}"
        flags = _flags(transport) if isinstance(transport, TCP) else ""
        return f"{type(transport).__name__} {ports}{flags}, {size} {within}{more}"
    return f"{'ICMP' if inner.find(ICMP) else f'protocol {ip.protocol}'} {size} {within}{more}"


def _flags(tcp: TCP) -> str:
    """The flags of a segment that opens, ends or resets a connection; empty for any other."""
    words = [word for word, bit in (("SYN", SYN), ("FIN", FIN), ("RST", RST)) if tcp.flags & bit]
    return f" {'+'.join(words)}" if words else ""


def _title(journey: Journey) -> str:
    key = journey.message
    if isinstance(key, tuple) and len(key) == 5 and key[0] == "ping":
        what = f"echo {key[4]} {key[3]}"
    else:
        kind = journey.protocol if journey.kind == "data" else journey.kind
        what = f"{kind} packet {journey.number}"
    title = f"{what}, {_name(journey.source)} -> {_name(journey.intended)}"
    if journey.ended is None:
        return f"{title}, still on its way"
    took = f"{format_us(journey.ended - journey.born)} us"
    if journey.outcome == "dropped":
        return f"{title}, dropped after {took}: {journey.reason}"
    if journey.reached != journey.intended:
        return f"{title}, arrived after {took}, but at {_name(journey.reached or '')}"
    return f"{title}, arrived after {took}"


def _name(label: str) -> str:
    return label.partition("@")[0]


def _steps(
    journey: Journey, extra: int, masqueraded: FlowMasqueraded | None
) -> list[tuple[str, str, str, str, str]]:
    """The rows of the table: sender, wrapping, links, unwrapping or the place of the drop."""
    born = journey.born
    packet: Packet | None = journey.packet
    hops = journey.hops or []
    what = describe_packet(packet) if packet is not None else f"{journey.length} B"
    steps = [(_place(journey.source), what, format_us(0), "", "")]
    whole = max([journey.length, *(hop.length for hop in hops)])
    if packet is not None and journey.tunnel is not None:
        steps.append(_wrapping(journey, packet, journey.tunnel, whole))
    if masqueraded is not None:
        steps = [(f"{_name(journey.source)} {masqueraded.interface}", what, format_us(0), "", ""),
                 _translation(journey, masqueraded)]  # fmt: skip
    for number, hop in enumerate(hops):
        cut_short = hop.length < whole
        steps.append(_crossing(hop, born, extra, explained=number == 0, is_fragment=cut_short))
    if journey.ended is None:
        return steps
    at = format_us(journey.ended - born)
    if journey.outcome == "dropped":
        place = (journey.where or "").replace("->", " -> ")
        steps.append((place, f"dropped: {journey.reason}", at, "", ""))
        return steps
    unwrapped = journey.ended - born - journey.decapsulate
    if hops and hops[-1].length < journey.length:
        waited = unwrapped - (hops[-1].delivered - born)
        steps.append((journey.destination, "put together from its fragments", format_us(unwrapped),
                      format_us(waited), ""))  # fmt: skip
    if journey.tunnel is not None:
        device, network = journey.tunnel
        steps.append((f"{journey.destination} {device}", f"{network}, unwrapped",
                      format_us(unwrapped), "", ""))  # fmt: skip
    steps.append((_place(journey.reached or ""), "received", at, "", ""))
    return steps


def _wrapping(
    journey: Journey, packet: Packet, tunnel: tuple[str, str], length: int
) -> tuple[str, str, str, str, str]:  # fmt: skip
    """The step in which the sender's VTEP puts the outer headers on."""
    device, network = tunnel
    outer, *ports = packet.layers[1:3]
    towards = f" -> {outer.dst}" if isinstance(outer, IPv4 | IPv6) else ""
    via = ""
    for port in ports:
        if isinstance(port, UDP | TCP):
            via = f", {type(port).__name__} {port.src_port} -> {port.dst_port}"
    added = journey.composition.encapsulation + journey.composition.outer_headers
    ready = journey.look_up + journey.resolve + journey.encapsulate
    host = journey.source.partition("@")[2] or journey.source
    return (
        f"{host} {device}", f"{network}{towards}{via}", format_us(ready), "",
        f"{length} B, {added} for the overlay",
    )  # fmt: skip


def _translation(
    journey: Journey, flow: FlowMasqueraded
) -> tuple[str, str, str, str, str]:  # fmt: skip
    """The step in which the sender's host puts its own address for the container's."""
    packet: Packet = journey.packet
    mark = " id " if flow.protocol == "icmp" else ":"
    outside = packet.layer(1, IPv4).src
    ready = journey.look_up + journey.resolve
    return (
        f"{flow.host} NAT", f"{flow.source}{mark}{flow.source_port} -> {outside}{mark}{flow.port}",
        format_us(ready), "", f"{journey.length} B",
    )  # fmt: skip


def _crossing(
    hop: Hop, born: int, extra: int, *, explained: bool, is_fragment: bool
) -> tuple[str, str, str, str, str]:
    """The step over one link; what ``extra`` is, is ``explained`` on the first link only."""
    queue = "queue empty" if hop.waiting == 0 else f"{hop.waiting} ahead in the queue"
    queue += ", first fragment" if is_fragment else ""
    a, _, b = hop.link.partition("->")
    framing = " with FCS, preamble, gap" if explained and extra else ""
    return (
        f"{a} -> {b}", queue, format_us(hop.arrived - born), format_us(hop.started - hop.arrived),
        f"{hop.length + extra} B{framing}",
    )  # fmt: skip


def _place(label: str) -> str:
    """Where a frame is made or received: a container's interface, or a host."""
    name, at, _ = label.partition("@")
    return f"{name} eth0" if at else name


def _ending(journey: Journey) -> str:
    """The latency as the sum of its parts, or what the reason of the drop means."""
    if journey.outcome == "dropped":
        reason = journey.reason or ""
        return f"{reason}: {DROP_REASONS.get(reason, 'a reason of its own')}"
    parts = [
        f"{name} {format_us(part)}"
        for name, part in zip(_PART_NAMES, journey.parts, strict=True)
        if part
    ]
    word = "time so far" if journey.ended is None else "latency"
    return " = ".join([f"{word} {format_us(sum(journey.parts))} us", " + ".join(parts) or "0"])


def _note_lines(notes: Sequence[Note]) -> list[str]:
    """The callers' lines in three columns; what they are about, the fact, its source."""
    if not notes:
        return []
    rows = [tuple(visible(cell) for cell in note) for note in notes]
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    return [
        cut(f"  {about:<{widths[0]}}  {fact:<{widths[1]}}  {source}".rstrip(), _WIDTH)
        for about, fact, source in rows
    ]
