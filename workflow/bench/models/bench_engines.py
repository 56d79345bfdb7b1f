"""Measure each engine against what it rests on: bare forward passes, and vLLM's own generate.

The two sides of a comparison hold the model in processes of their own and take turns, so that
whatever else the machine does falls on both alike. Rates are those of the median turn.

    python workflow/bench/models/bench_engines.py MODEL_FOLDER PART.csv [PYTHON_WITH_VLLM]
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from bench.measure import COLUMNS, write

EXAMPLES = 256
# vLLM keeps a core for its scheduler, which has a process of its own there; every side gets as many.
THREADS = max(1, len(os.sched_getaffinity(0)) - 1)
NEW_TOKENS = 32
TURNS = 5


def examples(vocabulary: int, context: int) -> tuple[list[list[int]], list[list[list[int]]]]:
    """Prompts of a quarter of the context on average, and one continuation of each."""
    import numpy as np

    draws = np.random.default_rng(0)
    # Token 0 ends a text in the ladder's models.
    prompts = [
        draws.integers(1, vocabulary, length).tolist()
        for length in draws.integers(context // 16, context // 2, EXAMPLES)
    ]
    targets = [
        [draws.integers(1, vocabulary, length).tolist()]
        for length in draws.integers(4, context // 8, EXAMPLES)
    ]
    return prompts, targets


def settings(model: str, engine: str):
    """The engine as a study runs it, in float32."""
    from tracemem.settings.models import NamedModel

    return NamedModel(name="bench", path=model, engine=engine, dtype="float32")


def our_scores(model: str) -> Callable[[], int]:
    """Score with the transformers engine; tokens are those that go through the model."""
    from tracemem.models.engines import load

    engine = load(settings(model, "transformers"))
    prompts, targets = examples(len(engine.tokenizer), engine.context_length)
    tokens = sum(len(p) + len(t) - 1 for p, [t] in zip(prompts, targets, strict=True))
    return lambda: (engine.score(prompts, targets), tokens)[1]


def bare_forward(model: str, *, all_logits: bool = True) -> Callable[[], int]:
    """Call the model on the same batches of tokens and throw its logits away.

    With ``all_logits`` as a loop over ``model(input_ids)`` has them, at every position; without,
    only at the positions that predict a target, the least there is to do.
    """
    import torch

    from tracemem.models.engines.transformers import TransformersEngine, plan

    engine = TransformersEngine(settings(model, "transformers"))
    prompts, targets = examples(len(engine.tokenizer), engine.context_length)
    texts = [p + t[:-1] for p, [t] in zip(prompts, targets, strict=True)]
    lengths = [len(text) for text in texts]
    limits = engine.settings.max_batch_tokens, engine.settings.max_batch_sequences
    batches = [
        (
            engine._padded_right([texts[i] for i in batch])[0],
            torch.tensor([row for row, i in enumerate(batch) for _ in targets[i][0]]),
            torch.tensor(
                [p for i in batch for p in range(len(prompts[i]) - 1, len(texts[i]))]
            ),
        )
        for batch in plan(lengths, [1] * len(texts), *limits)
    ]  # fmt: skip
    head = engine.model.get_output_embeddings()

    @torch.inference_mode()
    def work() -> int:
        for batch, rows, places in batches:
            if all_logits:
                engine.model(input_ids=batch, use_cache=False)
            else:
                states = engine.model.base_model(input_ids=batch, use_cache=False)
                head(states.last_hidden_state[rows, places])
        if engine.device.type == "cuda":
            torch.cuda.synchronize()
        return sum(lengths)

    return work


def least_forward(model: str) -> Callable[[], int]:
    """:func:`bare_forward` without the logits that scoring does not need."""
    return bare_forward(model, all_logits=False)


def our_generations(model: str) -> Callable[[], int]:
    """Generate with the vllm engine, with a stop rule."""
    from tracemem.models.engines import load

    engine = load(settings(model, "vllm"))
    prompts, _ = examples(len(engine.tokenizer), engine.context_length)
    return lambda: sum(len(g.token_ids) for g in engine.generate(prompts, NEW_TOKENS, ["\n"]))


def vllm_generations(model: str) -> Callable[[], int]:
    """Generate as vLLM's own manual does, with the same stop rule."""
    import vllm

    from tracemem.models.engines import device_of

    on_cpu = device_of(settings(model, "vllm")) == "cpu"
    llm = vllm.LLM(model=model, dtype="float32", enforce_eager=on_cpu, disable_log_stats=True)
    tokenizer = llm.get_tokenizer()
    prompts, _ = examples(len(tokenizer), llm.llm_engine.model_config.max_model_len)
    inputs = [{"prompt_token_ids": prompt} for prompt in prompts]
    params = vllm.SamplingParams(temperature=0, max_tokens=NEW_TOKENS, stop=["\n"])

    def work() -> int:
        llm.reset_prefix_cache()
        found = llm.generate(inputs, params, use_tqdm=False)
        return sum(len(result.outputs[0].token_ids) for result in found)

    return work


