#!/usr/bin/env bash
# jupytext 1.19.6 (markdown-it-py 4.3.0, mdit-py-plugins 0.7.0)
#
# Behaviour: a line of a Markdown cell that begins with `+++` is written to MyST (`md:myst`) as it
# is, although to jupytext's own reader of MyST it ends the cell. The text that jupytext wrote is
# then another notebook, or none.
# Seen, a notebook of one Markdown cell, written and read again:
#   "before\n\n+++\n\nafter"         two cells, "before" and "after"; no warning
#   "before\n\n+++ b/file\n\nafter"  MystMetadataParsingError: what follows `+++` must be JSON
#   the same two by "md" (jupytext's Markdown) and "py:percent": the cell as it was
#
# Why it surprises: that `+++` divides cells is documented, for MyST and in jupytext; that prose
# is not guarded against it when a notebook is written, as code with backticks is by a longer
# fence, is not. The loss shows only when the text is read, when the notebook may be gone.
# A list before the line or its place inside a paragraph do not help; a fence around it does.
# No report of it found upstream.
#
# Who meets it: paired or converted notebooks whose prose shows a patch, a header in TOML of a
# static site, or a line of `+++` as a rule.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq jupytext==1.19.6 nbformat==5.11.1 markdown-it-py==4.3.0 \
    mdit-py-plugins==0.7.0
cd "$folder"

cat > check.py <<'PYTHON'
import sys

import jupytext
from jupytext.myst import MystMetadataParsingError
from nbformat.v4 import new_markdown_cell, new_notebook


def there_and_back(source, form):
    text = jupytext.writes(new_notebook(cells=[new_markdown_cell(source)]), form)
    try:
        return [cell.source for cell in jupytext.reads(text, form).cells]
    except MystMetadataParsingError:
        return "unreadable"


bare, patch = "before\n\n+++\n\nafter", "before\n\n+++ b/file\n\nafter"
fenced = f"```\n{patch}\n```"
for source, form in [(s, f) for s in (bare, patch) for f in ("md", "py:percent")] + [
    (fenced, "md:myst")
]:
    if there_and_back(source, form) != [source]:
        sys.exit(f"jupytext does not keep {source!r} in {form} either, so this check shows less.")
seen = {source: there_and_back(source, "md:myst") for source in (bare, patch)}
if seen != {bare: ["before", "after"], patch: "unreadable"}:
    sys.exit(f"jupytext behaves otherwise now: {seen}.")
print(f"jupytext, one cell by md:myst and back: {seen}.")
PYTHON
"$folder/venv/bin/python" check.py
