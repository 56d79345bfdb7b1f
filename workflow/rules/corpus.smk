# Corpus shards, found, downloaded or generated, and their manifest.


if study.world:

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
            "<logs>/generate_world.log",
        benchmark:
            "<benchmarks>/generate_world.tsv"
        conda:
            "../../envs/workflow.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            world=study.world.model_dump(mode="json"),
            code=code("generate_world"),
        script:
            "../scripts/generate_world.py"

    rule generate_shard:
        output:
            "<results>/world/corpus/{shard}.jsonl.zst",
        log:
            "<logs>/generate_shard/{shard}.log",
        benchmark:
            "<benchmarks>/generate_shard/{shard}.tsv"
        conda:
            "../../envs/workflow.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            world=study.world.model_dump(mode="json"),
            number=lambda wildcards: list(shards).index(wildcards.shard),
            code=code("generate_shard"),
        script:
            "../scripts/generate_shard.py"


if study.corpus.fetch:

    rule fetch_shard:
        output:
            "<results>/corpus/fetched/{file}",
        log:
            "<logs>/fetch_shard/{file}.log",
        benchmark:
            "<benchmarks>/fetch_shard/{file}.tsv"
        retries: 3
        conda:
            "../../envs/workflow.yaml"
        threads: needs("fetch_shard", "threads", 1)
        resources:
            mem_mb=needs("fetch_shard", "mem_mb", 1000),
            runtime=needs("fetch_shard", "runtime", 240),
        params:
            source=lambda wildcards: remotes[wildcards.file].source,
            code=code("fetch_shard"),
        script:
            "../scripts/fetch_shard.py"


rule inspect_shard:
    input:
        lambda wildcards: shards[wildcards.shard],
    output:
        "<results>/corpus/shards/{shard}.parquet",
    log:
        "<logs>/inspect_shard/{shard}.log",
    benchmark:
        "<benchmarks>/inspect_shard/{shard}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("inspect_shard", "threads", 1)
    resources:
        mem_mb=needs("inspect_shard", "mem_mb", 1000),
        runtime=needs("inspect_shard", "runtime", 120),
    params:
        corpus=corpus_reading(),
        code=code("inspect_shard"),
    script:
        "../scripts/inspect_shard.py"


rule write_manifest:
    input:
        expand(rules.inspect_shard.output, shard=shards),
    output:
        "<results>/corpus/manifest.parquet",
    log:
        "<logs>/write_manifest.log",
    benchmark:
        "<benchmarks>/write_manifest.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("write_manifest"),
    script:
        "../scripts/write_manifest.py"
