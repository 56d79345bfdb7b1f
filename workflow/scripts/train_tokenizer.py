"""Train the ladder's byte-level BPE tokenizer on the corpus, or on an even sample of it."""

from itertools import islice

from tracemem.corpus.reading import texts
from tracemem.corpus.tables import MANIFEST
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.models.tokens import train_tokenizer

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        corpus = texts(params.shards, **params.corpus)
        if params.documents:
            manifest = files.read(MANIFEST, snakemake.input.manifest)
            every = max(1, manifest["documents"].sum() // params.documents)
            corpus = islice(corpus, 0, None, every)
        train_tokenizer(corpus, params.vocabulary, snakemake.output[0])
