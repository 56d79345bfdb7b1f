"""Embed a task's n-grams that the corpus holds, with an embedder that is not trained here."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining import embedders, taskgram
from tracemem.mining.embedders import DraftingEmbedder, Embedder
from tracemem.mining.tables import VECTORS
from tracemem.mining.taskgram import Candidates
from tracemem.ngrams.stopwords import sides
from tracemem.ngrams.tables import COUNTS
from tracemem.settings.mining import EmbedderSettings, GramSettings
from tracemem.tasks.tables import EXAMPLES

_LISTED = 2**31 - 1  # numbers in the lists of one Arrow array


def vectors(held: Candidates, embedder: Embedder) -> dict[str, list | pa.ChunkedArray]:
    """The columns of tables.VECTORS for the n-grams of both sides."""
    several = {"input": held.input_grams, "output": held.output_grams}
    found = [taskgram.vectors(embedder, grams, side) for side, grams in several.items() if grams]
    rows = np.concatenate(found) if found else np.zeros((0, 1), np.float32)
    return {
        "side": [side for side, grams in several.items() for _ in grams],
        "ngram": [gram for grams in several.values() for gram in grams],
        "vector": pa.chunked_array(
            [
                pa.ListArray.from_arrays(
                    np.arange(len(part) + 1, dtype=np.int32) * rows.shape[1], part.ravel()
                )
                for part in np.array_split(rows, 1 + rows.size // _LISTED)
            ]
        ),
    }


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, n = snakemake.input, int(snakemake.wildcards.n)
        grams = GramSettings(**snakemake.params.grams)
        examples = files.read(EXAMPLES, source.examples)
        stop = sides(grams.stop_words, examples["group"])
        candidates = taskgram.candidate_pairs(examples, n, grams.output_gram, *stop)
        held = taskgram.held_pairs(candidates, files.read(COUNTS, source.counts))
        embedder = DraftingEmbedder(
            embedders.load(EmbedderSettings(**snakemake.params.embedder)),
            # No output of the rule, so that what is done survives a job that fails.
            Path(snakemake.output[0]).with_suffix(".drafts"),
        )
        files.write(VECTORS, vectors(held, embedder), snakemake.output[0])
        embedder.done()
