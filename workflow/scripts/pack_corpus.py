"""Write the corpus as one stream of tokens for the ladder to train on."""

from tracemem.corpus import texts
from tracemem.joblog import job_log
from tracemem.ladder import pack

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        corpus = texts(params.shards, **params.corpus)
        pack(corpus, snakemake.input.tokenizer, snakemake.output[0])
