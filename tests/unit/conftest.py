"""What unit tests share: a tiny language model with random weights, and scripts run by themselves."""

import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_model import build_model

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """Folder of a random GPT-NeoX with a context of 256 tokens."""
    return build_model(tmp_path_factory.mktemp("tiny-neox"))


@pytest.fixture
def run_script(tmp_path) -> Callable:
    """Runs a script of the workflow in this process, on the files and parameters given by name."""
    from snakemake.iocontainers import InputFiles, OutputFiles, Params

    def texts(files: Mapping) -> dict:
        return {
            name: [*map(str, file)] if isinstance(file, list) else str(file)
            for name, file in files.items()
        }

    def run(name: str, inputs: Mapping, outputs: Mapping, params: Mapping | None = None) -> None:
        given = SimpleNamespace(
            input=InputFiles(fromdict=texts(inputs)),
            output=OutputFiles(fromdict=texts(outputs)),
            params=Params(fromdict=dict(params or {})),
            log=[str(tmp_path / "logs" / f"{name}.log")],
        )
        script = str(SCRIPTS / f"{name}.py")
        runpy.run_path(script, {"snakemake": given}, run_name="__main__")

    return run
