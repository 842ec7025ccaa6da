"""One idea for all panels: controls -> settings -> compute -> result -> plates -> PNG.

A panel never catches printed output and has no hidden state: what it shows depends on its
settings alone. In a notebook a move of a slider starts a task that does one chunk of work at a
time, so that a newer move is heard and ends the older work. In tests, and where no event loop
runs, the same work is done at once.

JupyterLab reports moves in a thread of their own (a "subshell"), while a cell may be running in
the main thread. Work is therefore always handed to the loop in which the panel was made: nothing
of ours runs in two threads at once.
"""

from __future__ import annotations

import asyncio
import html
import inspect
import itertools
import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any

import ipywidgets
from traitlets import TraitError

from xaicourse.core.near_names import suggest_names
from xaicourse.plot import in_words
from xaicourse.plot.picture import png_bundle, small_png
from xaicourse.widgets import page
from xaicourse.widgets.controls import Control
from xaicourse.widgets.folding import FoldingPicture, gaps_between
from xaicourse.widgets.plates import Box, Plate, png_of
from xaicourse.widgets.words import side_by_side

PAUSE = 0.005  # seconds between two chunks: time in which a newer move is heard
# The browser shows this after 0.4 s, so that a quick answer does not make it flicker.
BUSY = (
    "<style>@keyframes xai-appear{to{opacity:1}}</style>"
    '<span style="opacity:0;animation:xai-appear 0s 0.4s forwards">computing ...</span>'
)


