"""One line of the prompt: docker commands, and the few words that are the simulator's own."""

from __future__ import annotations

import sys
from collections.abc import Callable

from overlaysim.cli.status import NOT_FOUND, WRONG_INPUT
from overlaysim.errors import InputError, nearest, visible
from overlaysim.report.reachability import render_reachability
from overlaysim.scenario.run import conclude
from overlaysim.scenario.session import Session
from overlaysim.units import format_seconds, parse_duration

DOCKER = ("docker", "sudo")

HELP = """\
docker …                     a docker command on the host that the prompt shows
on HOST                      go to another host
wait 5s                      let simulated time pass
show [NETWORK]               who can resolve and reach whom at present
explain                      what the last packet and look-up did, hop by hop
fault …                      break something, with or without `for 10s` at the end:
  fault link A B down          a link is down (or up)
  fault link A B loss 5%       a link loses, or delay 20ms, jitter, rate, queue, mtu
  fault partition A,B C        groups of hosts that do not reach each other
  fault host A crashed         or frozen, stopped, left, joined, running
  fault host A delay 800ms     its daemon is slow
  fault block 7946/udp at A    a host drops packets to a port; at A B: a link does
  fault churn starts 2/s       and stops, joins, leaves: containers and hosts come and go
fault list                   what is broken at present, by number
fault end N                  heal the fault with that number
fault heal                   heal everything, or: heal link, heal A, heal A B
hosts                        list the hosts
report                       the report of everything so far
help                         this list
exit                         leave (so does the end of the input)
"""


def complain(text: str) -> None:
    """Write to standard error, after everything that was printed before."""
    sys.stdout.flush()
    print(text, end="", file=sys.stderr, flush=True)


class Stop(Exception):  # noqa: N818 (not an error: the user wants to leave)
    """The user is done."""


class Prompt:
    """Knows which host one is on and does what a line says."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._host = session.hosts[0]
        self._words: dict[str, Callable[[list[str]], str]] = {
            "on": self._on,
            "wait": self._wait,
            "show": self._show,
            "explain": self._explain,
            "fault": self._fault,
            "hosts": self._hosts,
            "report": self._report,
            "help": self._help,
            "exit": self._exit,
            "quit": self._exit,
        }

    @property
    def text(self) -> str:
        """The prompt itself: where one is, and when."""
        return f"{self._host}  {format_seconds(self._session.simulator.now)} $ "

    def do(self, line: str) -> int:
        """Do what a line says, print what comes of it, and return its exit status."""
        words = line.split()
        if not words or words[0].startswith("#"):
            return 0
        try:
            return self._docker(line) if words[0] in DOCKER else self._own(words)
        except InputError as error:
            for message in str(error).split("\n"):
                complain(f"{visible(message)}\n")
            return WRONG_INPUT

    def _own(self, words: list[str]) -> int:
        action = self._words.get(words[0])
        if action is None:
            hint = nearest(words[0], ["docker", *self._words])
            complain(f"{visible(words[0])}: no such command here{hint}; try help\n")
            return NOT_FOUND
        print(action(words[1:]), end="")
        return 0

    def _docker(self, line: str) -> int:
        outcome = self._session.execute(self._host, line)
        print(outcome.stdout, end="")
        complain(outcome.stderr)
        for note in outcome.notes:
            print(note)
        return outcome.status

    def _on(self, words: list[str]) -> str:
        known = ", ".join(self._session.hosts)
        if len(words) != 1:
            raise InputError(
                f"on: write on HOST, and the commands on lines of their own; hosts are {known}"
            )
        name = words[0]
        if name not in self._session.hosts:
            hint = nearest(name, self._session.hosts)
            raise InputError(f'on: no host "{name}"; hosts are {known}{hint}')
        self._host = name
        return ""

    def _wait(self, words: list[str]) -> str:
        if not words:
            raise InputError("wait: write wait DURATION, for example wait 5s")
        self._session.wait(parse_duration(" ".join(words)))
        return ""

    def _show(self, words: list[str]) -> str:
        if len(words) > 1:
            raise InputError("show: write show, or show NETWORK")
        events, now = self._session.recorder.events(), self._session.simulator.now
        return render_reachability(events, now, network=words[0] if words else None)

    def _explain(self, words: list[str]) -> str:
        return self._session.explainer.text()

    def _fault(self, words: list[str]) -> str:
        return self._session.faults.command(words)

    def _hosts(self, words: list[str]) -> str:
        lines = []
        for name, worker in self._session.world.workers.items():
            role = "not in a swarm"
            if name in self._session.world.managers:
                role = "manager"
            elif worker.node:
                role = "worker"
            lines.append(f"{name}  {worker.host.address}  {role}\n")
        return "".join(lines)

    def _report(self, words: list[str]) -> str:
        return conclude(self._session).report()

    def _help(self, words: list[str]) -> str:
        return HELP

    def _exit(self, words: list[str]) -> str:
        raise Stop
