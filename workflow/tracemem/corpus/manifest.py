"""The corpus manifest: what a shard holds, and the checksum of its bytes at rest."""

from tracemem.corpus.bad_records import OnBadRecord
from tracemem.corpus.batches import Room
from tracemem.corpus.reading import Reader
from tracemem.corpus.shards import Shard
from tracemem.jobs.progress import Progress


def manifest_row(
    shard: Shard, text_field: str = "text", on_bad_record: OnBadRecord = "stop"
) -> dict[str, str | int]:
    """A shard's row of the table MANIFEST, in one reading.

    The checksum of a file is that of its bytes; of a folder, as its format says.

    Raises:
        CorpusError: the shard cannot be read, or a bad record, under ``on_bad_record="stop"``.
    """
    reader = Reader(shard, text_field, on_bad_record, digest=True)
    progress = Progress(f"read {shard.name}", reader.size)
    room = Room()
    count = skipped = text_bytes = 0
    while batch := reader.read(room):
        count += len(batch.records)
        skipped += batch.skipped
        text_bytes += batch.text_bytes
        progress.add(reader.position, len(batch.records), batch.text_bytes)
    progress.finish()
    return {
        "shard": shard.name,
        "path": str(shard.path),
        "documents": count,
        "skipped": skipped,
        "bytes": reader.size,
        "text_bytes": text_bytes,
        "sha256": reader.sha256(),
    }
