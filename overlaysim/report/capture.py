"""``capture.pcapng``: the frames that passed the hosts' underlay interfaces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from overlaysim.sim import Simulator
from overlaysim.sim.events import FrameSeen
from overlaysim.wire import Packet, PcapngWriter

ASSOCIATIONS = "esp_sa"
"""The name of Wireshark's own file of associations, in its folder of preferences."""


class Sealing(Protocol):
    """Puts ciphertext in the place of what encrypted tunnels are built with."""

    def __call__(self, packet: Packet) -> Packet:
        """Return the packet as it is on the wire."""

    def esp_sa(self) -> list[str]:
        """The ESP associations of all packets so far, as lines of Wireshark's table of them."""


class CaptureWriter:
    """Keeps the frames of a simulation until their fate is known, then writes them.

    A packet that was dropped says so in a comment on its last frame that was seen. Frames are
    kept as packets, not as bytes, so that a run pays for bytes only if it writes the file.

    Attributes:
        sealing: what encrypts packets before they are written; None leaves them in the clear.
            Pieces of a packet that was cut are bytes already, and stay as they are.
    """

    def __init__(self, simulator: Simulator) -> None:
        self.sealing: Sealing | None = None
        self._frames: list[FrameSeen] = []
        simulator.bus.subscribe(FrameSeen, self._frames.append)

    @property
    def frames(self) -> Sequence[FrameSeen]:
        """What was seen so far."""
        return self._frames

    def __len__(self) -> int:
        return len(self._frames)

    def write(self, path: Path) -> None:
        """Write what was seen so far, in time order, one interface block per host.

        The associations of sealed ESP packets are written beside it, as ``esp_sa``.
        """
        sealing = self.sealing
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
                packet = frame.packet if sealing is None else sealing(frame.packet)
                writer.write(interface[frame.host], frame.at, packet.pack(), comment=comment)
        if sealing is not None:
            lines = "".join(f"{line}\n" for line in sealing.esp_sa())
            path.with_name(ASSOCIATIONS).write_text(lines, encoding="ascii")
