"""What the browser does for a panel: values and names that are spoken, keys, folded words.

ipywidgets tells a screen reader the exponent of a logarithmic slider and the index of a choice,
and joins no label to a handle. The script below copies what stands on the screen. It is carried
by an image that cannot be loaded, since a widget's HTML may hold no script of its own; where a
viewer forbids that, all else works.
"""

from __future__ import annotations

import html

from xaicourse.plot.in_words import NAME

PANEL, PICTURE, SQUARES = "xai-panel", "xai-picture", "xai-squares"
ANSWERS, BEGIN = "xai-answers", "xai-begin"  # buttons with a key; the one that comes before them
FOLD, TEXT = "xai-fold", "xai-text"

# JupyterLab breaks what is printed at the end of its output area, also in the middle of a word.
WHOLE_WORDS = """
.jp-Notebook .jp-OutputArea-output pre { word-break: normal; overflow-wrap: anywhere }
"""

STYLE = f"""{WHOLE_WORDS}
.{FOLD}:not(:has(details[open])) + .{TEXT} {{ display: none }}
.jp-OutputArea-child:has(.{PANEL}) + .jp-OutputArea-child:has(.{NAME}) {{ display: none }}
.{PANEL} .{PICTURE} {{ background: white; max-width: 100% }}
.{PANEL} .{SQUARES} {{ overflow: visible }}
.{PANEL} .{SQUARES} button {{
  background: transparent !important; border: 1px solid rgba(255, 255, 255, 0.45);
  box-shadow: none; width: auto; height: auto; line-height: 1; color: #1a1a1a;
}}
.{PANEL} .{SQUARES} button:hover {{ border: 2px solid #ffffff; outline: 1px solid #1a1a1a }}
.{PANEL} .{ANSWERS} button, .{PANEL} .{BEGIN} {{ width: auto; border: 1px solid currentColor }}
.{PANEL} .{ANSWERS} button:focus-visible {{ outline: 3px solid #1565c0; outline-offset: 2px }}
.{PANEL} .{SQUARES} button:focus-visible {{ outline: 3px solid #D55E00; z-index: 1 }}
"""

SCRIPT = """
const start = panel => {
  const set = (element, name, value) => {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  };
  const sliders = () => panel.querySelectorAll('.widget-slider').forEach(slider => {
    const find = name => slider.querySelector(name);
    const handle = find('.noUi-handle'), label = find('.widget-label');
    const readout = find('.widget-readout');
    if (!handle || !label || !readout) return;
    if (!label.id) label.id = 'xai-label-' + (window.xaiLabels = (window.xaiLabels || 0) + 1);
    set(handle, 'aria-labelledby', label.id);
    set(handle, 'aria-valuetext', readout.textContent);
    set(readout, 'role', 'textbox');
    set(readout, 'aria-labelledby', label.id);
  });
  const squares = () => [...panel.querySelectorAll('.SQUARES button')];
  const grids = () => squares().forEach((button, place, all) => {
    set(button, 'aria-label', button.title);
    set(button, 'aria-pressed', String(button.classList.contains('mod-active')));
    const here = all.includes(panel.here) ? panel.here : all[0];
    set(button, 'tabindex', button === here ? '0' : '-1');
  });
  const images = () => panel.querySelectorAll('img.widget-image').forEach(
    image => set(image, 'alt', image.title));
  const answers = () => panel.querySelectorAll('.ANSWERS').forEach(row => {
    set(row, 'data-lm-suppress-shortcuts', 'true');
    const first = row.querySelector('button');
    if (panel.begun && first) { panel.begun = false; first.focus(); }
  });
  const tell = () => { sliders(); grids(); images(); answers(); };
  panel.addEventListener('click', event => {
    if (event.target.closest('.BEGIN')) panel.begun = true;
  });
  panel.addEventListener('keydown', event => {
    const row = event.target.closest('.ANSWERS');
    if (!row || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const named = button => button.textContent.trim()[0] === event.key;
    const button = [...row.querySelectorAll('button')].find(named);
    if (!button) return;
    event.preventDefault(); event.stopPropagation();
    button.focus(); button.click();
  });
  panel.addEventListener('focusin', event => {
    if (squares().includes(event.target)) { panel.here = event.target; grids(); }
  });
  panel.addEventListener('keydown', event => {
    const all = squares(), place = all.indexOf(event.target), side = Math.sqrt(all.length);
    const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -side, ArrowDown: side}[event.key];
    if (place < 0 || !step) return;
    event.preventDefault(); event.stopPropagation();
    const next = place + step, sameLine = (place / side | 0) === (next / side | 0);
    if (all[next] && (Math.abs(step) === side || sameLine)) all[next].focus();
  });
  new MutationObserver(tell).observe(panel, {
    subtree: true, childList: true, characterData: true, attributes: true,
    attributeFilter: ['aria-valuetext', 'class', 'title', 'tabindex'],
  });
  tell();
};
const find = tries => {
  const panel = this.closest('.PANEL');
  if (panel && !panel.dataset.told) { panel.dataset.told = 'yes'; start(panel); }
  else if (!panel && tries) setTimeout(() => find(tries - 1), 100);
};
find(100);
"""
for _word, _name in (
    ("SQUARES", SQUARES), ("ANSWERS", ANSWERS), ("BEGIN", BEGIN), ("PANEL", PANEL)
):  # fmt: skip
    SCRIPT = SCRIPT.replace(_word, _name)


def page() -> str:
    """Return the HTML that a panel shows nothing of."""
    script = html.escape(" ".join(SCRIPT.split()))
    return f'<style>{STYLE}</style><img alt="" src="data:," hidden onerror="{script}">'
