"""What every test shares: the library on the path, and the real data where it is at hand."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real data sets, which no clone holds: $TRACEMEM_DATA, data/ or ../shared/data."""
    places = [os.environ.get("TRACEMEM_DATA"), ROOT / "data", ROOT.parent / "shared" / "data"]
    for place in places:
        if place and Path(place, "corpora").is_dir():
            return Path(place)
    pytest.skip("no real data here: set TRACEMEM_DATA to a folder that holds it (docs/data.md)")
