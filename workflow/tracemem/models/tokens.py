"""A corpus in tokens: the ladder's tokenizer, and the stream of tokens it trains on.

Nothing here imports torch or the model classes: these jobs run once a shard and start at once.
"""

import itertools
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from tracemem.jobs import files
from tracemem.jobs.files import replacing

END = "<|endoftext|>"
_BATCH = 1000


def load(folder: Path | str) -> PreTrainedTokenizerFast:
    """A tokenizer from a Hugging Face folder or a hub name that holds a ``tokenizer.json``."""
    return PreTrainedTokenizerFast.from_pretrained(folder)


def train_tokenizer(texts: Iterable[str], vocabulary: int, folder: Path | str) -> None:
    """Train a byte-level BPE tokenizer and save it as a Hugging Face folder.

    Args:
        texts: the documents.
        vocabulary: tokens at most, <|endoftext|> (token 0) and the 256 bytes among them.
        folder: made or replaced.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    whole = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=END, eos_token=END, unk_token=END, pad_token=END
    )
    folder = Path(folder)
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    whole.save_pretrained(draft)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def pack(texts: Iterable[str], tokenizer_folder: Path | str, path: Path | str) -> None:
    """Write documents as one token stream, <|endoftext|> after every document.

    Args:
        texts: the documents, in order.
        tokenizer_folder: a Hugging Face tokenizer with an end-of-text token.
        path: a ``.npy`` file: uint16, or uint32 for more than 65,536 tokens, [tokens].
    """
    tokenizer = load(tokenizer_folder)
    kind = np.dtype(np.uint16 if len(tokenizer) <= 1 << 16 else np.uint32)
    header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": (0,)}
    with replacing(path) as draft, draft.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        tokens, texts = 0, iter(texts)
        while batch := list(itertools.islice(texts, _BATCH)):
            stream: list[int] = []
            for ids in tokenizer(batch, verbose=False)["input_ids"]:
                stream += ids
                stream.append(tokenizer.eos_token_id)
            file.write(np.array(stream, kind).tobytes())
            tokens += len(stream)
        # NumPy leaves room in the header for the length, which is known only now.
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (tokens,)})


def join(parts: Sequence[Path | str], path: Path | str) -> None:
    """Write the streams of several :func:`pack` as one.

    Raises:
        ValueError: there is no token in them.
    """
    streams = [files.read_array(part, mapped=True) for part in parts]
    tokens = sum(map(len, streams))
    if not tokens:
        raise ValueError(f"{path}: no document to train on; allowed: at least one")
    kind = np.lib.format.dtype_to_descr(streams[0].dtype)
    header = {"descr": kind, "fortran_order": False, "shape": (tokens,)}
    with replacing(path) as draft, draft.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for stream in streams:
            stream.tofile(file)
