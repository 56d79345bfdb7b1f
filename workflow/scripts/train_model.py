"""Train one size of the ladder, or a piece of its training, with evenly spaced checkpoints."""

from tracemem.jobs.joblog import job_log
from tracemem.models.ladder import train_model
from tracemem.settings.ladder import RecipeSettings, SizeSettings

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params, training = snakemake.params, snakemake.params.training
        train_model(
            snakemake.input.tokens,
            snakemake.input.tokenizer,
            SizeSettings(**training["size"]),
            RecipeSettings(**training["ladder"]),
            training["seed"],
            snakemake.output[0],
            params.piece,
            # The first piece has none before it.
            next(iter(snakemake.input.before), None),
        )
