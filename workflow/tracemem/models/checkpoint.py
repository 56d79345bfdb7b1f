"""What the files of a model say before any weight is loaded: parameters, context, vocabulary.

Files are looked for in a local folder, or where the hub's package keeps what it once downloaded; no
request is made. Nothing here imports torch: Snakemake asks again in every job.
"""

import json
import math
import pickle
import zipfile
from pathlib import Path
from typing import Any

ALLOWED = "allowed: a folder that is there, or a name on the hub (owner/name)"
# What families of models call it; GPT-2 and its kin have names of their own.
_CONTEXT = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len")
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


class CheckpointError(ValueError):
    """The files of a model do not say what is asked of them; the message names the file."""


def is_local(path: str) -> bool:
    """Whether a path can only be a folder: a hub name is ``name`` or ``owner/name``."""
    place = Path(path).expanduser()
    return place.is_dir() or place.is_absolute() or path[:1] in (".", "~") or len(place.parts) > 2


def unusable(path: str, holds: str = "config.json", bare: bool = True) -> str:
    """Why no model can be read from a path, as far as that can be told offline; '' if one may be.

    Args:
        path: folder, or name on the hub.
        holds: file that a folder must have.
        bare: whether a name without an owner, as the hub's oldest models have, is taken for a name
            on the hub although its files are not here.
    """
    folder = Path(path).expanduser()
    if folder.is_dir():
        return "" if (folder / holds).is_file() else f"{path} has no {holds}; {ALLOWED}"
    # "models/small" beside a folder "models" is a slip, not the hub's owner "models".
    if is_local(path) or (len(folder.parts) == 2 and folder.parent.is_dir()):
        return f"{path}: no such folder; {ALLOWED}"
    if not bare and len(folder.parts) == 1 and find(path, holds) is None:
        return f"found {path!r}, which is no folder here and not in the hub's cache; {ALLOWED}"
    return ""


def find(path: str, name: str, revision: str = "") -> Path | None:
    """One file of a model, in its folder or in the hub's cache; None where it is not there.

    Args:
        path: folder, or name on the hub.
        name: of the file.
        revision: on the hub; or a sub-folder, whose own files come before those of the folder.
    """
    folder = Path(path).expanduser()
    if folder.is_dir():
        places = [folder / revision / name, folder / name]
        return next((place for place in places if place.is_file()), None)
    if is_local(path):
        return None
    from huggingface_hub import try_to_load_from_cache

    kept = try_to_load_from_cache(path, name, revision=revision or None)
    return Path(kept) if isinstance(kept, str) else None


def config(path: str, revision: str = "") -> dict[str, Any] | None:
    """The model's own ``config.json``; None where it is not there.

    Raises:
        CheckpointError: it is not a JSON object.
    """
    file = find(path, "config.json", revision)
    if file is None:
        return None
    found = _json(file)
    # Models that read more than text keep the language model's part apart.
    return found.get("text_config") or found


def context_length(path: str, revision: str = "") -> int | None:
    """Tokens of context that the model's config gives; None where nobody can know."""
    found = config(path, revision) or {}
    return next((found[key] for key in _CONTEXT if isinstance(found.get(key), int)), None)


def vocabulary(path: str, revision: str = "") -> int | None:
    """Largest token id of the model's tokenizer, and one; None without a ``tokenizer.json``.

    Raises:
        CheckpointError: the file is not a tokenizer.
    """
    file = find(path, "tokenizer.json", revision)
    if file is None:
        return None
    found = _json(file)
    try:
        vocab = found["model"]["vocab"]
        # Unigram models list their tokens in order, others map each token to its id.
        largest = len(vocab) - 1 if isinstance(vocab, list) else max(vocab.values())
        return 1 + max([largest, *(token["id"] for token in found.get("added_tokens") or [])])
    except (KeyError, TypeError, ValueError) as wrong:
        raise CheckpointError(
            f"{file}: not a tokenizer ({type(wrong).__name__}: {wrong})"
        ) from None


def parameters(path: str, revision: str = "") -> int | None:
    """Parameters in the files of the weights, shared ones once; None where there are no weights.

    Raises:
        CheckpointError: a file is damaged or of another kind.
    """
    for name in _WEIGHTS:
        index = find(path, f"{name}.index.json", revision)
        single = find(path, name, revision)
        files = []
        if single is not None:
            files.append(single)
        elif index is not None:
            for part in sorted(set(_json(index)["weight_map"].values())):
                file = find(path, part, revision)
                if file is None:
                    return None
                files.append(file)
        else:
            continue
        return sum(_in_safetensors(file) if name.endswith("tensors") else _in_torch(file)
                   for file in files)  # fmt: skip
    return None


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise CheckpointError(f"{file}: cannot be read as JSON ({wrong})") from None
    if not isinstance(found, dict):
        raise CheckpointError(f"{file}: found {type(found).__name__}; allowed: a JSON object")
    return found


def _in_safetensors(file: Path) -> int:
    """Elements of the tensors that the header lists; the data is not read."""
    try:
        with file.open("rb") as stream:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        return sum(math.prod(one["shape"]) for name, one in header.items() if name[:2] != "__")
    except (OSError, ValueError, KeyError, TypeError, MemoryError, OverflowError) as wrong:
        raise CheckpointError(
            f"{file}: not a safetensors file ({type(wrong).__name__}: {wrong})"
        ) from None


def _in_torch(file: Path) -> int:
    """Elements of the storages that a file of ``torch.save`` names; none of its code is run."""
    storages: dict[str, int] = {}

    class Reader(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            return _Plain if name == "OrderedDict" else _nothing

        def persistent_load(self, found: tuple) -> None:
            _, _, key, _, elements = found
            storages[key] = elements

    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            with archive.open(names[0]) as stream:
                Reader(stream).load()
    except Exception as wrong:  # a damaged pickle raises whatever its bytes lead to
        raise CheckpointError(
            f"{file}: not a file of torch.save ({type(wrong).__name__}: {wrong})"
        ) from None
    return sum(storages.values())


class _Plain(dict):
    """Stands for the dictionary that a state is kept in, which may have attributes."""


def _nothing(*_: Any, **__: Any) -> None:
    """Stands for every class and function that a pickle names."""
