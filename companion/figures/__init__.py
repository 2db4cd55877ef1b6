"""How measurements are drawn: one theme, one style for one algorithm.

Every function returns a matplotlib Figure that pyplot does not know of, and raises a UserError for
an input that it cannot draw. Importing sets nothing; call `companion.figures.theme.use_theme` once.
"""
