"""Exit statuses of the program; 0 is success, and a failed docker command brings its own."""

from __future__ import annotations

WRONG_INPUT = 2
INTERNAL_ERROR = 70
"""A bug: ``EX_SOFTWARE`` of BSD's sysexits.h."""
IO_FAILED = 74
"""Standard input or output broke, a full disk for example: ``EX_IOERR`` of the same."""
NOT_FOUND = 127
"""No such command, as in a shell."""
INTERRUPTED = 130
"""Ctrl-C: 128 and the number of the signal, as in a shell."""
