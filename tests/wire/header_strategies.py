"""Random headers of any class that declares what it does, and stacks of them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

from hypothesis import strategies as st

from overlaysim.wire import HEADERS, Header, Opaque
from overlaysim.wire.computed import Computed
from overlaysim.wire.declared import declaration_of
from overlaysim.wire.layout import Field

DECLARED = tuple(kind for kind in HEADERS if declaration_of(kind) is not None)

ADDRESSES = {
    "mac": st.binary(min_size=6, max_size=6).map(lambda data: data.hex(":")),
    "ip4": st.binary(min_size=4, max_size=4).map(lambda data: str(IPv4Address(data))),
    "ip6": st.binary(min_size=16, max_size=16).map(lambda data: str(IPv6Address(data))),
}

PAYLOADS = st.one_of(
    st.binary(max_size=40),
    st.binary(min_size=180, max_size=1100),
    st.sampled_from([bytes(1), bytes(64), bytes(1000), b"\xff" * 700, bytes(66_000)]),
    st.builds(Opaque, st.sampled_from([0, 1, 2, 63, 64, 1000, 1001, 1448, 70_000]),
              start=st.integers(0, 600)),
)  # fmt: skip

STRANGE: list[Any] = [
    None, True, False, 0, 1, 4, 8, -1, 15, 255, 256, 4095, 65_535, 65_536, 1 << 20, 1 << 24,
    1 << 32, 1 << 64, 0.0, 1.0, 64.0, "", "10.0.0.1", "fe80::1", "02:00:00:00:00:01", "nowhere",
    b"", b"abc", b"abcd", bytes(6), bytes(40), bytes(44), [], (),
]  # fmt: skip
"""Values of which most belong into no field."""


def number(field: Field) -> st.SearchStrategy[Any]:
    """Values of a field of the layout, the outermost of them often."""
    if field.kind in ADDRESSES:
        return ADDRESSES[field.kind]
    if field.kind == "flag":
        return st.booleans()
    most = (1 << field.bits) - 1
    return st.sampled_from([0, 1, most]) | st.integers(0, most)


def computed_fields(kind: type[Header]) -> set[str]:
    """The fields of a class that are computed when they are None."""
    computed = kind.COMPUTED or Computed()
    fields = {kind.NEXT[0]} if kind.NEXT else set()
    if computed.length:
        fields.add(computed.length.field)
    if computed.checksum:
        fields.add(computed.checksum.field)
    return fields


@st.composite
def usual_header(draw: st.DrawFn, kind: type[Header]) -> Header:
    """A header with nothing explicit that could be computed; often with many defaults."""
    computed = kind.COMPUTED or Computed()
    widths = {field.name: field for word in kind.CODEC.words for field in word.fields}
    defaults = kind._field_defaults if draw(st.booleans()) else {}
    values: dict[str, Any] = {}
    for name in kind._fields:
        if name in computed_fields(kind):
            values[name] = None
        elif name in computed.usual:
            values[name] = computed.usual[name]
        elif computed.options and name == computed.options.field:
            unit = computed.options.unit
            size = -kind.CODEC.length % unit + unit * draw(st.integers(0, 3))
            values[name] = draw(st.binary(min_size=size, max_size=size))
        else:
            values[name] = defaults.get(name, draw(number(widths[name])))
    return kind(**values)


def may_follow(kind: type[Header]) -> list[type[Header]]:
    """Classes that the one that ``kind`` computes can announce; any if it computes none."""
    if kind.NEXT is None:
        return list(DECLARED)
    return [inner for inner in DECLARED if kind.NEXT[1] in inner.BINDINGS]


@st.composite
def usual_stack(draw: st.DrawFn) -> tuple[Header, ...]:
    """Some headers in which every number and every pseudo-header can be found."""
    has_pseudo = False
    kinds: list[type[Header]] = []
    choice = list(DECLARED)
    for _ in range(draw(st.integers(1, 8))):
        kinds.append(draw(st.sampled_from([
            kind for kind in choice
            if has_pseudo or not (kind.COMPUTED and kind.COMPUTED.checksum
                                  and kind.COMPUTED.checksum.pseudo)
        ])))  # fmt: skip
        has_pseudo = has_pseudo or bool(kinds[-1].COMPUTED and kinds[-1].COMPUTED.pseudo_header)
        choice = may_follow(kinds[-1])
    headers = [draw(usual_header(kind)) for kind in kinds]
    if kinds[-1].NEXT is not None:  # nothing follows that would tell
        field = next(field for word in kinds[-1].CODEC.words for field in word.fields
                     if field.name == kinds[-1].NEXT[0])  # fmt: skip
        headers[-1] = headers[-1].replace(**{field.name: draw(number(field))})
    return tuple(headers)
