"""Settings that decide which n-grams of a task's examples make pairs, and how their meanings are compared."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from tracemem.settings.languages import LANGUAGES
from tracemem.settings.limits import LONGEST_NGRAM
from tracemem.settings.section import Section, listed


def _stop_list(value: Any) -> Any:
    if value in (None, "direction") or (isinstance(value, str) and value in LANGUAGES):
        return value
    if isinstance(value, list | tuple) and all(isinstance(word, str) for word in value):
        return list(value)
    raise ValueError(
        f"found {value!r}, allowed: null, a list of words, direction, or a language of "
        f"{', '.join(LANGUAGES)}"
    )


StopList = Annotated[str | list[str] | None, BeforeValidator(_stop_list)]


class StopWordSettings(Section):
    """Stop words of each side: an n-gram made of them alone is left out."""

    input: StopList = Field(
        default=None,
        description="Language code, list of words, null for none, or direction: that of the side's "
        "language in each of directions.",
    )
    output: StopList = Field(
        default=None, description="The same for the target; whole targets are always kept."
    )


class GramSettings(Section):
    """Which n-grams of a text count, whatever n."""

    output_gram: Literal["ngram", "target"] = Field(
        description="s_y: the n-grams of the target, or the whole target whatever n. Default: "
        "target for question-answering, else ngram."
    )
    stop_words: StopWordSettings = Field(
        description="Stop words of both sides. Default: those of languages in translations, else "
        "English."
    )


class MiningSettings(GramSettings):
    """What decides the pairs of a task."""

    pairs_from: Literal["test", "train"] = Field(
        default="test", description="Split the task-gram pairs are mined from."
    )
    n: Annotated[list[int], BeforeValidator(listed)] = Field(
        default=[1, 2, 3],
        min_length=1,
        description="Words of an n-gram; one table of pairs for each.",
    )
    gamma: Annotated[list[float], BeforeValidator(listed)] = Field(
        min_length=1,
        description="Threshold of the cosine, one for all n or one for each; pairs above it are "
        "kept. Default: with an embedder of kind lsa 0, in translation and reasoning 0.3; of "
        "kind wordllama 0.05, in reasoning 0.3; with another the paper's for the kind and n.",
    )
    sweep: list[float] = Field(
        default=[], description="Higher thresholds to report beside gamma, for every n."
    )
    embedder: str = Field(
        description="Name of the embedder, a key of embedders. Default: wordllama, which owes the "
        "corpus nothing, where both sides are English; else lsa."
    )

    @model_validator(mode="after")
    def _consistent_mining(self):
        if len(set(self.n)) != len(self.n) or min(self.n) < 1 or max(self.n) > LONGEST_NGRAM:
            raise ValueError(
                f"n: found {self.n}, allowed: different numbers from 1 to {LONGEST_NGRAM}"
            )
        if len(self.gamma) not in (1, len(self.n)):
            raise ValueError(
                f"gamma: found {len(self.gamma)} values, allowed: 1, or {len(self.n)} as in n"
            )
        for key in ("gamma", "sweep"):
            wrong = [value for value in getattr(self, key) if not -1 <= value < 1]
            if wrong:
                raise ValueError(f"{key}: found {wrong[0]}, allowed: from -1 to below 1")
        return self

    def gamma_of(self, n: int) -> float:
        """The threshold of the cosine for n-grams of ``n`` words."""
        return self.gamma[self.n.index(n) if len(self.gamma) > 1 else 0]

    def thresholds(self, n: int) -> list[float]:
        """Gamma of ``n`` and the thresholds of the sweep above it, ascending."""
        gamma = self.gamma_of(n)
        return [gamma, *sorted({value for value in self.sweep if value > gamma})]


class EmbedderSettings(Section):
    """What turns an n-gram into a vector when pairs are mined."""

    kind: Literal["lsa", "wordllama", "sentence-transformers", "laser"] = Field(
        default="lsa",
        description="lsa: latent semantic analysis of the corpus itself, offline; wordllama: the "
        "static English vectors of that package, offline; sentence-transformers: any of its "
        "models; laser: LASER through laser_encoders.",
    )
    name: str = Field(
        default="",
        description="Hub name or folder of the model; for laser a language code such as deu_Latn "
        "may be left empty.",
    )
    revision: str = Field(default="", description="Hub revision; empty: the default branch.")
    input_prefix: str = Field(
        default="", description="Put before every input n-gram; 'query: ' for E5."
    )
    output_prefix: str = Field(
        default="", description="Put before every output n-gram; 'passage: ' for E5."
    )
    dimensions: int = Field(default=250, ge=2, description="Dimensions of the lsa embedding.")
    documents: int = Field(
        default=100_000, ge=1, description="Documents, chosen by hash, the lsa embedding is fit on."
    )
    window: int = Field(
        default=48,
        ge=2,
        description="Words of a passage: words align that stand in the same passages (lsa).",
    )
    batch_size: int = Field(default=256, ge=1, description="Texts embedded at once.")

    @model_validator(mode="after")
    def _named(self):
        if self.kind == "sentence-transformers" and not self.name:
            raise ValueError("kind sentence-transformers needs a name")
        return self


WORDLLAMA = "0.4.0.post1"  # version of the package whose vectors are meant

# Embedders a task may name without a section of their own.
EMBEDDERS = {
    "lsa": EmbedderSettings(),
    "wordllama": EmbedderSettings(kind="wordllama"),
    "e5": EmbedderSettings(
        kind="sentence-transformers",
        name="intfloat/e5-base-v2",
        revision="5073c803f20bc837aefac7d3c77233d4635bfb30",
        input_prefix="query: ",
        output_prefix="passage: ",
    ),
    "laser": EmbedderSettings(kind="laser", name="laser2"),
}


def default_embedder(kind: str, stop_words: Any) -> str:
    """The offline embedder of a task where a config names none.

    Vectors trained on other text leave mining independent of the corpus that is counted. The ones
    at hand are English, so a task of which either side is in another language, as its kind or its
    stop words tell, has those of the corpus, which align whatever it holds side by side.
    """
    sides = stop_words.values() if isinstance(stop_words, Mapping) else ()
    foreign = any(isinstance(side, str) and side != "en" for side in sides)
    return "lsa" if kind == "translation" or foreign else "wordllama"


def default_gammas(kind: str, embedder: str, n: Sequence[int]) -> list[float]:
    """Thresholds for each n where a config gives none, by the kind of the task and the embedder.

    Those of wordllama are where the examples that some document supports are most ahead of permuted
    answers (docs/embedders.md): n = 2 and 3 do not differ in it, question answering and reasoning do.
    Cosines of lsa and wordllama lie around 0, those of sentence encoders between 0.7 and 1; for
    these the thresholds are the paper's, an n that it has not taking those of the nearest one.
    """
    if embedder == "wordllama":
        return [0.3 if kind == "reasoning" else 0.05] * len(n)
    if embedder == "lsa":
        return [0.3 if kind in ("translation", "reasoning") else 0.0] * len(n)
    if kind == "translation":
        return [{2: 0.85, 3: 0.8, 4: 0.75, 5: 0.7}[min(max(size, 2), 5)] for size in n]
    return [0.75 if size <= 3 else 0.65 for size in n]
