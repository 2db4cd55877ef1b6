"""The scoreboard: what the paper claims, the evidence, and what it says."""
