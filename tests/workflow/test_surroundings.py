"""What reaches the processes of a build from the user's shell: what is meant to, and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workflow import surroundings

MEANT = {
    "HOME": "/home/x",
    "PATH": "/bin",
    "TMPDIR": "/scratch",
    "XDG_CACHE_HOME": "/scratch/cache",
    "LD_LIBRARY_PATH": "/opt/lib",
    "CXX": "g++-13",
    "CUDA_VISIBLE_DEVICES": "1",
    "https_proxy": "http://proxy:3128",
    "NO_PROXY": "localhost",
    "SSL_CERT_FILE": "/etc/ssl/ca.pem",
    "REQUESTS_CA_BUNDLE": "/etc/ssl/ca.pem",
    "SLURM_CONF": "/etc/slurm.conf",
    "VAELIB_DATA": "/data",
    "VAELIB_RUNS": "/runs",
    "VAELIB_OFFLINE": "1",
    "COMPANION_BUILD": "1@2 /here",
}
HOSTILE = """
    SNAKEMAKE_PROFILE SNAKEMAKE_OUTPUT_CACHE XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_DATA_HOME
    JUPYTER_CONFIG_DIR JUPYTER_CONFIG_PATH JUPYTER_PATH JUPYTER_DATA_DIR JUPYTER_RUNTIME_DIR
    JUPYTER_NO_CONFIG IPYTHONDIR PAPERMILL_LOG MPLBACKEND MATPLOTLIBRC MPLCONFIGDIR
    PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE PYTHONSAFEPATH
    PYTHONIOENCODING PYTHONINSPECT PYTHONBREAKPOINT PYTHONDEVMODE PYTHONPLATLIBDIR
    SPHINXOPTS READTHEDOCS READTHEDOCS_CANONICAL_URL SOURCE_DATE_EPOCH DOCUTILSCONFIG
    TORCH_COMPILE_DISABLE TORCH_LOGS TORCHDYNAMO_DISABLE TORCHINDUCTOR_MAX_AUTOTUNE
    ATEN_CPU_CAPABILITY DNNL_MAX_CPU_ISA ONEDNN_MAX_CPU_ISA ONEDNN_DEFAULT_FPMATH_MODE
    MKL_CBWR MKL_DEBUG_CPU_TYPE KMP_AFFINITY OPENBLAS_CORETYPE GLIBC_TUNABLES NVIDIA_TF32_OVERRIDE
    CUBLAS_WORKSPACE_CONFIG PYTORCH_CUDA_ALLOC_CONF LD_PRELOAD
    NO_COLOR FORCE_COLOR CLICOLOR_FORCE TQDM_MININTERVAL LANG LC_CTYPE LANGUAGE TZ
    MAKEFLAGS MAKELEVEL MFLAGS BASH_ENV ENV SHELLOPTS BASHOPTS CDPATH GIT_DIR GIT_INDEX_FILE
    BOOK JUPYTER_BOOK PIP_TARGET
"""


def test_what_is_meant_passes() -> None:
    assert MEANT.items() <= surroundings.tidied(MEANT).items()


@pytest.mark.parametrize("name", HOSTILE.split())
def test_nothing_else_reaches_a_step(name: str) -> None:
    assert surroundings.tidied({name: "x"}) == surroundings.tidied({})


@pytest.mark.parametrize("name", surroundings.FIXED)
def test_what_must_have_one_value_has_it(name: str) -> None:
    assert surroundings.tidied({name: "x"})[name] == surroundings.FIXED[name]


def test_figures_do_not_follow_a_file_in_the_home_folder(tmp_path: Path) -> None:
    own = tmp_path / ".config" / "matplotlib"
    own.mkdir(parents=True)
    (own / "matplotlibrc").write_text("lines.linewidth: 99\n")
    code = "import matplotlib; print(matplotlib.rcParams['lines.linewidth'])"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=surroundings.tidied({"HOME": str(tmp_path)}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (result.stdout, result.stderr) == ("1.5\n", "")


def test_a_process_can_tidy_its_own_surroundings() -> None:
    environment = {"HOME": "/home/x", "PYTHONPATH": "/elsewhere"}
    surroundings.tidy(environment)
    assert environment == {"HOME": "/home/x", **surroundings.FIXED}
