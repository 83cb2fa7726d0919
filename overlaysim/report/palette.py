"""The colours of every drawing: the palette of Okabe and Ito ("Color Universal Design", 2008).

Colour-blind people can tell them apart; whatever a colour says is said a second time all the same.
"""

from __future__ import annotations

from typing import Final

BLACK: Final = "#000000"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#F0E442"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
GREY: Final = "#BBBBBB"
"""The ninth, for what is only there to be compared with."""
