"""Each test of a lesson begins as a student who has not tried anything yet."""

from tests.course.conftest import _end_the_process, _first_try  # noqa: F401
