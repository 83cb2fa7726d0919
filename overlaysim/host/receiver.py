"""What takes a stack's messages on behalf of a program."""

from __future__ import annotations

from typing import Protocol


class Receiver(Protocol):
    """What takes the stack's messages on behalf of a program."""

    def receive(self, message: object) -> None:
        """A message for the program."""
