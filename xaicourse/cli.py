"""The command line: `xaicourse open`, `reset`, `doctor` ...

Each subcommand is two small functions: `_add_NAME` declares its arguments, `_NAME` does the work
and returns the exit code. What is imported inside a function keeps the others fast to start.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from xaicourse import __version__
from xaicourse.core.places import issued_folder, work_home

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it
_Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code; an error is one line and exit code 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if "run" not in options:  # `xaicourse` alone asks what there is
        parser.print_help()
        return 0
    try:
        return options.run(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone: xaicourse ... | head
        sys.stdout = None
        return 0
    except Exception as error:
        if os.environ.get("XAICOURSE_DEBUG") == "1":
            raise
        print(f"xaicourse: error: {_one_line(error)}", file=sys.stderr)
        return 2


class _Parser(argparse.ArgumentParser):
    """A parser that names the command or the option that was meant."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and one line, and end with code 2."""
        wrong = re.search(
            r"invalid choice: '([^']*)'|unrecognized arguments: (?:.*? )??(-\S+)", message
        )
        if wrong is not None:
            given = (wrong[1] or wrong[2]).partition("=")[0]
            if known := _commands_with(self, given):
                message += f"; {given} belongs to {' and '.join(known)}"
            elif near := get_close_matches(given, _words_of(self), n=1):
                message += f"; did you mean {near[0]}?"
        super().error(message)


def _commands_with(parser: argparse.ArgumentParser, option: str) -> list[str]:
    """Return the commands below a parser that have an option of just that name."""
    choices = [a.choices for a in parser._actions if isinstance(a, _Subparsers)]
    commands = [item for below in choices for item in below.items()]
    return [name for name, below in commands if option in below._option_string_actions]


