"""Panels: live in a notebook, a picture everywhere else. Import needs ipywidgets (extra `lab`)."""

from xaicourse.widgets.panel import Panel
from xaicourse.widgets.path_panel import PathPanel, PathView
from xaicourse.widgets.path_trace import PathTrace, trace_path

__all__ = ["Panel", "PathPanel", "PathTrace", "PathView", "trace_path"]
