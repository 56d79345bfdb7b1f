# Corpus shards, found, downloaded or generated, and their manifest.

if study.settings.world:

    this = study.job("generate_world")

    rule generate_world:
        output:
            tasks=expand(
                "<results>/world/tasks/{task}.{split}.jsonl",
                task=WORLD_TASKS,
                split=["train", "test"],
            ),
            facts="<results>/world/truth/facts.parquet",
            examples="<results>/world/truth/examples.parquet",
            lexicon="<results>/world/truth/lexicon.parquet",
            alignments="<results>/world/truth/alignments.parquet",
        log:
            this.log,
        benchmark:
            this.benchmark
        conda:
            ENVIRONMENT
        threads: this.threads
        resources:
            **this.resources,
        params:
            world=study.settings.world.plain(),
            code=this.code,
        script:
            "../scripts/generate_world.py"

    this = study.job("generate_shard")

    rule generate_shard:
        output:
            "<results>/world/corpus/{shard}.jsonl.zst",
        log:
            this.log,
        benchmark:
            this.benchmark
        conda:
            ENVIRONMENT
        threads: this.threads
        resources:
            **this.resources,
        params:
            world=study.settings.world.plain(),
            number=lambda wildcards: list(study.shards).index(wildcards.shard),
            code=this.code,
        script:
            "../scripts/generate_shard.py"


if study.remotes:

    this = study.job("fetch_shard")

    rule fetch_shard:
        output:
            "<results>/corpus/fetched/{file}",
        log:
            this.log,
        benchmark:
            this.benchmark
        retries: 3
        conda:
            ENVIRONMENT
        threads: this.threads
        resources:
            **this.resources,
        params:
            source=lambda wildcards: study.remotes[wildcards.file].source,
            code=this.code,
        script:
            "../scripts/fetch_shard.py"


this = study.job("inspect_shard")


rule inspect_shard:
    input:
        lambda wildcards: study.shards[wildcards.shard],
    output:
        "<results>/corpus/shards/{shard}.parquet",
    log:
        this.log,
    benchmark:
        this.benchmark
    conda:
        ENVIRONMENT
    threads: this.threads
    resources:
        **this.resources,
    params:
        corpus=study.reading,
        code=this.code,
    script:
        "../scripts/inspect_shard.py"


this = study.job("write_manifest")


rule write_manifest:
    input:
        expand(rules.inspect_shard.output, shard=study.shards),
    output:
        "<results>/corpus/manifest.parquet",
    log:
        this.log,
    benchmark:
        this.benchmark
    conda:
        ENVIRONMENT
    threads: this.threads
    resources:
        **this.resources,
    params:
        code=this.code,
    script:
        "../scripts/write_manifest.py"
