"""Tables of the corpus."""

from tracemem.jobs.declared import I64, TEXT, Table

MANIFEST = Table(
    "corpus/manifest.parquet",
    "The corpus: one row a shard.",
    {
        "shard": (TEXT, "shard name, unique in the study"),
        "path": (TEXT, "file or folder as the config found it"),
        "documents": (I64, "documents read"),
        "skipped": (I64, "bad records passed over under on_bad_record: skip"),
        "bytes": (I64, "bytes at rest"),
        "text_bytes": (I64, "bytes of document text in UTF-8"),
        "sha256": (TEXT, "checksum of the bytes at rest"),
    },
    section="run",
    title="Corpus",
    missing="No corpus manifest was given.",
)
