"""Tokenize one corpus shard and sort its suffixes: one shard of an infini-gram index."""

from tracemem.corpus.reading import texts
from tracemem.infgram import index as infgram
from tracemem.jobs.joblog import job_log
from tracemem.models import tokens

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        output, params = snakemake.output, snakemake.params
        corpus = texts({params.shard: snakemake.input.shard}, **params.corpus)
        tokenizer = tokens.load(params.tokenizer or snakemake.input.tokenizer[0])
        infgram.write_tokens(corpus, tokenizer, output.tokenized, output.offset)
        infgram.build_table(output.tokenized, output.table, memory_mb=snakemake.resources.mem_mb)
