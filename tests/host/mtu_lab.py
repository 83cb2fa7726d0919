"""web on host-a and client on host-b, with what carries too little somewhere between them."""

from __future__ import annotations

from host_lab import HostLab

from overlaysim.sim.events import FrameSeen
from overlaysim.units import SECOND
from overlaysim.wire import Packet

SMALL_MTU = "com.docker.network.driver.mtu"
"""The underlay MTU that an overlay is made for: its own is 50 less."""
WEB, CLIENT = "10.0.1.2", "10.0.1.4"


def direct(mtu: int = 1500) -> str:
    """Both hosts on a switch, by links of this MTU."""
    return f"name: test\nunderlay: {{hosts: [host-a, host-b], link: {{mtu: {mtu} B}}}}\n"


def behind(kind: str, mtu: int = 1400) -> str:
    """host-b, two switches or routers with a link of this MTU between them, host-a."""
    return f"""\
name: test
underlay:
  nodes: {{host-a: host, host-b: host, x1: {kind}, x2: {kind}}}
  links:
    - {{between: [host-b, x1]}}
    - {{between: [x1, x2], mtu: {mtu} B}}
    - {{between: [x2, host-a]}}
"""


class MtuLab(HostLab):
    """The two containers in the network ``app``, and every frame of theirs at both hosts.

    Args:
        options: of the network, ``key=value``.
    """

    def __init__(self, scenario: str, *options: str) -> None:
        super().__init__(scenario)
        self.seen: list[FrameSeen] = []
        self.simulator.bus.subscribe(FrameSeen, self._note)
        words = " ".join(f"--opt {option}" for option in options)
        self.run("host-a", "docker swarm init")
        self.run("host-a", f"docker network create -d overlay --attachable {words} app")
        self.start("host-a", "web", network="app")
        self.start("host-b", "client", network="app")
        self.wait(SECOND)
        self.exec("client", "ping -c 1 web")  # ARP is done
        self.seen.clear()

    def _note(self, event: FrameSeen) -> None:
        if event.journey.kind in ("data", "fragment", "icmp"):
            self.seen.append(event)

    def ping(self, words: str) -> str:
        """Ping web from client; returns what it printed, on both channels."""
        return self.run_any("host-b", f"docker exec client ping {words} web")

    def run_any(self, host: str, command: str) -> str:
        """Run a command that may fail."""
        text = self.session.execute(host, command).text
        self.world.check_conservation()
        return text

    def sent(self, host: str) -> list[int]:
        """Lengths of the frames that a host sent since :meth:`forget`."""
        return [e.packet.length for e in self.seen if e.host == host and e.outgoing]

    def received(self, host: str) -> list[int]:
        """Lengths of the frames that came to a host."""
        return [e.packet.length for e in self.seen if e.host == host and not e.outgoing]

    def packets(self, kind: str) -> list[Packet]:
        """The packets of journeys of a kind that ended since :meth:`forget`."""
        return [j.packet for j in self.ended if j.kind == kind]

    def drops(self) -> list[tuple[str | None, str | None]]:
        """Reason and place of each drop of a container's packet since :meth:`forget`."""
        return [(j.reason, j.where) for j in self.ended if j.kind == "data" and j.reason]

    def forget(self) -> None:
        """Begin anew with what is kept."""
        self.seen.clear()
        self.ended.clear()

    def path_mtu(self, container: str, address: str) -> int | None:
        """The path MTU that a container has learned."""
        learned = self.container(container).stack.paths.learned(address, self.simulator.now)
        return None if learned is None else learned.mtu

    def host_path_mtu(self, host: str, other: str) -> int:
        """The path MTU from a host to another, as far as it knows."""
        me, target = self.host(host), self.world.directory.host_at(self.host(other).address)
        assert target is not None
        return me.datapath.outer.mtu(target)


def outcomes(output: str) -> list[str]:
    """What became of each echo: ``reply``, ``told 1400``, ``refused 1400``; silence is not seen."""
    found = []
    for line in output.splitlines():
        if " bytes from " in line:
            found.append("reply")
        elif "Frag needed" in line:
            found.append(f"told {line.rpartition('= ')[2].rstrip(')')}")
        elif "message too long" in line:
            found.append(f"refused {line.rpartition('=')[2]}")
    return found