# Kind of work, our side, then those it is held to: the tool, and what to know about it.
COMPARISONS = (
    (
        "scoring, transformers",
        our_scores,
        {
            bare_forward: ("bare forward", "the same batches; logits of every position"),
            least_forward: ("least forward", "the same batches; logits of the targets alone"),
        },
    ),
    (
        "generation, vllm",
        our_generations,
        {
            vllm_generations: (
                "vllm LLM.generate",
                "the same prompts; peak_mb is without vLLM's engine process",
            )
        },
    ),
)


def serve(side: str, model: str) -> None:
    """Do one side's work whenever a line comes in; answer with seconds, tokens and peak MB."""
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    work = globals()[side](model)
    work()
    for _ in sys.stdin:
        start = time.perf_counter()
        tokens = work()
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        print(json.dumps([seconds, tokens, peak]), file=answers, flush=True)


def compare(python: str, model: str, sides: list[Callable]) -> list[list[list[float]]]:
    """The answers of every turn of each side.

    Raises:
        RuntimeError: a side's process ended; its own message stands above.
    """
    # Snakemake sets a number of threads for every library there is; vLLM pins one thread a core.
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    environment["OMP_NUM_THREADS"] = str(THREADS)
    running = [
        subprocess.Popen(
            [python, __file__, "--serve", side.__name__, model],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment,
        )
        for side in sides
    ]  # fmt: skip
    turns: list[list[list[float]]] = [[] for _ in sides]
    try:
        # The first turn waits until the side has loaded and warmed up, and is left out.
        for turn in range(TURNS + 1):
            for side, process, answers in zip(sides, running, turns, strict=True):
                process.stdin.write("\n")
                process.stdin.flush()
                answer = process.stdout.readline()
                if not answer:
                    raise RuntimeError(f"{side.__name__} ended with {process.wait()}")
                if turn:
                    answers.append(json.loads(answer))
    finally:
        for process in running:
            process.stdin.close()
            process.wait()
    return turns


def measure(model: str, output: str, vllm: str = "") -> None:
    """Write the rows of both comparisons; that of vLLM only where its Python is given."""
    rows = []
    load = os.getloadavg()[0]
    for work, ours, others in COMPARISONS:
        if ours is our_generations and not vllm:
            continue
        python = vllm if ours is our_generations else sys.executable
        turns = compare(python, model, [ours, *others])
        named = [("ours", ""), *others.values()]
        for (name, note), answers in zip(named, turns, strict=True):
            rate = statistics.median(tokens / seconds for seconds, tokens, _ in answers)
            rows.append({
                **dict.fromkeys(COLUMNS, ""),
                "work": "engines",
                "tool": name,
                "what": work,
                "items": EXAMPLES,
                "threads": THREADS,
                "seconds": round(statistics.median(seconds for seconds, _, _ in answers), 6),
                "rate": float(f"{rate:.5g}"),
                "unit": "tokens/s",
                "peak_mb": round(max(peak for _, _, peak in answers), 1),
                "repeats": " ".join(f"{seconds:.4g}" for seconds, _, _ in answers),
                "load": round(load, 2),
                "note": note,
            })  # fmt: skip
    write(rows, output)


if __name__ == "__main__":
    if "snakemake" in globals():
        from tracemem.jobs.joblog import job_log

        with job_log(snakemake.log[0]):
            measure(snakemake.input.model, snakemake.output[0], snakemake.params.vllm)
    elif sys.argv[1] == "--serve":
        serve(*sys.argv[2:])
    else:
        measure(*sys.argv[1:])
