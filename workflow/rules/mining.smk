# Task-gram pairs above the threshold, and the documents that hold both sides.


rule fit_embedder:
    input:
        manifest=rules.write_manifest.output[0],
        shards=list(shards.values()),
    output:
        "<results>/embedders/{embedder}.npz",
    log:
        "<logs>/fit_embedder/{embedder}.log",
    benchmark:
        "<benchmarks>/fit_embedder/{embedder}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("fit_embedder", "threads", 1)
    resources:
        mem_mb=needs("fit_embedder", "mem_mb", 4000),
        runtime=needs("fit_embedder", "runtime", 120),
    params:
        shards=shards,
        corpus=corpus_reading(),
        embedder=lambda wildcards: study.embedders[wildcards.embedder].model_dump(
            mode="json"
        ),
        code=code("fit_embedder"),
    script:
        "../scripts/fit_embedder.py"


rule mine_pairs:
    input:
        examples=lambda wildcards: examples_of(
            wildcards.task, mining_split(wildcards.task)
        ),
        counts=rules.merge_ngrams.output[0],
        fitted=lambda wildcards: fitted(wildcards.task),
        alignments=rules.generate_world.output.alignments if study.world else [],
    output:
        mined="<results>/pairs/mined/{task}.n{n}.parquet",
        alignment="<results>/pairs/alignment/{task}.n{n}.parquet",
    log:
        "<logs>/mine_pairs/{task}.n{n}.log",
    benchmark:
        "<benchmarks>/mine_pairs/{task}.n{n}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("mine_pairs", "threads", 1)
    resources:
        mem_mb=needs("mine_pairs", "mem_mb", 8000),
        runtime=needs("mine_pairs", "runtime", 240),
    params:
        grams=lambda wildcards: grams(wildcards.task),
        thresholds=thresholds,
        embedder=lambda wildcards: embedder_of(wildcards.task).model_dump(mode="json"),
        code=code("mine_pairs"),
    script:
        "../scripts/mine_pairs.py"


rule count_pairs:
    input:
        shard=lambda wildcards: shards[wildcards.shard],
        mined=expand(rules.mine_pairs.output.mined, zip, **task_n()),
        counts=rules.merge_ngrams.output[0],
    output:
        counts="<results>/pairs/shards/{shard}.parquet",
        samples="<results>/pairs/samples/{shard}.parquet",
    log:
        "<logs>/count_pairs/{shard}.log",
    benchmark:
        "<benchmarks>/count_pairs/{shard}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("count_pairs", "threads", 1)
    resources:
        mem_mb=needs("count_pairs", "mem_mb", 8000),
        runtime=needs("count_pairs", "runtime", 240),
    params:
        corpus=corpus_reading(),
        samples=study.samples,
        code=code("count_pairs"),
    script:
        "../scripts/count_pairs.py"


rule merge_pairs:
    input:
        counts=expand(rules.count_pairs.output.counts, shard=shards),
        samples=expand(rules.count_pairs.output.samples, shard=shards),
    output:
        counts="<results>/pairs/counts.parquet",
        samples="<results>/pairs/samples.parquet",
    log:
        "<logs>/merge_pairs.log",
    benchmark:
        "<benchmarks>/merge_pairs.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("merge_pairs", "threads", 1)
    resources:
        mem_mb=needs("merge_pairs", "mem_mb", 8000),
        runtime=needs("merge_pairs", "runtime", 60),
    params:
        samples=study.samples,
        code=code("merge_pairs"),
    script:
        "../scripts/merge_pairs.py"


rule tabulate_pairs:
    input:
        mined=rules.mine_pairs.output.mined,
        counts=rules.merge_ngrams.output[0],
        pair_counts=rules.merge_pairs.output.counts,
        examples="<results>/tasks/{task}.test.parquet",
    output:
        pairs="<results>/pairs/{task}.n{n}.parquet",
        matched="<results>/items/{task}.n{n}.parquet",
    log:
        "<logs>/tabulate_pairs/{task}.n{n}.log",
    benchmark:
        "<benchmarks>/tabulate_pairs/{task}.n{n}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("tabulate_pairs", "threads", 1)
    resources:
        mem_mb=needs("tabulate_pairs", "mem_mb", 4000),
        runtime=needs("tabulate_pairs", "runtime", 60),
    params:
        grams=lambda wildcards: grams(wildcards.task),
        code=code("tabulate_pairs"),
    script:
        "../scripts/tabulate_pairs.py"


rule measure_alignment:
    input:
        alignment=expand(rules.mine_pairs.output.alignment, zip, **task_n()),
        mined=expand(rules.mine_pairs.output.mined, zip, **task_n()),
        pair_counts=rules.merge_pairs.output.counts,
    output:
        "<results>/pairs/alignment.csv",
    log:
        "<logs>/measure_alignment.log",
    benchmark:
        "<benchmarks>/measure_alignment.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("measure_alignment", "threads", 1)
    resources:
        mem_mb=needs("measure_alignment", "mem_mb", 4000),
        runtime=needs("measure_alignment", "runtime", 30),
    params:
        **task_n(),
        code=code("measure_alignment"),
    script:
        "../scripts/measure_alignment.py"


rule measure_coverage:
    input:
        alignment=rules.measure_alignment.output[0],
        matched=expand(rules.tabulate_pairs.output.matched, zip, **task_n()),
        examples=[examples_of(task) for task in task_n()["task"]],
    output:
        "<results>/pairs/coverage.csv",
    log:
        "<logs>/measure_coverage.log",
    benchmark:
        "<benchmarks>/measure_coverage.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        **task_n(),
        code=code("measure_coverage"),
    script:
        "../scripts/measure_coverage.py"
