"""Write one shard of a generated world's corpus."""

from tracemem.joblog import job_log
from tracemem.world.generator import World, write_shard
from tracemem.world.settings import WorldSettings

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        world = World(WorldSettings(**snakemake.params.world))
        write_shard(world, snakemake.params.number, snakemake.output[0])
