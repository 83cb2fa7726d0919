"""The ``bulk`` section as data, checked against the topology."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from overlaysim.errors import InputError, nearest, quote
from overlaysim.overlay.encapsulation.choice import TunnelChoice, checked
from overlaysim.scenario.bulk_fits import Room
from overlaysim.scenario.bulk_keys import ALL, BULK, NOBODY
from overlaysim.scenario.fields import Record
from overlaysim.scenario.kinds import IMIX
from overlaysim.scenario.model import BulkSpec
from overlaysim.scenario.nodes import ProblemLog
from overlaysim.scenario.places import Places
from overlaysim.scenario.steps import check_before_end
from overlaysim.units import format_count, format_duration

if TYPE_CHECKING:
    from overlaysim.traffic.schedule import Replay

MOST_FLOWS = 100_000
"""Flows that one entry may stand for: all pairs of 300 hosts."""

_ONLY_WITHOUT_TRACE = ("size", "arrivals")


@dataclass(frozen=True)
class BulkReader:
    """Makes bulk traffic of the records that the field table read.

    Attributes:
        places: the hosts there are.
        room: how long frames may be.
        tunnel: how packets are carried if an entry does not say it; None if that could not be read.
        duration: the simulated time, or None if the scenario leaves it open.
        folder: where traces are.
        log: gets what is wrong.
    """

    places: Places
    room: Room
    tunnel: TunnelChoice | None
    duration: int | None
    folder: Path
    log: ProblemLog
    before: int = field(init=False)
    """Problems with the file that were found before any entry was looked at."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "before", len(self.log))

    def read(self, record: Record) -> BulkSpec | None:
        """Return what an entry says; None if it is wrong, which has been reported then."""
        found = len(self.log)
        sources, targets = (self._hosts(record, key) for key in ("from", "to"))
        self._check_times(record)
        self._check_pattern(record)
        tunnel, trace = self._tunnel(record), self._trace(record)
        if self.before or len(self.log) > found or tunnel is None:
            return None  # what goes together is looked at when all of it can be read
        spec = BulkSpec(
            line=record.node.line, column=record.node.column, sources=sources, targets=targets,
            sizes=_sizes(record, trace), rate=record["rate"], interval=record["interval"],
            arrivals=record["arrivals"], on=record["on"] or 0, off=record["off"] or 0,
            random_phases=record["phases"] == "exponential", trace=trace, start=record["start"],
            spread=record["spread"], stop=record["stop"], count=record["count"],
            echo=record["echo"], tunnel=tunnel,
            moves=tuple(
                (move["at"], "" if move["to"] == NOBODY else move["to"])
                for move in record["moves"]
            ),
            receiver=tuple((turn["at"], turn["state"] == "there") for turn in record["receiver"]),
        )  # fmt: skip
        self._check_whole(record, spec)
        return None if len(self.log) else spec

    def _hosts(self, record: Record, key: str) -> tuple[str, ...]:
        written = record[key]
        if written is None:
            return ()
        if written == ALL and ALL not in self.places.hosts:
            return self.places.hosts
        names = written if isinstance(written, tuple) else (written,)
        if not names:
            record.report(key, "no host is named; write for example host-a", self.log)
        for name in names:
            if wrong := self._wrong_host(name, ALL):
                record.report(key, wrong, self.log)
        return names

    def _wrong_host(self, name: str, other: str) -> str:
        """Say why a name is no host, perhaps a mistyped ``other``; empty if it is one."""
        wrong, hint = self.places.wrong_host(name), nearest(name, [other])
        return f"there is no host {quote(name)}{hint}" if wrong and hint else wrong

    # ---- when -----------------------------------------------------------------------------

    def _check_times(self, record: Record) -> None:
        start, stop = record["start"], record["stop"]
        if start is not None and stop is not None and stop <= start:
            message = f"{format_duration(stop)} is not after start, {format_duration(start)}"
            record.report("stop", message, self.log)
        if self.duration is None:
            BULK.require(record, "stop", self.log)
        check_before_end(record, "start", self.duration, self.log)
        for key in ("moves", "receiver"):
            instants = [turn["at"] for turn in record[key] or ()]
            for turn, earlier in zip((record[key] or ())[1:], instants, strict=False):
                if None not in (turn["at"], earlier) and turn["at"] <= earlier:
                    message = f"{format_duration(turn['at'])} is not after the one before it"
                    turn.report("at", f"{message}, {format_duration(earlier)}", self.log)

    def _check_pattern(self, record: Record) -> None:
        if record["arrivals"] == "on-off":
            BULK.require(record, "on", self.log)
            BULK.require(record, "off", self.log)
        if record.written("trace"):
            for key in _ONLY_WITHOUT_TRACE:
                if record.written(key):
                    record.report(key, "not together with trace, which has its own", self.log)
        self._check_sizes(record)

    def _check_sizes(self, record: Record) -> None:
        written = record["size"]
        mixes: tuple[Record, ...] = written if isinstance(written, tuple) else ()
        payloads = [mix["size"] for mix in mixes]
        if written == ():
            record.report("size", f"no size is named; write for example {IMIX}", self.log)
        for place, mix in enumerate(mixes):
            if payloads[place] in payloads[:place]:
                mix.report("size", f"{payloads[place]} B is there twice", self.log)
        if record.written("rate") and (written == 0 or set(payloads) == {0}):
            record.report("size", "a rate cannot be made of packets without payload", self.log)

    def _trace(self, record: Record) -> Replay | None:
        if record["trace"] is None:
            return None
        from overlaysim.traffic.schedule import Replay  # noqa: PLC0415 (late: it loads numpy)

        try:
            return Replay.from_csv(self.folder / record["trace"])
        except InputError as error:
            for message in str(error).split("\n"):
                record.report("trace", message, self.log)
            return None

    # ---- where ----------------------------------------------------------------------------

    def _tunnel(self, record: Record) -> TunnelChoice | None:
        if self.tunnel is None or not record.written("encapsulation"):
            return self.tunnel
        if record["encapsulation"] is None:
            return None
        try:
            return checked(replace(self.tunnel, encapsulation=record["encapsulation"]))
        except InputError as error:
            record.report("encapsulation", str(error), self.log)
            return None

    def _check_whole(self, record: Record, spec: BulkSpec) -> None:
        count = len(spec.sources) * len(spec.targets)
        if count > MOST_FLOWS:
            message = f"{format_count(count)} pairs of hosts are too many"
            record.report("to", f"{message}; at most {format_count(MOST_FLOWS)}", self.log)
            return
        if not spec.pairs:
            record.report("to", f"{spec.sources[0]} does not send to itself", self.log)
            return
        self._check_moves(record, spec)
        if message := self.room.wrong_length(spec):
            record.report("trace" if spec.trace else "size", message, self.log)

    def _check_moves(self, record: Record, spec: BulkSpec) -> None:
        if spec.moves and len(spec.targets) > 1:
            record.report("moves", "only with one host to send to", self.log)
        for move in record["moves"]:
            host = move["to"]
            if host == NOBODY:
                continue
            if wrong := self._wrong_host(host, NOBODY):
                move.report("to", wrong, self.log)
            elif host in spec.sources:
                move.report("to", f"{host} does not send to itself", self.log)


def _sizes(record: Record, trace: Replay | None) -> tuple[tuple[int, int], ...]:
    """Payloads with weights; those of a trace have none that matters."""
    if trace is not None:
        return tuple((payload, 1) for payload in trace.payloads)
    written = record["size"]
    if written == IMIX:
        from overlaysim.traffic.schedule import imix  # noqa: PLC0415 (late: it loads numpy)

        return imix().weights
    if isinstance(written, tuple):
        return tuple((mix["size"], mix["weight"]) for mix in written)
    return ((written, 1),)
