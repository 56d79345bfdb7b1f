# Exact counts of every candidate n-gram, and the suffix arrays of the infinity-gram LM.


rule list_candidates:
    input:
        [examples_of(task, split) for task, split in mined_splits()],
    output:
        "<results>/ngrams/candidates.parquet",
    log:
        "<logs>/list_candidates.log",
    benchmark:
        "<benchmarks>/list_candidates.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("list_candidates", "threads", 1)
    resources:
        mem_mb=needs("list_candidates", "mem_mb", 4000),
        runtime=needs("list_candidates", "runtime", 60),
    params:
        n=[study.tasks[task].n for task, _ in mined_splits()],
        grams=[grams(task) for task, _ in mined_splits()],
        decontamination=[
            study.decontamination if split == "test" else []
            for _, split in mined_splits()
        ],
        code=code("list_candidates"),
    script:
        "../scripts/list_candidates.py"


rule count_ngrams:
    input:
        shard=lambda wildcards: shards[wildcards.shard],
        candidates=rules.list_candidates.output[0],
        manifest=rules.inspect_shard.output[0],
    output:
        "<results>/ngrams/shards/{shard}.parquet",
    log:
        "<logs>/count_ngrams/{shard}.log",
    benchmark:
        "<benchmarks>/count_ngrams/{shard}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("count_ngrams", "threads", 1)
    resources:
        mem_mb=needs("count_ngrams", "mem_mb", 4000),
        runtime=needs("count_ngrams", "runtime", 240),
    params:
        corpus=corpus_reading(),
        code=code("count_ngrams"),
    script:
        "../scripts/count_ngrams.py"


rule merge_ngrams:
    input:
        expand(rules.count_ngrams.output, shard=shards),
    output:
        "<results>/ngrams/counts.parquet",
    log:
        "<logs>/merge_ngrams.log",
    benchmark:
        "<benchmarks>/merge_ngrams.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("merge_ngrams", "threads", 1)
    resources:
        mem_mb=needs("merge_ngrams", "mem_mb", 4000),
        runtime=needs("merge_ngrams", "runtime", 60),
    params:
        code=code("merge_ngrams"),
    script:
        "../scripts/merge_ngrams.py"


if study.infgram:

    rule index_shard:
        input:
            shard=lambda wildcards: list(shards.values())[int(wildcards.number)],
            manifest=lambda wildcards: expand(
                rules.inspect_shard.output, shard=list(shards)[int(wildcards.number)]
            ),
            tokenizer=index_tokenizer(),
        output:
            tokenized="<results>/infgram/index/tokenized.{number}",
            offset="<results>/infgram/index/offset.{number}",
            table="<results>/infgram/index/table.{number}",
        log:
            "<logs>/index_shard/{number}.log",
        benchmark:
            "<benchmarks>/index_shard/{number}.tsv"
        conda:
            "../../envs/workflow.yaml"
        threads: needs("index_shard", "threads", 1)
        resources:
            mem_mb=needs("index_shard", "mem_mb", 8000),
            runtime=needs("index_shard", "runtime", 480),
        params:
            shard=lambda wildcards: list(shards)[int(wildcards.number)],
            tokenizer=study.infgram.tokenizer,
            corpus=corpus_reading(),
            code=code("index_shard"),
        script:
            "../scripts/index_shard.py"

    rule score_infgram:
        input:
            examples="<results>/tasks/{task}.test.parquet",
            index=(
                study.infgram.index
                or expand(
                    [
                        rules.index_shard.output.tokenized,
                        rules.index_shard.output.offset,
                        rules.index_shard.output.table,
                    ],
                    number=range(len(shards)),
                )
            ),
            tokenizer=index_tokenizer(),
        output:
            "<results>/infgram/{task}.parquet",
        log:
            "<logs>/score_infgram/{task}.log",
        benchmark:
            "<benchmarks>/score_infgram/{task}.tsv"
        conda:
            "../../envs/workflow.yaml"
        threads: needs("score_infgram", "threads", 1)
        resources:
            mem_mb=needs("score_infgram", "mem_mb", 8000),
            runtime=needs("score_infgram", "runtime", 120),
        params:
            tokenizer=study.infgram.tokenizer,
            code=code("score_infgram"),
        script:
            "../scripts/score_infgram.py"
