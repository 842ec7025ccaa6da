"""The Panel base: settings in, picture out; errors shown; newer moves end older work."""

import asyncio
import base64
import io
import threading
from types import SimpleNamespace

import ipywidgets
import pytest
from PIL import Image

from tests.frozen.make import panels
from xaicourse.widgets.panel import Panel, widgets_in


class Square(Panel):
    """Draws a grey square; counts how many chunks of work were done."""

    title = "grey square"

    def __init__(self, chunks=3):
        self.chunks_done = []
        self.chunks = chunks
        super().__init__(
            {
                "grey": ipywidgets.IntSlider(10, 0, 300),
                "size": ipywidgets.Dropdown(options=[4, 8], value=4),
            }
        )

    def compute(self, settings):
        if settings["grey"] > 255:
            raise ValueError(f"grey must be at most 255, got {settings['grey']} <b>")
        yield {"grey": settings["grey"], "size": 1, "coarse": True}
        for chunk in range(self.chunks):
            self.chunks_done.append((settings["grey"], chunk))
            yield None
        yield {**settings, "coarse": False}

    def draw(self, result):
        buffer = io.BytesIO()
        Image.new("L", (result["size"], result["size"]), result["grey"]).save(buffer, "png")
        return buffer.getvalue()

    def describe(self, result):
        return f"grey {result['grey']}"


def grey_on_screen(panel):
    image = Image.open(io.BytesIO(panel.picture.value))
    return image.size[0], image.getpixel((0, 0))


@pytest.fixture
def live(monkeypatch):
    """Let panels work in turns, as they do in a notebook."""
    monkeypatch.delenv("XAICOURSE_TEST", raising=False)


def test_the_result_is_complete_at_once_where_no_loop_runs(live):
    panel = Square()
    assert panel.result == {"grey": 10, "size": 4, "coarse": False}
    assert grey_on_screen(panel) == (4, 10)


def test_moving_a_control_changes_the_picture(live):
    panel = Square()
    panel.controls["grey"].value = 99
    assert grey_on_screen(panel) == (4, 99)
    assert "grey 99" in panel.caption.value


def test_set_moves_several_controls_and_computes_once():
    panel = Square()
    panel.chunks_done.clear()
    panel.set(grey=50, size=8)
    assert grey_on_screen(panel) == (8, 50)
    assert panel.chunks_done == [(50, 0), (50, 1), (50, 2)]


def test_a_bad_setting_shows_a_line_keeps_the_picture_and_recovers():
    panel = Square()
    panel.set(grey=300)
    assert isinstance(panel.error, ValueError)
    assert panel.message.value.count("grey must be at most 255, got 300 &lt;b&gt;") == 1
    assert "The last good picture is kept." in panel.message.value
    assert grey_on_screen(panel) == (4, 10)
    assert panel.result["grey"] == 10
    panel.set(grey=200)
    assert panel.error is None
    assert panel.message.value == ""
    assert grey_on_screen(panel) == (4, 200)


def test_a_value_that_the_control_refuses_is_an_error_in_the_panel():
    panel = Square()
    panel.set(grey=20, size=5)
    assert "size cannot be 5" in panel.message.value
    assert panel.settings == {"grey": 10, "size": 4}
    panel.set(size=8)
    assert panel.error is None
    assert grey_on_screen(panel) == (8, 10)


class Coarse(Square):
    """Square, with results that say whether a better one is on its way."""

    def compute(self, settings):
        for result in super().compute(settings):
            yield result and SimpleNamespace(**result)

    def draw(self, result):
        return super().draw(vars(result))

    describe = Panel.describe

    def words(self, result):
        yield f"grey {result.grey}"


