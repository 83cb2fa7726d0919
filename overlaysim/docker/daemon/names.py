"""Names for containers that were given none."""

from __future__ import annotations

from overlaysim.cluster.ids import Identifiers

_MOODS = (
    "amazing", "brave", "clever", "dazzling", "eager", "friendly", "gracious", "happy", "jolly",
    "keen", "lucid", "modest", "nifty", "peaceful", "quirky", "serene", "tender", "vibrant",
)  # fmt: skip
_PEOPLE = (
    "baran", "bosack", "cerf", "clark", "davies", "deering", "floyd", "jacobson", "kahn",
    "kleinrock", "lamport", "lerner", "metcalfe", "mockapetris", "perlman", "postel", "rekhter",
)  # fmt: skip


def made_up_name(identifiers: Identifiers, taken: set[str]) -> str:
    """Return ``mood_person``, a person being one whom networking owes something."""
    name = f"{identifiers.pick(_MOODS)}_{identifiers.pick(_PEOPLE)}"
    return name if name not in taken else f"{name}{len(taken)}"
