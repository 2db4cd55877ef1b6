"""What studies have measured, kept so that it is computed once."""
