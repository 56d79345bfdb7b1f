"""Write one shard of a generated world's corpus."""

from tracemem.jobs.joblog import job_log
from tracemem.settings.world import WorldSettings
from tracemem.world.generator import World, write_shard

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        world = World(WorldSettings(**snakemake.params.world))
        write_shard(world, snakemake.params.number, snakemake.output[0])
