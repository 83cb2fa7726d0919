"""Requests and answers between daemons, over control-plane streams on the underlay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overlaysim.errors import OverlaysimError
from overlaysim.host.daemon import Daemon
from overlaysim.host.streams import HostStreams
from overlaysim.sim import Event, Simulator, Steps

REQUEST_LENGTH, REPLY_LENGTH = 300, 500
"""Payload bytes of a usual request and answer: the order of the gRPC messages they stand for."""


class RpcFailed(OverlaysimError):  # noqa: N818 - says what happened to the call
    """No answer: the other side cannot be reached, or did not answer within the limit."""


class Rpc:
    """Asks other hosts' daemons and answers them.

    A handler is a process; what it returns is the answer, and an
    :class:`~overlaysim.errors.OverlaysimError` that it raises is raised again where the question
    came from. A question to one's own address crosses no wire.
    """

    def __init__(self, simulator: Simulator, streams: HostStreams, address: str, port: int) -> None:
        self._simulator = simulator
        self._streams = streams
        self._address = address
        self._port = port
        self._waiting: dict[int, Event] = {}
        self._handler: Callable[[str, Any], Steps] | None = None
        streams.listen(port, self._stream_in, self._stream_failed)

    @property
    def daemon(self) -> Daemon:
        """The daemon that asks and answers."""
        return self._streams.daemon

    def serve(self, handler: Callable[[str, Any], Steps]) -> None:
        """Answer questions with ``handler(source address, request)``."""
        self._handler = handler

    def call(
        self,
        target: str,
        request: Any,
        *,
        length: int = REQUEST_LENGTH,
        reply_length: int = REPLY_LENGTH,
        kind: str = "manager",
        limit: int | None = None,
    ) -> Steps:
        """Ask and wait for the answer.

        Args:
            target: underlay address.
            length, reply_length: payload bytes of question and answer.
            kind: what the packets are counted as.
            limit: give up after so many picoseconds; None waits as long as the stream lives.

        Raises:
            RpcFailed: no answer.
            OverlaysimError: what the other side's handler raised.
        """
        if target == self._address:
            assert self._handler is not None
            return (yield from self._handler(target, request))
        answer = self._simulator.event()
        stream = self._streams.open(
            target, self._port, (request, reply_length, kind), length, kind, wants_reply=True,
            patience=limit,
        )  # fmt: skip
        self._waiting[stream] = answer
        if limit is None:
            outcome = yield answer
        else:
            timer = self._simulator.timer(self._simulator.now + limit, self._give_up, stream)
            try:
                outcome = yield answer
            finally:
                timer.cancel()
        if isinstance(outcome, OverlaysimError):
            raise outcome
        return outcome

    def _stream_in(self, source: str, stream: int, content: Any, reply: bool) -> None:
        if not reply:
            self.daemon.spawn(self._answer(source, stream, *content))
            return
        answer = self._waiting.pop(stream, None)
        if answer is not None:
            answer.succeed(content)

    def _give_up(self, stream: int) -> None:
        """The limit is over: nobody waits for the answer any more."""
        self._streams.abort(stream)
        self._stream_failed(stream)

    def forget(self) -> None:
        """The daemon has ended: nobody waits for any answer."""
        self._waiting.clear()

    def _stream_failed(self, stream: int) -> None:
        answer = self._waiting.pop(stream, None)
        if answer is not None:
            answer.succeed(RpcFailed("no answer"))

    def _answer(self, source: str, stream: int, request: Any, length: int, kind: str) -> Steps:
        assert self._handler is not None
        outcome: Any
        try:
            outcome = yield from self._handler(source, request)
        except OverlaysimError as error:
            outcome = error
        self._streams.reply(source, stream, outcome, length, kind)
