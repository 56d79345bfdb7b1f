# Figures, and the report that gathers everything.

this = study.job("plot_figure")


rule plot_figure:
    input:
        unpack(lambda wildcards: study.drawn_from(wildcards.figure)),
    output:
        png="<results>/figures/{figure}.png",
        pdf="<results>/figures/{figure}.pdf",
        note="<results>/figures/{figure}.csv",
    log:
        this.log,
    benchmark:
        this.benchmark
    wildcard_constraints:
        figure="|".join(DRAWN),
    conda:
        ENVIRONMENT
    threads: this.threads
    resources:
        **this.resources,
    params:
        families=study.families,
        permuted=study.permuted_tasks,
        code=this.code,
    script:
        "../scripts/plot_figure.py"


this = study.job("write_report")


rule write_report:
    input:
        **study.reported,
        figures=expand(rules.plot_figure.output.png, figure=study.figures),
        pdf=expand(rules.plot_figure.output.pdf, figure=study.figures),
        notes=expand(rules.plot_figure.output.note, figure=study.figures),
        template=workflow.source_path("../tracemem/report/report.html.jinja"),
    output:
        html="<results>/report.html",
        summary="<results>/summary.txt",
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
        study=study.about(workflow.configfiles),
        code=this.code,
    script:
        "../scripts/write_report.py"
