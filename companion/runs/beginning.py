"""Where a run begins: at its start with a stepsize chosen, or at its checkpoint."""

from __future__ import annotations

from torch import Tensor

from companion.runs import lineage
from companion.runs.assembly import compare_stepsizes
from companion.runs.config import RunConfig
from companion.runs.progress import tell
from companion.runs.record import Record
from companion.runs.store import RunStore
from vaelib.datasets import Dataset
from vaelib.errors import DivergedError


def begin(config: RunConfig, data: Dataset, device: str) -> Record:
    """The record of a run that has not taken a step, its stepsize chosen.

    Raises:
        DivergedError: if the stepsize is section 5's, and none of them stays finite.
    """
    compared: dict[str, float] = {}
    if config.stepsize == "auto":
        reached = compare_stepsizes(config, data, device=device)
        if not reached:
            raise DivergedError(f"run {config}: no stepsize of section 5 stays finite")
        stepsize = max(reached, key=lambda candidate: reached[candidate])
        compared = {str(candidate): value for candidate, value in reached.items()}
    else:
        stepsize = config.stepsize
    return Record(
        config=config,
        samples=0,
        stepsize=stepsize,
        stepsizes_compared=compared,
        data={
            "name": data.name,
            "source": data.source,
            "sha256": data.sha256,
            "stand_in": data.stand_in,
        },
        model={"n_pixels": data.train.shape[1], "decoder": data.decoder},
        source=lineage.run_source(config),
    )


def checkpoint_of(config: RunConfig, store: RunStore) -> tuple[Record, dict[str, Tensor]] | None:
    """Where the run can be taken up; one that other code began is moved aside."""
    found = store.checkpoint(config)
    if found is not None and not lineage.is_todays(found[0].source, config):
        set_aside(found[0], store)
        return None
    return found


def set_aside(record: Record, store: RunStore) -> None:
    """Move a run that other code computed out of the way, with a word."""
    aside = store.set_aside(record)
    tell(f"{record.config}: vaelib has changed since; the earlier run is now in {aside}")
