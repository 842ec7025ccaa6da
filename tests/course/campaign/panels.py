"""Attacks on panels: odd values, errors inside, threads, cells that are run again."""

import asyncio
import gc
import threading
import weakref

import ipywidgets

from tests.course.campaign import attack
from tests.frozen.make import panels
from tests.widgets.test_panel import Square, grey_on_screen
from xaicourse.widgets.panel import Panel, widgets_in

VALUES = [float("nan"), float("inf"), -1, 10**30, "", "\ud800", None, [], {}, object(), True, b"x", 1e-320, (1, 2)]  # fmt: skip
SOME = sorted(panels())


@attack("panels", VALUES)
def an_odd_value(place, patch, value):
    """It is refused on the panel or taken; the last good picture stays, and the panel works on."""
    panel = Square()
    before = grey_on_screen(panel)
    panel.set(grey=value)
    if panel.error is not None:
        assert grey_on_screen(panel) == before
        assert "Not drawn" in panel.message.value
    panel.set(grey=200)
    assert panel.error is None
    assert grey_on_screen(panel) == (4, 200)


@attack("panels", SOME, slow=True)
def odd_values_for_each_control(place, patch, name):
    panel = panels()[name]()
    start, picture = panel.settings, panel.picture.value
    for control in panel.controls:
        for value in VALUES:
            panel.set(**{control: value})
            assert panel.error is None or isinstance(panel.error, ValueError), (control, value, panel.error)  # fmt: skip
            panel.set(**start)
            assert panel.error is None, (control, value)
    assert panel.picture.value == picture
    panel.close()


ERRORS = [ValueError("bad <b>"), RuntimeError(), KeyError("k"), ZeroDivisionError("z" * 10**5), MemoryError(), RecursionError("r"), OSError(5, "e"), StopIteration(), AssertionError("\ud800")]  # fmt: skip


@attack("panels", range(len(ERRORS)))
def an_error_inside(place, patch, number):
    panel = Square()
    before = grey_on_screen(panel)
    compute = panel.compute

    def broken(settings):
        yield {"grey": 1, "size": 1, "coarse": True} if number % 2 else None
        raise ERRORS[number]

    patch.setattr(panel, "compute", broken)
    panel.set(grey=30)
    assert panel.error is not None
    assert "Not drawn" in panel.message.value
    patch.setattr(panel, "compute", compute)
    panel.set(grey=40)
    assert panel.error is None
    assert grey_on_screen(panel) == (4, 40)
    assert before


@attack("panels", ["draw", "describe", "alt"])
def an_error_in_the_picture(place, patch, part):
    panel = Square()
    whole = getattr(panel, part)
    patch.setattr(panel, part, lambda result: 1 / 0)
    panel.set(grey=30)
    assert panel.error is not None
    patch.setattr(panel, part, whole)
    panel.set(grey=40)
    assert panel.error is None
    assert grey_on_screen(panel) == (4, 40)


@attack("panels", ["rapid", "from_threads", "closed_while_moving", "loop_ends"])
def moves_in_a_live_panel(place, patch, how):
    """The picture that stands at the end is the one of the last move."""
    patch.delenv("XAICOURSE_TEST", raising=False)

    async def body():
        panel = Square(chunks=4)
        if how == "from_threads":

            def move(start):
                for grey in range(start, 250, 5):
                    panel.controls["grey"].value = grey

            threads = [threading.Thread(target=move, args=(k,)) for k in range(4)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                await asyncio.sleep(0.01)
        else:
            for grey in range(250):
                panel.controls["grey"].value = grey
                if grey % 50 == 0:
                    await asyncio.sleep(0.01)
        if how == "closed_while_moving":
            panel.close()
            await asyncio.sleep(0.2)
            assert panel.error is None
            return None
        if how == "loop_ends":
            return panel
        panel.controls["grey"].value = 77
        await asyncio.sleep(0.5)
        assert panel.error is None
        assert grey_on_screen(panel) == (4, 77)
        return None

    panel = asyncio.run(body())
    if panel is not None:  # and moved afterwards, when no loop runs any more
        panel.controls["grey"].value = 66
        assert grey_on_screen(panel) == (4, 66)


@attack("panels", ["square", *SOME], slow=True, fault="S12")
def a_cell_that_is_run_again(place, patch, name):
    """A closed panel leaves no widget and no memory behind."""
    make = Square if name == "square" else panels()[name]
    make().close()
    gc.collect()
    before = len(ipywidgets.widget._instances) if hasattr(ipywidgets, "widget") else 0
    seen = []
    for _ in range(3):
        panel = make()
        seen.append(weakref.ref(panel))
        panel.close()
        panel.close()  # twice does no harm
    del panel
    gc.collect()
    after = len(ipywidgets.widget._instances) if hasattr(ipywidgets, "widget") else 0
    assert after <= before, f"{after - before} widgets were left"
    assert not [panel for panel in seen if panel() is not None]


@attack("panels")
def a_closed_panel_is_moved(place, patch):
    panel = Square()
    slider = panel.controls["grey"]
    panel.close()
    slider.value = 33
    assert isinstance(panel, Panel)
    assert list(widgets_in(panel.view))