class _Once(argparse.Action):
    """An option that is refused if it is given twice: the last would win in silence."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: Any = None
    ) -> None:
        """Store the value."""
        given = vars(namespace).setdefault("given", set())
        if self.dest in given:
            parser.error(f"argument {option}: given twice; give it once")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


def _words_of(parser: argparse.ArgumentParser) -> list[str]:
    """Return the commands and options of a parser and of the parsers below it."""
    words: list[str] = []
    for action in parser._actions:
        words += action.option_strings
        if isinstance(action, _Subparsers):
            words += [w for n, below in action.choices.items() for w in [n, *_words_of(below)]]
    return words


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="xaicourse",
        description="Gradient-based feature attribution: the course and its library.",
        epilog="XAICOURSE_DEBUG=1 shows where an error came from.",
    )
    parser.add_argument("--version", action="version", version=f"xaicourse {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND")
    for add in _SUBCOMMANDS:
        add(subparsers)
    return parser


def _add(subparsers: _Subparsers, name: str, run: _Command, text: str) -> argparse.ArgumentParser:
    """Declare a subcommand; `text` is its line in the help."""
    parser = subparsers.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(run=run)
    return parser


def _one_line(error: Exception) -> str:
    """Our own messages as they are; anything unforeseen with its type, which is all it has."""
    text = " ".join(str(error).split())
    if isinstance(error, (ValueError, TypeError, OSError)) and text:
        return text
    return f"{type(error).__name__}: {text} (XAICOURSE_DEBUG=1 shows where it came from)"


# ---------------------------------------------------------------- open


def _add_open(subparsers: _Subparsers) -> None:
    text = "copy new lessons and sheets to work/ and open them in JupyterLab"
    parser = _add(subparsers, "open", _open, text)
    parser.add_argument("lesson", metavar="LESSON", nargs="?",
                        help="the lesson to show, 05 for example "
                        "(default: where you left off)")  # fmt: skip
    parser.add_argument("--sheet", action="store_true", help="show its exercise sheet instead")
    parser.add_argument("--copy-only", action="store_true", help="do not start JupyterLab")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.add_argument("--port", type=int, help="the port of JupyterLab (default: a free one)")


def _open(options: argparse.Namespace) -> int:
    from xaicourse.course.checking import work
    from xaicourse.course.checking.landing import landing

    root = issued_folder()
    if options.lesson is not None:
        landing(root, options.lesson, sheet=options.sheet)  # refused before anything is copied
    changes = work.open_work(root)
    quiet = [c for c in changes if c.file.startswith("docs/") and not c.message]
    for change in changes:
        if change not in quiet:
            said = f": {change.message}" * bool(change.message)
            print(f"{change.action:8} work/{change.file}{said}")
    for action in sorted({change.action for change in quiet}):
        count = sum(change.action == action for change in quiet)
        what = "pages and pictures in work/docs: your own model, methods, glossary ..."
        print(f"{action:8} {count} {what}")
    if not changes:
        print("work/ is up to date; your own changes are untouched")
    if options.copy_only:
        return 0
    notebook, why = landing(root, options.lesson, sheet=options.sheet)
    print(f"opening  work/{notebook}" + f" ({why})" * bool(why), flush=True)
    return _start_jupyterlab(work_home(root) / "work", notebook, options)


def _start_jupyterlab(folder: Path, notebook: str, options: argparse.Namespace) -> int:
    """Start JupyterLab in the student's folder, with this notebook open."""
    from jupyterlab.labapp import main as jupyterlab

    # Defaults for this run only: no question about news, no look for updates.
    config = Path(__file__).parent / "course" / "checking" / "jupyter"
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [str(config), others]))
    # A terminal inside JupyterLab finds the `xaicourse` of this environment.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

    # Smaller chunks: a lesson stays below 1.5 GB, and thirty fit on one server.
    os.environ.setdefault("XAICOURSE_LAB", "1")

    address = f"/lab/tree/{quote(notebook)}"
    arguments = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url={address}"]
    if options.no_browser:
        arguments.append("--no-browser")
    if options.port:
        arguments.append(f"--port={options.port}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # in a container
        arguments.append("--allow-root")
    return jupyterlab(arguments) or 0


# ---------------------------------------------------------------- reset


def _add_reset(subparsers: _Subparsers) -> None:
    text = "give a sheet or a task back as issued; your version is kept in work/backups/"
    parser = _add(subparsers, "reset", _reset, text)
    parser.add_argument("lesson", help="the number of the lesson, for example 05")
    parser.add_argument("--task", help="only the cells of this task, for example 05.2, "
                        "in the sheet or the lesson")  # fmt: skip
    parser.add_argument("--lesson", action="store_const", const="notebooks", dest="folder",
                        help="restore the lesson, not its sheet")  # fmt: skip


def _reset(options: argparse.Namespace) -> int:
    from xaicourse.course.checking import work

    change = work.reset(issued_folder(), options.lesson, options.task, folder=options.folder)
    print(f"{change.action} work/{change.file}: {change.message}")
    print("If it is open in JupyterLab, choose File > Reload Notebook from Disk.")
    return 0


# ---------------------------------------------------------------- doctor


def _add_doctor(subparsers: _Subparsers) -> None:
    text = "check that all the course needs is there and intact"
    parser = _add(subparsers, "doctor", _doctor, text)
    parser.add_argument("--lab", action="store_true", help="print one line, to mail before a lab")


def _doctor(options: argparse.Namespace) -> int:
    from xaicourse.course.checking import doctor

    findings = doctor.examine()
    print(doctor.one_line(findings) if options.lab else doctor.report(findings))
    return 0 if all(finding.ok for finding in findings) else 1


# ---------------------------------------------------------------- votes


def _add_votes(subparsers: _Subparsers) -> None:
    text = "count the predictions of a class, from each student's work/.progress.json"
    parser = _add(subparsers, "votes", _votes, text)
    parser.add_argument("files", metavar="FILE", nargs="+", help="the records, under any names")
    parser.add_argument("--lesson", help="only this one, 05 for example")


def _votes(options: argparse.Namespace) -> int:
    from xaicourse.course.progress.predictions import histogram, questions

    for name, votes in histogram(options.files, options.lesson).items():
        count = sum(votes.values())
        if count or options.lesson:
            print(f"\n{name}  {questions()[name]['question']}  ({count} of {len(options.files)})")
            for letter, votes_for in votes.items():
                right = "  right" if letter == questions()[name].get("right") else ""
                print(f"  {letter}  {votes_for:3}  {'#' * votes_for}{right}")
    return 0


# ---------------------------------------------------------------- status, review, pretest, report


def _add_status(subparsers: _Subparsers) -> None:
    text = "show tasks passed, predictions right, and what comes next"
    parser = _add(subparsers, "status", _status, text)
    parser.add_argument("lesson", metavar="LESSON", nargs="?",
                        help="the lesson whose goals are shown, 05 for example "
                        "(default: the one to go on with)")  # fmt: skip


def _status(options: argparse.Namespace) -> int:
    from xaicourse.course.progress.overview import progress_in_terminal

    print(progress_in_terminal(options.lesson))
    return 0


def _add_review(subparsers: _Subparsers) -> None:
    text = "ask two questions, from one and from three lessons back"
    parser = _add(subparsers, "review", _review, text)
    parser.add_argument("lesson", metavar="LESSON", nargs="?",
                        help="the lesson that you are in "
                        "(default: the last one begun)")  # fmt: skip


def _review(options: argparse.Namespace) -> int:
    from xaicourse.course.progress.review import review_in_terminal

    review_in_terminal(options.lesson)
    return 0


def _add_pretest(subparsers: _Subparsers) -> None:
    text = "ask twelve questions that say where to begin"
    parser = _add(subparsers, "pretest", _pretest, text)
    parser.add_argument("--again", action="store_true", help="ask all of them once more")


def _pretest(options: argparse.Namespace) -> int:
    from xaicourse.course.progress.pretest import pretest_in_terminal

    pretest_in_terminal(options.again)
    return 0


def _add_report(subparsers: _Subparsers) -> None:
    text = "print a filled-in text with which to report a mistake of the course"
    parser = _add(subparsers, "report", _report, text)
    parser.add_argument("place", metavar="LESSON_OR_TASK",
                        help="where the mistake is: 05, 05.2 or 05.P3")  # fmt: skip
    parser.add_argument("--section", metavar="NUMBER", help="the section of the lesson")
    parser.add_argument("--quote", metavar="TEXT", help="what the course says there")
    parser.add_argument("--expected", metavar="TEXT", help="what you expected")


def _report(options: argparse.Namespace) -> int:
    from xaicourse.course.progress.errata import report

    print(report(options.place, options.section, options.quote, options.expected))
    return 0


# ---------------------------------------------------------------- explain


def _add_explain(subparsers: _Subparsers) -> None:
    text = "show what a model sees in a photo, and where"
    parser = _add(subparsers, "explain", _explain, text)
    parser.epilog = (
        "Recipes for models of your own stand in work/docs/own_model.md, which `xaicourse open` "
        "copies; in a clone also in docs/own_model.md."
    )
    add = partial(parser.add_argument, action=_Once)
    parser.add_argument("photos", metavar="PHOTO", nargs="*",
                        help="image files, or folders of them")  # fmt: skip
    add("--method", default="integrated_gradients", metavar="NAME",
        help="the attribution method (default: %(default)s)")  # fmt: skip
    add("--target", metavar="NAME_OR_NUMBER",
        help="the class to explain (default: the model's first)")  # fmt: skip
    add("--baseline", metavar="NAME_OR_GREY",
        help="what the photo is compared with: black (the default), white, mean, "
        "blur, uniform, max_distance, or a grey from 0 to 1")  # fmt: skip
    add("--tol", help="wanted relative error of the map (default: 0.05)")
    add("--steps", help="take so many gradients instead")
    add("--samples", help="random draws, for methods that average some")
    add("--seed", help="of the draws (default: 0)")
    add("--layer", metavar="NAME", help="the layer, for class activation maps")
    add("--top", metavar="K", default=5, help="guesses that are listed (default: %(default)s)")
    add("-o", "--out", metavar="FILE_OR_FOLDER",
        help="the picture to write: .png, .jpg, .pdf or .svg, or a folder "
        "(default: PHOTO_METHOD.png in this folder)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    add("--model", default="efficientnet_lite0", metavar="NAME",
        help="efficientnet_lite0 (the default), a net of torchvision such as resnet18, or "
        "MODULE:FUNCTION, which returns a model of photos in [0, 1]")  # fmt: skip
    add("--weights", metavar="FILE",
        help="the weights of torchvision's net: safetensors, or tensors saved by torch.save; "
        "without it those on this machine, or random ones")  # fmt: skip
    add("--labels", metavar="FILE", help="names of the model's outputs, one a line or JSON")


def _explain(options: argparse.Namespace) -> int:
    from xaicourse.explain import explain

    given = {
        name: value
        for name, value in vars(options).items()
        if name not in ("photos", "run", "given")
    }
    explain(*options.photos, **given)
    return 0


# ---------------------------------------------------------------- models, methods


def _add_models(subparsers: _Subparsers) -> None:
    _add(subparsers, "models", _models, "list the models that can be loaded by name")


def _models(options: argparse.Namespace) -> int:
    from xaicourse.zoo import MODELS

    header = ("NAME", "ONE INPUT", "CLASSES", "DATA", "ACCURACY", "WHAT IT IS")
    lines = [
        (
            model.name,
            " x ".join(map(str, model.input_shape)),
            str(model.classes or "-"),
            model.data or "-",
            f"{model.accuracy:.2%}" if model.accuracy else "-",
            model.title,
        )
        for model in MODELS.values()
    ]
    print(_table(header, lines))
    print()
    print("Load one with  xc.zoo.load(NAME) . All of these work without a network.")
    print("torchvision/NAME is any image classifier of torchvision; fetch its weights once with")
    print("xc.zoo.load('torchvision/resnet18', download=True) .")
    print("At the command line:  xaicourse explain PHOTO --model resnet18 [--weights FILE]")
    return 0


def _add_methods(subparsers: _Subparsers) -> None:
    parser = _add(subparsers, "methods", _methods, "list the attribution methods, oldest first")
    parser.add_argument("--measure", metavar="NAME", nargs="*",
                        help="what each method costs, its gap and the error of its map "
                        "(default: all methods; it takes some minutes)")  # fmt: skip
    parser.add_argument("--store", metavar="FILE", help="write what was measured as JSON, too")


def _methods(options: argparse.Namespace) -> int:
    if options.measure is not None:
        return _measure(options.measure, options.store)
    if options.store:
        raise ValueError("--store needs --measure: nothing was measured")
    from xaicourse.course.table import LESSON_OF, in_words
    from xaicourse.methods import all_methods

    header = ("NAME", "YEAR", "FAMILY", "LESSON", "PAPER", "NEEDS")
    methods = sorted(all_methods().values(), key=lambda method: (method.year, method.name))
    lines = [
        (
            method.name,
            str(method.year),
            str(method.family),
            in_words(LESSON_OF[method.name]),
            method.paper,
            ", ".join(sorted(method.needs)),
        )
        for method in methods
    ]
    print(_table(header, lines))
    return 0


def _measure(names: Sequence[str], file: str | None) -> int:
    """Print each line as soon as it is measured: all of them take minutes."""
    from xaicourse.measure import measure, store

    columns = "{:32}  {:18}  {:>8}  {:>9}  {:>8}  {:>9}  {}"
    print(columns.format("NAME", "ON", "SECONDS", "GRADIENTS", "GAP", "MAP ERROR", "").rstrip())
    found = []
    for one in measure(names):
        found.append(one)
        facts = (
            "-" if one.seconds is None else f"{one.seconds:.2f}",
            "-" if one.gradients is None else str(one.gradients),
            "-" if one.gap is None else f"{one.gap:.2%}",
            "-" if one.map_error is None else f"{one.map_error:.2%}",
        )
        why = f"refused: {one.refused}" if one.refused else one.how
        print(columns.format(one.method, one.on, *facts, why).rstrip(), flush=True)
        if file:
            store(found, file)
    return 0


def _table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table in plain text: columns as wide as their widest cell, two blanks between."""
    columns = list(zip(header, *lines, strict=True))
    widths = [max(map(len, column)) for column in columns]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (header, *lines)
    )


_SUBCOMMANDS = (
    _add_open, _add_status, _add_review, _add_pretest, _add_explain, _add_models, _add_methods,
    _add_votes, _add_reset, _add_report, _add_doctor,
)  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
