"""The one exception of the builder: something in a course source has to be mended."""


class CourseError(Exception):
    """A source that cannot be built; the message says where and what would be right."""
