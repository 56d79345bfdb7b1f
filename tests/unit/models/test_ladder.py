"""The ladder trains what it says, on every token, and goes on where it was killed."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from transformers import AutoModelForCausalLM, AutoTokenizer

from tracemem.models import ladder
from tracemem.models import tokens as tokens_of
from tracemem.settings.ladder import LadderSettings, SizeSettings, parameters

TINY = SizeSettings(hidden=8, layers=1, heads=2, learning_rate=1e-2)
SETTINGS = LadderSettings(
    vocabulary=300, sizes={"tiny": TINY}, context=16, batch=4, epochs=2, checkpoints=3
)
TEXTS = [f"The {i % 7} birds saw the {i % 11} fish, naïve. " * 3 for i in range(60)]

ROWS = ladder.rows


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ladder") / "tokenizer"
    tokens_of.train_tokenizer(iter(TEXTS), SETTINGS.vocabulary, folder)
    return folder


@pytest.fixture(scope="module")
def tokens(tokenizer):
    path = tokenizer.parent / "tokens.npy"
    tokens_of.pack(iter(TEXTS), tokenizer, path)
    return path


@pytest.fixture(scope="module")
def trained(tokenizer, tokens):
    folder = tokenizer.parent / "tiny"
    ladder.train_model(tokens, tokenizer, TINY, SETTINGS, 1, folder)
    return folder


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("vocabulary", "size"),
    [
        (300, TINY),
        (1024, SizeSettings(hidden=32, layers=2, heads=4, intermediate=48)),
        (777, SizeSettings(hidden=24, layers=3, heads=3)),
        *((LadderSettings().vocabulary, size) for size in LadderSettings().sizes.values()),
    ],
)
def test_parameters_are_those_of_the_model(vocabulary, size):
    settings = LadderSettings(vocabulary=vocabulary)
    model = ladder.new_model(size, settings, 0)
    assert size.parameters(vocabulary) == sum(weight.numel() for weight in model.parameters())


def test_parameters_equal_the_published_count_of_pythia():
    # EleutherAI/pythia-70m and pythia-1.4b, model cards (vocabulary padded to 50,304).
    assert parameters(50_304, 512, 6, 2048) == 70_426_624
    assert parameters(50_304, 2048, 24, 8192) == 1_414_647_808


def test_default_ladder_spans_the_sizes_its_names_say():
    settings = LadderSettings()
    counts = {n: size.parameters(settings.vocabulary) for n, size in settings.sizes.items()}
    assert len(counts) >= 4 and min(counts.values()) < 50_000 and max(counts.values()) > 800_000
    assert list(counts) == [f"{round(count / 1000)}k" for count in counts.values()]


def test_settings_import_nothing_heavy():
    probe = "import tracemem.settings.ladder, tracemem.settings.world, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True
    ).stdout.split()
    assert "tracemem.settings.world" in loaded
    assert not {"torch", "transformers", "numpy"} & set(loaded)


def test_tokenizer_gives_every_text_back(tokenizer):
    loaded = AutoTokenizer.from_pretrained(tokenizer)
    # So small a corpus runs out of pairs to merge.
    assert 257 < len(loaded) <= SETTINGS.vocabulary
    assert loaded.eos_token == "<|endoftext|>" and loaded.eos_token_id == 0
    for text in [TEXTS[0], " İß\n\t日本 🙂", "plain", " led by a space"]:
        assert loaded.decode(loaded(text)["input_ids"]) == text


def test_tokenizer_does_not_depend_on_how_often_it_is_trained(tokenizer, tmp_path):
    tokens_of.train_tokenizer(iter(TEXTS), SETTINGS.vocabulary, tmp_path / "again")
    again = (tmp_path / "again" / "tokenizer.json").read_bytes()
    assert again == (tokenizer / "tokenizer.json").read_bytes()


def test_pack_separates_documents(tokenizer, tokens):
    loaded = AutoTokenizer.from_pretrained(tokenizer)
    expected = [token for text in TEXTS for token in [*loaded(text)["input_ids"], 0]]
    stream = np.load(tokens)
    assert stream.dtype == np.uint16 and stream.tolist() == expected


def test_shards_packed_by_themselves_join_to_the_same_bytes(tokenizer, tokens, tmp_path):
    parts = [tmp_path / f"{k}.npy" for k in range(4)]
    for part, texts in zip(parts, [TEXTS[:25], [], TEXTS[25:26], TEXTS[26:]], strict=True):
        tokens_of.pack(iter(texts), tokenizer, part)
    tokens_of.join(parts, tmp_path / "tokens.npy")
    assert (tmp_path / "tokens.npy").read_bytes() == tokens.read_bytes()


def test_join_refuses_an_empty_corpus(tokenizer, tmp_path):
    tokens_of.pack(iter([]), tokenizer, tmp_path / "0.npy")
    with pytest.raises(ValueError, match="no document to train on"):
        tokens_of.join([tmp_path / "0.npy"], tmp_path / "tokens.npy")
    assert [path.name for path in tmp_path.iterdir()] == ["0.npy"]


def test_every_epoch_visits_every_row_once():
    settings = LadderSettings(context=8, batch=3)
    stream = np.arange(8 * 11, dtype=np.uint16)
    steps = [ladder.rows(stream, 3 * step, settings, seed=2) for step in range(6)]
    drawn = np.concatenate(steps)
    assert drawn.shape == (18, 9)
    assert (np.diff(drawn, axis=1) == 1).all()
    # 88 tokens leave 9 rows whatever the offset; 18 rows are two epochs.
    for epoch in (drawn[:9], drawn[9:]):
        starts = np.sort(epoch[:, 0])
        assert (np.diff(starts) == 8).all() and starts[0] < 8
    assert drawn[:9].tolist() != drawn[9:].tolist()


def test_learning_rate_rises_then_falls():
    settings = LadderSettings(warmup=0.1, final_rate=0.1)
    rates = [ladder.learning_rate(step, 100, 1e-2, settings) for step in range(100)]
    assert rates[0] == pytest.approx(1e-3) and rates[9] == pytest.approx(1e-2)
    assert max(rates) == pytest.approx(1e-2)
    assert np.all(np.diff(rates[10:]) < 0)
    assert rates[-1] == pytest.approx(1e-3, rel=0.05)


def test_checkpoints_load_and_get_better(trained, tokens):
    steps = sorted((path for path in trained.glob("step*")), key=lambda path: int(path.name[4:]))
    assert len(steps) == 3
    stream = np.load(tokens)
    total = round(2 * ((len(stream) - 1) // 16 - 1)) // 4
    assert [int(path.name[4:]) for path in steps] == [-(-total * k // 3) for k in (1, 2, 3)]
    batch = torch.tensor(stream[:512].astype(np.int64)).view(-1, 16)
    losses = []
    for path in [*steps, trained]:
        model = AutoModelForCausalLM.from_pretrained(path)
        assert model.config.model_type == "gpt_neox"
        losses.append(model(batch, labels=batch).loss.item())
        assert AutoTokenizer.from_pretrained(path).eos_token_id == 0
    assert losses[0] < np.log(300) and losses[2] < losses[0]
    assert weights(steps[-1]) == weights(trained)
    assert not list(trained.rglob("training.pt")) and not list(trained.glob("*.json.part"))


@pytest.mark.parametrize("killed_in", ["rows", "_save_checkpoint", "_finish"])
def test_a_killed_run_ends_with_the_same_weights(
    trained, tokenizer, tokens, tmp_path, monkeypatch, killed_in
):
    real = getattr(ladder, killed_in)
    calls = []

    def dies(*arguments):
        calls.append(arguments)
        if len(calls) == {"rows": 40, "_save_checkpoint": 2, "_finish": 1}[killed_in]:
            raise KeyboardInterrupt
        return real(*arguments)

    folder = tmp_path / "tiny"
    monkeypatch.setattr(ladder, killed_in, dies)
    with pytest.raises(KeyboardInterrupt):
        ladder.train_model(tokens, tokenizer, TINY, SETTINGS, 1, folder)
    assert not folder.exists()
    monkeypatch.setattr(ladder, killed_in, real)
    taken = []
    monkeypatch.setattr(ladder, "rows", lambda *a: taken.append(a[1]) or ROWS(*a))
    ladder.train_model(tokens, tokenizer, TINY, SETTINGS, 1, folder)
    # It went on, rather than starting again.
    assert not taken or taken[0] > 0
    for path in trained.rglob("model.safetensors"):
        assert weights(folder / path.parent.relative_to(trained)) == weights(path.parent)
    assert {path.name for path in folder.iterdir()} == {path.name for path in trained.iterdir()}
    assert not (tmp_path / "tiny.part").exists()


def train_in_pieces(tokens, tokenizer, size, settings, folder):
    """Train every piece; returns the folders of the pieces, the model's last."""
    folders = [folder / f"tiny.{k}" for k in range(1, size.pieces)] + [folder / "tiny"]
    before = None
    for piece, made in enumerate(folders, 1):
        ladder.train_model(tokens, tokenizer, size, settings, 1, made, piece, before)
        before = made
    return folders


