"""The site, built once as `make site` builds it, and a server that only this machine sees."""

import functools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import filelock
import pytest

from tests.browser.conftest import browser, chromium_path  # noqa: F401

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site; a warning of the build is an error."""
    pytest.importorskip("myst_nb", reason="needs MyST-NB: pip install -e .[site]")
    together = tmp_path_factory.getbasetemp()  # of this run alone
    if "PYTEST_XDIST_WORKER" in os.environ:
        together = together.parent  # of all workers of this run
    folder = together / "built-site"
    with filelock.FileLock(f"{folder}.lock"):  # the first of them builds it
        if not (folder / "index.html").exists():
            command = (sys.executable, "tools/site.py", str(folder))
            built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
            assert built.returncode == 0, built.stderr
            assert "WARNING" not in built.stderr, built.stderr
    return folder


class Quiet(SimpleHTTPRequestHandler):
    """A server that does not write a line for each file."""

    def log_message(self, *words: object) -> None:
        """Write nothing."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Return the address of the site on a server of its own."""
    handler = functools.partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
