import pytest

from xaicourse.course.checking import checking


@pytest.fixture(autouse=True)
def _first_try():
    """Every test begins as a student who has not tried anything yet."""
    checking._tries.clear()
    checking._hints.clear()
    checking._passed.clear()


@pytest.fixture(scope="session", autouse=True)
def _end_the_process():
    yield
    checking._client.stop()
