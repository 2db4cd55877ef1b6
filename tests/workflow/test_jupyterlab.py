"""`make lab`: a chapter opens as a notebook and runs from top to bottom, in Chromium."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

CHAPTERS = ("b_gaussian_kl", "s5_3_visualisation")
READY = """path => {
    const context = window.jupyterapp?.shell?.currentWidget?.context;
    return context?.path === path && context.isReady;
}"""
RUN = """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await window.jupyterapp.commands.execute('notebook:run-all-cells');
    return panel.content.model.sharedModel.toJSON().cells;
}"""


@pytest.fixture(scope="module")
def lab(html: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab as `make lab` starts it, in a copy of the project: it may save what it opens."""
    copy = tmp_path_factory.mktemp("lab") / "project"
    ignored = shutil.ignore_patterns("_build", ".*", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=ignored)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path_factory.mktemp("config")
    settings = {
        "ServerApp": {"ip": "127.0.0.1", "port": port, "open_browser": False, "allow_root": True},
        "IdentityProvider": {"token": ""},
        "LabApp": {"expose_app_in_browser": True},
    }
    (config / "jupyter_server_config.json").write_text(json.dumps(settings))
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(config),
        "VAELIB_RUNS": str(ROOT / "_build" / "runs"),
    }
    # The environment is the one that runs this test: make need not look at it.
    command = ["make", "-C", str(copy), "-o", ".venv/ready", "lab"]
    command += [f"BIN={Path(sys.executable).parent}"]
    with (config / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address, process, config / "log")
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers."""
    for _ in range(240):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{address}/api/status"):
                return
        except urllib.error.URLError:
            time.sleep(0.5)
    pytest.fail(f"JupyterLab did not start: {log.read_text()}")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_runs_from_top_to_bottom(chapter: str, lab: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(300_000)
    path = f"book/{chapter}.md"
    page.goto(f"{lab}/lab/tree/{path}?reset")
    page.wait_for_function(READY, arg=path)
    cells: list[dict[str, Any]] = page.evaluate(RUN)
    page.close()
    code = [cell for cell in cells if cell["cell_type"] == "code" and cell["source"]]
    assert len(code) > 3
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    failures = [
        output for cell in code for output in cell["outputs"] if output["output_type"] == "error"
    ]
    assert failures == []
    # What to play with comes first.
    assert "parameters" in code[0]["metadata"]["tags"]
