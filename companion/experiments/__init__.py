"""The paper's grid, its curves, the deviations and the reference runs, as data."""
