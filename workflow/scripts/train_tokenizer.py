"""Train the ladder's byte-level BPE tokenizer on the corpus."""

from tracemem.corpus import texts
from tracemem.joblog import job_log
from tracemem.ladder import train_tokenizer

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        corpus = texts(params.shards, **params.corpus)
        train_tokenizer(corpus, params.vocabulary, snakemake.output[0])
