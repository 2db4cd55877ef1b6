"""From data to book: the steps that the Snakefile names."""
