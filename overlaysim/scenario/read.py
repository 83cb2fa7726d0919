"""Reads a scenario file: the one entry to everything that checks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from overlaysim.cluster.timing import Timing
from overlaysim.errors import InputError
from overlaysim.measure.metric import Metric
from overlaysim.measure.metrics import ALL_HOSTS
from overlaysim.overlay.encapsulation.choice import UNDERLAYS, TunnelChoice, checked
from overlaysim.scenario.bulk import BulkReader
from overlaysim.scenario.bulk_fits import Room
from overlaysim.scenario.expect import Expectation
from overlaysim.scenario.fields import Record
from overlaysim.scenario.flows import read_flow
from overlaysim.scenario.gossip_keys import gossip_settings
from overlaysim.scenario.grammar import ExpectationError, parse_expectation
from overlaysim.scenario.graphs import build_underlay
from overlaysim.scenario.keys import scenario_section
from overlaysim.scenario.model import DnsSpec, Scenario
from overlaysim.scenario.nodes import Node, ProblemLog, Row, TooManyProblemsError
from overlaysim.scenario.places import Places
from overlaysim.scenario.plane import NOTHING_TO_CARRY, find_obstacle
from overlaysim.scenario.steps import StepReader
from overlaysim.scenario.syntax import MAX_BYTES, decode, read_toml, read_yaml
from overlaysim.underlay.topology import Topology

CheckCommand = Callable[[str], str | None]
"""Says what is wrong with a docker command line, or None."""


def read_scenario(
    source: Path | str | bytes,
    *,
    name: str = "",
    metrics: Mapping[str, Metric],
    check_command: CheckCommand,
    timing: type[Any] = Timing,
) -> Scenario:
    """Read a scenario and check everything that can be checked without running it.

    Args:
        source: a file (a ``Path``), or the text itself.
        name: what messages call the file; the path if not given. A name that ends in ``.toml``
            means TOML, everything else is read as YAML, of which JSON is a part.
        metrics: what ``expect`` lines can ask for, by name.
        check_command: says what is wrong with a docker command line, or None.
        timing: a dataclass whose fields are the named durations of the ``timing`` section.

    Raises:
        InputError: with all problems that were found, in the order of their places.
    """
    file = name or (str(source) if isinstance(source, Path) else "scenario")
    folder = source.parent if isinstance(source, Path) else Path(file).parent
    log = ProblemLog(file)
    try:
        root = _parse(_load(source, log) if isinstance(source, Path) else source, file, log)
        record = scenario_section(timing).read(root, "", log)
        scenario = _assemble(record, folder, log, metrics, check_command) if record else None
    except TooManyProblemsError:
        raise log.error() from None
    if scenario is None or len(log):
        raise log.error()
    return scenario


def _load(path: Path, log: ProblemLog) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else None
        raise log.fatal(0, 0, f"cannot be read: {reason or error}") from None


def _parse(data: bytes | str, file: str, log: ProblemLog) -> Node:
    text = decode(data, log)
    return read_toml(text, log) if file.lower().endswith(".toml") else read_yaml(text, log)


def _assemble(
    record: Record,
    folder: Path,
    log: ProblemLog,
    metrics: Mapping[str, Metric],
    check_command: CheckCommand,
) -> Scenario | None:
    """Build and check the sections; None if something is wrong, now or before."""
    underlay = build_underlay(record["underlay"], folder, log) if record["underlay"] else None
    topology = underlay.topology if underlay else None
    places = Places(topology)
    steps = StepReader(places, check_command, record["duration"], log)
    timeline = tuple(filter(None, [steps.read(step) for step in record["timeline"] or ()]))
    traffic = tuple(read_flow(flow, record["duration"], log) for flow in record["traffic"] or ())
    tunnel = _tunnel(record["overlay"], log)
    bulk = BulkReader(
        places, Room(topology, timeline), tunnel, record["duration"], folder, log
    )  # fmt: skip
    flows = tuple(filter(None, [bulk.read(entry) for entry in record["bulk"] or ()]))
    expect = tuple(_expectations(record, topology, metrics, log))
    for key in ("managers", "late"):
        for host in record[key] or ():
            if message := places.wrong_host(host):
                record.report(key, message, log)
    if underlay is None or tunnel is None or len(log):
        return None
    dns: Record = record["dns"]
    scenario = Scenario(
        name=record["name"],
        about=record["about"] or "",
        seed=record["seed"],
        underlay=underlay,
        automatic_join=record["swarm"] == "auto",
        managers=record["managers"],
        late=record["late"],
        timeline=timeline,
        traffic=traffic,
        expect=expect,
        dns=DnsSpec(dns["upstream"] == "answers", dns["records"], dns["delay"]),
        timing=_written(record["timing"]) if record["timing"] else {},
        gossip=gossip_settings(record["gossip"]),
        replaces_learned=record["overlay"]["forwarding"] == "replace",
        tunnel=tunnel,
        bridge_nf=record["overlay"]["bridge_nf"] == "on",
        bulk=flows,
        plane=record["plane"],
        duration=record["duration"],
    )
    if scenario.plane == "vector":
        _check_vector(record, scenario, log)
    return scenario


def _check_vector(record: Record, scenario: Scenario, log: ProblemLog) -> None:
    """Report what keeps the vector plane, which is asked for, from being exact."""
    found = find_obstacle(scenario)
    if not scenario.bulk:
        record.report("plane", NOTHING_TO_CARRY, log)
    elif found is not None:
        log.report(Row("", found.line, found.column), "plane", found.message)


def _tunnel(record: Record, log: ProblemLog) -> TunnelChoice | None:
    known, underlay = record["encapsulation"], record["underlay"]
    if known is None or underlay is None:
        return None
    try:
        return checked(TunnelChoice(known, UNDERLAYS[underlay]))
    except InputError as error:
        record.report("encapsulation", str(error), log)
        return None


def _written(record: Record) -> dict[str, Any]:
    return {key: record[key] for key in record.node.entries}


def _expectations(
    record: Record,
    topology: Topology | None,
    metrics: Mapping[str, Metric],
    log: ProblemLog,
) -> Iterator[Expectation]:
    known: dict[str, tuple[str, ...]] = {}
    if topology:
        everybody = (*topology.hosts, ALL_HOSTS)
        known = {"host": topology.hosts, "sender": everybody, "receiver": everybody}
    for row in record["expect"] or ():
        if not row.text.strip():
            continue
        try:
            yield parse_expectation(row.text, metrics, known=known, line=row.line)
        except ExpectationError as error:
            place = replace(row, column=row.column + error.offset if row.column else 0)
            log.report(place, "expect", str(error))