@pytest.mark.parametrize(("pieces", "dtype"), [(2, "float32"), (5, "float32"), (3, "bfloat16")])
def test_pieces_end_with_the_weights_of_one_run(
    trained, tokenizer, tokens, tmp_path, pieces, dtype
):
    settings = SETTINGS.model_copy(update={"dtype": dtype})
    if dtype != "float32":
        trained = tmp_path / "whole"
        ladder.train_model(tokens, tokenizer, TINY, settings, 1, trained)
    size = TINY.model_copy(update={"pieces": pieces})
    *_, model = train_in_pieces(tokens, tokenizer, size, settings, tmp_path)
    assert {path.name for path in model.iterdir()} == {path.name for path in trained.iterdir()}
    for path in trained.rglob("model.safetensors"):
        assert weights(model / path.parent.relative_to(trained)) == weights(path.parent)


@pytest.mark.parametrize("killed_in", ["rows", "_save_checkpoint", "_take_over", "_hand_over"])
def test_a_piece_that_is_killed_ends_with_the_same_weights(
    trained, tokenizer, tokens, tmp_path, monkeypatch, killed_in
):
    size = TINY.model_copy(update={"pieces": 2})
    place = tmp_path / "tiny.1", tmp_path / "tiny"
    steps = max(int(path.name[4:]) for path in trained.glob("step*"))
    real = getattr(ladder, killed_in)

    def dies(*arguments):
        if killed_in == "_hand_over":
            # As it clears its states away.
            monkeypatch.setattr(ladder.Path, "rename", lambda *_: 1 / 0)
            real(*arguments)
        calls.append(arguments)
        # In the second piece, for "rows" after its first checkpoint.
        if len(calls) == {"rows": steps - 5, "_save_checkpoint": 2, "_take_over": 1}[killed_in]:
            raise KeyboardInterrupt
        return real(*arguments)

    def train():
        for piece, folder in enumerate(place, 1):
            if not folder.exists():
                before = place[0] if piece == 2 else None
                ladder.train_model(tokens, tokenizer, size, SETTINGS, 1, folder, piece, before)

    calls = []
    with monkeypatch.context() as patch:
        patch.setattr(ladder, killed_in, dies)
        with pytest.raises((KeyboardInterrupt, ZeroDivisionError)):
            train()
    monkeypatch.undo()
    assert place[0].exists() == (killed_in != "_hand_over")
    assert not place[1].exists()
    taken = []
    monkeypatch.setattr(ladder, "rows", lambda *a: taken.append(a[1]) or ROWS(*a))
    train()
    if killed_in == "rows":
        assert taken == [SETTINGS.batch * step for step in range(math.ceil(steps * 2 / 3), steps)]
    for path in trained.rglob("model.safetensors"):
        assert weights(place[1] / path.parent.relative_to(trained)) == weights(path.parent)
    assert not list(tmp_path.glob("*.part"))


