"""Formulas as MathML, which browsers draw themselves, without a script.

The font is STIX Two Math (SIL Open Font License), which the package ziamath brings along; a part of
it is stored with the site, so that formulas look alike on every machine.
"""

import re
from pathlib import Path

import ziamath
from docutils import nodes
from fontTools import subset
from latex2mathml.converter import convert

FONT = Path(ziamath.__file__).parent / "fonts" / "STIXTwoMath-Regular.ttf"
PARTS = (  # letters and signs that formulas use: first and last of each run
    (0x20, 0x7E), (0xA0, 0xFF), (0x300, 0x338), (0x370, 0x3FF), (0x2016, 0x2057),
    (0x2102, 0x2135), (0x2190, 0x21D5), (0x2200, 0x22F1), (0x2308, 0x230B), (0x2329, 0x232A),
    (0x239B, 0x23B9), (0x23DC, 0x23E1), (0x27E8, 0x27EB), (0x2A00, 0x2A0C), (0x1D434, 0x1D467),
    (0x1D49C, 0x1D4B5), (0x1D538, 0x1D551), (0x1D6E2, 0x1D71B),
)  # fmt: skip
DELIMITERS = {  # what the converter leaves as a name behind \big
    **dict.fromkeys(("Vert", "lVert", "rVert", "|"), "‖"),
    **dict.fromkeys(("vert", "lvert", "rvert"), "|"),
    **{"lbrace": "{", "rbrace": "}", "{": "{", "}": "}", "langle": "⟨", "rangle": "⟩"},
    **{"lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉"},
}
LONG = 45  # characters of TeX: wider than a phone


def mathml(tex, display):
    """Return a formula as MathML; habits of TeX are kept that the converter does not have."""
    text = convert(tex, display=display)
    # capital Greek letters stand upright
    text = re.sub(
        r"<mi>(&#x003(?:9[1-9A-F]|A[0-9]);)</mi>", r'<mi mathvariant="normal">\1</mi>', text
    )
    # a word, such as relu or cov, is one sign
    text = re.sub(
        r'((?:<mi mathvariant="normal">[A-Za-z]</mi>){2,})',
        lambda word: f"<mi>{''.join(re.findall('>(.)<', word[1]))}</mi>",
        text,
    )
    # an enlarged bar or brace is a sign, not a name
    text = re.sub(r">\\(\w+|[|{}])</mo>", lambda name: f">{DELIMITERS[name[1]]}</mo>", text)
    # a minus behind a bracket, a comma or an equals sign is a sign, with no space after it
    minus = r"(<mo[^>]*>&#x000(?:28|5B|2C|3D);</mo>)<mo>&#x02212;</mo>"
    return re.sub(minus, r'\1<mo form="prefix">&#x02212;</mo>', text)


def inline(translator, node):
    """Write a formula in the text; a long one scrolls where the screen is narrow."""
    formula = mathml(node.astext(), "inline")
    is_long = len(node.astext()) > LONG
    translator.body.append(f'<span class="long">{formula}</span>' if is_long else formula)
    raise nodes.SkipNode


def block(translator, node):
    """Write a formula that stands alone; the theme lets its box scroll as it does with tables."""
    box = '<div class="formula pst-scrollable-table-container">'
    translator.body.append(f"{box}{mathml(node.astext(), 'block')}</div>\n")
    raise nodes.SkipNode


def store_font(app):
    """Store the letters and signs of formulas as a small font."""
    options = subset.Options(flavor="woff", layout_features=["ssty"], hinting=False)
    font = subset.load_font(str(FONT), options)
    part = subset.Subsetter(options)
    part.populate(unicodes=[code for first, last in PARTS for code in range(first, last + 1)])
    part.subset(font)
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(folder / "formulas.woff"), options)


def setup(app):
    """Tell Sphinx of the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.connect("builder-inited", store_font)
    return {"parallel_read_safe": True}
