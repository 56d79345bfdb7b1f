"""Parameters, context and vocabulary as the files of a model say them, equal to the loaded ones."""

import json
from pathlib import Path

import pytest

from tracemem.models import checkpoint


@pytest.fixture(scope="module")
def tied(tmp_path_factory) -> Path:
    """A GPT-2, whose output embedding is its input embedding, in several forms."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    folder = tmp_path_factory.mktemp("gpt2")
    settings = GPT2Config(n_layer=1, n_embd=32, n_head=2, vocab_size=300, n_positions=48,
                          bos_token_id=0, eos_token_id=0)  # fmt: skip
    model = GPT2LMHeadModel(settings)
    model.save_pretrained(folder / "whole")
    model.save_pretrained(folder / "parts", max_shard_size="20KB")
    (folder / "torch").mkdir()
    torch.save(model.state_dict(), folder / "torch" / "pytorch_model.bin")
    (folder / "known").write_text(str(model.num_parameters()))
    return folder


@pytest.mark.parametrize("form", ["whole", "parts", "torch"])
def test_parameters_are_those_of_the_loaded_model(tied, form):
    if form == "parts":
        assert len(list((tied / form).glob("*.safetensors"))) > 1
    assert checkpoint.parameters(str(tied / form)) == int((tied / "known").read_text())


def test_context_and_vocabulary_are_those_of_the_loaded_model(tied, tiny_model):
    from transformers import AutoTokenizer

    assert checkpoint.context_length(str(tied / "whole")) == 48
    assert checkpoint.context_length(str(tiny_model)) == 256
    largest = max(AutoTokenizer.from_pretrained(tiny_model).get_vocab().values())
    assert checkpoint.vocabulary(str(tiny_model)) == largest + 1
    assert checkpoint.vocabulary(str(tied / "whole")) is None
    assert checkpoint.parameters(str(tied / "nowhere")) is None


def test_a_revision_in_a_folder_comes_first(tied, tmp_path):
    (tmp_path / "step1").mkdir()
    (tmp_path / "config.json").write_text('{"max_position_embeddings": 8}')
    (tmp_path / "step1" / "config.json").write_text('{"max_position_embeddings": 16}')
    assert checkpoint.context_length(str(tmp_path)) == 8
    assert checkpoint.context_length(str(tmp_path), "step1") == 16


def test_models_that_read_more_than_text_keep_their_text_apart(tmp_path):
    found = {"text_config": {"max_position_embeddings": 32}}
    (tmp_path / "config.json").write_text(json.dumps(found))
    assert checkpoint.context_length(str(tmp_path)) == 32


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"\xff" * 40),
        ("model.safetensors", b""),
        ("pytorch_model.bin", b"no archive"),
        ("config.json", b"[1]"),
        ("tokenizer.json", b"{}"),
        ("config.json", b"{"),
    ],
)
def test_damaged_files_are_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    ask = {"config.json": checkpoint.config, "tokenizer.json": checkpoint.vocabulary}
    with pytest.raises(checkpoint.CheckpointError, match=name):
        ask.get(name, checkpoint.parameters)(str(tmp_path))


def test_no_code_of_a_pickle_is_run(tmp_path):
    import pickle
    import zipfile

    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "touched",))

    with zipfile.ZipFile(tmp_path / "pytorch_model.bin", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Evil()))
    checkpoint.parameters(str(tmp_path))
    assert not (tmp_path / "touched").exists()


def test_a_name_on_the_hub_is_looked_for_in_its_cache_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert checkpoint.find("owner/name", "config.json") is None
    kept = tmp_path / "models--owner--name"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("abc")
    (kept / "snapshots" / "abc").mkdir(parents=True)
    (kept / "snapshots" / "abc" / "config.json").write_text('{"n_ctx": 4}')
    assert checkpoint.context_length("owner/name") == 4
