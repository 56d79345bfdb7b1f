"""Look up every token of a task's gold targets in the infinity-gram LM."""

from pathlib import Path

import numpy as np
import pandas as pd

from tracemem.infgram.index import Index
from tracemem.infgram.tables import INFGRAM
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.models import tokens
from tracemem.models.encoding import encode
from tracemem.tasks.tables import EXAMPLES, PROMPTS


def look_up(asked: pd.DataFrame, tokenizer, index: Index, threads: int) -> dict[str, list]:
    """The columns of tables.INFGRAM for examples with their prompts and targets."""
    encodings = [
        encode(tokenizer, prompt, target)
        for prompt, target in zip(asked["prompt"], asked["target"], strict=True)
    ]
    answers = index.probabilities(
        [np.array(one.prompt_ids + one.target_ids, dtype=np.int64) for one in encodings],
        [len(one.prompt_ids) for one in encodings],
        threads,
    )
    cuts = answers.offsets[1:-1]
    return {
        "example": asked["example"],
        "token_ids": [one.target_ids for one in encodings],
        "token_starts": [one.starts for one in encodings],
        "token_ends": [one.ends for one in encodings],
        "suffix_lengths": np.split(answers.suffix_lengths, cuts),
        "suffix_counts": np.split(answers.suffix_counts, cuts),
        "continued_counts": np.split(answers.continued_counts, cuts),
    }


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        prompts = files.read(PROMPTS, snakemake.input.prompts)
        asked = files.read(EXAMPLES, snakemake.input.examples).merge(prompts, on="example")
        tokenizer = tokens.load(snakemake.params.tokenizer or snakemake.input.tokenizer[0])
        first = Path(snakemake.input.index[0])
        index = Index(first if first.is_dir() else first.parent)
        answers = look_up(asked, tokenizer, index, snakemake.threads)
        files.write(INFGRAM, answers, snakemake.output[0])
