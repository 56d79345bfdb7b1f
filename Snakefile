"""The study (workflow/Snakefile) as it is run from here: every rule under its own name."""


module study:
    snakefile:
        "workflow/Snakefile"
    config:
        config


use rule * from study
