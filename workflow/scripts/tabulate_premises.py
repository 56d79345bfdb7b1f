"""Find the strongest premise of every answer: the piece of its input that predicts it best."""

from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.mining import premises
from tracemem.mining.tables import PREMISES
from tracemem.mining.taskgram import candidate_pairs
from tracemem.ngrams.stopwords import sides
from tracemem.ngrams.tables import COUNTS, PAIR_COUNTS
from tracemem.settings.mining import GramSettings
from tracemem.tasks.tables import EXAMPLES

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, grams = snakemake.input, GramSettings(**snakemake.params.grams)
        examples, n = files.read(EXAMPLES, source.examples), int(snakemake.wildcards.n)
        stop = sides(grams.stop_words, examples["group"])
        candidates = candidate_pairs(examples, n, grams.output_gram, *stop)
        counts, pairs = (
            files.read(COUNTS, source.counts),
            files.read(PAIR_COUNTS, source.pair_counts),
        )
        found = premises.strongest(examples, candidates, counts, pairs)
        files.write(PREMISES, found, snakemake.output[0])
