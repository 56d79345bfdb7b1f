"""Embedders: what turns n-grams into unit vectors whose cosine says how near their meanings are.

Two need no network. :class:`WordLlamaEmbedder` has English vectors that owe the corpus nothing, so
what is mined does not depend on what is counted. :class:`LsaEmbedder` is trained on the corpus
itself. It puts words near each other that stand in the same passages, or beside the same words:
where passages hold a text and its translation, that aligns the two languages (Dumais et al. 1997,
"Automatic cross-language retrieval using latent semantic indexing"), and where they state facts, it
aligns entity and answer.
"""

import hashlib
import heapq
import importlib.util
import itertools
import logging
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa

from tracemem.jobs import files
from tracemem.mining import cooccurrence
from tracemem.ngrams.words import words
from tracemem.settings.mining import WORDLLAMA, EmbedderSettings

Side = Literal["input", "output"]
_BATCH = 65_536  # texts embedded and kept at once
_log = logging.getLogger(__name__)


class Embedder(Protocol):
    """Anything that embeds texts."""

    name: str

    def embed(self, texts: Sequence[str], side: Side = "input") -> np.ndarray:
        """Vectors (float32, [texts, dimensions]) of length 1, or 0 where it knows no word."""


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1 (float32); rows of zeros stay zero."""
    vectors = np.asarray(vectors, dtype=np.float64)
    lengths = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0).astype(
        np.float32
    )


def sample_by_hash(texts: Iterable[str], size: int) -> list[str]:
    """The ``size`` distinct texts of smallest hash, in the order of their hashes.

    The choice depends on the texts alone, not on their order or on the files that hold them.
    """
    kept: list[tuple[int, str]] = []
    held: set[int] = set()
    for text in texts:
        key = -int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest())
        if key in held or (len(kept) == size and key <= kept[0][0]):
            continue
        held.add(key)
        if len(kept) < size:
            heapq.heappush(kept, (key, text))
        else:
            held.remove(heapq.heappushpop(kept, (key, text))[0])
    return [text for _, text in sorted(kept, reverse=True)]


class LsaEmbedder:
    """Latent semantic analysis of the words of a corpus.

    M is words x words, M_vw = max(0, ln(D D_vw / (D_v D_w))), the positive pointwise mutual
    information of standing in the same passage (D passages, D_v with v, D_vw with both). Of its
    truncated singular value decomposition M = U S V', the vector of a word is the unit row of
    U S / (S + mean S / 2). That keeps directions that carry signal alike and fades out those that
    do not; so unlike U alone it does not turn into the identity where all dimensions are kept. An
    n-gram is the mean of the vectors of its words weighted by sqrt(ln(D / D_w)): words that stand
    everywhere weigh next to nothing.

    Bytes are reproducible on one machine whatever its threads: BLAS is held to one.

    Attributes:
        vocabulary: the words known, sorted.
        vectors: their vectors (float32, [words, dimensions]).
        weights: their weights (float32, [words]).
    """

    def __init__(self, vocabulary: Sequence[str], vectors: np.ndarray, weights: np.ndarray):
        self.vocabulary = list(vocabulary)
        self.vectors = vectors
        self.weights = weights
        self._number = {word: i for i, word in enumerate(self.vocabulary)}
        self.name = "lsa-" + hashlib.blake2b(vectors.tobytes(), digest_size=8).hexdigest()
        if not self.vocabulary:
            self.name = "lsa (for which the corpus is too small)"

    @classmethod
    def fit(
        cls,
        documents: Iterable[str],
        dimensions: int = 250,
        sample: int = 100_000,
        window: int = 48,
        pairs: int = 200_000_000,
        contexts: int = 20_000,
        seed: int = 0,
    ) -> "LsaEmbedder":
        """Train on a sample of the documents, chosen by hash.

        A corpus in which no two words stand in two passages or more, one of them not in all, gives
        an embedder that knows no word.

        Args:
            documents: texts, in any order; the same text twice counts once.
            dimensions: singular vectors kept, fewer where the sample holds fewer words.
            sample: documents kept at most.
            window: words of a passage; longer documents are cut into passages. Short ones align
                sentence by sentence, but must hold a sentence and its translation.
            pairs: the sample ends where its passages together have more pairs of words than this,
                which bounds time and memory.
            contexts: words of most passages whose mutual information is decomposed; the others are
                folded in, which costs pairs of two rare words most (docs/embedders.md).
            seed: of the decomposition.
        """
        from threadpoolctl import threadpool_limits

        vocabulary, held = cooccurrence.incidence(sample_by_hash(documents, sample), window, pairs)
        spread = np.diff(held.indptr)
        count = held.shape[1]
        if len(vocabulary) < 2 or not (spread < count).any():
            _log.warning(
                "lsa knows no word: %d words stand in two or more of %d passages; two words are "
                "needed, one of them not in every passage", len(vocabulary), count,
            )  # fmt: skip
            return cls([], np.zeros((0, 1), np.float32), np.zeros(0, np.float32))
        contexts = min(contexts, len(vocabulary))
        with threadpool_limits(1):
            left, values = cooccurrence.leading(
                cooccurrence.information(held, contexts), contexts, dimensions, seed
            )
        singular = np.abs(values)
        vectors = unit_rows(left * (singular / (singular + singular.mean() / 2)))
        weights = np.sqrt(np.log(count / spread)).astype(np.float32)
        _log.info(
            "lsa: %d passages, %d words, %d dimensions", count, len(vocabulary), vectors.shape[1]
        )
        return cls(vocabulary, vectors, weights)

    def embed(self, texts: Sequence[str], side: Side = "input") -> np.ndarray:
        """Unit vectors (float32, [texts, dimensions]); 0 where no word of a text is known."""
        embedded = np.zeros((len(texts), self.vectors.shape[1]), np.float32)
        for start in range(0, len(texts), _BATCH):
            embedded[start : start + _BATCH] = self._sums(texts[start : start + _BATCH])
        return embedded

    def _sums(self, texts: Sequence[str]) -> np.ndarray:
        from scipy.sparse import csr_array

        found = [[self._number[w] for w in words(text) if w in self._number] for text in texts]
        ends = np.cumsum([0, *map(len, found)])
        indices = np.array([i for text in found for i in text], dtype=np.int64)
        weights = csr_array(
            (self.weights[indices].astype(np.float64), indices, ends),
            shape=(len(found), len(self.vocabulary)),
        )
        return unit_rows(weights @ self.vectors.astype(np.float64))

    def save(self, path: Path | str) -> None:
        """Write the embedder to an ``.npz`` file, whole or not at all."""
        vocabulary = np.frombuffer("\n".join(self.vocabulary).encode(), dtype=np.uint8)
        arrays = {"vocabulary": vocabulary, "vectors": self.vectors, "weights": self.weights}
        files.write_arrays(arrays, path)

    @classmethod
    def load(cls, path: Path | str) -> "LsaEmbedder":
        """Read an embedder written by :meth:`save`."""
        kept = files.read_arrays(path)
        vocabulary = kept["vocabulary"].tobytes().decode()
        return cls(vocabulary.split("\n") if vocabulary else [], kept["vectors"], kept["weights"])


class WordLlamaEmbedder:
    """Static English vectors of word pieces, as the package ``wordllama`` brings them along.

    An n-gram is the sum of the vectors of its pieces. N-grams are in lower case and the pieces are
    not, so a word is read in lower case or with a capital, whichever has fewer pieces ("paris" is
    two, "Paris" one), in lower case where they are as many. Nothing is fitted and nothing fetched.
    The two files are opened here, as the package's own loader looks for the tokenizer in a cache
    and on the network, and importing it changes what the log shows.

    Raises:
        ImportError: the package, or one of the files, is not there; the message says what to do.
    """

    def __init__(self):
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        found = importlib.util.find_spec("wordllama")
        places = found and found.submodule_search_locations
        folder = Path(places[0]) if places else Path()
        paths = [
            folder / "tokenizers" / "l2_supercat_tokenizer_config.json",
            folder / "weights" / "l2_supercat_256.safetensors",
        ]
        if not found or not all(path.is_file() for path in paths):
            lacks = f"which has no {paths[0].name} or {paths[1].name} here" if found else (
                "which is not installed here")  # fmt: skip
            raise ImportError(
                f"an embedder of kind wordllama needs the package wordllama, {lacks}: run 'pip "
                f"install wordllama=={WORDLLAMA}', or choose the embedder lsa"
            )
        self._pieces = Tokenizer.from_file(str(paths[0]))
        self._vectors = load_file(paths[1])["embedding.weight"].astype(np.float64)
        self.name = f"wordllama {WORDLLAMA}"

    def embed(self, texts: Sequence[str], side: Side = "input") -> np.ndarray:
        """Unit vectors (float32, [texts, 256]); 0 for a text without a word."""
        several = [text.split() for text in texts]
        known = {word: i for i, word in enumerate(dict.fromkeys(itertools.chain(*several)))}
        by_word = np.zeros((len(known), self._vectors.shape[1]))
        for word, i in known.items():
            lower, capital = (
                self._pieces.encode(form, add_special_tokens=False).ids
                for form in (word, word.capitalize())
            )
            by_word[i] = self._vectors[min(lower, capital, key=len)].sum(axis=0)
        sums = np.zeros((len(texts), self._vectors.shape[1]))
        for i, held in enumerate(several):
            sums[i] = by_word[[known[word] for word in held]].sum(axis=0)
        return unit_rows(sums)


class SentenceTransformerEmbedder:
    """A model of ``sentence-transformers``: E5, LaBSE or any other, by hub name or folder."""

    def __init__(
        self,
        model: str,
        revision: str = "",
        input_prefix: str = "",
        output_prefix: str = "",
        batch_size: int = 256,
        device: str | None = None,
    ):
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(model, revision=revision or None, device=device)
        self._prefix = {"input": input_prefix, "output": output_prefix}
        self._batch_size = batch_size
        self.name = f"sentence-transformers {model}@{revision} {input_prefix!r} {output_prefix!r}"

    def embed(self, texts: Sequence[str], side: Side = "input") -> np.ndarray:
        """Unit vectors (float32, [texts, dimensions]), each text behind the prefix of its side."""
        vectors = self._model.encode(
            [self._prefix[side] + text for text in texts],
            batch_size=self._batch_size,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return unit_rows(vectors)


class LaserEmbedder:
    """LASER (Artetxe and Schwenk 2019) through its maintained package ``laser_encoders``.

    ``name`` laser2 takes every language; a code of FLORES-200, such as hun_Latn, takes LASER3's
    encoder of that language.

    Raises:
        ImportError: ``laser_encoders`` cannot be imported here; the message says what to do.
    """

    def __init__(self, name: str = "laser2"):
        try:
            from laser_encoders import LaserEncoderPipeline
        except Exception as wrong:  # fairseq 0.12.2 raises ValueError on Python 3.11 and newer
            raise ImportError(
                f"LASER needs the package laser_encoders, which cannot be imported here "
                f"({type(wrong).__name__}: {wrong}). It rests on fairseq 0.12.2, which runs on "
                "Python 3.8 to 3.10: run this stage there after 'pip install laser_encoders', or "
                "choose kind sentence-transformers with name sentence-transformers/LaBSE"
            ) from wrong
        self._pipeline = (
            LaserEncoderPipeline(laser="laser2")
            if name in ("", "laser2")
            else LaserEncoderPipeline(lang=name)
        )
        self.name = f"laser {name or 'laser2'}"

    def embed(self, texts: Sequence[str], side: Side = "input") -> np.ndarray:
        """Unit vectors (float32, [texts, 1024])."""
        return unit_rows(self._pipeline.encode_sentences(list(texts)))


class KnownVectors:
    """Vectors that were made before: those of ``tables.VECTORS``."""

    def __init__(self, name: str, vectors: pa.Table):
        self.name = name
        sides, grams = vectors["side"].to_pylist(), vectors["ngram"].to_pylist()
        self._place = {key: i for i, key in enumerate(zip(sides, grams, strict=True))}
        parts = [
            part.flatten().to_numpy(zero_copy_only=False).reshape(len(part), -1)
            for part in vectors["vector"].chunks
            if len(part)
        ]
        self._vectors = np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)

    def embed(self, texts: Sequence[str], side: Side = "input") -> np.ndarray:
        """Unit vectors (float32, [texts, dimensions]).

        Raises:
            ValueError: a text has no vector.
        """
        lost = [text for text in texts if (side, text) not in self._place]
        if lost:
            raise ValueError(f"{self.name}: {len(lost)} n-grams have no vector, e.g. {lost[0]!r}")
        return self._vectors[[self._place[side, text] for text in texts]]


class DraftingEmbedder:
    """An embedder that keeps every vector in a folder of drafts until a job is done.

    Each distinct text of a call is embedded once, in batches that do not depend on the order of the
    texts. A job that was killed finds the batches it had embedded; :meth:`done` removes them.
    """

    def __init__(self, embedder: Embedder, folder: Path | str):
        self._embedder = embedder
        self.name = embedder.name
        self._folder = Path(folder)

    def embed(self, texts: Sequence[str], side: Side = "input") -> np.ndarray:
        """As the embedder itself; a batch already in the folder is not embedded again."""
        fresh = sorted(set(texts))
        known: dict[str, np.ndarray] = {}
        for start in range(0, len(fresh), _BATCH):
            batch = fresh[start : start + _BATCH]
            known.update(zip(batch, self._batch(batch, side), strict=True))
        if not known:
            return self._embedder.embed([], side)
        return np.stack([known[text] for text in texts])

    def _batch(self, texts: list[str], side: Side) -> np.ndarray:
        asked = "\n".join([self.name, side, *texts])
        place = self._folder / f"{hashlib.sha256(asked.encode()).hexdigest()[:32]}.npy"
        if not place.exists():
            files.write_array(self._embedder.embed(texts, side), place)
        return files.read_array(place)

    def done(self) -> None:
        """Remove the drafts: what they were kept for is written."""
        shutil.rmtree(self._folder, ignore_errors=True)


def load(settings: EmbedderSettings, fitted: Path | str | None = None) -> Embedder:
    """The embedder that the settings describe.

    Args:
        settings: kind, name, revision, prefixes and batch size.
        fitted: file of the trained embedder, for the kind lsa.
    """
    if settings.kind == "lsa":
        if fitted is None:
            raise ValueError("embedder of kind lsa: no file of a trained embedder given")
        return LsaEmbedder.load(fitted)
    if settings.kind == "wordllama":
        return WordLlamaEmbedder()
    if settings.kind == "laser":
        return LaserEmbedder(settings.name)
    return SentenceTransformerEmbedder(
        settings.name,
        settings.revision,
        settings.input_prefix,
        settings.output_prefix,
        settings.batch_size,
    )
