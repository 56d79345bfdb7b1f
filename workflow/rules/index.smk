# Exact counts of every candidate n-gram, and the suffix arrays of the infinity-gram LM.


this = study.job("list_candidates")


rule list_candidates:
    input:
        [
            f"<results>/tasks/{task}.{split}.parquet"
            for task, split in study.mined_splits
        ],
    output:
        "<results>/ngrams/candidates.parquet",
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
        n=[study.tasks[task].n for task, _ in study.mined_splits],
        grams=[study.grams(task) for task, _ in study.mined_splits],
        decontamination=[
            study.decontamination if split == "test" else []
            for _, split in study.mined_splits
        ],
        code=this.code,
    script:
        "../scripts/list_candidates.py"


this = study.job("count_ngrams")


rule count_ngrams:
    input:
        shard=lambda wildcards: study.shards[wildcards.shard],
        candidates=rules.list_candidates.output[0],
        manifest=rules.inspect_shard.output[0],
    output:
        "<results>/ngrams/shards/{shard}.parquet",
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
        "../scripts/count_ngrams.py"


this = study.job("merge_ngrams")


rule merge_ngrams:
    input:
        expand(rules.count_ngrams.output, shard=study.shards),
    output:
        "<results>/ngrams/counts.parquet",
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
        "../scripts/merge_ngrams.py"


if study.settings.infgram:

    this = study.job("index_shard")

    rule index_shard:
        input:
            shard=lambda wildcards: list(study.shards.values())[int(wildcards.number)],
            manifest=lambda wildcards: expand(
                rules.inspect_shard.output,
                shard=list(study.shards)[int(wildcards.number)],
            ),
            tokenizer=study.index_tokenizer,
        output:
            tokenized="<results>/infgram/index/tokenized.{number}",
            offset="<results>/infgram/index/offset.{number}",
            table="<results>/infgram/index/table.{number}",
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
            shard=lambda wildcards: list(study.shards)[int(wildcards.number)],
            tokenizer=study.settings.infgram.tokenizer,
            corpus=study.reading,
            code=this.code,
        script:
            "../scripts/index_shard.py"

    this = study.job("score_infgram")

    rule score_infgram:
        input:
            examples="<results>/tasks/{task}.test.parquet",
            prompts=rules.write_prompts.output[0],
            index=(
                study.settings.infgram.index
                or expand(
                    [
                        rules.index_shard.output.tokenized,
                        rules.index_shard.output.offset,
                        rules.index_shard.output.table,
                    ],
                    number=range(len(study.shards)),
                )
            ),
            tokenizer=study.index_tokenizer,
        output:
            "<results>/infgram/{task}.parquet",
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
            tokenizer=study.settings.infgram.tokenizer,
            code=this.code,
        script:
            "../scripts/score_infgram.py"
