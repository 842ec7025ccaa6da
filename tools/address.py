"""Say once where the course can be cloned from; README, pyproject.toml and CITATION.cff follow.

python tools/address.py https://HOST/OWNER/NAME    # set it everywhere
python tools/address.py --none                     # nowhere: as long as nobody knows it
python tools/address.py --check                    # are all places equal?

The one source is [project.urls] in pyproject.toml, which pip shows, too. Binder is offered where
there is an address, since it clones from it and reads environment.yml.
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- address: tools/address.py -->", "<!-- end of the address -->"
FIRST = "lab/tree/notebooks/00_start_here.ipynb"


def known(root: Path) -> str:
    """Return the address that pyproject.toml says, or "" if there is none."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project.get("urls", {}).get("Repository", "")


def checked(address: str) -> str:
    """Return an address, or raise if nobody could clone from it."""
    parts = urlsplit(address)
    if parts.scheme != "https" or "." not in parts.netloc or len(parts.path) < 4:
        raise ValueError(f"the address must be https://HOST/OWNER/NAME, got {address!r}")
    if re.search(r"\s|[\"'<>]", address) or address.endswith("/"):
        raise ValueError(f"the address must have no blank, quote or / at its end, got {address!r}")
    return address


def pyproject(text: str, address: str) -> str:
    """Return pyproject.toml with this address, or without one."""
    text = re.sub(r"\[project\.urls\]\n(?:.+\n)*\n", "", text)
    table = f'[project.urls]\nRepository = "{address}"\n\n' if address else ""
    return text.replace("[project.scripts]\n", f"{table}[project.scripts]\n", 1)


def citation(text: str, address: str) -> str:
    """Return CITATION.cff with this address, or without one."""
    text = re.sub(r"^repository-code: .*\n", "", text, flags=re.M)
    line = f'repository-code: "{address}"\n' if address else ""
    return re.sub(r"^license: ", f"{line}license: ", text, count=1, flags=re.M)


def readme(text: str, address: str) -> str:
    """Return README.md with this address between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"README.md has lost its marks {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n{words(address)}\n{END}{after}"


def words(address: str) -> str:
    """Return what README says of the address."""
    if not address:
        return (
            "Whoever gave you the course tells you where to clone it from, or gives you its wheel."
        )
    binder = f"https://mybinder.org/v2/git/{quote(address, safe='')}/HEAD?urlpath={quote(FIRST)}"
    return f"```\ngit clone {address}\n```\n\nWithout installing anything: [Binder]({binder})."


PLACES = {"pyproject.toml": pyproject, "CITATION.cff": citation, "README.md": readme}


def set_address(root: Path, address: str) -> None:
    """Write an address, or none, into all places."""
    for name, with_address in PLACES.items():
        file = root / name
        text = with_address(file.read_text(encoding="utf-8"), address)
        file.write_text(text, encoding="utf-8", newline="\n")


def out_of_step(root: Path) -> list[str]:
    """Return the files that say another address than pyproject.toml."""
    texts = {name: (root / name).read_text(encoding="utf-8") for name in PLACES}
    address = known(root)
    return [name for name, text in texts.items() if PLACES[name](text, address) != text]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description="set where the course can be cloned from")
    parser.add_argument("address", nargs="?", help="https://HOST/OWNER/NAME")
    parser.add_argument("--none", action="store_true", help="nobody knows it yet")
    parser.add_argument("--check", action="store_true", help="are all places equal?")
    options = parser.parse_args(arguments)
    if sum([bool(options.address), options.none, options.check]) != 1:
        parser.error("give an address, --none or --check")
    if options.check:
        wrong = out_of_step(root)
        print(f"another address in {', '.join(wrong)}" if wrong else known(root) or "no address")
        return 1 if wrong else 0
    try:
        set_address(root, checked(options.address) if options.address else "")
    except ValueError as error:
        print(f"address.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