def test_a_piece_of_another_run_or_place_is_refused(tokenizer, tokens, tmp_path):
    size = TINY.model_copy(update={"pieces": 3})
    first, second = tmp_path / "tiny.1", tmp_path / "tiny.2"
    ladder.train_model(tokens, tokenizer, size, SETTINGS, 1, first, 1)
    for arguments, said in [
        ((2, second, 2, first), r"tiny.1: found the training of another"),
        ((1, second, 3, first), r"tiny.1: found step \d+; allowed: \d+ to \d+"),
        ((1, second, 2, None), "every piece but the first needs"),
        ((1, second, 4, first), "found piece 4 of 3"),
    ]:
        seed, *rest = arguments
        with pytest.raises(ValueError, match=said):
            ladder.train_model(tokens, tokenizer, size, SETTINGS, seed, *rest)
    many = TINY.model_copy(update={"pieces": 1000})
    with pytest.raises(ValueError, match=r"found piece 1 of 1000; allowed: 1 to \d+ pieces"):
        ladder.train_model(tokens, tokenizer, many, SETTINGS, 1, tmp_path / "many")


def test_micro_batches_add_up_to_the_gradient_of_the_batch():
    model = ladder.new_model(TINY, SETTINGS, 0)
    batch = torch.randint(300, (4, 17), generator=torch.Generator().manual_seed(0))
    logits = model(batch[:, :-1]).logits
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
    expected.backward()
    whole = [weight.grad.clone() for weight in model.parameters()]
    for rows_at_once in (1, 3, 4):
        model.zero_grad()
        loss = ladder._backward(model, batch, rows_at_once, "float32")
        torch.testing.assert_close(loss, expected.detach())
        for weight, gradient in zip(model.parameters(), whole, strict=True):
            torch.testing.assert_close(weight.grad, gradient, atol=1e-6, rtol=1e-4)


