"""What names really mean, at every instant, and how an answer compares with that.

The rules, for one name of one network and the addresses that somebody answers with:

- *correct*: exactly the addresses that the name has now. If it has none, no answer is correct.
- *missing*: an address that the name has now is not among them.
- *stale*: one of them was right for this name, no longer is, and nobody else took it over.
- *wrong*: one of them never was right for this name, or another name of the network has it now
  and got it at or after the moment this name lost it.

The last clause is about time because an endpoint has several names (container, alias, id,
service): a name that held the address all along is the same endpoint, not somebody else.
An answer may be missing, stale and wrong at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

Verdict = tuple[str, ...]
"""``CORRECT``, or one or more of missing, stale, wrong in this order, or one of the two below."""

CORRECT: Verdict = ("correct",)
ABSENT: Verdict = ("absent",)
"""A name that has no address and that a host does not answer either: nothing to know."""
FORWARDED: Verdict = ("forwarded",)
"""A question that the truth has nothing to say about: outside the judgement."""

FAULTS = ("missing", "stale", "wrong")


class Meaning(NamedTuple):
    """What a question should be answered with."""

    network: str
    name: str
    addresses: tuple[str, ...]


class Truth:
    """The addresses of every name of every network, now and before; names ignore case."""

    def __init__(self) -> None:
        # (network, name) -> address -> when the name lost it, or None while it has it
        self._lost: dict[tuple[str, str], dict[str, int | None]] = {}
        # (network, address) -> name that ever had it -> since when, or None if it has lost it
        self._holders: dict[tuple[str, str], dict[str, int | None]] = {}

    def add(self, at: int, network: str, name: str, address: str) -> bool:
        """From ``at`` on the name also means ``address``; tells whether that is new."""
        history = self._lost.setdefault((network, canonical(name)), {})
        if address in history and history[address] is None:
            return False
        history.pop(address, None)  # so that it becomes the newest of the name's addresses
        history[address] = None
        self._holders.setdefault((network, address), {})[canonical(name)] = at
        return True

    def remove(self, at: int, network: str, name: str, address: str) -> bool:
        """From ``at`` on the name no longer means ``address``; tells whether it did."""
        history = self._lost.get((network, canonical(name)), {})
        if address not in history or history[address] is not None:
            return False
        history[address] = at
        self._holders[network, address][canonical(name)] = None
        return True

    def addresses(self, network: str, name: str) -> tuple[str, ...]:
        """The addresses that the name has now, in the order in which it got them."""
        history = self._lost.get((network, canonical(name)), {})
        return tuple(address for address, lost in history.items() if lost is None)

    def former_holders(self, network: str, address: str) -> list[str]:
        """The names that have lost this address: those whose stale answers may turn wrong."""
        holders = self._holders.get((network, address), {})
        return [name for name, since in holders.items() if since is None]

    def fault(self, network: str, name: str, address: str) -> str | None:
        """What is wrong with answering ``name`` with this address: stale, wrong or None."""
        history = self._lost.get((network, canonical(name)), {})
        if address not in history:
            return "wrong"
        lost = history[address]
        if lost is None:
            return None
        holders = self._holders.get((network, address), {})
        taken = any(since is not None and since >= lost for since in holders.values())
        return "wrong" if taken else "stale"

    def judge(self, network: str, name: str, answers: Collection[str]) -> Verdict:
        """Judge the addresses that a name of a network is answered with."""
        right = self.addresses(network, name)
        if not right and not answers:
            return ABSENT
        faults = {self.fault(network, name, address) for address in answers}
        if not all(address in answers for address in right):
            faults.add("missing")
        return tuple(fault for fault in FAULTS if fault in faults) or CORRECT

    def meaning(self, networks: Sequence[str], question: str) -> Meaning | None:
        """What a container attached to ``networks`` (in search order) should be answered.

        The search is Docker's (moby daemon/libnetwork/sandbox.go, ResolveName): the whole name in
        every network, then ``a.b`` in network ``c``, then ``a`` in network ``b.c``; the first
        network that has the name wins. None if no network has it.
        """
        for network, name in candidates(networks, question):
            if addresses := self.addresses(network, name):
                return Meaning(network, name, addresses)
        return None

    def judge_answer(
        self, networks: Sequence[str], question: str, network: str, answers: Sequence[str]
    ) -> tuple[Meaning | None, Verdict]:
        """Judge the answer to a question for addresses.

        ``network`` is the one that answered, or empty. An address that is right for this name in
        another network than the first that has it belongs to somebody else: it is wrong.
        """
        meaning = self.meaning(networks, question)
        if meaning is None and not answers:
            return None, CORRECT
        if meaning is not None and network in ("", meaning.network):
            return meaning, self.judge(meaning.network, meaning.name, answers)
        pairs = candidates(networks, question)
        name = next((n for w, n in pairs if w == network and (w, n) in self._lost), question)
        faults = {self.fault(network, name, address) or "wrong" for address in answers}
        if meaning is not None:
            faults.add("missing")
        return meaning, tuple(fault for fault in FAULTS if fault in faults)


def canonical(name: str) -> str:
    """A name as it is compared: lower case, without the root's dot (RFC 4343, RFC 1034 3.1)."""
    return name.rstrip(".").lower()


def candidates(networks: Sequence[str], question: str) -> list[tuple[str, str]]:
    """The ``(network, name)`` pairs that a question may mean, in search order."""
    name = canonical(question)
    pairs = [(network, name) for network in networks]
    labels = name.split(".")
    for cut in range(len(labels) - 1, 0, -1):
        suffix = ".".join(labels[cut:])
        pairs += [
            (network, ".".join(labels[:cut])) for network in networks if network.lower() == suffix
        ]
    return pairs
