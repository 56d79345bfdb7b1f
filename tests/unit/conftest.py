"""What unit tests share: a tiny language model with random weights, and scripts run by themselves."""

import runpy
from collections.abc import Callable, Mapping, Sequence
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
    """Runs a script of the workflow in this process, on files by name or in order.

    Parameters and wildcards are given by name.
    """
    from snakemake.iocontainers import InputFiles, OutputFiles, Params, Wildcards

    def held(kind: type, files: Mapping | Sequence):
        if not isinstance(files, Mapping):
            return kind(toclone=[*map(str, files)])
        texts = {
            name: [*map(str, file)] if isinstance(file, list) else str(file)
            for name, file in files.items()
        }
        return kind(fromdict=texts)

    def run(
        name: str,
        inputs: Mapping | Sequence,
        outputs: Mapping | Sequence,
        params: Mapping | None = None,
        wildcards: Mapping | None = None,
    ) -> None:
        given = SimpleNamespace(
            input=held(InputFiles, inputs),
            output=held(OutputFiles, outputs),
            params=Params(fromdict=dict(params or {})),
            wildcards=Wildcards(fromdict={k: str(v) for k, v in (wildcards or {}).items()}),
            log=[str(tmp_path / "logs" / f"{name}.log")],
        )
        script = str(SCRIPTS / f"{name}.py")
        runpy.run_path(script, {"snakemake": given}, run_name="__main__")

    return run
