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
  knows after about log2(8) + ln(8) = 5 rounds of either (Karp et al., Randomized Rumor Spreading,
  2000), the second after the first.

That makes 60 + 32 + 70 + 2 x 5 x 30 = 462 s, with nothing going on at the same time. A daemon that
is ordered about (start, 12 s to stop a task, ``swarm join`` typed again after 5 s) is done long
before.
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


def _check(session: Session, seed: int, faults: int) -> Trial:
    ends: list[int] = []
    events: list[Any] = []
    bus = session.simulator.bus
    bus.subscribe(FaultEnded, lambda event: ends.append(event.at))
    bus.subscribe_all(events.append)
    Timeline(session).run(lambda instant: session.world.check_conservation())
    world, simulator = session.world, session.simulator
    while world.faults.active:
        simulator.run_for(STEP)
    healed = ends[-1]
    equal_since = simulator.now
    while simulator.now < equal_since + CALM and equal_since <= healed + BOUND:
        simulator.run_for(STEP)
        if difference(world):
            equal_since = simulator.now + STEP
    world.check_conservation()
    complaint = difference(world) or disorder(world) or _last_verdict(events, simulator.now)
    return Trial(seed, faults, max(equal_since - healed, 0), complaint)


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
