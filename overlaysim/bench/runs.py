"""Several runs of a benchmark, each in a process of its own, and the table of the loads."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from statistics import median
from typing import TypeVar

from overlaysim.bench.changes import LoadResult
from overlaysim.gossip import LAN
from overlaysim.gossip.queue import transmit_limit

A = TypeVar("A")
R = TypeVar("R")

EVENT = 249
"""Bytes that one change takes in a packet: 245 and what NetworkDB reckons for each event."""


def apart(work: Callable[[A], R], arguments: Iterable[A]) -> Iterator[R]:
    """Do each piece of work in a new process, one after the other.

    The peak memory of a process is that of its largest run, so every run needs its own.
    """
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        yield from pool.imap(work, arguments)


def capacity(hosts: int) -> float:
    """Changes a second that every host can pass on as often as it is to.

    A packet per gossip interval takes ``packet_budget - 5`` bytes; each change is sent
    ``transmit_limit`` times (NetworkDB and memberlist as in :mod:`overlaysim.gossip`).
    """
    per_packet = (LAN.packet_budget - 5) // EVENT
    packets = 10**12 / LAN.gossip_interval
    return per_packet * packets / transmit_limit(LAN.table_retransmit_multiplier, hosts)


def load_lines(results: Iterable[LoadResult]) -> Iterator[str]:
    """One row per run."""
    yield (
        f"{'hosts':>6}{'changes':>9}{'messages':>12}{'CPU s':>8}{'us/message':>12}"
        f"{'peak MiB':>10}{'median s':>10}{'all s':>8}{'queued':>8}{'stale s':>9}"
    )
    for result in results:
        delays = result.delays
        middle = f"{median(delays):.2f}" if delays else "-"
        longest = f"{delays[-1]:.1f}" if delays else "-"
        last = result.samples[-1]
        stale = result.stale_seconds / (result.load.hosts - 1)
        yield (
            f"{result.load.hosts:>6}{result.changes:>9}{result.messages:>12,}{result.cpu:>8.1f}"
            f"{result.cost:>12.1f}{result.peak_memory / 2**20:>10.0f}{middle:>10}{longest:>8}"
            f"{last.queued:>8.1f}{stale:>9.2f}"
        )
