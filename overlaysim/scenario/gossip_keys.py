"""The ``gossip`` section: a profile, and every setting of it by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from overlaysim.gossip import LAN, LOCAL, WAN, GossipSettings
from overlaysim.scenario.fields import Field, Record, Section
from overlaysim.scenario.kinds import ON_OFF, choice, duration, size, whole_number
from overlaysim.scenario.shapes import Kind
from overlaysim.units import MS, format_duration

PROFILES: Mapping[str, GossipSettings] = {"lan": LAN, "wan": WAN, "local": LOCAL}
"""memberlist's three sets of constants; Docker runs with ``lan``."""

REJOIN: Mapping[str, bool] = {"hiding": True, "dropping": False}
"""The words for ``rejoin_hides`` of :class:`~overlaysim.gossip.GossipSettings`."""

_KINDS: Mapping[str, Kind] = {
    "rejoin_hides": choice(*REJOIN),
    "packet_budget": size(100, 65_507, "1400 B"),
    "dead_node_reclaim": duration(example="30 s"),
    "indirect_probes": whole_number(0, 1000, "3"),
    "relay_limit_on_sync": whole_number(0, 10**9, "500"),
}
"""The settings whose kind or least value :func:`_kind` could not tell from the default."""


def gossip_settings(record: Record | None) -> GossipSettings:
    """Return the profile that was chosen, changed in what is written."""
    if record is None:
        return LAN
    changes: dict[str, Any] = {}
    for setting in dataclasses.fields(GossipSettings):
        if record.written(key := _key(setting.name)):
            changes[setting.name] = REJOIN[record[key]] if key == "rejoin" else record[key]
    return dataclasses.replace(PROFILES[record["profile"]], **changes)


def _key(name: str) -> str:
    return "rejoin" if name == "rejoin_hides" else name


def _kind(name: str) -> Kind:
    """Tell what a setting is: durations are picoseconds, so no count comes near one of them."""
    default = getattr(LAN, name)
    if name in _KINDS:
        return _KINDS[name]
    if isinstance(default, bool):
        return ON_OFF
    if default >= MS:
        return duration(positive=True, example="30 s")
    return whole_number(1, 1000, str(default))


def _shown(value: int | bool, name: str) -> str:
    """Write a value of a setting as a scenario file does."""
    if name == "rejoin_hides":
        return next(word for word, hides in REJOIN.items() if hides == value)
    if isinstance(value, bool):
        return "on" if value else "off"
    if name == "packet_budget":
        return f"{value} B"
    return format_duration(value) if value >= MS or name == "dead_node_reclaim" else str(value)


def _field(setting: dataclasses.Field[Any]) -> Field:
    """Declare the key of a setting; where profiles disagree its help says what each has."""
    name, about = setting.name, setting.metadata["about"]
    shown = {word: _shown(getattr(profile, name), name) for word, profile in PROFILES.items()}
    default: str | None = shown["lan"]
    if len(set(shown.values())) > 1:
        about += "; " + ", ".join(f"{word} {value}" for word, value in shown.items())
        default = None
    return Field(_key(name), _kind(name), about, default=default)


GOSSIP = Section(
    "gossip settings",
    "{profile: wan, lifeguard: off}",
    (
        Field("profile", choice(*PROFILES), "memberlist's constants for a local network, a "
              "wide-area network, or the loopback interface", default="lan"),
        *map(_field, dataclasses.fields(GossipSettings)),
    ),
)  # fmt: skip
