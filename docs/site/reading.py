"""What the site makes of a notebook when it reads one.

Pictures get their alternative text, a cell that is folded in JupyterLab is folded here, a panel
says how to move it, and a worked sheet says that it is one.
"""

import films
import nbformat

STILL = (
    '<p class="move-it">This is a picture of a panel. Move it yourself: <code>make lab</code>.</p>'
)


def read(text: str) -> nbformat.NotebookNode:
    """Return the notebook as the site shows it."""
    notebook = nbformat.reads(text, as_version=4)
    say_solved(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            fold(cell)
            say_alt(cell)
            show_panels(cell)
    return notebook


def say_solved(notebook: nbformat.NotebookNode) -> None:
    """Tell a worked sheet from its exercise sheet, which has the same title."""
    if notebook.metadata.get("xaicourse", {}).get("product") == "solution":
        title, *rest = notebook.cells[0].source.split("\n")
        notebook.cells[0].source = "\n".join([f"{title} (solved)", *rest])


def settings(cell: nbformat.NotebookNode) -> dict:
    """Return MyST-NB's settings of a cell."""
    return cell.metadata.setdefault("mystnb", {})


def fold(cell: nbformat.NotebookNode) -> None:
    """Fold the source of a cell that JupyterLab folds; its first line says what it is for."""
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        first = cell.source.partition("\n")[0].lstrip("# ")
        cell.metadata.tags = [*cell.metadata.get("tags", []), "hide-input"]
        settings(cell).update(
            code_prompt_show=f"Code: {first}", code_prompt_hide=f"Hide the code: {first}"
        )


def say_alt(cell: nbformat.NotebookNode) -> None:
    """Give MyST-NB the alternative text that a picture's metadata holds."""
    for output in cell.outputs:
        alt = output.get("metadata", {}).get("image/png", {}).get("alt")
        if alt:
            settings(cell)["image"] = {"alt": alt}


def show_panels(cell: nbformat.NotebookNode) -> None:
    """Show a panel's film in place of its picture, where there is one, and how to move it."""
    outputs, filmed = [], False
    for output in cell.outputs:
        kind, _, title = output.get("data", {}).get("text/plain", "").partition(": ")
        if kind == "Panel" and title in films.FILMS:
            outputs.append(page_output(films.page_of(title)))
            filmed = True
        elif kind == "Panel":
            outputs += [output, page_output(STILL)]
        elif not (kind == "In words" and filmed):  # a film says it of each frame
            outputs.append(output)
    cell.outputs = outputs


def page_output(text: str) -> nbformat.NotebookNode:
    """Return an output that is a piece of a page."""
    return nbformat.v4.new_output("display_data", {"text/html": text})
