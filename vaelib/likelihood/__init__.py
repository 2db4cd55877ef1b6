"""Estimates of log p(x): Appendix D's, and what it is held against."""
