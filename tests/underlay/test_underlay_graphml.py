"""GraphML files: what is read, and what a stranger's file cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlaysim.errors import InputError
from overlaysim.underlay import LinkSpec, from_graphml
from overlaysim.underlay.graphml import LARGEST_FILE
from overlaysim.units import US

KEYS = """
  <key id="d0" for="node" attr.name="kind" attr.type="string"/>
  <key id="d1" for="node" attr.name="label" attr.type="string"/>
  <key id="d2" for="edge" attr.name="rate" attr.type="string"/>
  <key id="d3" for="edge" attr.name="delay" attr.type="string"/>
  <key id="d4" for="edge" attr.name="LinkSpeed" attr.type="double"/>
"""
STAR = """
    <node id="a"/><node id="b"/><node id="middle"/>
    <edge source="a" target="middle"/><edge source="b" target="middle"/>
"""


def write(folder: Path, body: str, *, directed: bool = False, prolog: str = "") -> Path:
    path = folder / "net.graphml"
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}\n'
        f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{KEYS}'
        f'<graph edgedefault="{"directed" if directed else "undirected"}">{body}</graph></graphml>',
        encoding="utf-8",
    )
    return path


def test_nodes_with_one_link_are_hosts(tmp_path: Path) -> None:
    topology = from_graphml(write(tmp_path, STAR), LinkSpec(rate=7))
    assert topology.hosts == ("a", "b")
    assert topology.switches == ("middle",)
    assert topology.link_between("a", "middle") == LinkSpec(rate=7)


def test_a_node_can_be_a_router(tmp_path: Path) -> None:
    body = (
        STAR + '<node id="r"><data key="d0">router</data></node><edge source="r" target="middle"/>'
    )
    topology = from_graphml(write(tmp_path, body))
    assert (topology.hosts, topology.switches, topology.routers) == (
        ("a", "b"),
        ("middle",),
        ("r",),
    )


def test_attributes_of_nodes_and_edges(tmp_path: Path) -> None:
    body = """
      <node id="0"><data key="d1">New York</data><data key="d0">host</data></node>
      <node id="1"><data key="d1">Zürich</data><data key="d0">switch</data></node>
      <node id="2"/><node id="3"/>
      <edge source="0" target="1"><data key="d2">10 Gbit/s</data><data key="d4">3.5</data></edge>
      <edge source="0" target="2"><data key="d3">7 us</data></edge>
      <edge source="2" target="3"/>
    """
    topology = from_graphml(write(tmp_path, body))
    assert topology.hosts == ("New-York", "3")
    assert topology.switches == ("Z-rich", "2")
    assert topology.link_between("New-York", "Z-rich") == LinkSpec(rate=10**10)
    assert topology.link_between("2", "New-York").delay == 7 * US


def test_the_direction_of_edges_does_not_matter(tmp_path: Path) -> None:
    body = STAR + '<edge source="middle" target="a"/>'
    topology = from_graphml(write(tmp_path, body, directed=True))
    assert topology.hosts == ("a", "b")
    assert len(topology.links) == 2


LAUGHS = """<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>"""


@pytest.mark.parametrize("prolog", [
    LAUGHS,
    '<!DOCTYPE graphml SYSTEM "http://example.invalid/graphml.dtd">',
    '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
])  # fmt: skip
def test_document_types_are_refused(tmp_path: Path, prolog: str) -> None:
    path = write(tmp_path, STAR, prolog=prolog)
    with pytest.raises(InputError, match=r"document type declaration .* is refused") as caught:
        from_graphml(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<node", "is not well-formed XML: "),
        ("<node id='a'/><node id='a2'/>", "has no hosts: give some nodes one link"),
        (STAR + '<edge source="a" target="b"><data key="d9"/></edge>', "is not a GraphML graph"),
        (
            STAR + '<edge id="1" source="a" target="b"/><edge id="2" source="b" target="a"/>'
            '<node id="c"><data key="d0">host</data></node><edge source="c" target="a"/>',
            '"a" and "b" are linked twice',
        ),
        (
            STAR + '<node id="c"><data key="d0">hots</data></node>',
            r'node c: "hots" is not a kind of node; write host, switch or router; '
            r"did you mean host\?",
        ),
        (
            STAR + '<edge source="a" target="b"><data key="d2">fast</data></edge>',
            'edge a - b: "fast" is not a rate',
        ),
        ("<node id='a'/><node id='b'/><hyperedge/>", "is not a GraphML graph: .*hyperedges"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_the_file(tmp_path: Path, body: str, message: str) -> None:
    path = write(tmp_path, body)
    with pytest.raises(InputError, match=message) as caught:
        from_graphml(path)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    assert caught.value.problems


def test_files_that_are_no_graph_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.graphml"
    with pytest.raises(InputError, match="cannot be read: No such file"):
        from_graphml(path)
    path.write_bytes(b"\xff\xfe<\x00")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        from_graphml(path)
    path.write_bytes(b" " * (LARGEST_FILE + 1))
    with pytest.raises(InputError, match="is larger than 4 MiB"):
        from_graphml(path)
    path.write_text("<html/>")
    with pytest.raises(InputError, match="is not a GraphML graph"):
        from_graphml(path)


def test_deeply_nested_xml_is_harmless(tmp_path: Path) -> None:
    depth = 200_000
    path = write(tmp_path, STAR + "<a>" * depth + "</a>" * depth)
    assert from_graphml(path).hosts == ("a", "b")
