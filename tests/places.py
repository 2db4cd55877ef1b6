"""Where things lie that tests read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
