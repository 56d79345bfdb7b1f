"""Train the offline embedder on a sample of the corpus."""

from tracemem.corpus.reading import texts
from tracemem.jobs.joblog import job_log
from tracemem.mining.embedders import LsaEmbedder

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params = snakemake.params
        embedder = LsaEmbedder.fit(
            texts(params.shards, **params.corpus),
            dimensions=params.embedder["dimensions"],
            sample=params.embedder["documents"],
            window=params.embedder["window"],
        )
        embedder.save(snakemake.output[0])
