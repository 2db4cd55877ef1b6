"""Stage what is not executed: plain pages, bibliography, assets, and the derived configuration."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from workflow import chapters, messages
from workflow.chapters import BOOK, TOC

STAGE = messages.BUILD / "stage"
CONFIG = Path("_config.yml")
FOLDERS = (BOOK / "assets", BOOK / "_ext")
# What explorers load lies below it; see workflow/write_networks.py.
NETWORKS = "networks"


def sources() -> list[Path]:
    """All files that this step reads."""
    below = [
        path for folder in FOLDERS for path in folder.rglob("*") if "__pycache__" not in str(path)
    ]
    plain = [page.path for page in chapters.pages() if not page.computes]
    found = [CONFIG, TOC, *plain, *BOOK.glob("*.bib"), *BOOK.glob("*.yml"), *below]
    return sorted(path for path in found if path.is_file())


def staged_config() -> str:
    """The book's configuration, with execution off: that is papermill's work here."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config["execute"] = {"execute_notebooks": "off"}
    config["only_build_toc_files"] = True
    if any(page.loads_networks for page in chapters.pages()):
        config["sphinx"]["config"]["html_static_path"].append(NETWORKS)
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def main() -> None:
    remove_former()
    for source in sources():
        target = STAGE / source
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (STAGE / CONFIG).write_text(staged_config(), encoding="utf-8")


def remove_former() -> None:
    """Remove what an earlier table of contents or asset folder left behind."""
    for folder in FOLDERS:
        shutil.rmtree(STAGE / folder, ignore_errors=True)
    expected = {f"{page.name}{'.ipynb' if page.computes else '.md'}" for page in chapters.pages()}
    for path in [*(STAGE / BOOK).glob("[!.]*.ipynb"), *(STAGE / BOOK).glob("*.md")]:
        if path.name not in expected:
            path.unlink()


if __name__ == "__main__":
    main()
