"""Gather the shards' rows into the corpus manifest; a corpus without a word is an error."""

import pandas as pd

from tracemem.corpus.tables import MANIFEST
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log


def gather(parts: list[str], output: str) -> None:
    """One row a shard, sorted by name.

    Raises:
        ValueError: no document of any shard holds text.
    """
    manifest = pd.concat([files.read(MANIFEST, part) for part in parts])
    if not manifest["text_bytes"].sum():
        raise ValueError(
            f"the corpus is empty: {len(manifest)} shards, {manifest['documents'].sum()} "
            f"documents, {manifest['skipped'].sum()} skipped records, no text; allowed: at least "
            f"one document with text (corpus.shards, corpus.text_field)"
        )
    files.write(MANIFEST, manifest.sort_values("shard"), output)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        gather(list(snakemake.input), snakemake.output[0])