class Panel:
    """A picture with controls. A subclass says what to compute and which plates show it.

    Parameters
    ----------
    controls : dict of str to value or widget
        Name of a setting -> its first value, where the class has a control of that name;
        otherwise the widget whose value it is.

    Attributes
    ----------
    result : object
        The last good result; tests and drive cells assert on its arrays.
    error : Exception or None
        The exception that the present settings raised, or None.

    Notes
    -----
    A subclass has its controls as class attributes, says `title` and `size` (inches), and
    overrides `compute`, `plates`, `words` and `intro`. It sets its own attributes before it
    calls ``super().__init__(controls)``, which computes the first picture.
    """

    title = "panel"
    size = (10.0, 3.2)

    # -- what a subclass says ------------------------------------------------------------------

    def compute(self, settings: Mapping[str, Any]) -> Any:
        """Return the result for the settings; nothing else may change.

        A slow computation is a generator: it yields a coarse result first and better ones
        later (each is drawn), and None between chunks, where it can be stopped.
        """
        raise NotImplementedError

    def plates(self, result: Any) -> Iterable[Plate]:
        """Yield what the picture is made of, from left to right."""
        return ()

    def words(self, result: Any) -> Iterable[str]:
        """Yield the numbers for the line under the picture, one by one."""
        return ()

    def intro(self, result: Any) -> str:
        """Return the sentence before what the plates say of themselves."""
        name = self.title.split(",")[0]
        return f"{name[0].upper()}{name[1:]}."

    def cover(self) -> tuple[ipywidgets.DOMWidget, Box] | None:
        """Return a widget that lies on the picture, and its place in inches; None for none."""
        return None

    def connect(self) -> None:
        """Let controls change each other; they do so before the panel hears of a move."""

    # -- made of these -------------------------------------------------------------------------

    def draw(self, result: Any) -> bytes:
        """Return the PNG of a result."""
        return png_of(self.size, self.plates(result))

    def describe(self, result: Any) -> str:
        """Return the line of text under the picture."""
        coarse = ["refining"] if getattr(result, "coarse", False) else []
        return "  ·  ".join([*self.words(result), *coarse])

    def alt(self, result: Any) -> str:
        """Return what the picture shows, for a reader who cannot see it."""
        said = [plate.says for plate in self.plates(result) if plate.says]
        if not said:
            return f"Picture of the {self.title}."
        return f"{self.intro(result)} {side_by_side(said)}"

    # -- glue ----------------------------------------------------------------------------------

    def __init_subclass__(cls) -> None:
        if "__init__" in vars(cls):
            suggest_names(cls)

    def __init__(self, controls: Mapping[str, Any]) -> None:
        self.controls: dict[str, Any] = self._all_controls(controls)
        self.result: Any = None
        self.error: Exception | None = None
        self.picture = FoldingPicture(self.cover(), self.size)
        self.caption = ipywidgets.HTML()
        self.message = ipywidgets.HTML()
        self.busy = ipywidgets.HTML(layout={"width": "90px"})
        self.in_words = ipywidgets.HTML()
        self.view = self._view_of_all()
        self._turns = itertools.count(1)
        self._turn = 0  # number of the newest move; work for an older one stops
        self._held = False
        self._loop = running_loop()
        self._task: asyncio.Task[None] | None = None
        self.connect()
        for control in self.controls.values():
            control.observe(self._moved, "value")
        self._first_picture()

    def _view_of_all(self) -> ipywidgets.VBox:
        """Return the controls, the picture and its words, one below the other."""
        row = ipywidgets.Layout(
            display="flex", flex_flow="row wrap", align_items="center", grid_gap="4px 10px"
        )
        controls = ipywidgets.Box([*self.controls.values(), self.busy], layout=row)
        script = ipywidgets.HTML(page.page(), layout={"display": "none"})
        # The words stand outside the fold: it stays open while they change.
        fold = ipywidgets.HTML(f"<details>{in_words.FOLD}</details>")
        fold.add_class(page.FOLD)
        self.in_words.add_class(page.TEXT)
        below = [self.message, self.picture, self.caption, fold, self.in_words]
        view = ipywidgets.VBox([script, controls, *below])
        view.add_class(page.PANEL)
        return view

    def _all_controls(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Make the widgets of the controls that the class declares, and add those given."""
        made = {
            control.name: control.widget(self, given.get(control.name))
            for level in reversed(type(self).__mro__)
            for control in vars(level).values()
            if isinstance(control, Control)
        }
        others = {name: widget for name, widget in given.items() if name not in made}
        return {name: widget for name, widget in made.items() if widget is not None} | others

    @property
    def settings(self) -> dict[str, Any]:
        """The present value of every control."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **settings: Any) -> None:
        """Set controls by name and wait for the finished result.

        A bad value does what it does on the screen: `error` holds it, `result` and picture stay.
        """
        unknown = sorted(set(settings) - set(self.controls))
        if unknown:
            raise TypeError(
                f"the {self.title} has no setting {', '.join(unknown)}; "
                f"it has {', '.join(self.controls)}"
            )
        before = self.settings
        self._held = True  # several values, one computation
        name = ""
        try:
            for name, value in settings.items():
                self.controls[name].value = value
        except (TraitError, ValueError, TypeError) as error:
            for control_name, value in before.items():
                self.controls[control_name].value = value
            self._turn = next(self._turns)
            if getattr(self.result, "coarse", False):  # a better one was on its way
                self._work_at_once(self._turn)
            self._show_error(ValueError(f"{name} cannot be {value_text(settings[name])}: {error}"))
            return
        finally:
            self._held = False
        self._turn = next(self._turns)
        self._work_at_once(self._turn)

    def close(self) -> None:
        """Take the panel's widgets out of the notebook, and let go of what it holds.

        A cell that is run again leaves the panel of before behind, in the notebook's list of
        widgets. Call this before, or set the name to another panel and call it then.
        """
        self._turn = next(self._turns)  # work that is under way stops
        for control in self.controls.values():
            control.unobserve_all()
        for widget in [*widgets_in(self.view)]:
            parts = (getattr(widget, name, None) for name in ("layout", "style"))
            for part in (widget, *parts):
                if isinstance(part, ipywidgets.Widget):
                    part.close()
        self.result = self.error = None

    def stored(self) -> Any:
        """Return the result whose picture a notebook keeps, for readers without a kernel."""
        return self.result

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        live: Any = self.view._repr_mimebundle_()
        result = self.stored()
        png = self.picture.value if result is self.result else self.draw(result)
        data, metadata = png_bundle(small_png(png), self.alt(result), f"Panel: {self.title}")
        return {**live, **data}, metadata

    def _ipython_display_(self) -> None:
        data, metadata = self._repr_mimebundle_()
        in_words.display_in_words(data, metadata, self.alt(self.stored()))

    # -- running -------------------------------------------------------------------------------

    def _results(self, settings: dict[str, Any]) -> Generator[Any, None, None]:
        """Yield what `compute` gives, whether it returns once or yields again and again."""
        for name, control in self.controls.items():
            if control.value is None and hasattr(control, "options"):
                raise ValueError(f"{name} cannot be None: nothing is chosen")
        outcome = self.compute(settings)
        if inspect.isgenerator(outcome):
            yield from outcome
        else:
            yield outcome

    def _first_picture(self) -> None:
        """Show the first result at once, so that there is a picture; an error is the caller's."""
        results = self._results(self.settings)
        for result in results:
            if result is not None:
                self._show(result)
                break
        if self._loop is None:
            for result in results:
                self._show(result)
        else:
            self._task = self._loop.create_task(self._work_in_turns(self._turn, results))

    def _moved(self, change: Any) -> None:
        """A control has a new value; this may be told in another thread than the panel's own."""
        if self._held:
            return
        turn = self._turn = next(self._turns)
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._start_turn, turn)
        else:
            self._work_at_once(turn)

    def _start_turn(self, turn: int) -> None:
        """Start the work for a move, if there was no newer one."""
        if turn == self._turn and self._loop is not None:
            work = self._work_in_turns(turn, self._results(self.settings))
            self._task = self._loop.create_task(work)

    def _work_at_once(self, turn: int) -> None:
        try:
            for result in self._results(self.settings):
                self._show(result)
                if turn != self._turn:  # a control was moved from inside
                    return
        except Exception as error:
            self._show_error(error)
        finally:
            self.busy.value = ""

    async def _work_in_turns(self, turn: int, results: Generator[Any, None, None]) -> None:
        """Do one chunk, listen, do the next; stop as soon as there is a newer turn."""
        try:
            if turn == self._turn:
                self.busy.value = BUSY
            await asyncio.sleep(PAUSE)
            while turn == self._turn:
                try:
                    result = next(results)
                except StopIteration:
                    return
                self._show(result)
                await asyncio.sleep(PAUSE)
        except Exception as error:
            if turn == self._turn:
                self._show_error(error)
        finally:
            results.close()
            if turn == self._turn:
                self.busy.value = ""

    def _show(self, result: Any) -> None:
        """Draw a result; None is only a moment in which work can be stopped."""
        if result is None:
            return
        png, alt = self.draw(result), self.alt(result)
        self.result, self.error = result, None
        self.picture.show(png, alt, gaps_between(self.plates(result)))
        self.in_words.value = f'<div style="{in_words.SMALL}">{html.escape(alt)}</div>'
        self._say_below(self.describe(result))
        self.message.value = ""

    def _say_below(self, words: str) -> None:
        """Write the line of text under the picture."""
        self.caption.value = f'<span role="status">{html.escape(words)}</span>'

    def _show_error(self, error: Exception) -> None:
        """Say in one line what is wrong; the last good picture stays, as the words below say."""
        self.error = error
        line = " ".join(str(error).split()) or type(error).__name__
        line = f"Not drawn: {line.rstrip('.')}. The last good picture is kept."
        self.message.value = f'<b role="alert">{html.escape(line)}</b>'
        if self.result is not None:
            self._say_below("  ·  ".join([*kept_words(self.result), *self.words(self.result)]))


def kept_words(result: Any) -> Iterator[str]:
    """Yield what stands before the numbers of a picture that is no longer that of the controls."""
    yield "picture of the last allowed settings"
    if getattr(result, "coarse", False):
        yield "a first answer, coarse"


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that can run a task, or None where work is done at once."""
    if os.environ.get("XAICOURSE_TEST"):
        return None
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def value_text(value: Any) -> str:
    """Return a value as short text for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def widgets_in(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    """Yield a widget and all widgets inside it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from widgets_in(child)
