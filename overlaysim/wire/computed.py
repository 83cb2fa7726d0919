"""What the ``pack`` of a header computes, said as data.

A header that overrides :meth:`Header.pack` can declare here what its method does beyond laying out
its values, so that it can be packed together with its neighbours (:mod:`overlaysim.wire.fused`) and
read fast (:mod:`overlaysim.wire.reader`). The methods stay what counts: a header that a declaration
does not cover is left to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Length:
    """``field`` counts the header and all behind it, except for the first ``without`` bytes."""

    field: str
    without: int = 0


@dataclass(frozen=True)
class Checksum:
    """``field`` is the Internet checksum of the header and, if ``body``, of all behind it.

    With ``pseudo`` it begins with the pseudo-header of the nearest header outside that has one. If
    ``nonzero``, a computed 0 travels as 0xffff.
    """

    field: str
    body: bool = True
    pseudo: bool = False
    nonzero: bool = False


@dataclass(frozen=True)
class Options:
    """``field`` are the bytes behind the fixed part; the whole is a multiple of ``unit`` bytes.

    ``words`` is the field of the layout that counts the whole header in this unit, ``less`` than
    there are; None if nothing counts it. ``unit`` is even.
    """

    field: str
    words: str | None = None
    unit: int = 4
    less: int = 0


@dataclass(frozen=True)
class Computed:
    """What ``pack`` fills in where a field is None, besides the one called :attr:`Header.NEXT`.

    ``pseudo_header`` names the addresses, which begin on even bytes, that go into the checksum of a
    transport header inside.

    ``usual`` holds values of fields for which the declaration is meant. A header with any other
    value there is left to the methods; one with these is no fragment, and what follows it is what
    :attr:`Header.NEXT` says.
    """

    length: Length | None = None
    checksum: Checksum | None = None
    options: Options | None = None
    pseudo_header: tuple[str, ...] = ()
    usual: Mapping[str, Any] = field(default_factory=dict)