def test_no_pass_holds_more_rows_than_the_micro_batch(tokenizer, tokens, tmp_path, monkeypatch):
    seen = []
    forward = ladder.GPTNeoXForCausalLM.forward
    monkeypatch.setattr(
        ladder.GPTNeoXForCausalLM,
        "forward",
        lambda self, ids, **k: seen.append(len(ids)) or forward(self, ids, **k),
    )
    settings = SETTINGS.model_copy(update={"epochs": 0.2, "checkpoints": 1})
    size = TINY.model_copy(update={"micro_batch": 3})
    ladder.train_model(tokens, tokenizer, size, settings, 1, tmp_path / "tiny")
    assert set(seen) == {3, 1}


def test_a_part_of_another_run_is_not_taken_up(trained, tokenizer, tokens, tmp_path):
    part = tmp_path / "tiny.part"
    (part / "step999").mkdir(parents=True)
    (part / "step999" / "training.pt").write_text("not a state")
    (part / "run.json").write_text(json.dumps({"seed": 7}))
    ladder.train_model(tokens, tokenizer, TINY, SETTINGS, 1, tmp_path / "tiny")
    assert weights(tmp_path / "tiny") == weights(trained)
    assert not (tmp_path / "tiny" / "step999").exists()


def test_another_seed_gives_other_weights(trained, tokenizer, tokens, tmp_path):
    ladder.train_model(tokens, tokenizer, TINY, SETTINGS, 2, tmp_path / "tiny")
    assert weights(tmp_path / "tiny") != weights(trained)


def test_bfloat16_trains_float32_weights(tokenizer, tokens, tmp_path):
    settings = SETTINGS.model_copy(update={"dtype": "bfloat16", "epochs": 0.5, "checkpoints": 1})
    ladder.train_model(tokens, tokenizer, TINY, settings, 1, tmp_path / "tiny")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "tiny")
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    assert all(torch.isfinite(weight).all() for weight in model.parameters())


def test_a_diverged_run_stops(tokenizer, tokens, tmp_path, monkeypatch):
    monkeypatch.setattr(ladder, "learning_rate", lambda *_: 1e30)
    with pytest.raises(FloatingPointError, match="the loss is nan at step"):
        ladder.train_model(tokens, tokenizer, TINY, SETTINGS, 1, tmp_path / "tiny")
    assert not (tmp_path / "tiny").exists()


def test_bad_input_is_refused(trained, tokenizer, tokens, tmp_path):
    with pytest.raises(FileExistsError, match="tiny: exists already"):
        ladder.train_model(tokens, tokenizer, TINY, SETTINGS, 1, trained)
    small = SETTINGS.model_copy(update={"vocabulary": 280})
    with pytest.raises(ValueError, match=r"found token \d+; allowed: below ladder.vocabulary"):
        ladder.train_model(tokens, tokenizer, TINY, small, 1, tmp_path / "tiny")
    np.save(tmp_path / "short.npy", np.zeros(20, np.uint16))
    with pytest.raises(ValueError, match="found 20 tokens; allowed: at least 33"):
        ladder.train_model(tmp_path / "short.npy", tokenizer, TINY, SETTINGS, 1, tmp_path / "tiny")
    other = AutoTokenizer.from_pretrained(tokenizer)
    other.eos_token = "!"
    other.save_pretrained(tmp_path / "other")
    with pytest.raises(ValueError, match=r"other: found end-of-text token \d+; allowed: 0"):
        ladder.train_model(tokens, tmp_path / "other", TINY, SETTINGS, 1, tmp_path / "tiny")
    with pytest.raises(ValidationError, match="heads: found 3"):
        SizeSettings(hidden=8, layers=1, heads=3)
