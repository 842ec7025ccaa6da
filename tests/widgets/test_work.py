"""Memory keeps what was used last; work in chunks can be finished at once."""

import pytest

from xaicourse.widgets.work import Memory, finish


def counting(result, chunks, log):
    """Yield a few times, and return the result."""
    for chunk in range(chunks):
        log.append(chunk)
        yield
    return result


def test_the_one_not_used_for_longest_is_forgotten():
    memory = Memory(2)
    memory.keep("a", 1)
    memory.keep("b", 2)
    assert memory.get("a") == 1  # used again
    memory.keep("c", 3)
    assert len(memory) == 2
    assert [name in memory for name in "abc"] == [True, False, True]
    assert memory.get("b") is None
    memory.clear()
    assert len(memory) == 0


def test_a_result_is_made_once_even_if_it_is_none():
    memory, made = Memory(3), []
    for _ in range(2):
        assert memory.once("key", lambda x: made.append(x), 5) is None
    assert made == [5]


def test_work_in_chunks_is_walked_once():
    memory, log = Memory(1), []
    assert finish(memory.walk("key", counting("map", 3, log))) == "map"
    assert log == [0, 1, 2]
    assert finish(memory.walk("key", counting("other", 3, log))) == "map"
    assert log == [0, 1, 2]
    finish(memory.walk("new", counting("other", 1, log)))
    assert "key" not in memory


def test_work_that_was_stopped_is_not_kept():
    memory = Memory(2)
    work = memory.walk("key", counting("map", 3, []))
    next(work)
    work.close()
    assert "key" not in memory


def test_an_error_is_the_callers_and_nothing_is_kept():
    memory = Memory(2)
    with pytest.raises(ZeroDivisionError):
        memory.once("key", lambda: 1 / 0)
    assert "key" not in memory
