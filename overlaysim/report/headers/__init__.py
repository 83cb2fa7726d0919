"""Headers of a packet drawn as the standards draw them, in characters or as a vector drawing.

    from overlaysim.overlay.encapsulation import encapsulation, example
    from overlaysim.report.headers import sheet_of, text_of

    text_of(sheet_of(example(encapsulation("vxlan"))))

Any other packet goes through ``Sheet("its title", sections_of(packet))``.
"""

from overlaysim.report.headers.anatomy import Box, Field, Section, Sheet
from overlaysim.report.headers.sections import Exhibit, sections_of, sheet_of
from overlaysim.report.headers.svg import svg_of
from overlaysim.report.headers.text import text_of

__all__ = [
    "Box",
    "Exhibit",
    "Field",
    "Section",
    "Sheet",
    "sections_of",
    "sheet_of",
    "svg_of",
    "text_of",
]
