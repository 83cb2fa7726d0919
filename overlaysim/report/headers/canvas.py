"""A few shapes and texts of SVG, written so that the same drawing is the same bytes."""

from __future__ import annotations

from html import escape

from overlaysim.errors import visible

FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

_NARROW, _WIDE = frozenset("ijlt.,:;|'!()[]- fIr"), frozenset("mwMW@%")


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Estimate how wide a text is, rather too wide: nobody knows which font will be there."""
    ems = sum(
        0.4 if char in _NARROW else 0.95 if char in _WIDE else 0.72 if char.isupper() else 0.61
        for char in text
    )
    return ems * size * (1.1 if bold else 1.0)


class Canvas:
    """Collects the elements of a drawing; lengths are in its own units, y goes down."""

    def __init__(self) -> None:
        self._elements: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """A filled rectangle without outline."""
        self._elements.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"/>'
        )

    def path(self, points: list[str], stroke: float = 1.0, *, dashed: bool = False) -> None:
        """Lines, as the commands of an SVG path."""
        dash = ' stroke-dasharray="2 3"' if dashed else ""
        self._elements.append(
            f'<path d="{" ".join(points)}" fill="none" stroke="#1a1a1a" '
            f'stroke-width="{stroke:g}"{dash}/>'
        )

    def text(
        self, x: float, y: float, text: str, size: float, *,
        anchor: str = "start", bold: bool = False, fill: str = "#1a1a1a",
    ) -> None:  # fmt: skip
        """One line of text whose baseline is at ``y``."""
        weight = ' font-weight="bold"' if bold else ""
        place = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self._elements.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}"{weight}{place}>'
            f"{_escaped(text)}</text>"
        )

    def begin(self, title: str) -> None:
        """Begin a group of elements; ``title`` is shown when a pointer rests on one of them."""
        self._elements.append(f"<g><title>{_escaped(title)}</title>")

    def end(self) -> None:
        """End the group that was begun last."""
        self._elements.append("</g>")

    def document(self, width: float, height: float, page: tuple[float, float], title: str) -> str:
        """The whole drawing as an SVG document.

        Args:
            width: in units of the drawing.
            height: in units of the drawing.
            page: millimetres that it may take on paper.
            title: what it shows, for those who cannot see it.
        """
        scale = min(page[0] / width, page[1] / height)
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width * scale:.1f}mm" height="{height * scale:.1f}mm" role="img" '
            f'font-family="{FONTS}">',
            f"<title>{_escaped(title)}</title>",
            f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',
            *self._elements, "</svg>", "",
        ])  # fmt: skip


def _escaped(text: str) -> str:
    return escape(visible(text), quote=True)
