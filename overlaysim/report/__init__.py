"""What people see of a run: printed report, files, HTML, captures, explanations.

The figures are in :mod:`overlaysim.report.figures`, apart, because they need matplotlib.
"""

from overlaysim.report.capture import CaptureWriter
from overlaysim.report.explain import explain_lookup, explain_packet
from overlaysim.report.files import write_run_folder
from overlaysim.report.html import render_html
from overlaysim.report.layout import LinkView, TopologyView
from overlaysim.report.reachability import render_reachability
from overlaysim.report.run_folder import check_run_folder
from overlaysim.report.sections import ExpectationResult
from overlaysim.report.text import render_text

__all__ = [
    "CaptureWriter", "ExpectationResult", "LinkView", "TopologyView", "check_run_folder",
    "explain_lookup", "explain_packet", "render_html", "render_reachability", "render_text",
    "write_run_folder",
]  # fmt: skip
