"""JupyterLab and a real Chromium, for tests that press keys as a reader does.

A test asks for `open_notebook` and gives it the code cells; it gets a page on which all cells
have run. Everything has a time limit, and everything that was started is ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).parents[2]
START_LIMIT = 180  # seconds for the server, on a busy machine
PAGE_LIMIT = 90_000  # milliseconds for one step on the page
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
CONTROLS = {"slider": ".widget-slider .noUi-handle", "list": ".widget-dropdown select"}
# JupyterLab's own: its debugger asks a kernel that is still starting, and what it asks a kernel
# beside cells (execute) and panels (comm) may be cancelled.
NOT_OURS = re.compile(
    r"Could not restore the debugger state|Canceled future for (?!execute|comm)\w+_request"
)


@dataclass
class Lab:
    """A running JupyterLab with its own folder, settings and token."""

    folder: Path
    port: int
    token: str

    def url(self, path: str) -> str:
        """Return the address of a page or of the API."""
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}"

    def ask(self, path: str, method: str = "GET") -> bytes:
        """Call the server's API."""
        request = urllib.request.Request(self.url(path), method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()


@dataclass
class NotebookPage:
    """A notebook that is open in the browser, all cells run."""

    page: Any
    path: Path
    problems: list[str] = field(default_factory=list)  # console errors and page errors

    def hear(self, problem: str) -> None:
        """Keep a problem, unless it is JupyterLab's own."""
        if not NOT_OURS.search(problem):
            self.problems.append(problem)

    def caption(self) -> str:
        """Return the words under the panel's picture, in one line."""
        return " ".join(self.page.inner_text('[role="status"]').split())

    def picture_hash(self) -> str:
        """Return the SHA-256 of the panel's picture, all pieces of it, once they stay."""
        seen = [self._pieces_hash()]
        while len(seen) < 2 or seen[-1] != seen[-2]:
            self.page.wait_for_timeout(60)
            seen.append(self._pieces_hash())
        return seen[-1]

    def _pieces_hash(self) -> str:
        return self.page.evaluate(
            """async () => {
                const read = async image => (await fetch(image.src)).blob();
                const images = [...document.querySelectorAll('img.widget-image')];
                const bytes = await new Blob(await Promise.all(images.map(read))).arrayBuffer();
                const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
                return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('');
            }"""
        )

    def settled(self, words: str) -> str:
        """Wait until the caption has these words and the picture stays; return its hash."""
        self.wait_for(
            lambda: words in self.caption() and "refining" not in self.caption(), f"'{words}'"
        )
        seen = [self.picture_hash()]

        def unchanged() -> bool:
            self.page.wait_for_timeout(300)
            seen.append(self.picture_hash())
            return seen[-1] == seen[-2]

        self.wait_for(unchanged, "a picture that stays")
        return seen[-1]

    def press(self, slider: int, key: str, words: str) -> str:
        """Press a key on a slider, the panel's first being 0, and return the settled picture."""
        self.page.locator(CONTROLS["slider"]).nth(slider).focus()
        self.page.keyboard.press(key)
        return self.settled(words)

    def choose(self, number: int, option: str) -> None:
        """Choose an option of a list, the panel's first being 0."""
        self.page.locator(CONTROLS["list"]).nth(number).select_option(option)

    def named_by_tab(self, kind: str, number: int = 0) -> list[str]:
        """Return the labels of the controls that the tab key reaches from this one on."""
        label_of_focus = """() => {
            const control = document.activeElement.closest('.jupyter-widgets');
            return control?.querySelector('.widget-label')?.textContent ?? '';
        }"""
        self.page.locator(CONTROLS[kind]).nth(number).focus()
        reached = [self.page.evaluate(label_of_focus)]
        for _ in range(10):
            self.page.keyboard.press("Tab")
            name = self.page.evaluate(label_of_focus)
            if name and name not in reached:
                reached.append(name)
        return reached

    def wait_for(self, test: Callable[[], Any], what: str, seconds: float = 60) -> Any:
        """Wait until the test gives something true, and return it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(Exception):  # the page may be redrawing
                found = test()
                if found:
                    return found
            self.page.wait_for_timeout(50)
        says = self.page.locator('[role="status"], [role="alert"]').all_inner_texts()
        shot = self.path.with_name("not_seen.png")
        self.page.screenshot(path=str(shot))
        raise AssertionError(
            f"not seen within {seconds} s: {what}; the panel says {says}; "
            f"picture of the page: {shot}"
        )


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return where Chromium is, or skip with the reason."""
    pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install -e .[browser]")
    pytest.importorskip("jupyterlab", reason="needs JupyterLab: pip install -e .[lab]")
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("needs Chromium: apt-get install chromium")


@pytest.fixture(scope="session")
def lab(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab in a temporary folder that knows nothing of the user's settings."""
    home = tmp_path_factory.mktemp("lab")
    server = Lab(home / "notebooks", free_port(), secrets.token_hex(8))
    server.folder.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "XAICOURSE_TEST"}
    environment["PYTHONPATH"] = os.pathsep.join([str(REPO), environment.get("PYTHONPATH", "")])
    environment |= {"OMP_NUM_THREADS": "1", "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        environment[name] = str(home / name.lower())
    no_news = home / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    no_news.parent.mkdir(parents=True)
    no_news.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    themes = no_news.with_name("themes.jupyterlab-settings")
    themes.write_text(json.dumps({"adaptive-theme": True}))  # page.emulate_media chooses
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={server.port}", "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={server.token}", f"--ServerApp.root_dir={server.folder}",
    ]  # fmt: skip
    with (home / "log.txt").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_until_up(server, process, home / "log.txt")
            yield server
        finally:
            stop(server, process)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(server: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the API to answer."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, OSError):
            server.ask("api")
            return
        time.sleep(0.5)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


def stop(server: Lab, process: subprocess.Popen[bytes]) -> None:
    """End the kernels, then the server."""
    with contextlib.suppress(urllib.error.URLError, OSError):
        for session in json.loads(server.ask("api/sessions")):
            server.ask(f"api/sessions/{session['id']}", "DELETE")
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Any]:
    """Start Chromium without a window; for one module, since playwright keeps a loop running.

    Later tests in the same process need the thread's event loop for themselves.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium_path, args=CHROMIUM_ARGUMENTS, timeout=PAGE_LIMIT
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def open_notebook(lab: Lab, browser: Any) -> Iterator[Callable[..., NotebookPage]]:
    """Return a function: code cells -> a page with the notebook, all cells run."""
    import nbformat

    contexts = []

    def open_cells(
        *cells: str,
        name: str = "panel.ipynb",
        shows: str = "img.widget-image",
        height: int = 1000,
    ) -> NotebookPage:
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, lab.folder / name)
        return open_file(name, shows, height)

    def open_file(name: str, shows: str = "img.widget-image", height: int = 1000) -> NotebookPage:
        contexts.append(browser.new_context(viewport={"width": 1400, "height": height}))
        page = contexts[-1].new_page()
        page.set_default_timeout(PAGE_LIMIT)
        opened = NotebookPage(page, lab.folder / name)
        page.on("console", lambda m: m.type == "error" and opened.hear(m.text))
        page.on("pageerror", lambda error: opened.hear(str(error)))
        page.goto(f"{lab.url(f'lab/tree/{name}')}&reset", wait_until="domcontentloaded")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        idle = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
        page.wait_for_selector(idle, state="attached")
        run_all(page)
        try:
            page.wait_for_selector(shows)
        except Exception as error:
            page.screenshot(path=str(lab.folder / "no_panel.png"))
            output = page.locator(".jp-OutputArea").all_inner_texts()
            raise AssertionError(
                f"no panel appeared; outputs {output}; problems {opened.problems}; "
                f"picture of the page: {lab.folder / 'no_panel.png'}"
            ) from error
        page.wait_for_selector(idle, state="attached")
        return opened

    open_cells.file = open_file  # type: ignore[attr-defined]
    yield open_cells
    for context in contexts:
        context.close()


def run_all(page: Any) -> None:
    """Choose Run > Run All Cells in the menu, and wait until the last cell has run.

    A kernel that is still starting makes JupyterLab ask which kernel to use, and forget the run.
    """
    end = time.monotonic() + PAGE_LIMIT / 1000
    while time.monotonic() < end:
        page.keyboard.press("Escape")
        page.click('.lm-MenuBar-item:has-text("Run")')
        page.click('.lm-Menu-item[data-command="runmenu:run-all"]')
        prompt = "[*]:"
        while prompt.startswith("[*") and time.monotonic() < end:
            page.wait_for_timeout(1000)
            answer = page.locator(".jp-Dialog button.jp-mod-accept")
            if answer.count():
                answer.click()
                page.wait_for_timeout(1000)
            prompt = page.locator(".jp-CodeCell .jp-InputArea-prompt").last.inner_text().strip()
        if prompt[1:-2].isdecimal():
            return
    raise AssertionError("Run All Cells did not run the cells")
