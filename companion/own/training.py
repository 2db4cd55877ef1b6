"""Train on your own data: read, look, train, measure, report; like any run, kept and resumed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from torch import Tensor

from companion.files import writing
from companion.own.assessment import Assessment, assess, warnings_of
from companion.own.found import Values
from companion.own.inspection import Inspection, LikelihoodName, look_at
from companion.own.networks import Networks, check_own, register_own
from companion.own.preparation import arranged, to_dataset
from companion.own.reading import read_own, stem_of
from companion.own.report import write_report
from companion.runs.assembly import make_model
from companion.runs.carrying import carry
from companion.runs.choices import APPENDIX_C
from companion.runs.config import RunConfig
from companion.runs.provenance import check_device
from companion.runs.record import difference
from companion.runs.requested import current_record
from companion.runs.store import Run, RunStore
from vaelib.checks.limits import Count, Positive, Whole, checked, whole_rule
from vaelib.datasets import Dataset
from vaelib.errors import UserError
from vaelib.fast.algorithms import is_supported
from vaelib.files import AnyPath, as_path, write_atomically
from vaelib.model import VariationalAutoencoder

MARK, RUNS, ASSESSMENT, REPORT = "vaelib.json", "runs", "assessment.json", "report.html"
N_HIDDEN = 500
# Below, hardly anything is learned: the first 10 000 are the warm-up.
Samples = Annotated[int, whole_rule(20_000)]


@dataclass(frozen=True)
class OwnTraining:
    """What came of training on your own data.

    Attributes:
        run: the stored run, with its learning curve.
        data: what it was trained on, and what was held out.
        seen: what was seen of the data.
        found: what the model is worth.
        warnings: what the numbers warn of.
        report: the report, one file.
    """

    run: Run
    data: Dataset
    seen: Inspection
    found: Assessment
    warnings: tuple[str, ...]
    report: Path

    def model(self) -> VariationalAutoencoder:
        """The trained model, on the CPU.

        Raises:
            UserError: as `Run.model`.
        """
        return self.run.model()


@checked
def train(
    data: AnyPath | Values | Tensor,
    *,
    n_latent: Count,
    out: AnyPath,
    samples: Samples = 1_000_000,
    n_hidden: Count | None = None,
    likelihood: LikelihoodName | None = None,
    scale: Positive | None = None,
    image_shape: Sequence[Count] | None = None,
    columns: bool = False,
    networks: Networks | None = None,
    stepsize: Positive | Literal["auto"] = "auto",
    seed: Whole = 0,
    device: str = "cpu",
    progress: bool = True,
    say: Callable[[str], object] = print,
) -> OwnTraining:
    """Train a variational auto-encoder by AEVB on your own data, and write a report on it.

    The run is kept in the folder and resumed from its last checkpoint, whatever ended it, with the
    same bits; asked for more samples it goes on. Other data or settings need another folder.

    Args:
        data: a file (.npy, .npz, .mat, .csv, .parquet, IDX), a folder of PNG or JPEG images, or an
            array `(N, ...)`; one array of several is named as `FILE:NAME`.
        n_latent: dimensions of z.
        out: the folder of the run and of `report.html`; new, empty, or of this very run.
        samples: training samples to reach.
        n_hidden: tanh units each way in the networks of Appendix C; 500 if None.
        likelihood: "bernoulli" or "gaussian"; None for the one that fits.
        scale: what all values are divided by; None where it is plain.
        image_shape: rows and columns of what lies flat, such as (28, 20).
        columns: whether the last dimension counts the datapoints, as in MATLAB.
        networks: your own, a function of the shape of a datapoint and n_latent that returns
            encoder and decoder; those of Appendix C if None.
        stepsize: Adagrad's, or "auto" for the choice of section 5.
        seed: of everything random but the choice of what is held out, which is always the same.
        device: "cpu" or "cuda".
        progress: show a bar.
        say: is given what was seen of the data, line by line, before anything is trained.

    Raises:
        UserError: for data that cannot be read or modelled, settings that cannot be, or a folder
            that holds anything else; nothing is written then.
        DivergedError: if the numbers are no longer numbers; use a smaller stepsize.
        KeyboardInterrupt: if an end was asked for; the run is saved.
    """
    check_device(device)
    if networks is not None and n_hidden is not None:
        raise UserError("n_hidden is for the networks of Appendix C: leave it out beside your own")
    folder = as_path(out, "out")
    _check_place(folder)
    found = arranged(read_own(data), image_shape=image_shape, columns=columns)
    seen = look_at(found, likelihood=likelihood, scale=scale)
    dataset = to_dataset(found, seen, stem_of(data))
    del found
    config = RunConfig(
        dataset=dataset.name,
        algorithm="aevb",
        n_latent=n_latent,
        n_hidden=n_hidden or N_HIDDEN,
        n_train=len(dataset.train),
        stepsize=stepsize,
        seed=seed,
        networks=APPENDIX_C if networks is None else register_own(networks, seen.shape),
    )
    if networks is not None:
        check_own(config, dataset)
    _claim(folder, config, seen)
    for line in (*seen.lines, *_plan(config, dataset)):
        say(line)
    run = _carried(config, dataset, folder, samples, device, progress)
    model = run.model()
    assessment = assess(run, model, dataset)
    warnings = warnings_of(run, assessment)
    with writing("the report", folder):
        write_atomically(folder / ASSESSMENT, assessment.to_json().encode())
        write_report(folder / REPORT, run, model, dataset, seen, assessment, warnings)
    return OwnTraining(run, dataset, seen, assessment, tuple(warnings), folder / REPORT)


def _plan(config: RunConfig, data: Dataset) -> Iterator[str]:
    """What will be done, in words."""
    yield f"{len(data.train)} datapoints to train on, {len(data.test)} held out"
    if not is_supported(make_model(config, data, device="cpu")):
        yield "networks of your own: steps are plain and not the fast ones of Appendix C's networks"


def _check_place(folder: Path) -> None:
    """Look whether the folder is new, empty, or one of ours."""
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise UserError(f"OUT {folder} is a file: give a new folder")
    if any(folder.iterdir()) and not (folder / MARK).is_file():
        raise UserError(f"OUT {folder} holds other files: give a new folder, or an empty one")


def _claim(folder: Path, config: RunConfig, seen: Inspection) -> None:
    """Make the folder this run's, unless it is; it stays what it was if it is another's."""
    mark = folder / MARK
    if mark.is_file():
        theirs = _marked(mark)
        if theirs != config:
            raise UserError(
                f"OUT {folder} holds another run ({difference(theirs, config)}): give a new folder"
            )
        return
    content: dict[str, Any] = {"config": config.to_dict(), "seen": seen.lines}
    with writing(f"run {config}", folder):
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content, indent=1, ensure_ascii=False)
        write_atomically(mark, f"{text}\n".encode())


def _marked(mark: Path) -> RunConfig:
    """The run that a folder was made for."""
    try:
        return RunConfig.from_dict(json.loads(mark.read_text("utf-8"))["config"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{mark} is damaged: give a new folder") from None


def _carried(
    config: RunConfig, data: Dataset, folder: Path, samples: int, device: str, progress: bool
) -> Run:
    """The stored run, as far as was asked for."""
    store = RunStore(folder / RUNS)
    with store.alone(config):
        record = current_record(config, store)
        if record is None or record.samples < samples:
            record = carry(config, data, store, samples, device, progress)
    return Run(record, store.folder(config))
