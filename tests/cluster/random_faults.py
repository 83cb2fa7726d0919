"""Random fault scenarios: whatever happens, the books balance, and what was healed grows together.

    python tests/cluster/random_faults.py --count 1000 --jobs 2
    python tests/cluster/random_faults.py --show 17 > seed-17.overlay.yml

How long tables may differ after the last fault has ended follows from the protocol's own periods:

- a daemon that starts, and finds no manager to join through, tries again after at most 60 s
  (NDB/cluster.go rejoinClusterBootStrap), and a probe and a suspicion may have to run out first:
  for 8 hosts at most 8 x 1 s of probing at the worst health, and 6 x 4 s of suspicion;
- a failed node is dialled by the others each second, one of the failed at a time; a dial that was
  begun while it was away runs into its time-out of 10 s, for each of up to 7 of them;
- who is in which network travels in a push/pull each 30 s with one random member, and entries in a
  bulk sync each 30 s with one random member. The last of 8 hosts hears of something that one host
  knows after about log2(8) + ln(8) = 5 rounds of either (Pittel, On Spreading a Rumor, 1987, for
  news that travels one way only; these go both ways), the second after the first.

That makes 60 + 32 + 70 + 2 x 5 x 30 = 462 s if all of it has to happen, one after the other. A
daemon that is ordered about (start, 12 s to stop a task, ``swarm join`` typed again after 5 s) is
done long before. Most of the time little of it has to: the summary says how long it took.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fault_generator
from equal_tables import difference, disorder

from overlaysim.measure.audit import audit
from overlaysim.measure.truth import ABSENT, CORRECT
from overlaysim.scenario.run import Timeline, load
from overlaysim.scenario.session import Session
from overlaysim.sim.events import FaultEnded
from overlaysim.units import SECOND

BOUND = 462 * SECOND
"""After the last fault has ended every table is equal within this time."""
CALM = 45 * SECOND
"""So long must they stay equal: a push/pull, a bulk sync and the end of a task happen meanwhile."""
STEP = SECOND
"""How often the tables are compared."""


@dataclass(frozen=True)
class Trial:
    """What became of one scenario.

    Attributes:
        faults: how many faults it had, repeated ones counted once.
        recovery: picoseconds from the end of the last fault until all tables were equal.
        complaint: what is wrong; empty if nothing is.
    """

    seed: int
    faults: int
    recovery: int
    complaint: str = ""


# ---- one scenario -----------------------------------------------------------------------------


def run(seed: int) -> Trial:
    """Run the scenario of a seed and check it; never raises."""
    words = fault_generator.scenario(seed)
    faults = sum("fault" in step for step in words["timeline"])
    try:
        loaded, _ = load(fault_generator.text(words), name=f"seed {seed}")
        return _check(Session(loaded), seed, faults)
    except Exception as error:  # a crash is what is looked for
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return Trial(seed, faults, 0, f"{type(error).__name__} at {place}: {error}")


class Watch:
    """Looks at the tables of a session once per simulated second, and keeps its events.

    Attributes:
        events: all trace events, in the order in which they came.
        healed: when the last fault so far ended, picoseconds.
        equal_since: since when the tables have been equal; None while they are not.
    """

    def __init__(self, session: Session) -> None:
        self.events: list[Any] = []
        self.healed = 0
        self.equal_since: int | None = None
        self._world = session.world
        self._next = 0
        session.simulator.bus.subscribe_all(self.events.append)
        session.simulator.bus.subscribe(FaultEnded, self._ended)

    def _ended(self, event: FaultEnded) -> None:
        self.healed = event.at

    def look(self, now: int) -> None:
        """Check the books, and compare the tables if a second has passed."""
        self._world.check_conservation()
        if now < self._next:
            return
        self._next = now + STEP
        if difference(self._world):
            self.equal_since = None
        elif self.equal_since is None:
            self.equal_since = now

    @property
    def recovery(self) -> int | None:
        """Picoseconds from the end of the last fault until the tables were equal, if they are."""
        return None if self.equal_since is None else max(self.equal_since - self.healed, 0)

    def is_over(self, now: int) -> bool:
        """Whether all is healed and the tables have been equal for long, or the bound is over."""
        if self._world.faults.active:
            return False
        since = now if self.equal_since is None else max(self.equal_since, self.healed)
        return now >= since + CALM or since > self.healed + BOUND


def _check(session: Session, seed: int, faults: int) -> Trial:
    watch, simulator = Watch(session), session.simulator
    Timeline(session).run(watch.look)
    while not watch.is_over(simulator.now):
        simulator.run_for(STEP)
        watch.look(simulator.now)
    world, recovery = session.world, watch.recovery
    complaint = difference(world) or disorder(world) or _last_verdict(watch.events, simulator.now)
    if recovery is None or recovery > BOUND:
        complaint = complaint or f"equal only {recovery} ps after the last fault"
    return Trial(seed, faults, recovery or 0, complaint)


def _last_verdict(events: list[Any], now: int) -> str:
    """What the audit has to say of the end: a host whose answer is not the truth."""
    ordered = sorted(events, key=lambda event: event.at)
    wrong = [
        span
        for span in audit(ordered, now).spans
        if span.end == now and span.verdict not in (CORRECT, ABSENT)
    ]
    return f"the audit finds {wrong[0]}" if wrong else ""


# ---- many -------------------------------------------------------------------------------------


def failure(trial: Trial) -> str:
    """One line about a scenario that does not hold."""
    return f"seed {trial.seed}: {trial.complaint[:300]}"


def summary(trials: list[Trial]) -> str:
    """How many held, which did not, and how long recovery took."""
    good = sorted(trial.recovery / SECOND for trial in trials if not trial.complaint)
    lines = [f"{len(good)} of {len(trials)} scenarios hold"]
    lines += [f"  {failure(trial)}" for trial in trials if trial.complaint]
    faults = Counter(trial.faults for trial in trials)
    lines.append("faults per scenario: " + ", ".join(f"{n}: {faults[n]}" for n in sorted(faults)))
    if good:
        ranks = {name: good[min(len(good) - 1, int(share * len(good)))]
                 for name, share in (("median", 0.5), ("90 %", 0.9), ("99 %", 0.99))}  # fmt: skip
        ranks["longest"] = good[-1]
        told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in ranks.items())
        lines.append(f"equal after the last fault: {told} (bound {BOUND // SECOND} s)")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run many, or print the scenario of one seed."""
    parser = argparse.ArgumentParser(description="Run random fault scenarios.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", type=int, metavar="SEED", help="print the scenario instead")
    options = parser.parse_args()
    if options.show is not None:
        print(fault_generator.text(fault_generator.scenario(options.show)))
        return 0
    seeds = range(options.first, options.first + options.count)
    trials = []
    with multiprocessing.Pool(options.jobs) as pool:
        for trial in pool.imap_unordered(run, seeds):
            trials.append(trial)
            if trial.complaint:
                print(failure(trial), file=sys.stderr, flush=True)
    print(summary(sorted(trials, key=lambda trial: trial.seed)), end="")
    return int(any(trial.complaint for trial in trials))


if __name__ == "__main__":
    sys.exit(main())
