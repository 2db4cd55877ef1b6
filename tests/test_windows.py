"""Where Python has no POSIX, as on Windows: the packages load, train, store and answer there."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

import companion
import vaelib

# What the documentation of Python calls available on Unix only.
MODULES = ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")
OF_OS = """
    fork forkpty getegid geteuid getgid getgroups getloadavg getpgid getpgrp getsid getuid killpg
    lchown mkfifo nice openpty posix_spawn register_at_fork sched_getaffinity sched_setaffinity
    setpgid setsid setuid statvfs sysconf sync uname wait wait3 wait4 O_DIRECTORY O_NOFOLLOW
"""
OF_SIGNAL = """
    SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 SIGWINCH
    pthread_sigmask setitimer sigwait
"""
# Other packages know both systems: they come first, and see this one.
PREAMBLE = f"""
import os, signal, sys
import filelock, matplotlib.pyplot, mlxtend.data, numpy, pandas, pooch, requests, safetensors.torch
import scipy.special, scipy.stats, seaborn, torch, torch.func, torch.utils._pytree, tqdm, yaml
for name in {MODULES}:
    sys.modules[name] = None
for module, names in ((os, {OF_OS.split()}), (signal, {OF_SIGNAL.split()})):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
"""
TRAINING = """
import vaelib
from vaelib.randomness import generator
x = torch.rand(200, 6, generator=generator(0, "pixels"))
vae = vaelib.build(n_pixels=6, n_hidden=5, n_latent=2, generator=generator(0, "start"))
aevb = vaelib.AEVB(vae, n_train=200, stepsize=0.01, generator=generator(0, "noise"))
*_, samples = vaelib.Trainer(aevb, x, generator=generator(0, "minibatches")).advance(1000)
print(samples)
"""
RUN = """
from pathlib import Path
from companion import cli
from companion.runs.store import RunStore
from tests.helpers import load_six_pixels
from tests.small_runs import AEVB, ensure
from vaelib import datasets
datasets.load = load_six_pixels
assert cli.main(["status"]) == 0
store = RunStore.default()
first = ensure(store, AEVB, 1000)
run = ensure(store, AEVB, 2000)
assert cli.main(["status"]) == 0
sys.stdout = sys.__stdout__
print(run.samples, (run.folder / "weights.safetensors").is_file())
"""


def without_posix(code: str, folder: Path) -> str:
    """What the code prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "VAELIB_RUNS": str(folder / "runs")}
    done = subprocess.run(
        # Text in the encoding of the machine would be another there.
        [sys.executable, "-X", "warn_default_encoding", "-c", PREAMBLE + code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = [line for line in done.stderr.splitlines() if "EncodingWarning" in line]
    assert not [line for line in told if line.startswith((f"{ROOT}/vaelib", f"{ROOT}/companion"))]
    return done.stdout


@pytest.mark.slow
def test_every_module_loads_and_a_model_is_trained(tmp_path: Path) -> None:
    names = [
        module.name
        for package in (vaelib, companion)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if module.name != "companion.__main__"
    ]
    assert len(names) > 100
    load = f"import importlib\nfor name in {names}: importlib.import_module(name)\n"
    assert int(without_posix(load + TRAINING, tmp_path)) == 1000


@pytest.mark.slow
def test_the_command_answers_and_stores_a_run(tmp_path: Path) -> None:
    said = without_posix(RUN, tmp_path)
    assert said.splitlines()[-1] == "2000 True"
    assert (tmp_path / "runs" / "cpu").is_dir()
