"""Engines: greedy generation and per-token log-probabilities behind one small interface.

Engines take and return token ids; :mod:`tracemem.models.encoding` makes them, so that the same prompt is
the same tokens in every engine.
"""

import hashlib
import importlib.util
import json
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tracemem.settings.models import NamedModel

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase


class ModelError(RuntimeError):
    """A model that cannot be loaded or run; the message names it, its revision and the cause."""


class Generation(NamedTuple):
    """A greedy continuation.

    ``token_ids`` end with the token that completes a stop string, if one does; the end-of-text
    token is left out. ``text`` ends before the stop string.
    """

    token_ids: list[int]
    text: str


class Engine(ABC):
    """A loaded model.

    Attributes:
        settings: as given.
        tokenizer: its fast tokenizer.
        context_length: tokens that prompt and new tokens may take together; prompt and
            continuation of :meth:`score` must stay below it.
        identity: what the results depend on besides the input: weights, precision, batching,
            library versions. Plain JSON values.
    """

    settings: NamedModel
    tokenizer: "PreTrainedTokenizerBase"
    context_length: int
    identity: dict

    @abstractmethod
    def generate(
        self, prompts: Sequence[list[int]], max_new_tokens: int, stop: Sequence[str] = ()
    ) -> list[Generation]:
        """Continue each prompt greedily.

        A continuation ends at the first stop string, at an end-of-text token or after
        ``max_new_tokens`` tokens.
        """

    @abstractmethod
    def score(
        self, prefixes: Sequence[list[int]], continuations: Sequence[Sequence[list[int]]]
    ) -> list[list[np.ndarray]]:
        """Log-probability of every token of every continuation, given its prefix and those before.

        ``continuations[i]`` are the continuations of ``prefixes[i]``; the result has the same
        nesting, each entry float32 of shape [tokens], in nats.
        """


@dataclass(frozen=True)
class Source:
    """Where weights and tokenizer of a model are read from; revisions are None for folders."""

    weights: str
    tokenizer: str
    revision: str | None


