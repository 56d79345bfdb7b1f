# What models write that no document holds: generated pairs and their counts.

this = study.job("list_generated_pairs")


rule list_generated_pairs:
    input:
        note=study.note("list_generated_pairs"),
        examples="<results>/tasks/{task}.test.parquet",
        generations=expand(
            "<results>/generations/{{task}}/{model}.parquet", model=study.models
        ),
    output:
        "<results>/novelty/pairs/{task}.parquet",
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
        **study.given("list_generated_pairs"),
        code=this.code,
    script:
        "../scripts/list_generated_pairs.py"


this = study.job("gather_generated_pairs")


use rule list_pairs as gather_generated_pairs with:
    input:
        expand(rules.list_generated_pairs.output, task=study.novelty_tasks),
    output:
        "<results>/novelty/distinct.parquet",
    log:
        this.log,
    benchmark:
        this.benchmark
    threads: this.threads
    resources:
        **this.resources,
    params:
        code=this.code,


this = study.job("count_generated_pairs")


use rule count_pairs as count_generated_pairs with:
    input:
        shard=lambda wildcards: study.shards[wildcards.shard],
        pairs=rules.gather_generated_pairs.output[0],
        counts=[],
    output:
        counts="<results>/novelty/shards/{shard}.parquet",
    log:
        this.log,
    benchmark:
        this.benchmark
    threads: this.threads
    resources:
        **this.resources,
    params:
        corpus=study.reading,
        samples=0,
        code=this.code,


this = study.job("merge_generated_pairs")


rule merge_generated_pairs:
    input:
        expand(rules.count_generated_pairs.output, shard=study.shards),
    output:
        "<results>/novelty/counts.parquet",
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
        "../scripts/merge_generated_pairs.py"


this = study.job("embed_generated_pairs")


rule embed_generated_pairs:
    input:
        note=study.note("embed_generated_pairs"),
        examples="<results>/tasks/{task}.test.parquet",
        generations=expand(
            "<results>/generations/{{task}}/{model}.parquet", model=study.ends
        ),
        fitted=lambda wildcards: study.fitted(wildcards.task),
    output:
        "<results>/novelty/cosines/{task}.parquet",
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
        **study.given("embed_generated_pairs"),
        code=this.code,
    script:
        "../scripts/embed_generated_pairs.py"
