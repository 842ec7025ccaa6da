"""Every lesson keeps the newest rules."""

from builder.lint_not_yet import NOT_YET


def test_no_lesson_may_break_the_newest_rules():
    assert frozenset() == NOT_YET
