"""The reference runs: which are carried how far, in the order of their worth, and their export.

`data/reference/` holds them: a folder for each run with its record as text, and the weights where a
figure needs them; and a manifest with the SHA-256 of every file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import torch

from companion import runs
from companion.experiments import deviations, paper_grid, readings
from companion.experiments.published_weights import published_weights
from companion.files import project_root, writing
from companion.runs.adoption import adopt
from companion.runs.config import RunConfig, RunRequest
from companion.runs.store import RECORD, WEIGHTS, Run, RunStore
from companion.wording import number
from vaelib.arithmetic import compiling
from vaelib.errors import UserError
from vaelib.files import AnyPath, as_path, data_folder, write_atomically
from vaelib.reference_models import MANIFEST

STORE = "reference"
MILLION = 10**6
# Where the axes of Fig. 3 end, by the number of training points.
FIGURE3_END = {1000: 60 * MILLION, 50_000: 68 * MILLION}
SEEDS, FIGURE3_SEEDS, READING_SEEDS = 5, 3, 3
# Weights are published once, of runs that have come this far: git forgets no version of a file.
WEIGHTS_FROM = 10 * MILLION
# What two runs share that learn the same model from the same data.
LEARNT = ("dataset", "pixels", "n_train", "algorithm", "n_latent", "n_hidden")


def plan() -> list[RunRequest]:
    """Every reference run and how far it goes, the most valuable first.

    A run comes again with a larger number where its first part is worth having soon.
    """
    requests: list[RunRequest] = []
    reached: dict[str, int] = {}
    for config, samples in [*_as_run(), *_as_written()]:
        if samples > reached.get(config.slug, 0):
            reached[config.slug] = samples
            requests.append(RunRequest(config, samples))
    return requests


def _as_run() -> list[tuple[RunConfig, int]]:
    """The runs of Figs 2 and 3 as they were run, and each of their changes by itself.

    First where the runs as written are furthest off: wake-sleep with 200 dimensions, and on faces.
    """
    figure2, figure3 = readings.figure2_in("as run"), readings.figure3_in("as run")
    again = [c for seed in range(1, READING_SEEDS) for c in readings.figure2_in("as run", seed)]
    asleep = [c for c in again if c.dataset == "mnist" and c.algorithm == "wake_sleep"]
    chosen = [
        config
        for seed in range(READING_SEEDS)
        for config in paper_grid.figure2(seed)
        if config.n_latent in readings.CHOSEN_ON[config.dataset]
    ]
    first = [c for c in figure2 if c.algorithm == "wake_sleep" and c.n_latent in (20, 200)]
    return [
        *((config, 10 * MILLION) for config in [*first, *figure2, *figure3]),
        *((config, MILLION) for config in again),
        *((one, MILLION) for config in chosen for one in readings.alone(config)),
        *((config, 10 * MILLION) for config in asleep if config.n_latent in (20, 200)),
        *((config, FIGURE3_END[config.n_train]) for config in figure3),
        *(
            (config, 100 * MILLION)
            for config in figure2
            if config.dataset == "frey_face" and config.algorithm == "aevb"
        ),
    ]


def _as_written() -> list[tuple[RunConfig, int]]:
    figure2 = paper_grid.figure2()
    faces = {n: paper_grid.frey_face(n) for n in paper_grid.FREY_LATENT}
    manifolds = [*paper_grid.figure4(), *paper_grid.figure5()]
    online = [config for config in paper_grid.figure3() if config.algorithm != "mcem"]
    mcem = [config for config in paper_grid.figure3() if config.algorithm == "mcem"]
    choices = deviations.runs()
    first = [config for config in choices if config.seed == 0]
    large = deviations.faces_in_large_minibatches()
    return [
        *((config, MILLION) for config in deviations.bases().values()),
        *((config, MILLION) for config in figure2),
        *((config, MILLION) for config in [*first, *large]),
        *((config, 10 * MILLION) for config in paper_grid.figure3()),
        *((config, 10 * MILLION) for config in manifolds),
        *((config, MILLION) for config in choices),
        *(
            (config, MILLION)
            for seed in range(paper_grid.STUDY_SEEDS)
            for config in paper_grid.hidden_units(seed)
        ),
        *((config, 10 * MILLION) for config in [*figure2, *large]),
        *((config, 10 * MILLION) for config in deviations.with_stepsizes_passed_over()),
        *((config, MILLION) for seed in range(1, SEEDS) for config in paper_grid.figure2(seed)),
        *((faces[n], 100 * MILLION) for n in (20, 10)),
        *((config, FIGURE3_END[config.n_train]) for config in [*online, mcem[0]]),
        *(
            (config, samples)
            for samples in (10 * MILLION, FIGURE3_END[1000])
            for seed in range(1, FIGURE3_SEEDS)
            for config in paper_grid.figure3(seed)
            if config.n_train == 1000
        ),
        *((faces[n], 100 * MILLION) for n in (5, 2)),
        *(
            (config, MILLION)
            for seed in range(deviations.CHOICE_SEEDS)
            for config in deviations.wide_wake_sleep(seed)
        ),
        *(
            (config, 10 * MILLION)
            for config in deviations.wide_wake_sleep()
            if config.stepsize == "auto"
        ),
        *(
            (config, FIGURE3_END[config.n_train])
            for seed in range(FIGURE3_SEEDS)
            for config in deviations.batch_mcem(seed)
        ),
        *((paper_grid.mnist(n), 100 * MILLION) for n in (20, 3, 200, 10, 5)),
    ]


def published() -> RunStore:
    """Those that come with the companion, in `data/reference/`; to be read, not written."""
    return RunStore(data_folder("reference"))


def with_weights() -> list[RunConfig]:
    """The runs whose weights are published: those of Figs 2, as run, 4 and 5, with seed 0."""
    return [*readings.figure2_in("as run"), *paper_grid.figure4(), *paper_grid.figure5()]


def models_with_weights() -> list[Run]:
    """The published runs that bring their weights."""
    store = published()
    runs = (Run(record, store.folder(record.config)) for record in store.records())
    return [run for run in runs if (run.folder / WEIGHTS).is_file()]


def known(configs: Iterable[RunConfig]) -> list[Run]:
    """The published runs of these configurations, as far as they were carried."""
    store = published()
    records = [store.record(config) for config in configs]
    return [Run(record, store.folder(record.config)) for record in records if record is not None]


def furthest_models(own: Iterable[Run]) -> list[Run]:
    """Each run itself, or the published one with its settings that goes further and has weights.

    A run on a stand-in stays itself: the published ones know the real data only.
    """
    chosen = []
    for run in own:
        better = [] if run.record.data["stand_in"] else known([run.config])
        further = [
            other
            for other in better
            if other.samples > run.samples and (other.folder / WEIGHTS).is_file()
        ]
        chosen.append((further or [run])[0])
    return chosen


def published_models(own: Run) -> list[Run]:
    """The published runs with weights that learn the same model as this one, least trained first.

    Data, algorithm and sizes are those of the run; its stepsize, choices and seed need not be.
    For a run on a stand-in there are none: the published ones know the real data only.
    """
    if own.record.data["stand_in"]:
        return []
    found = [
        run
        for run in models_with_weights()
        if all(getattr(run.config, name) == getattr(own.config, name) for name in LEARNT)
    ]
    return sorted(found, key=lambda run: (run.samples, run.config.slug))


def longest_trained(own: Run) -> Run:
    """The run, or the published model of its data, algorithm and sizes that was trained longer.

    Only a run whose weights are kept has a model; others may have gone further. Of equally long
    ones it is the one with the run's own settings.
    """
    found = [own, *published_models(own)]
    return max(found, key=lambda run: (run.samples, run.config == own.config))


def origin(shown: Iterable[Run], profile: str) -> str:
    """Whose models these are and how far they came, in words for a caption."""
    shown = list(shown)
    published_ones = sum(run.folder.parent == published().root for run in shown)
    all_published = "Reference run" if len(shown) == 1 else "Reference runs"
    whose = {0: f"Profile {profile}", len(shown): all_published}
    ends = sorted({run.samples for run in shown})
    came = " to ".join(number(samples) for samples in dict.fromkeys([ends[0], ends[-1]]))
    return f"{whose.get(published_ones, 'Some of them reference runs')}, {came} training samples"


def default_store() -> RunStore:
    """Where they are computed: beside the reader's own runs, which must not be mixed with them."""
    return RunStore(RunStore.default().root.with_name(STORE))


