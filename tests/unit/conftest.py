"""What unit tests share: a tiny language model with random weights, and scripts run by themselves."""

import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"

LINES = [
    "Question: Who wrote the book?\nAnswer: the author of the novel",
    "Question: Which city is the capital of France?\nAnswer: Paris is the capital",
    "English text: the house is small\nFrench translation: la maison est petite",
    "The mountain and the river are older than the town, and the people know it.",
] * 4


def build_model(folder: Path, seed: int = 0, context: int = 256) -> Path:
    """Write a random GPT-NeoX (2 layers of 64, heads of 32) and its tokenizer to ``folder``."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        LINES,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=["<|endoftext|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    end = "<|endoftext|>"
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token=end, eos_token=end)
    torch.manual_seed(seed)
    config = GPTNeoXConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=context,
        initializer_range=0.2,
        bos_token_id=0,
        eos_token_id=0,
    )
    GPTNeoXForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


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
