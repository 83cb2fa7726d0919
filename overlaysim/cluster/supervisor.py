"""Brings one host into the state that faults want it in, one step after the other.

Several faults may want something of a host at once, and end in any order: each adds to a count,
and what the counts ask for is done when the host can do it. A power cut alone happens at once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from overlaysim.cluster.requests import Refused
from overlaysim.host.rpc import RpcFailed
from overlaysim.sim import Steps
from overlaysim.underlay.barriers import Undo
from overlaysim.units import MS, SECOND

if TYPE_CHECKING:
    from overlaysim.cluster.world import World

RETRY = 5 * SECOND
"""Pause after a ``docker swarm join`` that failed: somebody types it again."""
POLL = 100 * MS


class Supervisor:
    """Stops, starts and moves one host.

    Args:
        world: of the host.
        name: of the host.
    """

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self._worker = world.workers[name]
        self._host = self._worker.host
        self._tasks = world.tasks[name]
        self._cuts = self._stops = self._freezes = self._leaves = 0
        self._wish = ""  # what shall happen once: join or leave
        self._frozen_life = 0
        self._lives = 0
        self._busy = False

    # ---- what faults want -----------------------------------------------------------------

    def cut_power(self) -> Undo:
        """Let the host lose its power; undo gives it back, and the host boots."""
        restore = self._world.underlay.barriers.power_off(self._name)
        self._cuts += 1
        if self._cuts == 1:
            self._crash()

        def undo() -> None:
            self._cuts -= 1
            restore()
            self._review()

        return undo

    def stop_daemon(self) -> Undo:
        """Let the daemon stop in good order; undo starts it again."""
        self._stops += 1
        self._review()

        def undo() -> None:
            self._stops -= 1
            self._review()

        return undo

    def freeze(self) -> Undo:
        """Send the daemon SIGSTOP; undo sends SIGCONT, unless it is another daemon by then."""
        if not self._host.daemon.running:
            return lambda: None
        if self._freezes == 0 or self._frozen_life != self._lives:
            self._freezes, self._frozen_life = 0, self._lives
            self._lose_manager()
            self._host.freeze()
        self._freezes += 1
        life = self._lives

        def undo() -> None:
            if life != self._lives:
                return
            self._freezes -= 1
            if self._freezes == 0:
                self._host.thaw()
                self._regain_manager()

        return undo

    def leave(self) -> Undo:
        """Let the host leave its swarm; undo lets it join again, as a worker."""
        self._leaves += 1
        self._wish = ""
        self._review()

        def undo() -> None:
            self._leaves -= 1
            if self._leaves == 0:
                self.want("join")

        return undo

    def join(self) -> Undo:
        """Let the host join the swarm as a worker, unless it is in one; undo lets it leave then."""
        if self._worker.node:
            return lambda: None
        self.want("join")
        return lambda: self.want("leave")

    def want(self, wish: Literal["join", "leave"]) -> None:
        """Let the host join the swarm or leave it once, when it can."""
        self._wish = wish
        self._review()

    # ---- what is done about it ------------------------------------------------------------

    def _crash(self) -> None:
        self._lives += 1
        self._lose_manager()
        self._world.underlay.lose_unsent(self._name)
        self._worker.power_cut()

    def _review(self) -> None:
        if not self._busy:
            self._busy = True
            self._world.simulator.spawn(self._work())

    def _work(self) -> Steps:
        while (step := self._next()) is not None:
            yield from step()
        self._busy = False

    def _next(self) -> Callable[[], Steps] | None:
        running, node = self._host.daemon.running, self._worker.node
        if self._cuts:
            return None
        if running and self._stops:
            return self._stop
        if not running:
            return None if self._stops else self._start
        return self._move(bool(node))

    def _move(self, member: bool) -> Callable[[], Steps] | None:
        """Into the swarm or out of it, if that is asked for."""
        if self._wish == ("join" if member else "leave"):
            self._wish = ""  # it is done
        if member and (self._leaves or self._wish == "leave"):
            return self._leave
        return self._join if self._wish == "join" and not self._leaves else None

    def _stop(self) -> Steps:
        """``systemctl stop docker``: the swarm's agent first, then containers, then gossip."""
        daemon = self._host.daemon
        self._lose_manager()
        yield daemon.spawn(self._shut_down())
        if daemon.running and not self._cuts:
            self._lives += 1
            self._host.end_daemon()
            self._worker.forget_work()

    def _shut_down(self) -> Steps:
        daemon, simulator = self._host.daemon, self._world.simulator
        self._worker.active = False
        self._tasks.mute()
        running = [c for c in self._host.containers.values() if c.main is not None]
        yield simulator.all_of([daemon.spawn(self._worker.runtime.stop(c)) for c in running])
        yield from self._worker.say_farewell()

    def _start(self) -> Steps:
        self._host.start_daemon()
        yield self._host.daemon.spawn(self._begin())

    def _begin(self) -> Steps:
        yield self._world.simulator.sleep(self._world.settings.timing.daemon_start)
        if self._worker.node:
            self._regain_manager()
            with suppress(Refused):  # somebody let it leave the swarm meanwhile
                yield from self._worker.resume()
            self._tasks.recover()

    def _leave(self) -> Steps:
        yield self._host.daemon.spawn(self._leave_in_turn())

    def _leave_in_turn(self) -> Steps:
        while self._worker.busy:  # somebody's command is at it
            yield self._world.simulator.sleep(POLL)
        if self._worker.node:
            yield from self._world.leave_swarm(self._name)

    def _join(self) -> Steps:
        yield self._host.daemon.spawn(self._try_to_join())
        if self._wish == "join" and not self._worker.node:
            yield self._world.simulator.sleep(RETRY)

    def _try_to_join(self) -> Steps:
        if self._worker.busy:
            return
        for manager in dict.fromkeys(self._world.managers.values()):
            for address in manager.nodes.manager_addresses:
                with suppress(Refused, RpcFailed):
                    yield from self._world.join_swarm(self._name, address, manager.tokens["worker"])
                    return

    # ---- its manager ----------------------------------------------------------------------

    def _lose_manager(self) -> None:
        raft = self._world.rafts.get(self._name)
        if raft is not None:
            raft.stop(self._name)

    def _regain_manager(self) -> None:
        raft = self._world.rafts.get(self._name)
        if raft is not None:
            raft.start(self._name)
