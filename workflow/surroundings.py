"""The environment of a build's processes: what is named here passes, and nothing else.

Snakemake, Jupyter, papermill, Sphinx, matplotlib, PyTorch, its libraries, Python and the shell read
hundreds of variables. With most of them the same book would come out otherwise, or not at all.
"""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Mapping, MutableMapping
from pathlib import Path

PASSES = re.compile(
    # Who builds, and where things lie.
    "HOME|USER|LOGNAME|SHELL|PATH|TMPDIR|XDG_CACHE_HOME|TORCHINDUCTOR_CACHE_DIR"
    # How the machine finds its libraries, its compiler and its GPUs.
    "|LD_LIBRARY_PATH|CC|CXX|CUDA_HOME|CUDA_PATH|CUDA_VISIBLE_DEVICES|CUDA_DEVICE_ORDER"
    # The terminal.
    "|TERM|COLUMNS|LINES"
    # How the network is reached.
    "|(?:https?|ftp|all|no)_proxy|(?:HTTPS?|FTP|ALL|NO)_PROXY"
    "|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    # A cluster's own programs.
    "|SLURM_.*|SBATCH_.*|KUBECONFIG|KUBERNETES_.*"
    # This book's own: data, runs, threads, offline; see also workflow/processes.py.
    "|VAELIB_.*|COMPANION_BUILD|TQDM_DISABLE"
)
FIXED = {
    # Text is UTF-8 whatever the console takes, and nothing is sorted or written by a locale.
    "PYTHONUTF8": "1",
    "LC_ALL": "C.UTF-8",
    # No package but those of this environment, and one order of sets.
    "PYTHONNOUSERSITE": "1",
    "PYTHONHASHSEED": "0",
    # The kernel of this environment, not one of the same name in the home folder.
    "JUPYTER_PREFER_ENV_PATH": "1",
    # Figures as matplotlib comes, not as a file in the home folder has them.
    "MATPLOTLIBRC": str(Path(sysconfig.get_path("purelib"), "matplotlib/mpl-data/matplotlibrc")),
    # A step takes one core; Snakemake runs as many at a time as there are.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def tidied(environment: Mapping[str, str]) -> dict[str, str]:
    """What a process of the build gets of this environment."""
    passed = {name: value for name, value in environment.items() if PASSES.fullmatch(name)}
    return passed | FIXED


def tidy(environment: MutableMapping[str, str]) -> None:
    """The same in place, for the process itself and what it starts."""
    wanted = tidied(environment)
    environment.clear()
    environment.update(wanted)
