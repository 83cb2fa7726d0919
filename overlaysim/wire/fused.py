"""Many layers, one function: how a packet becomes bytes fast.

Packed header by header, a frame of seven layers takes seven calls that build bytes, seven copies of
the growing body, and each checksum goes over bytes that others have been over before. But which
classes of headers stand in a row decides nearly everything: all offsets, how far each length field
lies above the length of the payload, every protocol number. So for each *stack*, a tuple of header
classes, a function is written and compiled (:class:`~overlaysim.wire.fused_stack.Stack` is the
writer; ``print(Stack(kinds).source())`` shows what it writes). It

* takes the values out of the headers and gives up if one is out of the ordinary: a length that is
  given, an option where usually there is none, a fragment;
* sums the payload once and gets each checksum from that and the fields, by integer arithmetic;
* lays the headers out in a call or two of :mod:`struct`.

It is an accelerator and nothing else. Whatever it does not do itself is left to the layers one by
one, as :meth:`Packet.pack` goes on to do when it gets None: headers that do not declare what they
do (:mod:`overlaysim.wire.computed`), unusual values, and values that no wire can carry, so that
the same exception names them.

A header takes part without further ado if its ``pack`` is that of :class:`Header`: its layout is
then all there is to it. One with a ``pack`` of its own says in ``COMPUTED`` what that does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overlaysim.wire.declared import declaration_of
from overlaysim.wire.fused_stack import Stack
from overlaysim.wire.header import Header
from overlaysim.wire.memo import Memo
from overlaysim.wire.payload import Payload

Kinds = tuple[type[Header], ...]
Packer = Callable[[tuple[Header, ...], Payload], bytes | None]

_WORTH_IT = 32
"""Packets of a stack before it is compiled, which takes as long as packing about a hundred."""


def can_be_fused(kinds: Kinds) -> bool:
    """Whether everything that packing these headers takes is declared."""
    return bool(kinds) and all(
        _is_known(kind) and _number_fits(kinds, index) and _has_pseudo_header(kinds, index)
        for index, kind in enumerate(kinds)
    )


def compile_packer(kinds: Kinds) -> Packer:
    """Return the function for a stack that can be fused; it returns None if layers are unusual."""
    stack = Stack(kinds)
    # As collections.namedtuple does: the source is made of identifiers and literals only.
    exec(stack.source(), stack.scope)
    packer: Packer = stack.scope["pack"]
    return packer


def _is_known(kind: type[Header]) -> bool:
    """Whether it is declared how ``kind`` is packed, and in words of 16 bits."""
    computed = declaration_of(kind)
    if computed is None or kind.CODEC.length % 2:
        return False
    options, checksum = computed.options, computed.checksum
    variable = options is not None and options.field not in computed.usual
    return not variable or checksum is None or checksum.body


def _number_fits(kinds: Kinds, index: int) -> bool:
    """Whether the number of the next header, if there is one, goes into the field for it."""
    announced = kinds[index].NEXT
    if announced is None or index + 1 == len(kinds):
        return True
    number = kinds[index + 1].BINDINGS.get(announced[1], 0)
    fields = (field for word in kinds[index].CODEC.words for field in word.fields)
    return any(field.name == announced[0] and number >> field.bits == 0 for field in fields)


def _has_pseudo_header(kinds: Kinds, index: int) -> bool:
    """Whether there is a pseudo-header for a checksum that wants one."""
    computed = kinds[index].COMPUTED
    if computed is None or computed.checksum is None or not computed.checksum.pseudo:
        return True
    outside = (kind.COMPUTED for kind in kinds[:index])
    return "protocol" in kinds[index].BINDINGS and any(
        outer is not None and outer.pseudo_header for outer in outside
    )


def _never(layers: tuple[Header, ...], payload: Payload) -> bytes | None:
    return None


class _Newcomer:
    """Stands for the function of a stack until there were enough packets to make it pay."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._left = _WORTH_IT

    def __call__(self, layers: tuple[Header, ...], payload: Payload) -> bytes | None:
        self._left -= 1
        if not self._left:
            PACKERS[self._kinds] = compile_packer(self._kinds)
        return None


def _packer_of(kinds: Kinds) -> Packer:
    return _Newcomer(kinds) if can_be_fused(kinds) else _never


PACKERS: Memo[Kinds, Packer] = Memo(_packer_of, 256)
"""The functions by stack; each returns the bytes of a packet without trailers, or None."""


def _entrance_of(count: int) -> Packer:
    """Return a function that finds the one for the stack of ``count`` layers and calls it.

    Written out, it is done before ``tuple(map(type, layers))`` alone would be.
    """
    layers = "".join(f"layer{index}, " for index in range(count))
    kinds = "".join(f"type(layer{index}), " for index in range(count))
    scope: dict[str, Any] = {"packers": PACKERS}
    exec(
        f"def pack(layers, payload):\n"
        f"    ({layers}) = layers\n"
        f"    return packers[({kinds})](layers, payload)\n",
        scope,
    )
    entrance: Packer = scope["pack"]
    return entrance


ENTRANCES: Memo[int, Packer] = Memo(_entrance_of, 64)
"""The ways to :data:`PACKERS` by number of layers."""
