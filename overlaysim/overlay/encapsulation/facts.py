"""What is to be said of an encapsulation, in words."""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.overlay.encapsulation.declaration import Encapsulation
from overlaysim.overlay.encapsulation.lengths import Carries
from overlaysim.overlay.encapsulation.summary import added_range
from overlaysim.wire import Packet

_DF = {
    "unset": "clear, unless the device is set otherwise",
    "set": "set",
    "inherit": "as inside; set for an inner IPv6 packet",
}


def facts_of(known: Encapsulation, packet: Packet, mtu: int) -> tuple[tuple[str, str], ...]:
    """Describe an encapsulation by pairs of a word and what there is to say under it.

    Args:
        packet: a frame on the underlay that is one of this encapsulation's.
        mtu: of the underlay, bytes.
    """
    facts = [
        ("carries", f"{known.carries.value} ({known.layer})"),
        ("added", _each(known, lambda family: range_text(*added_range(known, family)), " bytes")),
        ("inner MTU", _each(known, lambda family: str(known.inner_mtu(mtu, family)))
         + f", if the underlay's is {mtu}"),
        ("network", _network(known)),
        ("padding", next((layer.PADDING for layer in packet.layers if layer.PADDING), "none")),
        ("entropy", known.entropy),
        ("checksum", known.checksum),
        ("outer DF", _df(known)),
        ("spec", known.spec or "-"),
    ]  # fmt: skip
    outer = packet.length - 14 - known.tag
    if outer > mtu:
        words = f"{outer} bytes where the underlay takes {mtu}: fragmented, or dropped"
        facts.append(("too long", words))
    return tuple(facts)


def range_text(least: int, most: int) -> str:
    """Write how many bytes are added: one number, or least and most."""
    return str(least) if least == most else f"{least}-{most}"


def _each(known: Encapsulation, number: Callable[[int], str], unit: str = "") -> str:
    """What holds over each outer IP version, in a word if it is the same."""
    numbers = {family: number(family) for family in known.families}
    if known.link or (len(set(numbers.values())) == 1 and len(numbers) > 1):
        return f"{numbers[known.families[0]]}{unit}"
    first, *others = numbers
    words = [f"{numbers[first]}{unit} over IPv{first}"]
    return ", ".join([*words, *(f"{numbers[family]} over IPv{family}" for family in others)])


def _network(known: Encapsulation) -> str:
    if known.network is None:
        return "not told by the packet"
    kind, field, bits = known.network
    return f"{bits} bits: {field} of {kind.TITLE or kind.__name__}"


def _df(known: Encapsulation) -> str:
    if known.link:
        return "no outer IP header"
    if known.carries is Carries.SEGMENT:
        return "the packet's own"
    return _DF[known.df] if 4 in known.families else "none in IPv6"
