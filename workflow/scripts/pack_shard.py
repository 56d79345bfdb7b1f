"""Write one shard of the corpus as a stream of tokens."""

from tracemem.corpus.reading import texts
from tracemem.jobs.joblog import job_log
from tracemem.models.tokens import pack

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        corpus = texts(
            {snakemake.wildcards.shard: snakemake.input.shard}, **snakemake.params.corpus
        )
        pack(corpus, snakemake.input.tokenizer, snakemake.output[0])
