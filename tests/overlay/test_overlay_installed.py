"""Encapsulations that installed packages declare: distributions made up in a folder of the path."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from overlaysim.errors import InputError
from overlaysim.overlay.encapsulation import encapsulation, encapsulations, registry

TUNNELS = """\
from overlaysim.overlay.encapsulation import Encapsulation
from overlaysim.wire import Header


class Tiny(Header, udp_port=7777):
    WIRE = "version=1:8 tenant:24"
    tenant: int

    def inner_binding(self):
        return "ethertype", 0x6558


TINY = Encapsulation(
    "tiny", lambda tunnel, length: (tunnel.udp(7777), Tiny(tunnel.network)),
    network=(Tiny, "tenant", 24),
)
VXLAN = Encapsulation("vxlan", TINY.shim)
NUMBER = 7
"""

Install = Callable[[str, str, str], None]
"""Name of the package, its entry point, and its code."""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package with one entry point; afterwards the registry is as it was."""
    known = dict(registry._KNOWN)
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(package: str, entry: str, code: str) -> None:
        module = package.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code, encoding="utf-8")
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[overlaysim.encapsulations]\n{entry}\n")
        registry._register_installed.cache_clear()

    yield make
    registry._KNOWN.clear()
    registry._KNOWN.update(known)
    registry._register_installed.cache_clear()
    for name in ("tiny_tunnels", "other_tunnels"):
        sys.modules.pop(name, None)


def test_a_package_brings_an_encapsulation(install: Install) -> None:
    install("tiny-tunnels", "tiny = tiny_tunnels:TINY", TUNNELS)
    tiny = encapsulation("tiny")
    assert tiny.added(100) == 20 + 8 + 4 + 14
    assert encapsulations()[-1] is tiny


def test_it_is_loaded_by_a_list_and_not_before(install: Install) -> None:
    install("tiny-tunnels", "tiny = tiny_tunnels:TINY", TUNNELS)
    assert encapsulation("vxlan").name == "vxlan"  # known already: nobody asks the packages
    assert "tiny_tunnels" not in sys.modules
    assert [known.name for known in encapsulations()][-1] == "tiny"


def test_a_module_may_register_what_its_entry_point_names(install: Install) -> None:
    code = TUNNELS.replace("import Encapsulation", "import Encapsulation, register")
    install("tiny-tunnels", "tiny = tiny_tunnels:TINY", f"{code}\nregister(TINY)\n")
    assert [known.name for known in encapsulations()].count("tiny") == 1


def test_packages_are_loaded_in_the_order_of_their_names(install: Install) -> None:
    install("tiny-tunnels", "tiny = tiny_tunnels:TINY", TUNNELS)
    install("other-tunnels", "small = other_tunnels:TINY", TUNNELS.replace('"tiny"', '"small"'))
    assert [known.name for known in encapsulations()][-2:] == ["small", "tiny"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("tiny = no_such_module:TINY",
         "encapsulation tiny of the installed package tiny-tunnels cannot be loaded from "
         "no_such_module:TINY: ModuleNotFoundError: No module named 'no_such_module'; mend or "
         "uninstall the package"),
        ("tiny = tiny_tunnels:GONE", "AttributeError: module 'tiny_tunnels' has no attribute"),
        ("tiny = tiny_tunnels:NUMBER",
         "tiny_tunnels:NUMBER is of the type int, not an Encapsulation called tiny"),
        ("small = tiny_tunnels:TINY",
         "tiny_tunnels:TINY is one called tiny, not an Encapsulation called small"),
        ("vxlan = tiny_tunnels:VXLAN", "an installed package declares the encapsulation vxlan"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_package_is_told_each_time(
    install: Install, entry: str, message: str
) -> None:
    install("tiny-tunnels", entry, TUNNELS)
    for look in (encapsulations, lambda: encapsulation("tiny")):
        with pytest.raises(InputError) as caught:
            look()
        assert message in str(caught.value)
    assert encapsulation("vxlan").entropy == "UDP source port"  # what we have goes on working


def test_code_that_fails_while_it_is_imported(install: Install) -> None:
    install("tiny-tunnels", "tiny = tiny_tunnels:TINY", "raise SystemError('\\x1b[2J broken')")
    with pytest.raises(InputError, match=r"SystemError: \\x1b\[2J broken; mend or uninstall"):
        encapsulations()