def locate(settings: NamedModel) -> Source:
    """Folder or hub name of a model's weights and tokenizer.

    A revision of a local folder is its sub-folder of that name, whose tokenizer is its own or,
    failing that, the folder's.

    Raises:
        ModelError: the folder or its sub-folder is not there.
    """
    folder = Path(settings.path).expanduser()
    if not folder.is_dir():
        if folder.is_absolute() or settings.path.startswith((".", "~")) or len(folder.parts) > 2:
            raise ModelError(f"{settings} does not load: there is no such folder")
        return Source(settings.path, settings.path, settings.revision or None)
    weights = folder / settings.revision if settings.revision else folder
    if not weights.is_dir():
        found = sorted(child.parent.name for child in folder.glob("*/config.json"))
        raise ModelError(
            f"{settings} does not load: the folder has no sub-folder {settings.revision!r}, "
            f"found {', '.join(found) or 'none with a config.json'}"
        )
    own = any((weights / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json"))
    return Source(str(weights), str(weights if own else folder), None)


def fingerprint(source: Source, config) -> str:
    """What tells one set of weights from another: contents of a folder, or a hub commit."""
    if not Path(source.weights).is_dir():
        commit = getattr(config, "_commit_hash", None)
        return f"{source.weights}@{commit or source.revision}"
    sums = hashlib.sha256()
    for folder in dict.fromkeys((source.weights, source.tokenizer)):
        for file in sorted(p for p in Path(folder).iterdir() if p.is_file()):
            with open(file, "rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            sums.update(f"{file.name} {digest}\n".encode())
    return sums.hexdigest()


def has_cuda() -> bool:
    """Whether torch sees a CUDA GPU."""
    import torch

    return torch.cuda.is_available()


def device_of(settings: NamedModel) -> str:
    """The device a model runs on: ``cpu`` or ``cuda``."""
    if settings.device == "auto":
        return "cuda" if has_cuda() else "cpu"
    return settings.device


def dtype_of(settings: NamedModel, config) -> str:
    """The precision a model runs in: its own on a GPU unless set, float32 on a CPU."""
    if settings.dtype != "auto":
        return settings.dtype
    if device_of(settings) == "cpu":
        return "float32"
    return str(getattr(config, "dtype", None) or "float32").removeprefix("torch.")


def context_of(settings: NamedModel, config) -> int:
    """Tokens of context of a model, no more than the setting allows.

    Raises:
        ModelError: neither the model nor the settings say.
    """
    own = getattr(config.get_text_config(), "max_position_embeddings", None)
    known = [length for length in (own, settings.context_length) if length]
    if not known:
        raise ModelError(f"{settings}: its config gives no context length, set context_length")
    return min(known)


def read_parts(
    settings: NamedModel,
) -> tuple[Source, "PretrainedConfig", "PreTrainedTokenizerBase", frozenset[int], dict]:
    """Source, config, tokenizer, end-of-text tokens and identity of a model: all but its weights.

    Raises:
        ModelError: something is missing or cannot be read.
    """
    import torch
    import transformers

    source = locate(settings)
    try:
        config = transformers.AutoConfig.from_pretrained(source.weights, revision=source.revision)
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            source.tokenizer, revision=source.revision
        )
        try:
            rules = transformers.GenerationConfig.from_pretrained(
                source.weights, revision=source.revision
            )
            ends = rules.eos_token_id
        except OSError:  # Older folders have no generation_config.json.
            ends = config.get_text_config().eos_token_id
    except Exception as cause:
        raise ModelError(f"{settings} does not load: {cause}") from cause
    ends = ends if isinstance(ends, list) else [ends]
    known = frozenset(end for end in [*ends, tokenizer.eos_token_id] if end is not None)
    identity = {
        "weights": fingerprint(source, config),
        "dtype": dtype_of(settings, config),
        "device": device_of(settings),
        "context_length": context_of(settings, config),
        "max_batch_tokens": settings.max_batch_tokens,
        "max_batch_sequences": settings.max_batch_sequences,
        "tensor_parallel_size": settings.tensor_parallel_size,
        "chat_template": settings.chat_template,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    return source, config, tokenizer, known, json.loads(json.dumps(identity))


def first_stop(text: str, stop: Sequence[str]) -> int:
    """Where the first stop string in a text begins; -1 where there is none."""
    return min((place for place in map(text.find, stop) if place >= 0), default=-1)


def finish(tokenizer, ids: Sequence[int], stop: Sequence[str], ends: frozenset[int]) -> Generation:
    """Generated tokens up to the stop rule, and their text.

    The rule is applied to the decoded text, here and not in the engines, so that all agree.
    """
    ids = list(ids)
    ids = ids[: next((k for k, token in enumerate(ids) if token in ends), len(ids))]

    def stopped(length: int) -> bool:
        return first_stop(tokenizer.decode(ids[:length], skip_special_tokens=True), stop) >= 0

    ids = ids[: bisect_left(range(len(ids)), True, key=stopped)]
    text = tokenizer.decode(ids, skip_special_tokens=True)
    place = first_stop(text, stop)
    return Generation(ids, text if place < 0 else text[:place])


def choose(settings: NamedModel) -> str:
    """Which engine runs a model: auto is vllm where a CUDA GPU and the package are there.

    Raises:
        ModelError: vllm is asked for and not installed.
    """
    installed = importlib.util.find_spec("vllm") is not None
    if settings.engine == "auto":
        on_gpu = has_cuda() and device_of(settings) == "cuda"
        return "vllm" if installed and on_gpu else "transformers"
    if settings.engine == "vllm" and not installed:
        raise ModelError(f"{settings}: engine vllm is asked for, but vllm is not installed")
    return settings.engine


def load(settings: NamedModel) -> Engine:
    """Load a model into the engine its settings ask for.

    Raises:
        ModelError: the model does not load; the message names it, its revision and the cause.
    """
    if choose(settings) == "vllm":
        from tracemem.models.engines.vllm import VllmEngine

        return VllmEngine(settings)
    from tracemem.models.engines.transformers import TransformersEngine

    return TransformersEngine(settings)
