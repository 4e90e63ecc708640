"""The demo model: 3 MB, offline, and for synthetic voices only; never for production. Its recipe stands beside it."""

from pathlib import Path

DEMO_MODEL = Path(__file__).parent / "model"
