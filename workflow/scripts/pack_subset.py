"""Write the stream of tokens of one subset of the corpus."""

from tracemem.corpus.tables import MANIFEST
from tracemem.counterfactual.subsets import left_out, stream_without
from tracemem.counterfactual.tables import SUBSETS, UNITS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source = snakemake.input
        subsets = files.read(SUBSETS, source.subsets).set_index("subset")["units"]
        places = left_out(files.read(UNITS, source.units), subsets[snakemake.wildcards.subset])
        documents = int(files.read(MANIFEST, source.manifest)["documents"].sum())
        tokens = files.read_array(source.tokens, mapped=True)
        files.write_array(stream_without(tokens, places, documents), snakemake.output[0])
