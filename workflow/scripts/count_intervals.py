"""Count the documents of one shard that hold a followed pair, by the interval they were read in."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tracemem.corpus.shards import Shard
from tracemem.corpus.tables import MANIFEST
from tracemem.counterfactual.tables import FOLLOWED, PAIR_INTERVALS
from tracemem.jobs import files
from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.jobs.joblog import job_log
from tracemem.ngrams.parts import count_pairs_by_part

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, name = snakemake.input, snakemake.wildcards.shard
        sizes = files.read(MANIFEST, source.manifest).set_index("shard")["documents"]
        before = int(sizes[sizes.index < name].sum())
        every = files.read_array(source.intervals, mapped=True)
        interval = np.asarray(every[before : before + sizes[name]])
        followed = files.read(FOLLOWED, source.followed)
        pairs = followed.loc[followed["documents"] > 0, PAIR_COLUMNS]
        pairs = pairs.drop_duplicates().sort_values(PAIR_COLUMNS, ignore_index=True)
        counted = count_pairs_by_part(
            Shard(name, Path(source.shard)),
            pa.Table.from_pandas(pairs, preserve_index=False),
            interval,
            # Part 0 is none: intervals are numbered from 1.
            1 + int(every.max()),
            threads=snakemake.threads,
            **snakemake.params.corpus,
        )
        part, row = np.nonzero(counted)
        found = pairs.iloc[row].assign(interval=part, documents=counted[part, row])
        files.write(PAIR_INTERVALS, pd.DataFrame(found), snakemake.output[0])
