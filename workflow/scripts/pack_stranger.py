"""Write the stream of tokens of another world of the same shape, in this study's tokenizer."""

from tracemem.jobs.joblog import job_log
from tracemem.models.tokens import pack
from tracemem.settings.world import WorldSettings
from tracemem.world.generator import World

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        settings = WorldSettings(**snakemake.params.world)
        other = World(settings.model_copy(update={"seed": settings.seed + 1_000_000}))
        texts = (text for text, _ in other.documents(0, other.size))
        pack(texts, snakemake.input.tokenizer, snakemake.output[0])
