from __future__ import annotations

from html.parser import HTMLParser

from report_fakes import fake_run

from overlaysim.report import ExpectationResult, render_html
from overlaysim.report.figures import draw_figures, svg


class Outline(HTMLParser):
    """Collects tags and checks that they are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def outline(html: str) -> Outline:
    parser = Outline()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def test_the_fragment_is_well_formed_and_says_what_the_report_says() -> None:
    results = [ExpectationResult("a < 1", "0", True)]
    found = outline(render_html(fake_run(), expectations=results))
    assert found.seen.count("table") == 8
    assert "tutorial · seed 7" in found.text
    assert "ping client -> web" in found.text
    assert "a < 1" in found.text
    assert "conservation: 90 packets created" in found.text


def test_hostile_names_are_text() -> None:
    name = "<script>alert(1)</script>"
    html = render_html(fake_run(f"{name}\x1b"))
    assert "<script" not in html
    assert "\x1b" not in html
    assert name + "\\x1b" in outline(html).text


def test_figures_are_embedded_without_their_prolog() -> None:
    run = fake_run()
    html = render_html(run, figures=[svg(draw_figures(run)["overhead"])])
    assert "<?xml" not in html
    assert "<!DOCTYPE" not in html
    assert outline(html).seen.count("svg") == 1
