"""What unit tests share: a tiny language model."""

from pathlib import Path

import pytest
from tiny_model import build_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """Folder of a random GPT-NeoX with a context of 256 tokens."""
    return build_model(tmp_path_factory.mktemp("tiny-neox"))
