"""Ctrl-C between two events instead of in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from overlaysim.sim.clock import Simulator


@contextmanager
def interruptible(simulator: Simulator) -> Iterator[None]:
    """Let Ctrl-C end what runs inside as soon as the event in hand is done.

    In the middle of an event a packet may have left one place and not yet reached the next: the
    books would not balance, and a prompt could not go on with that world. A second Ctrl-C comes
    through at once. Where Ctrl-C means something else already, or cannot arrive (outside the main
    thread), that stays as it is.

    Raises:
        KeyboardInterrupt: between two events, or when leaving.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield
        return
    asked = False

    def on_signal(*_: Any) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        simulator.call_next(stop)

    def stop(_: object) -> None:
        nonlocal asked
        if asked:  # else it was seen when leaving, and this is a later run
            asked = False
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    stop(None)
