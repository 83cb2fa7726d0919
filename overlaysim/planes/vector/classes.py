"""Packets that share everything but their times: where they go and how long they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.workload import BulkFlow
from overlaysim.sim import Composition


@dataclass(frozen=True, slots=True)
class PacketClass:
    """The packets of one flow, in one direction, that have one size and are meant for one host.

    Attributes:
        flow: number of the flow.
        source: the host that sends them.
        destination: the host that they are sent to; None if the sender knows of none.
        reason: why it knows of none.
        flow_hash: what switches choose among equal paths by.
        frame: what a frame is made of.
        answer: number of the class of the answers to them; None if they are not answered.
    """

    flow: int
    source: str
    destination: str | None
    reason: str
    flow_hash: int
    frame: Composition
    answer: int | None


class Classes:
    """All classes of packets, numbered: first by flow, then by what the sender knew, then by size.

    If any flow is answered, the answers to class c have class c + n, n being the number of classes
    of packets that are no answers.

    Attributes:
        all: the classes in order.
        flow: the flow of each.
        flows: how many flows there are.
        asking: n.
    """

    def __init__(self, flows: Sequence[BulkFlow], hosts: Collection[str]) -> None:
        self.flows = len(flows)
        first: list[int] = []
        self._since: list[NDArray[np.int64]] = []
        self._sizes = [len(flow.frames) for flow in flows]
        asking: list[tuple[int, str, Composition]] = []
        for number, flow in enumerate(flows):
            first.append(len(asking))
            self._since.append(np.array([since for since, _ in flow.peers], np.int64))
            asking += [(number, peer, frame) for _, peer in flow.peers for frame in flow.frames]
        self.asking = len(asking)
        self._first = np.array(first, np.int64)
        self._several = [
            number for number, flow in enumerate(flows) if len(flow.frames) * len(flow.peers) > 1
        ]
        self.answered = any(flow.echo_hash is not None for flow in flows)
        self.all: list[PacketClass] = []
        for number, peer, frame in asking:
            flow, known = flows[number], peer in hosts
            answer = len(self.all) + self.asking if flow.echo_hash is not None else None
            self.all.append(
                PacketClass(
                    number, flow.source, peer if known else None, "" if known else peer,
                    flow.flow_hash, frame, answer,
                )
            )  # fmt: skip
        for number, peer, frame in asking if self.answered else ():
            flow = flows[number]
            destination = flow.source if flow.echo_hash is not None and peer in hosts else None
            self.all.append(
                PacketClass(number, peer, destination, "", flow.echo_hash or 0, frame, None)
            )
        self.flow = np.array([known.flow for known in self.all], np.int64)

    def of(
        self,
        flows: NDArray[np.int64],
        births: NDArray[np.int64],
        sizes: Sequence[NDArray[np.uint16] | int],
    ) -> NDArray[np.int64]:
        """The classes of packets.

        Args:
            flows: their flows, ascending.
            births: their births, picoseconds.
            sizes: for each flow the numbers of its packets' sizes.
        """
        its = self._first[flows]
        for flow in self._several:
            begin, end = np.searchsorted(flows, (flow, flow + 1))
            its[begin:end] += sizes[flow]
            known = np.searchsorted(self._since[flow], births[begin:end], "right") - 1
            its[begin:end] += known * self._sizes[flow]
        return its