@pytest.mark.fault("J5")
def test_words_below_a_refused_value_are_those_of_the_picture_and_nothing_refines(live):
    async def drive():
        panel = Coarse(chunks=1000)
        assert "refining" in panel.caption.value
        panel.controls["grey"].value = 280  # refused, and ends the work that was under way
        await finished(panel)
        assert "picture of the last allowed settings" in panel.caption.value
        assert "a first answer, coarse" in panel.caption.value
        assert "grey 10" in panel.caption.value
        assert "refining" not in panel.caption.value
        panel.chunks = 1
        panel.controls["grey"].value = 30
        await finished(panel)
        assert panel.caption.value == '<span role="status">grey 30</span>'

    asyncio.run(asyncio.wait_for(drive(), 20))


def test_a_value_that_a_control_refuses_lets_the_work_under_way_be_finished(live):
    async def drive():
        panel = Coarse()
        panel.set(size=5)
        assert panel.result.coarse is False
        assert "size cannot be 5" in panel.message.value
        assert "last allowed settings  ·  grey 10<" in panel.caption.value

    asyncio.run(asyncio.wait_for(drive(), 20))


def test_a_panel_in_a_notebook_is_followed_by_its_words(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: SimpleNamespace(kernel=1))
    monkeypatch.setattr("IPython.display.display", lambda data, **how: shown.append(data))
    Square()._ipython_display_()
    assert shown[0]["text/plain"] == "Panel: grey square"
    assert shown[1]["text/plain"] == "In words: Picture of the grey square."


def test_the_words_on_the_page_follow_the_settings():
    panel = Square()
    panel.alt = lambda result: f"A <{result['grey']}>."
    panel.set(grey=44)
    assert "A &lt;44&gt;." in panel.in_words.value


def test_an_unknown_setting_is_a_mistake_of_the_caller():
    with pytest.raises(TypeError, match="no setting colour; it has grey, size"):
        Square().set(colour=3)


def test_the_first_picture_must_succeed():
    class Broken(Square):
        def draw(self, result):
            raise RuntimeError("no paint")

    with pytest.raises(RuntimeError, match="no paint"):
        Broken()


def test_a_notebook_gets_a_live_view_a_picture_and_a_line_without_numbers():
    panel = Square()
    data, metadata = panel._repr_mimebundle_()
    assert set(data) == {
        "application/vnd.jupyter.widget-view+json", "image/png", "text/plain",
    }  # fmt: skip
    assert data["text/plain"] == "Panel: grey square"
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == "Picture of the grey square."


def test_no_output_widget_anywhere():
    kinds = {type(widget).__name__ for widget in widgets_in(Square().view)}
    assert {"NamedImage", "IntSlider", "Dropdown"} <= kinds
    assert not kinds & {"Output", "interactive"}


async def finished(panel):
    """Wait until the task of the newest move is done."""
    await asyncio.sleep(0.01)  # the move is handed to the loop
    await panel._task


def test_in_a_running_loop_a_coarse_answer_comes_at_once_and_is_refined(live):
    async def drive():
        panel = Square()
        assert grey_on_screen(panel) == (1, 10)  # coarse, before the loop has turned
        await finished(panel)
        assert grey_on_screen(panel) == (4, 10)

    asyncio.run(drive())


def test_a_newer_move_ends_the_older_work(live):
    async def drive():
        panel = Square(chunks=50)
        await finished(panel)
        panel.chunks_done.clear()
        panel.controls["grey"].value = 20
        while len(panel.chunks_done) < 3:
            await asyncio.sleep(0.001)
        older = panel._task
        panel.controls["grey"].value = 30
        await finished(panel)
        await older
        assert grey_on_screen(panel) == (4, 30)
        assert 3 <= sum(grey == 20 for grey, _ in panel.chunks_done) < 10
        assert sum(grey == 30 for grey, _ in panel.chunks_done) == 50

    asyncio.run(asyncio.wait_for(drive(), 20))


