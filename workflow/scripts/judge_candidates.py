"""Hold every candidate for a measure to the counterfactual effect, over the cells of the study."""

from tracemem.counterfactual.judging import cells, judge
from tracemem.counterfactual.tables import AGREEMENT, CANDIDATES, EFFECTS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, params = snakemake.input, snakemake.params
        effects = files.read(EFFECTS, source.effects)
        found = cells(
            files.read(CANDIDATES, source.candidates),
            effects[effects["seed"] == params.seed],
            params.nothing,
        )
        files.write(AGREEMENT, judge(found, params.seed), snakemake.output[0])
