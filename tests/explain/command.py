"""How the tests run `xaicourse explain`."""

from xaicourse import cli


def run(*arguments):
    return cli.main(["explain", *arguments])


def error_of(capsys, *arguments):
    """Run, expect exit code 2, and return the one line that was printed."""
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("xaicourse: error: ")
    assert captured.out == ""
    return line.removeprefix("xaicourse: error: ")
