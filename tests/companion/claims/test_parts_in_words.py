"""Parts of a verdict, in words."""

from __future__ import annotations

from companion.claims.parts_in_words import effects, least_seen
from companion.claims.verdict import Part

SHARP = Part("MNIST", 2.1, 2.0, 2.2, 1.0, "nats", "5 seeds")
BLUNT = Part("Frey Face", 0.8, 0.3, 1.3, 1.0, "nats", "5 seeds")


def test_each_part_has_its_interval() -> None:
    assert effects([SHARP, BLUNT]) == "MNIST: 2.1 (2 to 2.2), Frey Face: 0.8 (0.3 to 1.3)"


def test_the_bluntest_part_says_what_would_have_been_seen() -> None:
    """Its interval is 1 nat wide: (1.96 + 0.84) / (2 · 1.96) of it is 0.71."""
    expected = "four of five repetitions would see an effect 0.71 nats from the threshold"
    assert least_seen([SHARP, BLUNT]) == least_seen([BLUNT, SHARP]) == expected
