"""A ladder of GPT-NeoX models (Pythia's architecture) trained from scratch on one corpus.

The corpus is one stream of tokens, documents separated by <|endoftext|>
(:mod:`tracemem.models.tokens`). An epoch cuts the stream into rows at a drawn offset and visits
them in a drawn order; both depend on seed and epoch alone, so a run that was killed goes on from its
last checkpoint to the same weights. So does a run that is cut into pieces on purpose, where jobs may
not take long.
"""

import hashlib
import json
import logging
import math
import os
import shutil
import time
from pathlib import Path

import numpy as np
import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast
from transformers.utils.logging import disable_progress_bar

from tracemem.jobs import draws, files
from tracemem.jobs.files import replacing
from tracemem.settings.ladder import RecipeSettings, SizeSettings

log = logging.getLogger(__name__)
_STATE = "training.pt"
_RUN = "run.json"
_TELL = 10.0


def rows(tokens: np.ndarray, first: int, settings: RecipeSettings, seed: int) -> np.ndarray:
    """The rows of one step (int64, [batch, context + 1]), starting with the ``first`` row ever.

    Rows are numbered through all epochs; targets are the inputs moved by one token.
    """
    context = settings.context
    in_epoch = _rows_in_epoch(len(tokens), settings)
    number = np.arange(first, first + settings.batch)
    picked = []
    for epoch in np.unique(number // in_epoch):
        places = number[number // in_epoch == epoch] % in_epoch
        offset = draws.below(context, seed, "offset", epoch)
        row = draws.permute(in_epoch, seed, f"rows of epoch {epoch}", places)
        start = offset + row * context
        picked.append(tokens[start[:, None] + np.arange(context + 1)])
    return np.concatenate(picked).astype(np.int64)


def _rows_in_epoch(tokens: int, settings: RecipeSettings) -> int:
    count = (tokens - 1) // settings.context - 1
    if count < 1:
        raise ValueError(
            f"the corpus is too small to train on: found {tokens} tokens; "
            f"allowed: at least {2 * settings.context + 1} (twice ladder.context and one)"
        )
    return count


def learning_rate(step: int, steps: int, peak: float, settings: RecipeSettings) -> float:
    """The rate of ``step`` (0 to ``steps`` - 1): a linear rise, then a cosine."""
    warmup = math.ceil(settings.warmup * steps)
    if step < warmup:
        return peak * (step + 1) / warmup
    along = (step - warmup) / max(1, steps - warmup)
    cosine = (1 + math.cos(math.pi * along)) / 2
    return peak * (settings.final_rate + (1 - settings.final_rate) * cosine)


def new_model(size: SizeSettings, settings: RecipeSettings, seed: int) -> GPTNeoXForCausalLM:
    """A GPT-NeoX model with random weights, initialised as Pythia's ("small init").

    The standard deviation is sqrt(2 / (5 hidden)) (Nguyen and Salazar 2019).
    """
    torch.manual_seed(seed)
    config = GPTNeoXConfig(
        vocab_size=settings.vocabulary,
        hidden_size=size.hidden,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=size.width,
        max_position_embeddings=settings.context,
        initializer_range=math.sqrt(2 / (5 * size.hidden)),
        rotary_pct=settings.rotary_share,
        bos_token_id=0,
        eos_token_id=0,
        attn_implementation="sdpa",
    )
    return GPTNeoXForCausalLM(config)


def train_model(
    tokens_path: Path | str,
    tokenizer_folder: Path | str,
    size: SizeSettings,
    settings: RecipeSettings,
    seed: int,
    folder: Path | str,
    piece: int = 1,
    before: Path | str | None = None,
) -> None:
    """Train one size and save it as a Hugging Face folder with checkpoints in ``step{N}``.

    Everything is written to ``{folder}.part`` and moved in one go when training is done. A run that
    finds a part of its own there goes on from the last checkpoint; a part made with other settings,
    tokens or seed is started afresh.

    Where ``size.pieces`` is more than one, this trains one of them. The folder of a piece that is
    not the last holds its checkpoints, those of the pieces before, and the state to go on from.

    Args:
        tokens_path: the stream of :func:`pack`.
        tokenizer_folder: the tokenizer it was packed with; its end-of-text token must be token 0.
        size: what is trained.
        settings: how it is trained.
        seed: of the weights and of the order of the rows.
        folder: the folder to make.
        piece: which piece of the training, from 1.
        before: folder of the piece before; None for the first.

    Raises:
        FileExistsError: ``folder`` exists and is not empty.
        ValueError: a token lies outside ``settings.vocabulary``, the tokenizer's end-of-text token
            is not token 0, the corpus is too small, or ``before`` is not the piece before.
        FloatingPointError: the loss is no longer a number.
    """
    folder, part = Path(folder), Path(f"{folder}.part")
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder}: exists already; remove it to train again")
    tokens = files.read_array(tokens_path, mapped=True)
    if tokens.max() >= settings.vocabulary:
        raise ValueError(
            f"{tokens_path}: found token {tokens.max()}; allowed: below ladder.vocabulary "
            f"({settings.vocabulary})"
        )
    tokenizer = PreTrainedTokenizerFast.from_pretrained(tokenizer_folder)
    if tokenizer.eos_token_id != 0:
        raise ValueError(
            f"{tokenizer_folder}: found end-of-text token {tokenizer.eos_token_id}; allowed: 0"
        )
    disable_progress_bar()
    torch.set_num_threads(settings.threads)
    torch.set_flush_denormal(True)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    # Fills memory that is about to be written anyway, at a tenth of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False
    device = "cuda" if settings.gpus else "cpu"

    model = new_model(size, settings, seed).to(device)
    optimizer = _optimizer(model, size, settings)
    steps = max(1, round(settings.epochs * _rows_in_epoch(len(tokens), settings)) // settings.batch)
    milestones = {
        math.ceil(steps * (k + 1) / settings.checkpoints) for k in range(settings.checkpoints)
    }
    if not 1 <= piece <= size.pieces <= steps:
        raise ValueError(
            f"{folder}: found piece {piece} of {size.pieces}; allowed: 1 to {steps} pieces, as "
            f"many as there are steps"
        )
    if (before is None) != (piece == 1):
        raise ValueError(f"{folder}: every piece but the first needs the one before, and only they")
    first, last = (steps * k // size.pieces for k in (piece - 1, piece))
    run = _run(tokens, size, settings, seed)
    done = _prepare(part, run)
    if before is not None:
        _take_over(part, Path(before), run)
    newest = part / f"step{done}" if done else before
    if newest is not None:
        state = torch.load(Path(newest, _STATE), map_location=device, weights_only=True)
        if not first <= state["step"] <= last:
            raise ValueError(f"{newest}: found step {state['step']}; allowed: {first} to {last}")
        done = state["step"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        log.info("going on from step %d of %d", done, steps)

    model.train()
    began, told = time.monotonic(), time.monotonic()
    for step in range(done, last):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, size.learning_rate, settings)
        batch = torch.from_numpy(rows(tokens, step * settings.batch, settings, seed)).to(device)
        optimizer.zero_grad()
        loss = _backward(model, batch, size.micro_batch or settings.batch, settings.dtype)
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        optimizer.step()
        now = time.monotonic()
        if now - told > _TELL or step + 1 in milestones or step + 1 == last:
            told = now
            if not math.isfinite(loss.item()):
                raise FloatingPointError(
                    f"{folder}: the loss is {loss.item()} at step {step + 1}; "
                    f"lower learning_rate (found {size.learning_rate})"
                )
            rate = (step + 1 - done) / (now - began)
            log.info(
                "step %d of %d, loss %.3f, %.0f tokens/s, %.0f s left to step %d",
                step + 1,
                steps,
                loss.item(),
                rate * settings.batch * settings.context,
                (last - step - 1) / rate,
                last,
            )
        if step + 1 in milestones:
            _save_checkpoint(part, step + 1, model, tokenizer, optimizer)
    if piece < size.pieces:
        _hand_over(part, folder, _state(last, model, optimizer))
    else:
        _finish(part, folder, model, tokenizer)


def _backward(
    model: torch.nn.Module, batch: torch.Tensor, rows_at_once: int, dtype: str
) -> torch.Tensor:
    """Add the gradient of the mean loss over ``batch`` (nats a token), which is returned."""
    loss = torch.zeros((), device=batch.device)
    for some in batch.split(rows_at_once):
        with torch.autocast(batch.device.type, torch.bfloat16, enabled=dtype == "bfloat16"):
            logits = model(some[:, :-1], use_cache=False).logits
        mean = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1).float(), some[:, 1:].flatten()
        )
        part = mean * (len(some) / len(batch))
        part.backward()
        loss += part.detach()
    return loss


def _optimizer(
    model: torch.nn.Module, size: SizeSettings, settings: RecipeSettings
) -> torch.optim.AdamW:
    """AdamW that decays matrices only."""
    matrices = [weight for weight in model.parameters() if weight.ndim > 1]
    others = [weight for weight in model.parameters() if weight.ndim <= 1]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=size.learning_rate,
        betas=(0.9, settings.beta2),
        fused=True,
    )


