"""`xaicourse models` and `xaicourse methods`: everything that is registered, in columns."""

import xaicourse as xc
from xaicourse import cli
from xaicourse.core import places


def lines_of(command, capsys):
    assert cli.main([command]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out.splitlines()


def test_models_lists_each_model_once(capsys):
    lines = lines_of("models", capsys)
    table = lines[: lines.index("")]
    assert [line.split()[0] for line in table[1:]] == list(xc.zoo.MODELS)
    assert any("torchvision/NAME" in line for line in lines)
    (cnn,) = [line for line in table if line.startswith("fashion_cnn ")]
    assert "1 x 28 x 28" in cnn
    assert f"{xc.zoo.MODELS['fashion_cnn'].accuracy:.2%}" in cnn


def test_methods_lists_each_method_once_oldest_first(capsys):
    header, *table = lines_of("methods", capsys)
    names = [line.split()[0] for line in table]
    assert sorted(names) == sorted(xc.METHODS)
    years = [line.split()[1] for line in table]
    assert years == sorted(years)
    (ig,) = [line for line in table if line.startswith("integrated_gradients ")]
    assert ig[header.index("PAPER") :].startswith("arXiv:1703.01365")


def test_a_lesson_that_is_not_there_yet_is_to_come(capsys):
    header, *table = lines_of("methods", capsys)
    at, paper = header.index("LESSON"), header.index("PAPER")
    rooms = {room.name[1:3] for room in places.rooms()}
    for line in table:
        number, *more = line[at:paper].split()
        assert " ".join(more) == ("" if number in rooms else "(to come)"), line


def test_columns_stand_under_each_other():
    table = cli._table(("A", "LONG"), [("one", "1"), ("three", "2")])
    assert table == "A      LONG\none    1\nthree  2"
