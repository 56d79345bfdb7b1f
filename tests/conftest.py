"""What every test shares: the real data where it is at hand."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

with suppress(ImportError):  # the environment of vllm has none
    from hypothesis import settings

    # A machine that does other work beside the tests is no failure of theirs.
    settings.register_profile("patient", deadline=None)
    settings.load_profile("patient")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real data sets, which no clone holds: $TRACEMEM_DATA, data/ or ../shared/data."""
    places = [os.environ.get("TRACEMEM_DATA"), ROOT / "data", ROOT.parent / "shared" / "data"]
    for place in places:
        if place and Path(place, "corpora").is_dir():
            return Path(place)
    pytest.skip("no real data here: set TRACEMEM_DATA to a folder that holds it (docs/data.md)")
