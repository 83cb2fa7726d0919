"""``capture.pcapng``: the frames that passed the hosts' underlay interfaces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from overlaysim.sim import Simulator
from overlaysim.sim.events import FrameSeen
from overlaysim.wire import PcapngWriter


class CaptureWriter:
    """Keeps the frames of a simulation until their fate is known, then writes them.

    A packet that was dropped says so in a comment on its last frame that was seen. Frames are
    kept as packets, not as bytes, so that a run pays for bytes only if it writes the file.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._frames: list[FrameSeen] = []
        simulator.bus.subscribe(FrameSeen, self._frames.append)

    @property
    def frames(self) -> Sequence[FrameSeen]:
        """What was seen so far."""
        return self._frames

    def __len__(self) -> int:
        return len(self._frames)

    def write(self, path: Path) -> None:
        """Write what was seen so far, in time order, one interface block per host."""
        frames = sorted(self._frames, key=lambda frame: frame.at)
        hosts = sorted({frame.host for frame in frames})
        interface = {host: number for number, host in enumerate(hosts)}
        last = {frame.journey.number: index for index, frame in enumerate(frames)}
        with path.open("wb") as file:
            writer = PcapngWriter(file, [f"{host}:eth0" for host in hosts])
            for index, frame in enumerate(frames):
                journey = frame.journey
                comment = None
                if journey.outcome == "dropped" and last[journey.number] == index:
                    comment = f"dropped: {journey.reason}, at {journey.where}"
                data = frame.packet.pack()
                writer.write(interface[frame.host], frame.at, data, comment=comment)
