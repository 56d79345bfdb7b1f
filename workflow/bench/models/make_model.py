"""Make the model of the engines' bench: a GPT-NeoX of a Pythia's shape, with random weights.

What a token costs does not depend on the weights; a narrower model would measure Python instead.
"""

import itertools
from pathlib import Path

from tracemem.corpus.reading import documents
from tracemem.corpus.shards import Shard
from tracemem.jobs.joblog import job_log
from tracemem.models import tokens
from tracemem.models.ladder import new_model
from tracemem.settings.ladder import LadderSettings, SizeSettings

LAYERS = 6
HEAD = 32  # dimensions; with a width of 128, the shape of Pythia 14M
CONTEXT = 512
DOCUMENTS = 2000


def make(shard: str, folder: str, vocabulary: int, hidden: int) -> None:
    """Write the model and a tokenizer of ``vocabulary`` tokens or fewer, as far as the text goes."""
    size = SizeSettings(hidden=hidden, layers=LAYERS, heads=hidden // HEAD)
    texts = (text for _, text in documents(Shard("x", Path(shard))))
    tokens.train_tokenizer(itertools.islice(texts, DOCUMENTS), vocabulary, folder)
    tokenizer = tokens.load(folder)
    ladder = LadderSettings(vocabulary=len(tokenizer), context=CONTEXT, sizes={"x": size})
    new_model(size, ladder, seed=0).save_pretrained(folder)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        make(snakemake.input.shard, snakemake.output[0], **snakemake.params)
