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
        threads: 1
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            shards=shards,
            corpus=corpus_reading(),
            vocabulary=study.ladder.vocabulary,
            code=code("train_tokenizer"),
        script:
            "../scripts/train_tokenizer.py"

    rule pack_corpus:
        input:
            manifest=rules.write_manifest.output[0],
            tokenizer=rules.train_tokenizer.output[0],
            shards=list(shards.values()),
        output:
            "<results>/ladder/tokens.npy",
        log:
            "<logs>/pack_corpus.log",
        benchmark:
            "<benchmarks>/pack_corpus.tsv"
        conda:
            "../../envs/workflow.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=120,
        params:
            shards=shards,
            corpus=corpus_reading(),
            code=code("pack_corpus"),
        script:
            "../scripts/pack_corpus.py"

    rule train_model:
        input:
            tokens=rules.pack_corpus.output[0],
            tokenizer=rules.train_tokenizer.output[0],
        output:
            directory("<results>/ladder/{size}"),
        log:
            "<logs>/train_model/{size}.log",
        benchmark:
            "<benchmarks>/train_model/{size}.tsv"
        # The largest model takes longest: start it first.
        priority: 100
        conda:
            "../../envs/workflow.yaml"
        threads: study.ladder.threads
        resources:
            mem_mb=2000,
            runtime=240,
            gpu=study.ladder.gpus,
        params:
            ladder=study.ladder.model_dump(mode="json", exclude={"sizes"}),
            size=lambda wildcards: study.ladder.sizes[wildcards.size].model_dump(
                mode="json"
            ),
            seed=study.seed,
            code=code("train_model"),
        script:
            "../scripts/train_model.py"
