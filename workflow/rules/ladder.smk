# A tokenizer and a ladder of models, trained on the corpus.

if study.ladder:

    rule train_tokenizer:
        input:
            manifest=rules.write_manifest.output[0],
            shards=list(shards.values()),
        output:
            directory("<results>/ladder/tokenizer"),
        log:
            "<logs>/train_tokenizer.log",
        benchmark:
            "<benchmarks>/train_tokenizer.tsv"
        conda:
            "../../envs/workflow.yaml"
        threads: needs("train_tokenizer", "threads", 1)
        resources:
            mem_mb=needs("train_tokenizer", "mem_mb", 2000),
            runtime=needs("train_tokenizer", "runtime", 60),
        params:
            shards=shards,
            corpus=corpus_reading(),
            vocabulary=study.ladder.vocabulary,
            documents=study.ladder.tokenizer_documents,
            code=code("train_tokenizer"),
        script:
            "../scripts/train_tokenizer.py"

    rule pack_shard:
        input:
            shard=lambda wildcards: shards[wildcards.shard],
            tokenizer=rules.train_tokenizer.output[0],
        output:
            temp("<results>/ladder/tokens/{shard}.npy"),
        log:
            "<logs>/pack_shard/{shard}.log",
        benchmark:
            "<benchmarks>/pack_shard/{shard}.tsv"
        conda:
            "../../envs/workflow.yaml"
        threads: needs("pack_shard", "threads", 1)
        resources:
            mem_mb=needs("pack_shard", "mem_mb", 2000),
            runtime=needs("pack_shard", "runtime", 120),
        params:
            corpus=corpus_reading(),
            code=code("pack_shard"),
        script:
            "../scripts/pack_shard.py"

    rule pack_corpus:
        input:
            expand(rules.pack_shard.output, shard=shards),
        output:
            "<results>/ladder/tokens.npy",
        log:
            "<logs>/pack_corpus.log",
        benchmark:
            "<benchmarks>/pack_corpus.tsv"
        conda:
            "../../envs/workflow.yaml"
        threads: needs("pack_corpus", "threads", 1)
        resources:
            mem_mb=needs("pack_corpus", "mem_mb", 2000),
            runtime=needs("pack_corpus", "runtime", 60),
        params:
            code=code("pack_corpus"),
        script:
            "../scripts/pack_corpus.py"

    rule train_model:
        input:
            tokens=rules.pack_corpus.output[0],
            tokenizer=rules.train_tokenizer.output[0],
            before=lambda wildcards: piece_before(
                wildcards.size, study.ladder.sizes[wildcards.size].pieces
            ),
        output:
            directory("<results>/ladder/{size}"),
        log:
            "<logs>/train_model/{size}.log",
        benchmark:
            "<benchmarks>/train_model/{size}.tsv"
        # The largest model takes longest: start it first.
        priority: lambda wildcards: 1 + list(models).index(wildcards.size)
        conda:
            "../../envs/workflow.yaml"
        threads: study.ladder.threads
        resources:
            mem_mb=study.ladder.mem_mb,
            runtime=study.ladder.runtime,
            gpu=study.ladder.gpus,
        params:
            ladder=study.ladder.recipe(),
            size=lambda wildcards: study.ladder.sizes[wildcards.size].model_dump(
                mode="json"
            ),
            piece=lambda wildcards: study.ladder.sizes[wildcards.size].pieces,
            seed=study.seed,
            code=code("train_model"),
        script:
            "../scripts/train_model.py"

    use rule train_model as train_piece with:
        input:
            tokens=rules.pack_corpus.output[0],
            tokenizer=rules.train_tokenizer.output[0],
            before=lambda wildcards: piece_before(wildcards.size, int(wildcards.piece)),
        output:
            temp(directory("<results>/ladder/pieces/{size}.{piece}")),
        log:
            "<logs>/train_model/{size}.{piece}.log",
        benchmark:
            "<benchmarks>/train_model/{size}.{piece}.tsv"
        wildcard_constraints:
            piece=r"\d+",
        params:
            ladder=study.ladder.recipe(),
            size=lambda wildcards: study.ladder.sizes[wildcards.size].model_dump(
                mode="json"
            ),
            piece=lambda wildcards: int(wildcards.piece),
            seed=study.seed,
            code=code("train_model"),
