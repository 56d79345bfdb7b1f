"""Memorization and generalization of language models, traced to their pretraining data.

The library behind the workflow's scripts; it knows nothing of Snakemake. One module, one noun
of the field. Definitions follow Wang et al., "Generalization v.s. Memorization" (arXiv 2407.14985).
"""
