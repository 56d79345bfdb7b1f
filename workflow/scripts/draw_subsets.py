"""Draw the subsets of a generated corpus: which documents each of them leaves out."""

from tracemem.counterfactual.subsets import draw_subsets, draw_units
from tracemem.counterfactual.tables import SUBSETS, TESTED, UNITS
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.settings.counterfactual import LeavingSettings
from tracemem.settings.world import WorldSettings
from tracemem.world.generator import World

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params, output = snakemake.params, snakemake.output
        leaving = LeavingSettings(**params.leaving)
        units, tested = draw_units(World(WorldSettings(**params.world)), leaving)
        files.write(UNITS, units, output.units)
        files.write(TESTED, tested, output.tested)
        files.write(SUBSETS, draw_subsets(units, leaving, params.seed), output.subsets)
