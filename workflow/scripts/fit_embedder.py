"""Train the offline embedder on a sample of the corpus."""

from tracemem.corpus import texts
from tracemem.embedders import LsaEmbedder
from tracemem.joblog import job_log

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
