"""The transformers engine: one forward pass per example, batches under a token budget.

Nothing the size of the vocabulary is kept: logits are computed only at the positions that are
scored, a slice at a time, from the hidden states below the language-model head.
"""

import inspect
import logging
from collections.abc import Callable, Sequence

import numpy as np
import torch
import transformers

from tracemem.models.engines import (
    Engine,
    Generation,
    ModelError,
    NamedModel,
    device_of,
    finish,
    first_stop,
    read_parts,
)

log = logging.getLogger(__name__)

LOGITS = 2**25
"""Logits held at once while scoring (float32, 128 MiB)."""


def plan(
    lengths: Sequence[int], rows: Sequence[int], max_tokens: int, max_rows: int
) -> list[list[int]]:
    """Batches of items, longest first, each of at most ``max_tokens`` with padding.

    Item i takes ``rows[i]`` rows of ``lengths[i]`` tokens. An item over the budget gets a batch of
    its own.
    """
    batches: list[list[int]] = []
    height = width = 0
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        fits = (height + rows[i]) * width <= max_tokens and height + rows[i] <= max_rows
        if not batches or not fits:
            batches.append([])
            height, width = 0, lengths[i]
        batches[-1].append(i)
        height += rows[i]
    return batches


def _out_of_memory(error: RuntimeError) -> bool:
    # On a CPU the allocator raises a plain RuntimeError.
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


