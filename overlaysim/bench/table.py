"""The table of the workloads: how fast, how large, and whether the answers are right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from overlaysim.bench.measurement import Summary
from overlaysim.bench.planes import Target

HEAD = (
    f"{'':<17}{'hosts':>6}{'n':>12}{'packet-hops':>13}  {'score median [range]':<22}{'floor':>6}"
    f"{'goal':>6}{'MiB':>6}  {'answer':<24}{'allowed':<22}ok"
)


def summary_lines(summary: Summary, player: str, target: Target | None) -> Iterator[str]:
    """One row for what was measured, with a row below for each further answer.

    Args:
        summary: of the runs.
        player: the data plane or whatever else has played the workload.
        target: what its score should be, if anybody has said.
    """
    first = summary.first
    floor, goal = target or ("-", "-")
    head = (
        f"{first.workload + ' ' + player:<17}{first.hosts:>6,}{first.n:>12,}"
        f"{first.packet_hops:>13,}  {summary.scores:<22}"
        f"{floor:>6}{goal:>6}{summary.peak:>6}  "
    )
    for check, answer, verdict in summary.judged:
        yield f"{head}{check.what + ' ' + figure(answer):<24}{check.allowed:<22}{verdict}"
        head = " " * len(head)


def agreement_line(summaries: Sequence[Summary], players: Sequence[str]) -> tuple[str, bool]:
    """Say whether several planes gave the same for each seed, and whether they did.

    They draw the same packets at the same instants, so that losses and delays are the same to the
    picosecond, or one of them is wrong.
    """
    given = [[(run.packet_hops, run.answers) for run in summary.runs] for summary in summaries]
    same = all(other == given[0] for other in given[1:])
    verdict = "yes" if same else "NO"
    return f"{summaries[0].first.workload} the same on {' and '.join(players)}: {verdict}", same


def figure(answer: float) -> str:
    """An answer, with no more than three decimals and no zeros behind them."""
    return f"{answer:,.3f}".rstrip("0").rstrip(".")
