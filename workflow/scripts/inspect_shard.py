"""Read one shard to its end and write its row of the manifest."""

from pathlib import Path

import pandas as pd

from tracemem.corpus.manifest import manifest_row
from tracemem.corpus.shards import Shard
from tracemem.corpus.tables import MANIFEST
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        shard = Shard(snakemake.wildcards.shard, Path(snakemake.input[0]))
        row = manifest_row(shard, **snakemake.params.corpus)
        files.write(MANIFEST, pd.DataFrame([row]), snakemake.output[0])