class TransformersEngine(Engine):
    """A causal language model of the transformers library.

    Raises:
        ModelError: the model does not load, lacks weights, or asks for tensor parallelism.
    """

    def __init__(self, settings: NamedModel) -> None:
        if settings.tensor_parallel_size != 1:
            raise ModelError(
                f"{settings}: tensor_parallel_size is {settings.tensor_parallel_size}, which "
                "needs engine vllm; the transformers engine runs on one device"
            )
        self.settings = settings
        self.device = torch.device(device_of(settings))
        transformers.utils.logging.disable_progress_bar()
        source, config, self.tokenizer, self._ends, parts = read_parts(settings)
        self.context_length = parts["context_length"]
        self.identity = {"engine": "transformers", **parts}
        try:
            self.model, info = transformers.AutoModelForCausalLM.from_pretrained(
                source.weights,
                revision=source.revision,
                config=config,
                dtype=getattr(torch, parts["dtype"]),
                output_loading_info=True,
            )
            self.model.eval().to(self.device)
        except Exception as cause:
            raise ModelError(f"{settings} does not load: {cause}") from cause
        if info["missing_keys"]:
            # The library fills them at random and goes on.
            missing = sorted(info["missing_keys"])
            raise ModelError(
                f"{settings} does not load: the checkpoint lacks {len(missing)} weights, "
                f"first {missing[0]}"
            )
        self._body: Callable = self.model.base_model
        self._head: Callable = self.model.get_output_embeddings()
        if not self._headed():
            # Some architectures scale or cap their logits after the head.
            log.info("%s: logits come from the whole model, not from its head alone", settings)
            self._body, self._head = self.model, torch.nn.Identity()
        accepted = inspect.signature(self.model.base_model.forward).parameters
        self._positioned = "position_ids" in accepted

    @torch.inference_mode()
    def _headed(self) -> bool:
        """Whether the head on the body's hidden states gives the model's own logits."""
        if self._head is None or self._body is self.model:
            return False
        ids = torch.tensor([[0, 1, 2]], device=self.device)
        hidden = self._body(input_ids=ids, use_cache=False)[0]
        return torch.equal(self._head(hidden), self.model(input_ids=ids, use_cache=False).logits)

    def _forward(self, ids: torch.Tensor, mask: torch.Tensor | None = None, cache=None, **kwargs):
        """Hidden states [rows, columns, width] and the cache.

        ``mask`` covers the cached columns too; without it rows are read from the left and what
        stands after them is padding, which causal attention never sees.
        """
        if mask is not None:
            kwargs["attention_mask"] = mask
            if self._positioned:
                places = (mask.cumsum(1) - 1).clamp(min=0)
                kwargs["position_ids"] = places[:, mask.shape[1] - ids.shape[1] :]
        out = self._body(input_ids=ids, past_key_values=cache, return_dict=True, **kwargs)
        return out[0], getattr(out, "past_key_values", None)

    def _gather(
        self, hidden: torch.Tensor, rows: list[int], columns: list[int], tokens: list[int]
    ) -> np.ndarray:
        """The ln P of ``tokens[k]`` after position (rows[k], columns[k]), float32 [tokens]."""
        picked = hidden[self._tensor(rows), self._tensor(columns)]
        wanted = self._tensor(tokens)
        step = max(1, LOGITS // self.model.get_output_embeddings().weight.shape[0])
        found = []
        for at in range(0, len(tokens), step):
            logits = self._head(picked[at : at + step]).float()
            chosen = logits.gather(1, wanted[at : at + step, None])[:, 0]
            found.append(chosen - logits.logsumexp(1))
        return torch.cat(found).cpu().numpy()

    def _tensor(self, values) -> torch.Tensor:
        return torch.tensor(values, device=self.device)

    def _padded_left(self, sequences: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(map(len, sequences))
        ids = [[0] * (width - len(s)) + list(s) for s in sequences]
        mask = [[0] * (width - len(s)) + [1] * len(s) for s in sequences]
        return self._tensor(ids), self._tensor(mask)

    def _padded_right(self, sequences: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(map(len, sequences))
        ids = [list(s) + [0] * (width - len(s)) for s in sequences]
        mask = [[1] * len(s) + [0] * (width - len(s)) for s in sequences]
        return self._tensor(ids), self._tensor(mask)

    def _in_batches(self, lengths: list[int], rows: list[int], work: Callable) -> None:
        """Call ``work`` on every batch of items; one that does not fit in memory is halved.

        Later batches of the same call are planned under the smaller budget.
        """
        tokens, height = self.settings.max_batch_tokens, self.settings.max_batch_sequences
        waiting = plan(lengths, rows, tokens, height)
        while waiting:
            batch = waiting.pop(0)
            try:
                work(batch)
                continue
            except RuntimeError as error:
                if not _out_of_memory(error):
                    raise
                cause = str(error).splitlines()[0]
            # Out of the except block, so that the failed pass is no longer held by its traceback.
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
            if len(batch) == 1:
                raise ModelError(
                    f"{self.settings}: out of memory on a single example of "
                    f"{rows[batch[0]]} x {lengths[batch[0]]} tokens: {cause}"
                )
            taken = sum(rows[i] for i in batch)
            height = min(height, taken + 1) // 2
            tokens = min(tokens, taken * max(lengths[i] for i in batch)) // 2
            log.warning(
                "%s: out of memory on a batch of %d sequences, going on with %d sequences or %d "
                "tokens",
                self.settings,
                taken,
                height,
                tokens,
            )
            left = sorted(i for rest in [batch, *waiting] for i in rest)
            parts = plan([lengths[i] for i in left], [rows[i] for i in left], tokens, height)
            waiting = [[left[k] for k in part] for part in parts]

    @torch.inference_mode()
    def score(
        self, prefixes: Sequence[list[int]], continuations: Sequence[Sequence[list[int]]]
    ) -> list[list[np.ndarray]]:
        """As :meth:`Engine.score`; several continuations of a prefix share its forward pass."""
        empty = np.zeros(0, np.float32)
        scores = [[empty for _ in each] for each in continuations]
        # Continuations with tokens only; a prefix without any needs no pass.
        wanted = [[k for k, one in enumerate(each) if one] for each in continuations]

        def single(batch: list[int]) -> None:
            chosen = [(prefixes[i], continuations[i][wanted[i][0]]) for i in batch]
            ids, _ = self._padded_right([prefix + one[:-1] for prefix, one in chosen])
            hidden, _ = self._forward(ids, use_cache=False)
            rows: list[int] = []
            columns: list[int] = []
            tokens: list[int] = []
            for row, (prefix, one) in enumerate(chosen):
                rows += [row] * len(one)
                columns += range(len(prefix) - 1, len(prefix) - 1 + len(one))
                tokens += one
            found = self._gather(hidden, rows, columns, tokens)
            ends = np.cumsum([len(one) for _, one in chosen])
            for i, part in zip(batch, np.split(found, ends[:-1]), strict=True):
                scores[i][wanted[i][0]] = part

        def shared(batch: list[int]) -> None:
            ids, mask = self._padded_left([prefixes[i] for i in batch])
            hidden, cache = self._forward(ids, mask, use_cache=True)
            places = [(i, k) for i in batch for k in wanted[i]]
            options = [continuations[i][k] for i, k in places]
            owners = [row for row, i in enumerate(batch) for _ in wanted[i]]
            first = self._gather(
                hidden, owners, [ids.shape[1] - 1] * len(owners), [one[0] for one in options]
            )
            for (i, k), value in zip(places, first, strict=True):
                scores[i][k] = np.array([value], np.float32)
            longer = [p for p, one in enumerate(options) if len(one) > 1]
            if not longer:
                return
            kept = self._tensor([owners[p] for p in longer])
            cache.batch_select_indices(kept)
            ids, own = self._padded_right([options[p][:-1] for p in longer])
            hidden, _ = self._forward(ids, torch.cat([mask[kept], own], 1), cache, use_cache=True)
            rows: list[int] = []
            columns: list[int] = []
            tokens: list[int] = []
            for row, p in enumerate(longer):
                rows += [row] * (len(options[p]) - 1)
                columns += range(len(options[p]) - 1)
                tokens += options[p][1:]
            rest = self._gather(hidden, rows, columns, tokens)
            ends = np.cumsum([len(options[p]) - 1 for p in longer])
            for p, part in zip(longer, np.split(rest, ends[:-1]), strict=True):
                i, k = places[p]
                scores[i][k] = np.concatenate([scores[i][k], part])

        for several, work in ((False, single), (True, shared)):
            items = [i for i, found in enumerate(wanted) if found and (len(found) > 1) == several]
            lengths = [
                len(prefixes[i]) + max(len(continuations[i][k]) for k in wanted[i]) - 1
                for i in items
            ]
            rows = [len(wanted[i]) for i in items]
            self._in_batches(
                lengths, rows, lambda batch, work=work, items=items: work([items[k] for k in batch])
            )
        return scores

    @torch.inference_mode()
    def generate(
        self, prompts: Sequence[list[int]], max_new_tokens: int, stop: Sequence[str] = ()
    ) -> list[Generation]:
        """As :meth:`Engine.generate`."""
        written: list[list[int]] = [[] for _ in prompts]
        # A stop string of b bytes ends within the last b tokens, as each adds a byte or more;
        # a few more tokens let the first character decode whole.
        tail = max((len(s.encode()) for s in stop), default=0) + 4

        def done(i: int) -> bool:
            ids = written[i]
            if ids[-1] in self._ends or len(ids) >= max_new_tokens:
                return True
            text = self.tokenizer.decode(ids[-tail:], skip_special_tokens=True)
            return first_stop(text, stop) >= 0

        def work(batch: list[int]) -> None:
            for prompt in batch:
                written[prompt] = []
            ids, mask = self._padded_left([prompts[i] for i in batch])
            hidden, cache = self._forward(ids, mask, use_cache=True)
            # Rows of the cache that are still being written; None where a row is done.
            rows: list[int | None] = list(batch)
            while True:
                ids = self._head(hidden[:, -1]).argmax(-1)
                for row, (i, token) in enumerate(zip(rows, ids.tolist(), strict=True)):
                    if i is not None:
                        written[i].append(token)
                        rows[row] = None if done(i) else i
                going = [row for row, i in enumerate(rows) if i is not None]
                if not going:
                    return
                if 2 * len(going) <= len(rows):
                    kept = self._tensor(going)
                    cache.batch_select_indices(kept)
                    ids, mask, rows = ids[kept], mask[kept], [rows[row] for row in going]
                mask = torch.cat([mask, mask.new_ones(len(rows), 1)], 1)
                hidden, cache = self._forward(ids[:, None], mask, cache, use_cache=True)

        lengths = [len(prompt) + max_new_tokens for prompt in prompts]
        self._in_batches(lengths, [1] * len(prompts), work)
        return [finish(self.tokenizer, ids, stop, self._ends) for ids in written]
