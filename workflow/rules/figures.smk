# Figures, and the report that gathers everything.


rule plot_coverage:
    input:
        coverage=rules.measure_coverage.output[0],
    output:
        png="<results>/figures/coverage.png",
        pdf="<results>/figures/coverage.pdf",
        note="<results>/figures/coverage.csv",
    log:
        "<logs>/plot_coverage.log",
    benchmark:
        "<benchmarks>/plot_coverage.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_coverage"),
    script:
        "../scripts/plot_coverage.py"


rule plot_performance_support:
    input:
        support=rules.merge_performance.output.support,
    output:
        png="<results>/figures/performance_support.png",
        pdf="<results>/figures/performance_support.pdf",
        note="<results>/figures/performance_support.csv",
    log:
        "<logs>/plot_performance_support.log",
    benchmark:
        "<benchmarks>/plot_performance_support.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_performance_support"),
    script:
        "../scripts/plot_performance_support.py"


rule plot_memorization:
    input:
        memorization=rules.merge_memorization.output.memorization,
        controls=rules.merge_memorization.output.controls,
    output:
        png="<results>/figures/memorization.png",
        pdf="<results>/figures/memorization.pdf",
        note="<results>/figures/memorization.csv",
    log:
        "<logs>/plot_memorization.log",
    benchmark:
        "<benchmarks>/plot_memorization.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        families=families(),
        permuted=permuted_tasks(),
        code=code("plot_memorization"),
    script:
        "../scripts/plot_memorization.py"


rule plot_kendall:
    input:
        memorization=rules.merge_memorization.output.memorization,
    output:
        png="<results>/figures/kendall.png",
        pdf="<results>/figures/kendall.pdf",
        note="<results>/figures/kendall.csv",
    log:
        "<logs>/plot_kendall.log",
    benchmark:
        "<benchmarks>/plot_kendall.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        families=families(),
        code=code("plot_kendall"),
    script:
        "../scripts/plot_kendall.py"


rule plot_emergence:
    input:
        support=rules.merge_performance.output.support,
    output:
        png="<results>/figures/emergence.png",
        pdf="<results>/figures/emergence.pdf",
        note="<results>/figures/emergence.csv",
    log:
        "<logs>/plot_emergence.log",
    benchmark:
        "<benchmarks>/plot_emergence.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        families=families(),
        code=code("plot_emergence"),
    script:
        "../scripts/plot_emergence.py"


rule plot_novelty:
    input:
        novelty=rules.score_novelty.output[0],
    output:
        png="<results>/figures/novelty.png",
        pdf="<results>/figures/novelty.pdf",
        note="<results>/figures/novelty.csv",
    log:
        "<logs>/plot_novelty.log",
    benchmark:
        "<benchmarks>/plot_novelty.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_novelty"),
    script:
        "../scripts/plot_novelty.py"


rule plot_thresholds:
    input:
        alignment=rules.measure_alignment.output[0],
    output:
        png="<results>/figures/thresholds.png",
        pdf="<results>/figures/thresholds.pdf",
        note="<results>/figures/thresholds.csv",
    log:
        "<logs>/plot_thresholds.log",
    benchmark:
        "<benchmarks>/plot_thresholds.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_thresholds"),
    script:
        "../scripts/plot_thresholds.py"


rule plot_generated_cosines:
    input:
        cosines=expand(rules.embed_generated_pairs.output, task=novelty_tasks()),
    output:
        png="<results>/figures/generated_cosines.png",
        pdf="<results>/figures/generated_cosines.pdf",
        note="<results>/figures/generated_cosines.csv",
    log:
        "<logs>/plot_generated_cosines.log",
    benchmark:
        "<benchmarks>/plot_generated_cosines.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_generated_cosines"),
    script:
        "../scripts/plot_generated_cosines.py"


rule plot_memorization_by_threshold:
    input:
        thresholds=rules.merge_thresholds.output[0],
    output:
        png="<results>/figures/memorization_by_threshold.png",
        pdf="<results>/figures/memorization_by_threshold.pdf",
        note="<results>/figures/memorization_by_threshold.csv",
    log:
        "<logs>/plot_memorization_by_threshold.log",
    benchmark:
        "<benchmarks>/plot_memorization_by_threshold.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        families=families(),
        code=code("plot_memorization_by_threshold"),
    script:
        "../scripts/plot_memorization_by_threshold.py"


rule plot_instruct:
    input:
        instruct=rules.compare_instruct.output[0],
    output:
        png="<results>/figures/instruct.png",
        pdf="<results>/figures/instruct.pdf",
        note="<results>/figures/instruct.csv",
    log:
        "<logs>/plot_instruct.log",
    benchmark:
        "<benchmarks>/plot_instruct.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_instruct"),
    script:
        "../scripts/plot_instruct.py"


rule write_report:
    input:
        **report_tables(),
        figures=figure_files(["png"]),
        pdf=figure_files(["pdf"]),
        notes=figure_files(["csv"]),
        template=workflow.source_path("../tracemem/report/report.html.jinja"),
    output:
        html="<results>/report.html",
        summary="<results>/summary.txt",
    log:
        "<logs>/write_report.log",
    benchmark:
        "<benchmarks>/write_report.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study={
            "title": study.title,
            "settings": study.model_dump(mode="json"),
            "families": families(),
            "tasks": list(study.tasks),
            "notes": notes,
            "answered": bool(models),
            "commands": [
                [
                    "run everything",
                    f"snakemake --cores all --configfile {configfiles()}",
                ],
            ],
        },
        code=code("write_report"),
    script:
        "../scripts/write_report.py"