def test_fast_dragging_ends_on_the_last_value(live):
    async def drive():
        panel = Square()
        await finished(panel)
        panel.chunks_done.clear()
        for grey in range(20, 60):
            panel.controls["grey"].value = grey
        await finished(panel)
        assert grey_on_screen(panel) == (4, 59)
        assert {grey for grey, _ in panel.chunks_done} == {59}  # the others never began

    asyncio.run(asyncio.wait_for(drive(), 20))


def test_an_error_in_a_running_loop_is_shown_and_recovers(live):
    async def drive():
        panel = Square()
        panel.controls["grey"].value = 280
        await finished(panel)
        assert "at most 255" in panel.message.value
        panel.controls["grey"].value = 70
        await finished(panel)
        assert panel.message.value == ""
        assert grey_on_screen(panel) == (4, 70)

    asyncio.run(asyncio.wait_for(drive(), 20))


def test_a_panel_says_that_it_computes_until_the_newest_work_is_done(live):
    async def drive():
        panel = Square(chunks=20)
        await finished(panel)
        assert panel.busy.value == ""
        panel.controls["grey"].value = 20
        while not panel.busy.value:
            await asyncio.sleep(0.001)
        assert "computing" in panel.busy.value
        older = panel._task
        panel.controls["grey"].value = 30
        await older
        assert "computing" in panel.busy.value  # the newer work goes on
        await finished(panel)
        assert panel.busy.value == ""
        for bad in (280, 40):  # an error ends the work, too
            panel.controls["grey"].value = bad
            await finished(panel)
            assert panel.busy.value == ""
        panel.controls["grey"].value = 50
        panel.set(grey=60)  # works at once, and ends what was under way
        assert panel.busy.value == ""
        panel = Square()
        panel.set(grey=60)  # before the panel's own first work has begun
        await finished(panel)
        assert panel.busy.value == ""

    asyncio.run(asyncio.wait_for(drive(), 20))


def test_set_waits_for_the_whole_result_even_in_a_running_loop(live):
    async def drive():
        panel = Square()
        panel.set(grey=44)
        assert grey_on_screen(panel) == (4, 44)
        await finished(panel)  # the first task finds that it is out of date
        assert grey_on_screen(panel) == (4, 44)

    asyncio.run(asyncio.wait_for(drive(), 20))


def test_a_move_that_is_told_in_another_thread_is_worked_on_in_the_panels_own(live):
    threads = set()

    class Watched(Square):
        def draw(self, result):
            threads.add(threading.current_thread())
            return super().draw(result)

    async def drive():
        panel = Watched()
        await finished(panel)
        for grey in (60, 61, 62):
            await asyncio.to_thread(setattr, panel.controls["grey"], "value", grey)
        await finished(panel)
        assert grey_on_screen(panel) == (4, 62)

    asyncio.run(asyncio.wait_for(drive(), 20))
    assert threads == {threading.current_thread()}


def test_a_panel_whose_loop_is_gone_works_at_once(live):
    async def make():
        panel = Square()
        await finished(panel)
        return panel

    panel = asyncio.run(make())
    panel.controls["grey"].value = 77
    assert grey_on_screen(panel) == (4, 77)


@pytest.mark.fault("S12")
def test_a_closed_panel_leaves_no_widget_behind():
    registry = ipywidgets.widgets.widget._instances
    before = set(registry)
    panel = Square()
    picture = panel.picture
    assert set(registry) > before
    panel.close()
    panel.close()
    assert set(registry) == before
    assert panel.result is None
    assert picture.comm is None


@pytest.mark.fault("S12")
def test_a_panel_of_the_course_can_be_closed():
    make, registry = panels()["path"], ipywidgets.widgets.widget._instances
    before = set(registry)
    make().close()
    assert set(registry) == before


def test_closing_stops_work(live):
    async def scene():
        panel = Square(chunks=10_000)
        await asyncio.sleep(0.05)
        panel.close()
        done = len(panel.chunks_done)
        await asyncio.sleep(0.05)
        assert len(panel.chunks_done) <= done + 1

    asyncio.run(scene())
