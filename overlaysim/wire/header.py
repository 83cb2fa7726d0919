"""What a protocol header is: an immutable value with a declared wire format.

A header is declared as one small table::

    class VXLAN(Header, udp_port=4789):
        WIRE = "flags:8 reserved:24 vni:24 reserved2:8"
        vni: int
        flags: int = 0x08
        reserved: int = 0
        reserved2: int = 0

``WIRE`` is the order on the wire (see :mod:`overlaysim.wire.layout`); the annotations are the
constructor. Class keywords say under which number of which field of an outer header this one is
announced; ``decode`` and the computed protocol fields both use them. A header with lengths,
checksums or options overrides a few of the methods below, and may declare in ``COMPUTED`` what they
do, which makes it fast (:mod:`overlaysim.wire.computed`).

Instances are tuples underneath: that makes them cheap to build, immutable and hashable.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

from overlaysim.wire.computed import Computed
from overlaysim.wire.layout import Codec, FieldLayout, compile_layout, read_layout
from overlaysim.wire.malformed import MalformedPacket


@dataclass_transform(frozen_default=True)
class HeaderType(type):
    """Turns the table of a header into a tuple class with a compiled codec."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **bindings: int
    ) -> HeaderType:
        """Make the class; ``bindings`` go on to :meth:`Header.__init_subclass__`."""
        if "WIRE" not in namespace:
            return super().__new__(mcs, name, bases, namespace, **bindings)
        if any(hasattr(base, "CODEC") for base in bases):
            raise TypeError(f"{name}: a header with a layout cannot be given another one")
        annotations = namespace.get("__annotations__", {})
        fields = [name for name, kind in annotations.items() if "ClassVar" not in str(kind)]
        defaults = [namespace.pop(field) for field in fields if field in namespace]
        codec = compile_layout(name, namespace["WIRE"], fields)
        record = namedtuple(name, fields, defaults=defaults)  # type: ignore[misc]
        namespace |= {"CODEC": codec, "__slots__": ()}
        if not any("header_length" in vars(base) for base in bases if base is not Header):
            namespace.setdefault("header_length", codec.length)
        return super().__new__(mcs, name, (*bases, record), namespace, **bindings)


