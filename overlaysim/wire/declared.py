"""Which classes of headers do what they declare and no more."""

from __future__ import annotations

from overlaysim.wire.computed import Computed
from overlaysim.wire.header import Header


def declaration_of(kind: type[Header]) -> Computed | None:
    """Return what packing ``kind`` takes besides its layout; None if that is not known.

    It is known of a class whose methods are those of :class:`Header`, and of one that declares
    ``COMPUTED`` next to a ``pack`` of its own.
    """
    if not (
        hasattr(kind, "CODEC")
        and kind.enclose is Header.enclose
        and kind.announcing is Header.announcing
        and kind.tail_length is Header.tail_length
    ):
        return None
    packing = next(base for base in kind.__mro__ if "pack" in vars(base))
    declared: Computed | None = vars(packing).get("COMPUTED")
    if declared is not kind.COMPUTED or (declared is None) is not (packing is Header):
        return None
    declared = declared or Computed()
    fields, layout = set(kind._fields), set(kind.CODEC.names)
    if declared.options:
        fields.remove(declared.options.field)
        layout.discard(declared.options.words or "")
    return declared if fields == layout else None


def usual_numbers(kind: type[Header], computed: Computed) -> dict[str, int]:
    """Return fields of the layout that have one value in every usual header, and the value."""
    usual = computed.usual
    numbers = {name: int(value) for name, value in usual.items() if isinstance(value, int)}
    options = computed.options
    if options and options.words and options.field in usual:
        length = kind.CODEC.length + len(usual[options.field])
        numbers[options.words] = length // options.unit - options.less
    return numbers
