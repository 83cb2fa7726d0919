"""All of these need a kernel with VXLAN, and root; elsewhere they are skipped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from netns import missing
from underlay_bench import Host, two_hosts


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    """Two namespaces on one wire, for the tests of one file."""
    if reason := missing():
        pytest.skip(reason)
    with two_hosts() as pair:
        yield pair
