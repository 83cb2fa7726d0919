"""The failure detector: is the next node of the list still there?"""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.gossip.alarms import Alarm
from overlaysim.gossip.context import Context
from overlaysim.gossip.member_messages import (
    Ack,
    IndirectPing,
    Member,
    MemberCompound,
    Nack,
    Ping,
    Suspect,
)
from overlaysim.gossip.membership import ALIVE, Membership
from overlaysim.gossip.piggyback import Piggyback
from overlaysim.gossip.ticker import Task


@dataclass(slots=True, eq=False)
class _Probe:
    """The probe under way.

    Attributes:
        member: who is probed, as known at the beginning.
        sequence: number of the ping.
        deadline: when it is judged.
        alarm: when others are asked to help, and after that when it is judged.
        stream: number of the TCP connection tried as a last resort, 0 for none.
        helpers: members asked to ping it as well.
        nacks: how many of them said that they asked in vain.
        reached: whether TCP worked.
    """

    member: Member
    sequence: int
    deadline: int
    alarm: Alarm
    stream: int = 0
    helpers: int = 0
    nacks: int = 0
    reached: bool = False


class Prober:
    """Pings one member after the other, with the help of others and by TCP if it must.

    ``ML/state.go`` probe and probeNode, ``ML/net.go`` handlePing, handleIndirectPing, handleAck,
    handleNack. A member that answers in none of these ways within the probe interval is suspected.
    """

    __slots__ = (
        "_context", "_errands", "_membership", "_piggyback", "_place", "_probe",
        "_sequence", "_task",
    )  # fmt: skip

    def __init__(self, context: Context, membership: Membership, piggyback: Piggyback) -> None:
        self._context = context
        self._membership = membership
        self._piggyback = piggyback
        self._place = 0
        self._sequence = 0
        self._probe: _Probe | None = None
        self._errands: dict[int, tuple[str, int]] = {}
        """Pings sent for others: own sequence number -> who asked, and its sequence number."""
        ticker = context.ticker(context.settings.probe_interval)
        self._task = Task(context.alarms, ticker, self._next)
        self._task.start(context.now)

    # Own probes

    def _next(self, now: int) -> bool:
        """Probe the next member of the list; tell whether that is over already.

        The walk gives up after as many places as there are members: in a small cluster the wrap and
        the node's own place can use them up without a probe (``ML/state.go`` probe).
        """
        membership, looked_at = self._membership, 0
        count = membership.count()
        while looked_at < count:
            if self._place >= count:
                membership.shuffle(now)
                count = membership.count()
                self._place = 0
                looked_at += 1
                continue
            member = membership.at(self._place)
            self._place += 1
            if member.node != self._context.name and not member.gone:
                self._begin(member, now)
                return False
            looked_at += 1
        return True

    def _begin(self, member: Member, now: int) -> None:
        settings = self._context.settings
        deadline = now + self._membership.health.scale(settings.probe_interval)
        alarm = self._context.alarms.set(now + settings.probe_timeout, self._seek_help)
        self._probe = probe = _Probe(member, self._next_sequence(), deadline, alarm)
        ping = self._ping(probe.sequence, member.node)
        if member.state == ALIVE:
            self._piggyback.send(member.address, ping, "probe")
        else:  # so that it can object as soon as possible
            suspect = Suspect(member.incarnation, member.node, self._context.name)
            self._context.send(member.address, MemberCompound((ping, suspect)), "probe")

    def _seek_help(self, now: int) -> None:
        """The member has not answered: ask others to ping it, and try TCP."""
        probe = self._probe
        assert probe is not None
        context, member = self._context, probe.member
        helpers = self._membership.sample(
            context.settings.indirect_probes,
            lambda other: other.state == ALIVE and other.node != member.node,
        )
        probe.helpers = len(helpers)
        request = IndirectPing(
            probe.sequence, member.address, member.node, True, context.address, context.name
        )
        for helper in helpers:
            self._piggyback.send(helper.address, request, "probe")
        if context.settings.tcp_ping:
            ping = self._ping(probe.sequence, member.node)
            probe.stream = context.request(member.address, ping, "probe", probe.deadline - now)
        probe.alarm = context.alarms.set(probe.deadline, self._judge)

    def _judge(self, now: int) -> None:
        """Time is up; that TCP works is good enough."""
        probe = self._probe
        assert probe is not None
        delta = -1
        if not probe.reached:
            delta = probe.helpers - probe.nacks if probe.helpers else 1
            member = probe.member
            suspect = Suspect(member.incarnation, member.node, self._context.name)
            self._membership.on_suspect(suspect, now)
        self._end(probe, delta, now)

    def _end(self, probe: _Probe, delta: int, now: int) -> None:
        self._probe = None
        probe.alarm.cancel()
        self._membership.health.change(delta)
        self._task.done(now)

    def on_ack(self, ack: Ack, now: int) -> None:
        """Somebody answered: to a probe of this node, or to a ping sent for another."""
        probe = self._probe
        if probe is not None and probe.sequence == ack.sequence:
            self._end(probe, -1, now)
            return
        errand = self._errands.pop(ack.sequence, None)
        if errand is not None:
            asker, sequence = errand
            self._piggyback.send(asker, Ack(sequence), "probe")

    def on_nack(self, nack: Nack) -> None:
        """A helper got no answer, but is there itself."""
        probe = self._probe
        if probe is not None and probe.sequence == nack.sequence:
            probe.nacks = min(probe.nacks + 1, probe.helpers)

    def on_stream_ack(self, stream: int, ack: Ack) -> None:
        """The member answered by TCP."""
        probe = self._probe
        if probe is not None and (probe.stream, probe.sequence) == (stream, ack.sequence):
            probe.reached = True

    # Probes of others

    def on_ping(self, ping: Ping) -> None:
        """Somebody asks whether this node is there."""
        if ping.node == self._context.name:
            self._piggyback.send(ping.source, Ack(ping.sequence), "probe")

    def on_stream_ping(self, source: str, stream: int, ping: Ping) -> None:
        """The same by TCP."""
        if ping.node == self._context.name:
            self._context.answer(source, stream, Ack(ping.sequence), "probe")

    def on_indirect_ping(self, request: IndirectPing, now: int) -> None:
        """Somebody asks this node to ping another."""
        sequence = self._next_sequence()
        self._errands[sequence] = (request.source, request.sequence)
        self._piggyback.send(request.target, self._ping(sequence, request.node), "probe")

        def give_up(_: int) -> None:
            if self._errands.pop(sequence, None) is not None and request.nack:
                self._piggyback.send(request.source, Nack(request.sequence), "probe")

        self._context.alarms.set(now + self._context.settings.probe_timeout, give_up)

    # Details

    def _ping(self, sequence: int, node: str) -> Ping:
        return Ping(sequence, node, self._context.address, self._context.name)

    def _next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence
