"""Write the tasks of a generated world and the truth behind them."""

from pathlib import Path

from tracemem.jobs.joblog import job_log
from tracemem.settings.world import WorldSettings
from tracemem.world.generator import World, write_tasks, write_truth

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        world = World(WorldSettings(**snakemake.params.world))
        write_tasks(world, Path(snakemake.output.tasks[0]).parent)
        write_truth(world, Path(snakemake.output.facts).parent)
