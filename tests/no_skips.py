"""A pytest plugin: with XAICOURSE_NO_SKIPS=1 a skipped test fails the run.

On a student's machine a test may skip what is missing there, a browser for example. In continuous
integration nothing is missing, and a skipped test is a test that nobody ran. Two reasons stand.
"""

import os

import pytest

ALLOWED_REASONS = ("not on this platform:", "needs a GPU:")


def pytest_configure(config):
    if os.environ.get("XAICOURSE_NO_SKIPS") == "1":
        config.pluginmanager.register(NoSkips(), "xaicourse-no-skips")


def skip_reason(report) -> str:
    """The reason of a skipped test: pytest keeps (file, line, "Skipped: reason")."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped:").strip()


class NoSkips:
    def __init__(self):
        self.skipped = []
        self.not_collected = []  # skipped modules and deselected tests

    def pytest_runtest_logreport(self, report):
        if not report.skipped or hasattr(report, "wasxfail"):  # an expected failure was run
            return
        if not skip_reason(report).startswith(ALLOWED_REASONS):
            self.skipped.append((report.nodeid, skip_reason(report)))

    def pytest_collectreport(self, report):  # a whole module can skip itself
        before = len(self.skipped)
        self.pytest_runtest_logreport(report)
        self.not_collected += self.skipped[before:]

    def pytest_deselected(self, items):
        self.skipped += [(item.nodeid, "deselected") for item in items]
        self.not_collected += [(item.nodeid, "deselected") for item in items]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """Hear from a parallel process (xdist) what it did not collect: no report says so."""
        told = getattr(node, "workeroutput", {}).get("not_collected", [])
        self.skipped += [tuple(pair) for pair in told if tuple(pair) not in self.skipped]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["not_collected"] = self.not_collected
            return
        if self.skipped and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.skipped:
            terminalreporter.section("skipped tests fail this run (XAICOURSE_NO_SKIPS=1)", red=True)
            for test, reason in self.skipped:
                terminalreporter.line(f"{test}: {reason or 'no reason given'}")