def _run(tokens: np.ndarray, size: SizeSettings, settings: RecipeSettings, seed: int) -> str:
    """What tells one run from another, as JSON."""
    run = {
        "tokens": hashlib.blake2b(np.ascontiguousarray(tokens).data, digest_size=16).hexdigest(),
        "size": size.model_dump(),
        "ladder": settings.plain(RecipeSettings),
        "seed": seed,
    }
    return json.dumps(run, sort_keys=True)


def _is(folder: Path, run: str) -> bool:
    """Whether an unfinished folder belongs to this run."""
    try:
        return (folder / _RUN).read_text() == run
    except FileNotFoundError:
        return False


def _prepare(part: Path, run: str) -> int:
    """Steps done in the unfinished folder ``part``, which is emptied if it is another run's."""
    if not _is(part, run):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        with replacing(part / _RUN) as draft:
            draft.write_text(run)
    for draft in part.glob(".step*"):
        shutil.rmtree(draft)
    done = [int(state.parent.name.removeprefix("step")) for state in part.glob(f"step*/{_STATE}")]
    return max(done, default=0)


def _take_over(part: Path, before: Path, run: str) -> None:
    """Copy the checkpoints of the piece before, each in one move."""
    if not _is(before, run):
        raise ValueError(
            f"{before}: found the training of another size, corpus or recipe; remove it"
        )
    for checkpoint in before.glob("step*"):
        if not (part / checkpoint.name).exists():
            draft = part / f".{checkpoint.name}"
            shutil.copytree(checkpoint, draft)
            draft.rename(part / checkpoint.name)


