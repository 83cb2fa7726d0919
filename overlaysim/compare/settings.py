"""What is compared under which conditions, as users write it and as it is meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from itertools import product
from typing import TypeVar

from overlaysim.compare.datagram import Road
from overlaysim.compare.mix import Mix
from overlaysim.compare.sizes import read_sizes
from overlaysim.errors import InputError, Problem, nearest, quote
from overlaysim.host.processor import FREE, Work
from overlaysim.overlay.encapsulation import Encapsulation, encapsulation, encapsulations
from overlaysim.units import format_rate, parse_duration, parse_rate, parse_size

BASELINE = "none"
"""The encapsulation that ratios refer to, and that loads are shares of."""

UNDERLAYS = {"ipv4": (4,), "ipv6": (6,), "both": (4, 6)}
INNER = {"ipv4": 4, "ipv6": 6}
HASHES = ("5-tuple", "keys")
CUTS = ("outer", "inner")

SMALLEST_MTU = {4: 576, 6: 1280}
"""Bytes that every host takes in one packet (RFC 791 section 3.1; RFC 8200 section 5)."""
LARGEST_MTU = 65_535
MOST_FLOWS, MOST_PATHS = 1024, 64
MOST_REPLICATIONS, MOST_PACKETS = 1000, 1_000_000

Words = str | int | float | Encapsulation
T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """What is compared, and how.

    Attributes:
        encapsulations: in the order of the tables; the baseline is among them.
        mixes: of datagrams, one after the other.
        mtus: of the underlay, bytes.
        families: outer IP versions.
        inner: IP version inside, where the encapsulation leaves a choice.
        cut: where a packet that is too long is cut, ``outer`` or ``inner``.
        rate: of the line, bit/s.
        bottleneck: of a slower link behind it, bit/s.
        loads: datagrams offered, as shares of what the baseline could send on the line.
        paths: equal paths in the underlay.
        flows: that are spread over them.
        keys: whether switches hash tunnels' keys as well.
        seed: of everything random.
        replications: of everything random.
        packets: measured in each run of latency, at least.
        work: of an encapsulation's two ends for an inner packet, by its name.
        simulate: whether to simulate, or only to calculate.
    """

    encapsulations: tuple[Encapsulation, ...]
    mixes: tuple[Mix, ...]
    mtus: tuple[int, ...]
    families: tuple[int, ...]
    inner: int
    cut: str
    rate: int
    bottleneck: int
    loads: tuple[Fraction, ...]
    paths: int
    flows: int
    keys: bool
    seed: int
    replications: int
    packets: int
    work: Mapping[str, Work]
    simulate: bool

    def roads(self) -> Iterable[Road]:
        """Every road that is compared: by MTU, outer family, encapsulation."""
        for mtu, family, known in product(self.mtus, self.families, self.encapsulations):
            if family in known.families:
                yield Road(known, family, self.inner, mtu, self.cut)

    def baseline(self, road: Road) -> Road:
        """The road without a tunnel that another one is measured against."""
        return Road(encapsulation(BASELINE), road.family, self.inner, road.mtu, self.cut)

    def work_of(self, known: Encapsulation) -> Work:
        """What encapsulating takes, and decapsulating as well."""
        return self.work.get(known.name, FREE)

    def as_dict(self) -> dict[str, object]:
        """Everything, in plain values, for a file."""
        plain = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("encapsulations", "mixes", "work", "loads")
        }
        return plain | {
            "loads": [float(share) for share in self.loads],
            "encapsulations": [known.name for known in self.encapsulations],
            "mixes": [asdict(mix) for mix in self.mixes],
            "work_ps": {name: asdict(work) for name, work in self.work.items()},
        }

    @property
    def left_out(self) -> tuple[tuple[str, int], ...]:
        """Encapsulations and the outer IP versions that they do not go over."""
        return tuple(
            (known.name, family)
            for family in self.families
            for known in self.encapsulations
            if family not in known.families
        )


def read_settings(
    names: Sequence[str | Encapsulation],
    *,
    sizes: Sequence[str | int] = ("imix",),
    mtus: Sequence[str | int] = (1500,),
    underlay: str = "ipv4",
    inner: str = "ipv4",
    oversize: str = "outer",
    rate: str | int = "10 Gbit/s",
    bottleneck: str | int | None = None,
    loads: Sequence[str | float] = (0.6,),
    paths: int = 4,
    flows: int = 64,
    hash: str = "5-tuple",
    seed: int = 1,
    replications: int = 20,
    packets: int = 2000,
    per_packet: Sequence[str] = (),
    per_byte: Sequence[str] = (),
    simulate: bool = True,
) -> Settings:
    """Read settings as users write them; quantities are texts with units.

    Args:
        names: encapsulations by name, ``all``, or declarations of one's own.
        sizes: each a payload in bytes, ``imix``, or a file (see :mod:`overlaysim.compare.sizes`).
        mtus: of the underlay, bytes.
        underlay: ``ipv4``, ``ipv6`` or ``both``.
        inner: ``ipv4`` or ``ipv6``.
        oversize: ``outer`` or ``inner``: where what does not fit is cut, if the tunnel lets it.
        rate: of the line.
        bottleneck: a slower link; by default a tenth of the rate.
        loads: shares of what plain packets could fill the line with, above 0 and below 1.
        paths: equal paths, 1 to 64.
        flows: spread over them, 1 to 1024.
        hash: ``5-tuple``, or ``keys`` for switches that hash GRE keys and the like as well.
        seed: of everything random.
        replications: of everything random, 2 to 1000.
        packets: measured in each run of latency, at least.
        per_packet: time that each end takes for a packet: ``500ns``, or ``wireguard=2us`` for one
            encapsulation. The baseline takes none unless it is named.
        per_byte: the same for each byte of the inner packet.
        simulate: whether to simulate at all.

    Raises:
        InputError: something cannot be read or is out of range.
    """
    chosen = _chosen(names)
    families = _one_of("--underlay", UNDERLAYS, underlay)
    line = _rate("--rate", rate)
    slow = max(1, line // 10) if bottleneck is None else _rate("--bottleneck", bottleneck)
    if slow > line:
        raise InputError(
            f"--bottleneck: {format_rate(slow)} is more than the line's {format_rate(line)}"
        )
    found = Settings(
        encapsulations=chosen,
        mixes=read_sizes([str(size) for size in sizes]),
        mtus=_unique(_mtu(mtu, families) for mtu in mtus),
        families=families,
        inner=_one_of("--inner", INNER, inner),
        cut=_one_of("--oversize", {cut: cut for cut in CUTS}, oversize),
        rate=line,
        bottleneck=slow,
        loads=_unique(_load(load) for load in loads),
        paths=_within("--paths", paths, 1, MOST_PATHS),
        flows=_within("--flows", flows, 1, MOST_FLOWS),
        keys=_one_of("--hash", {name: name == "keys" for name in HASHES}, hash),
        seed=seed,
        replications=_within("--replications", replications, 2, MOST_REPLICATIONS),
        packets=_within("--packets", packets, 10, MOST_PACKETS),
        work=_work(chosen, per_packet, per_byte),
        simulate=simulate,
    )
    if not any(road.encapsulation.name != BASELINE for road in found.roads()) and chosen[1:]:
        what = " and ".join(f"IPv{family}" for family in families)
        raise InputError(f"--underlay: none of these encapsulations goes over {what}")
    return found


def _chosen(names: Sequence[str | Encapsulation]) -> tuple[Encapsulation, ...]:
    """The encapsulations once each, the baseline last if nobody named it."""
    found: dict[str, Encapsulation] = {}
    problems = []
    for name in names:
        if isinstance(name, Encapsulation):
            found[name.name] = name
        elif name == "all":
            found |= {known.name: known for known in encapsulations()}
        else:
            try:
                found.setdefault(name, encapsulation(name))
            except InputError as error:
                problems.append(Problem("", 0, 0, "", str(error)))
    if problems:
        raise InputError(problems)
    if not found:
        raise InputError("name the encapsulations to compare, or all")
    found.setdefault(BASELINE, encapsulation(BASELINE))
    return tuple(found.values())


def _one_of(option: str, words: Mapping[str, T], word: str) -> T:
    if word not in words:
        raise InputError(
            f"{option}: {quote(word)} is not one of {', '.join(words)}{nearest(word, words)}"
        )
    return words[word]


def _within(option: str, number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise InputError(f"{option}: {number} is not from {least} to {most}")
    return number


def _named(option: str, read: Callable[[str], T], text: str) -> T:
    """Read a quantity; a message says which option it belongs to."""
    try:
        return read(text)
    except InputError as error:
        raise InputError(f"{option}: {error}") from None


def _rate(option: str, rate: str | int) -> int:
    if isinstance(rate, int):
        return _within(option, rate, 1, 10**18)
    return _named(option, parse_rate, rate)


def _mtu(mtu: str | int, families: Sequence[int]) -> int:
    text = str(mtu)
    size = int(text) if text.isascii() and text.isdigit() else _named("--mtu", parse_size, text)
    least = max(SMALLEST_MTU[family] for family in families)
    if not least <= size <= LARGEST_MTU:
        what = f"IPv{max(families)}"
        raise InputError(f"--mtu: {size} B is not from {least} B ({what}) to {LARGEST_MTU} B")
    return size


def _load(load: str | float) -> Fraction:
    text = str(load).strip()
    number = text.removesuffix("%").rstrip()
    share = Fraction(0)
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,9})?", number):
        share = Fraction(number) / (100 if text.endswith("%") else 1)
    if not 0 < share < 1:
        raise InputError(f"--load: {quote(text)} is not a share; write for example 0.8 or 80%")
    return share


def _work(
    chosen: Sequence[Encapsulation], per_packet: Sequence[str], per_byte: Sequence[str]
) -> dict[str, Work]:
    packets = _by_name("--per-packet", chosen, per_packet)
    bytes_ = _by_name("--per-byte", chosen, per_byte)
    return {
        known.name: Work(packets[known.name], bytes_[known.name])
        for known in chosen
        if packets[known.name] or bytes_[known.name]
    }


def _by_name(option: str, chosen: Sequence[Encapsulation], texts: Sequence[str]) -> dict[str, int]:
    """Times by encapsulation: those that name one count before those for all."""
    names = [known.name for known in chosen]
    times = dict.fromkeys(names, 0)
    for text in sorted(texts, key=lambda text: "=" in text):
        name, equals, value = text.rpartition("=")
        if equals and name not in names:
            raise InputError(
                f"{option}: {quote(name)} is not one of the encapsulations compared"
                f"{nearest(name, names)}"
            )
        time = _named(option, parse_duration, value)
        for known in [name] if equals else [other for other in names if other != BASELINE]:
            times[known] = time
    return times


def _unique(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