def compute(store: RunStore, *, jobs: int) -> Iterator[Run]:
    """Carry out the plan, `jobs` runs at a time with one thread each; yield each stage when done.

    What the store holds is not computed again, so that this can be stopped and given again. A run
    that earlier code began goes on if today's code repeats its beginning. Steps are compiled where
    the machine can.

    Raises:
        UserError: for less than one job, if a process was killed, and as `runs.ensure`.
    """
    if jobs < 1:
        raise UserError(f"{jobs} runs at a time are not possible: give a number of at least 1")
    requests = plan()
    pool = ProcessPoolExecutor(min(jobs, len(requests)), mp_context=get_context("spawn"))
    with pool:
        waiting = [pool.submit(_carry, request, store.root) for request in requests]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except BrokenProcessPool:
            raise UserError(
                f"a process that computed one of {jobs} runs at a time was killed, perhaps for "
                "want of memory: ask for fewer; what was stored is kept"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _carry(request: RunRequest, root: Path) -> Run:
    torch.set_num_threads(1)
    store = RunStore(root)
    adopt(request.config, store)
    return runs.ensure(
        [request], store=store, progress=False, compile_step=compiling.is_available()
    )[0]


def publish(store: RunStore, folder: AnyPath | None = None) -> list[str]:
    """Copy the plan's runs, as far as they have come, from the store to `data/reference/`.

    What lies there already of the plan stays where the store has nothing that goes further.

    Args:
        store: where they were computed.
        folder: where to; the project's own if None.

    Returns:
        the names of the files written.

    Raises:
        UserError: if there is no run to export, its weights cannot be read, or the folder
            cannot be written.
    """
    own = project_root() / "data" / "reference"
    folder = own if folder is None else as_path(folder, "folder")
    weighed = {config.slug for config in with_weights()}
    files: dict[str, bytes] = {}
    before = RunStore(folder)
    for config in {request.config.slug: request.config for request in plan()}.values():
        record, earlier = store.record(config), before.record(config)
        if earlier is not None and (record is None or record.samples < earlier.samples):
            files |= _published(folder, config)
            continue
        if record is None:
            continue
        if Path(record.data["source"]).is_absolute():
            # Where the data lay on that machine is nobody's business; their checksum is there.
            record.data["source"] = "local files"
        files[f"{config.slug}/{RECORD}"] = record.to_json().encode()
        run, name = Run(record, store.folder(config)), f"{config.slug}/{WEIGHTS}"
        far = config.slug in weighed and record.samples >= WEIGHTS_FROM
        if far and (run.folder / WEIGHTS).is_file():
            files[name] = published_weights(run, folder / name)
    if not any(store.record(request.config) for request in plan()):
        raise UserError(f"{store.root} holds no run of the plan: `vaelib reference` computes them")
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    with writing("the reference runs", folder):
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / name, content)
        write_atomically(folder / MANIFEST, (json.dumps(hashes, indent=1) + "\n").encode())
    return sorted(files)


def _published(folder: Path, config: RunConfig) -> dict[str, bytes]:
    """The files of a run that are published already, by name."""
    names = [f"{config.slug}/{name}" for name in (RECORD, WEIGHTS)]
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