def _state(step: int, model, optimizer) -> dict:
    """What training goes on from."""
    return {"step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()}


def _hand_over(part: Path, folder: Path, state: dict) -> None:
    """Close a piece that is not the last: its folder has the state, its checkpoints have none."""
    torch.save(state, part / _STATE)
    for older in part.glob(f"step*/{_STATE}"):
        older.unlink()
    if folder.exists():
        folder.rmdir()
    part.rename(folder)


def _save_checkpoint(part: Path, step: int, model, tokenizer, optimizer) -> None:
    """Save ``step{N}`` in one move; only the newest checkpoint keeps what training needs."""
    older = list(part.glob(f"step*/{_STATE}"))
    draft = part / f".step{step}"
    shutil.rmtree(draft, ignore_errors=True)
    model.save_pretrained(draft)
    tokenizer.save_pretrained(draft)
    torch.save(_state(step, model, optimizer), draft / _STATE)
    # One is there already where a run was killed as it cleared its states away.
    shutil.rmtree(part / f"step{step}", ignore_errors=True)
    draft.rename(part / f"step{step}")
    for state in older:
        state.unlink()


def _finish(part: Path, folder: Path, model, tokenizer) -> None:
    model.save_pretrained(part)
    tokenizer.save_pretrained(part)
    for state in part.glob(f"step*/{_STATE}"):
        state.unlink()
    (part / _RUN).unlink()
    if folder.exists():
        folder.rmdir()
    part.rename(folder)
