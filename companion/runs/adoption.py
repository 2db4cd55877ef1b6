"""When vaelib has changed, a long run may go on if today's code repeats how it began."""

from __future__ import annotations

from companion.runs import lineage
from companion.runs.assembly import load_data, make_trainer
from companion.runs.beginning import begin
from companion.runs.config import RunConfig
from companion.runs.evaluation import curve_points
from companion.runs.record import Record
from companion.runs.store import RunStore

# In nats per datapoint. Other rounding, as in a faster product, drives two runs apart by less; a
# change of the algorithm, of its random numbers or of the data by far more.
REPEAT_TOLERANCE = 0.05


def adopt(config: RunConfig, store: RunStore) -> bool:
    """Let a stored run that other code began go on, if today's code repeats its first points.

    Returns:
        whether the run can go on; if not, it is left as it is.
    """
    found = store.checkpoint(config)
    if found is None:
        return False
    record, state = found
    if lineage.is_todays(record.source, config):
        return True
    if not repeats(record):
        return False
    record.source = lineage.run_source(config)
    store.save(record, state)
    return True


def repeats(record: Record) -> bool:
    """Whether a run begun today has the stepsize and, to `REPEAT_TOLERANCE`, the first points."""
    first = min((point.training_samples for point in record.curve), default=0)
    recorded = [point for point in record.curve if point.training_samples == first]
    if not recorded:
        return False
    config = record.config
    data = load_data(config)
    stepsize = begin(config, data, "cpu").stepsize
    if stepsize != record.stepsize:
        return False
    trainer = make_trainer(config, data, stepsize=stepsize, device="cpu")
    for _ in trainer.advance(first):
        pass
    splits = {"train": data.train, "test": data.test}
    points = curve_points(config, trainer.algorithm.model, splits, samples=trainer.samples)
    return all(
        abs(own.value - theirs.value) <= REPEAT_TOLERANCE
        for own, theirs in zip(points, recorded, strict=True)
    )