class Header(tuple[Any, ...], metaclass=HeaderType):
    """Base of all headers: value semantics, and the defaults of a header of fixed length."""

    __slots__ = ()

    WIRE: ClassVar[str]
    CODEC: ClassVar[Codec]
    BINDINGS: ClassVar[dict[str, int]]
    NEXT: ClassVar[tuple[str, str] | None] = None
    """The field that announces what follows and its number space, where there is such a field."""
    TITLE: ClassVar[str] = ""
    """What people call the header; empty if that is the name of the class."""
    DRAWN: ClassVar[Mapping[str, str]] = {}
    """Fields that the standard's drawing divides, or names otherwise: a layout for each."""
    PADDING: ClassVar[str] = ""
    """By which rule the header pads its body, in words; empty for none."""
    COMPUTED: ClassVar[Computed | None] = None
    """What a class with a :meth:`pack` of its own computes there; None if that is not declared."""
    _fields: ClassVar[tuple[str, ...]]
    _field_defaults: ClassVar[dict[str, Any]]

    @property
    def is_fragment(self) -> bool:
        """Whether what follows is only a piece of what the header says."""
        return False

    def __init_subclass__(cls, **bindings: int) -> None:
        super().__init_subclass__()
        cls.BINDINGS = bindings

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __repr__(self) -> str:
        changed = [
            f"{name}={value!r}"
            for name, value in self.as_dict().items()
            if name not in self._field_defaults or value != self._field_defaults[name]
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, in the order of the constructor."""
        return dict(zip(self._fields, self, strict=True))

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed; raises TypeError for an unknown name."""
        values = self.as_dict()
        values.update(changes)
        if len(values) > len(self):
            unknown = changes.keys() - set(self._fields)
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        return tuple.__new__(type(self), values.values())

    @property
    def header_length(self) -> int:
        """Bytes of this header, options included; a class constant unless there are options."""
        return self.CODEC.length

    if TYPE_CHECKING:

        @property
        def tail_length(self) -> int:
            """Bytes that this header puts behind its body, such as ESP's trailer; mostly none."""

    else:
        tail_length = 0  # to look at a constant costs a quarter of what a property does

    def enclose(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """Return the header, its body, and what the header puts behind it; see :meth:`pack`."""
        return self.pack(body, layers, index) + body

    def pack(self, body: bytes, layers: Sequence[Header], index: int) -> bytes:
        """Return the bytes of this header, with every field that is None computed.

        ``body`` is everything behind the header; the header is ``layers[index]``, so it can look at
        its neighbours. Raises :class:`MalformedPacket` if a value does not fit or cannot be known.
        """
        return self.CODEC.pack(*(self if self.NEXT is None else self.announcing(layers, index)))

    def announcing(self, layers: Sequence[Header], index: int) -> Self:
        """Return a copy whose :attr:`NEXT` field, if it is None, names ``layers[index + 1]``."""
        if self.NEXT is None or getattr(self, self.NEXT[0]) is not None:
            return self
        field, space = self.NEXT
        return self.replace(**{field: binding_of(layers, index, space)})

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """Read a header from ``data[start:end]``; raises :class:`MalformedPacket`."""
        return tuple.__new__(cls, cls.read_fixed(data, start, end))

    @classmethod
    def choose(cls, data: bytes, start: int, end: int) -> type[Header] | None:
        """Say which header really begins at ``data[start]``; None: no header that is known.

        Some numbers stand for several forms that only a look at the bytes tells apart.
        """
        return cls

    @classmethod
    def read_fixed(cls, data: bytes, start: int, end: int) -> tuple[Any, ...]:
        """Read the fixed part, in the order of ``CODEC.names``; raises :class:`MalformedPacket`."""
        if end - start < cls.CODEC.length:
            raise MalformedPacket(
                f"{cls.__name__} at byte {start}: needs {cls.CODEC.length} bytes, "
                f"only {end - start} are left"
            )
        return cls.CODEC.unpack(data, start)

    @classmethod
    def fields(cls) -> tuple[FieldLayout, ...]:
        """Return the fields of the fixed part, in wire order."""
        return read_layout(cls.WIRE)

    def extra_layout(self) -> str:
        """Return the layout of what stands between the fixed part and the body, empty for nothing.

        For drawings: see :func:`~overlaysim.wire.layout.read_layout`. It is all fields of bytes
        together, if those have the right length; other headers override this.
        """
        length = self.header_length - self.CODEC.length
        parts = [(name, len(value)) for name, value in self.as_dict().items()
                 if isinstance(value, bytes)]  # fmt: skip
        if sum(size for _, size in parts) != length:
            parts = [("extra", length)]
        return " ".join(f"{name}:{size}*bytes" for name, size in parts if length and size)

    def tail_layout(self) -> str:
        """Return the layout of what the header puts behind its body, empty for nothing."""
        return f"trailer:{self.tail_length}*bytes" if self.tail_length else ""

    def body_length(self, available: int) -> int:
        """Bytes that this header claims to have behind it, of the ``available`` ones."""
        return available

    def inner_binding(self) -> tuple[str, int] | None:
        """The number space and number under which the next header is known; None if it is not."""
        if self.NEXT is None:
            return None
        field, space = self.NEXT
        number = getattr(self, field)
        return None if number is None else (space, number)

    def recomputed(self, inner: Header | None) -> Self:
        """Return a copy whose lengths, checksums and protocol numbers are None again.

        A protocol number stays if ``inner``, the next header, would not give the same one.
        """
        if self.NEXT is None:
            return self
        field, space = self.NEXT
        return self.replace(**{field: forget(getattr(self, field), inner, space)})


def binding_of(layers: Sequence[Header], index: int, space: str) -> int:
    """Return the number that announces the header behind ``layers[index]`` in ``space``."""
    if index + 1 < len(layers):
        number = layers[index + 1].BINDINGS.get(space)
        if number is not None:
            return number
        what = f"{type(layers[index + 1]).__name__} has none"
    else:
        what = "no header follows"
    raise MalformedPacket(
        f"{type(layers[index]).__name__}: cannot compute the {space.replace('_', ' ')}: {what}; "
        f"give it explicitly"
    )


def forget(number: int | None, inner: Header | None, space: str) -> int | None:
    """Return None if ``inner`` determines ``number`` in ``space``, else the number."""
    return None if inner is not None and inner.BINDINGS.get(space) == number else number
