"""The mathematics and the experiments of *Auto-Encoding Variational Bayes*."""
