"""Changes of links that can be taken back one by one, in any order.

What a link was like before the first change is its base. Of several changes of the same thing the
latest that still stands holds; when the last has been taken back, the base does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from overlaysim.errors import InputError
from overlaysim.underlay.barriers import Undo
from overlaysim.underlay.ports import Port
from overlaysim.underlay.spec import LinkSpec

if TYPE_CHECKING:
    from overlaysim.underlay.network import Underlay

_Ends = tuple[str, str]


class LinkOverrides:
    """The changes that stand at present on the links of an underlay."""

    def __init__(self, underlay: Underlay) -> None:
        self._underlay = underlay
        self._base_states: dict[_Ends, bool] = {}
        self._states: dict[_Ends, list[list[bool]]] = {}
        self._base_specs: dict[_Ends, LinkSpec] = {}
        self._changes: dict[_Ends, list[dict[str, Any]]] = {}
        self._filters: dict[_Ends, Counter[Port]] = {}

    def set_state(self, a: str, b: str, up: bool) -> Undo:
        """Take a link down or up.

        Raises:
            InputError: there is no such link.
        """
        ends = self._ends(a, b)
        states = self._states.setdefault(ends, [])
        if not states:
            self._base_states[ends] = self._underlay.links[ends].up
        state = [up]  # a list of its own: told from an equal one by identity
        states.append(state)
        self._underlay.set_link_state(a, b, up)

        def undo() -> None:
            states[:] = [other for other in states if other is not state]
            self._underlay.set_link_state(
                a, b, states[-1][0] if states else self._base_states[ends]
            )

        return undo

    def change(self, a: str, b: str, changes: Mapping[str, Any]) -> Undo:
        """Give a link other properties: fields of :class:`LinkSpec`.

        Raises:
            InputError: there is no such link or no such property, or one is out of range.
        """
        ends = self._ends(a, b)
        mine = dict(changes)
        standing = self._changes.get(ends, [])
        base = self._base_specs[ends] if standing else self._underlay.links[ends].spec
        check_changes(base, mine)
        self._base_specs[ends] = base
        self._changes[ends] = [*standing, mine]
        self._apply(ends)

        def undo() -> None:
            self._changes[ends] = [other for other in self._changes[ends] if other is not mine]
            self._apply(ends)

        return undo

    def _apply(self, ends: _Ends) -> None:
        """Let the link have what its base and the changes that stand make of it."""
        wanted = asdict(self._base_specs[ends])
        for changes in self._changes[ends]:
            wanted.update(changes)
        present = asdict(self._underlay.links[ends].spec)
        fields = {name: value for name, value in wanted.items() if value != present[name]}
        if fields:
            self._underlay.change_link(*ends, **fields)

    def block(self, a: str, b: str, port: Port) -> Undo:
        """Let a link drop what is for a destination port, in both directions.

        Raises:
            InputError: there is no such link.
        """
        ends = self._ends(a, b)
        ports = self._filters.setdefault(ends, Counter())
        ports[port] += 1
        self._underlay.block_on_link(*ends, frozenset(+ports))

        def undo() -> None:
            ports[port] -= 1
            self._underlay.block_on_link(*ends, frozenset(+ports))

        return undo

    def _ends(self, a: str, b: str) -> _Ends:
        """One name for both directions of a link."""
        self._underlay.check_link(a, b)
        return min((a, b), (b, a))


def check_changes(spec: LinkSpec, changes: Mapping[str, Any]) -> None:
    """Check that a link may be changed so.

    Raises:
        InputError: there is no such property, or one is out of range.
    """
    unknown = [name for name in changes if name not in LinkSpec.__slots__]
    if unknown:
        raise InputError(
            f"a link has no property {unknown[0]}; it has {', '.join(LinkSpec.__slots__)}"
        )
    replace(spec, **changes)
