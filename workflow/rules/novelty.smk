# What models write that no document holds: generated pairs and their counts.


rule list_generated_pairs:
    input:
        examples="<results>/tasks/{task}.test.parquet",
        generations=expand(
            "<results>/generations/{{task}}/{model}.parquet", model=models
        ),
    output:
        "<results>/novelty/pairs/{task}.parquet",
    log:
        "<logs>/list_generated_pairs/{task}.log",
    benchmark:
        "<benchmarks>/list_generated_pairs/{task}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("list_generated_pairs", "threads", 1)
    resources:
        mem_mb=needs("list_generated_pairs", "mem_mb", 8000),
        runtime=needs("list_generated_pairs", "runtime", 60),
    params:
        n=lambda wildcards: study.tasks[wildcards.task].n,
        grams=lambda wildcards: grams(wildcards.task),
        code=code("list_generated_pairs"),
    script:
        "../scripts/list_generated_pairs.py"


rule count_generated_pairs:
    input:
        shard=lambda wildcards: shards[wildcards.shard],
        pairs=expand(rules.list_generated_pairs.output, task=novelty_tasks()),
    output:
        "<results>/novelty/shards/{shard}.parquet",
    log:
        "<logs>/count_generated_pairs/{shard}.log",
    benchmark:
        "<benchmarks>/count_generated_pairs/{shard}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("count_generated_pairs", "threads", 1)
    resources:
        mem_mb=needs("count_generated_pairs", "mem_mb", 8000),
        runtime=needs("count_generated_pairs", "runtime", 240),
    params:
        corpus=corpus_reading(),
        code=code("count_generated_pairs"),
    script:
        "../scripts/count_generated_pairs.py"


rule merge_generated_pairs:
    input:
        expand(rules.count_generated_pairs.output, shard=shards),
    output:
        "<results>/novelty/counts.parquet",
    log:
        "<logs>/merge_generated_pairs.log",
    benchmark:
        "<benchmarks>/merge_generated_pairs.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("merge_generated_pairs", "threads", 1)
    resources:
        mem_mb=needs("merge_generated_pairs", "mem_mb", 8000),
        runtime=needs("merge_generated_pairs", "runtime", 60),
    params:
        code=code("merge_generated_pairs"),
    script:
        "../scripts/merge_generated_pairs.py"


rule embed_generated_pairs:
    input:
        examples="<results>/tasks/{task}.test.parquet",
        generations=expand(
            "<results>/generations/{{task}}/{model}.parquet", model=ends()
        ),
        fitted=lambda wildcards: fitted(wildcards.task),
    output:
        "<results>/novelty/cosines/{task}.parquet",
    log:
        "<logs>/embed_generated_pairs/{task}.log",
    benchmark:
        "<benchmarks>/embed_generated_pairs/{task}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        n=lambda wildcards: study.tasks[wildcards.task].n,
        grams=lambda wildcards: grams(wildcards.task),
        models={name: models[name].parameters for name in ends()},
        embedder=lambda wildcards: embedder_of(wildcards.task).model_dump(mode="json"),
        code=code("embed_generated_pairs"),
    script:
        "../scripts/embed_generated_pairs.py"
