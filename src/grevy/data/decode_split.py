"""Decode whole splits on all cores into one array file each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from grevy.data.decode import Header, Picture, decode, read_header
from grevy.data.fit import prepare
from grevy.data.space import saving
from grevy.data.types import ArraySplit, EncodedSplit, PictureFacts
from grevy.errors import WorkerDiedError
from grevy.recipes.schema import PicturesConfig

OWN_SIZE_LIMIT = 96
"""Pictures that share one size of at most so many pixels a side keep it."""

Pictures = Sequence[Path | bytes] | NDArray[np.uint8]
Shape = tuple[int, int, int]
"""Channels, height, width."""

_FEW_PICTURES = 500
_FEW_BYTES = 20_000_000
_CHUNK_PICTURES = 128
_CHUNK_BYTES = 64_000_000

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def plan(splits: Collection[Pictures], pictures: PicturesConfig) -> Shape:
    """Channels, height and width that the network will see.

    Reads the headers of all pictures if anything is `auto`; unreadable ones have no say.
    """
    headers: list[Header] = []
    if "auto" in (pictures.size, pictures.channels):
        headers = list(chain.from_iterable(map(_headers, splits)))
    all_gray = bool(headers) and all(header.gray for header in headers)
    gray = all_gray if pictures.channels == "auto" else pictures.channels == "gray"
    return (1 if gray else 3), *_size(headers, pictures.size, pictures.auto_side)


def _size(
    headers: Sequence[Header], wanted: int | tuple[int, int] | Literal["auto"], auto_side: int
) -> tuple[int, int]:
    """Height and width."""
    if isinstance(wanted, tuple):
        return wanted
    if isinstance(wanted, int):
        return wanted, wanted
    sizes = {(header.height, header.width) for header in headers}
    if len(sizes) == 1 and max(next(iter(sizes))) <= OWN_SIZE_LIMIT:
        return sizes.pop()
    return auto_side, auto_side


def _headers(pictures: Pictures) -> list[Header]:
    if isinstance(pictures, np.ndarray):
        return [Header(pictures.shape[1], pictures.shape[2], gray=pictures.ndim == 3)]
    chunks = _chunks(len(pictures), _CHUNK_PICTURES * 4)
    tasks = ([pictures[i] for i in chunk] for chunk in chunks)
    found = chain.from_iterable(_on_all_cores(_read_headers, tasks, few=_is_little(pictures)))
    return [header for header in found if header]


def _read_headers(pictures: Sequence[Picture]) -> list[Header | None]:
    return [read_header(picture) for picture in pictures]


class _Chunk(NamedTuple):
    """Pictures that one worker decodes in one go."""

    first_row: int
    pictures: list[Picture]
    ids: tuple[str, ...]
    labels: tuple[str, ...]


def decode_into(
    file: Path,
    pictures: Pictures,
    split: EncodedSplit | ArraySplit,
    shape: Shape,
    config: PicturesConfig,
) -> Iterator[list[PictureFacts]]:
    """Decode a split into `file`, an `.npy` of uint8 `[N, C, H, W]`; yields facts in order.

    At most a few chunks of pictures are in memory at a time. Workers write with plain `write`
    calls, not through the memory map, because only these report a full disk as an error.

    Where a worker dies (killed, or crashed in a decoder) the rest is done by one alone, as the
    lack of memory may be over then.

    Raises:
        SaveError: the disk did not take it.
        OutOfMemoryError: the machine has not the memory that a picture takes.
        WorkerDiedError: a picture with which a worker dies also alone.
    """
    count = len(split.ids)
    row_bytes = int(np.prod(shape))
    with saving(file, count * row_bytes):
        offset = np.lib.format.open_memmap(file, "w+", np.uint8, (count, *shape)).offset
    work = partial(_decode_chunk, file, offset, shape, config)
    chunks = list(_chunks(count, max(1, min(_CHUNK_PICTURES, _CHUNK_BYTES // row_bytes))))
    tasks = partial(map, partial(_chunk, pictures, split))
    done = 0
    try:
        for facts in _on_all_cores(work, tasks(chunks), few=_is_little(pictures)):
            yield facts
            done += 1
    except BrokenProcessPool:
        for task in tasks(chunks[done:]):
            yield _one_by_one(work, task)


def _chunk(pictures: Pictures, split: EncodedSplit | ArraySplit, rows: range) -> _Chunk:
    of_rows = slice(rows.start, rows.stop)
    members = [pictures[row] for row in rows]
    return _Chunk(rows.start, members, split.ids[of_rows], split.labels[of_rows])


def _one_by_one(work: Callable[[_Chunk], list[PictureFacts]], chunk: _Chunk) -> list[PictureFacts]:
    """A chunk in a process of its own; if that dies, each picture in one, so that it is known."""
    try:
        return _in_one_process(work, chunk)
    except BrokenProcessPool:
        pass
    facts = []
    for row, (picture, picture_id, label) in enumerate(zip(*chunk[1:], strict=True)):
        one = _Chunk(chunk.first_row + row, [picture], (picture_id,), (label,))
        try:
            facts += _in_one_process(work, one)
        except BrokenProcessPool as error:
            raise WorkerDiedError(
                f"decoding {picture_id} ended its process, also when it was decoded alone",
                "a picture that can be decoded with the memory that is free",
                "leave this picture out, or make it smaller",
            ) from error
    return facts


def _in_one_process(work: Callable[[_In], _Out], task: _In) -> _Out:
    from joblib.externals.loky import ProcessPoolExecutor

    with ProcessPoolExecutor(1) as pool:
        result: _Out = pool.submit(work, task).result()
    return result


def _decode_chunk(
    file: Path, offset: int, shape: Shape, config: PicturesConfig, chunk: _Chunk
) -> list[PictureFacts]:
    images_BCHW = np.zeros((len(chunk.pictures), *shape), np.uint8)
    facts = []
    members = zip(chunk.pictures, chunk.ids, chunk.labels, strict=True)
    for row, (picture, picture_id, label) in enumerate(members):
        pixels_HWC, fact = decode(picture, picture_id=picture_id, label=label, bits=config.bits)
        if pixels_HWC is not None:
            images_BCHW[row] = prepare(pixels_HWC, shape, config.fit)
        facts.append(fact)
    with saving(file), file.open("r+b") as out:
        out.seek(offset + chunk.first_row * images_BCHW[0].nbytes)
        out.write(images_BCHW.data)
    return facts


def _chunks(count: int, length: int) -> Iterator[range]:
    return (range(start, min(start + length, count)) for start in range(0, count, length))


def _is_little(pictures: Pictures) -> bool:
    """Whether starting worker processes would take longer than the work itself."""
    if isinstance(pictures, np.ndarray):
        return pictures.nbytes < 10 * _FEW_BYTES
    return len(pictures) < _FEW_PICTURES and sum(map(_encoded_bytes, pictures)) < _FEW_BYTES


def _encoded_bytes(picture: Path | bytes) -> int:
    if isinstance(picture, bytes):
        return len(picture)
    return picture.stat().st_size if picture.exists() else 0


def _on_all_cores(
    work: Callable[[_In], _Out], tasks: Iterable[_In], *, few: bool
) -> Iterator[_Out]:
    """`work` on every task, results in order; in this process if it is little.

    joblib's loky workers start a fresh interpreter that does not import the main module, so a
    script needs no `if __name__ == "__main__"`.
    """
    if few:
        return map(work, tasks)
    import joblib

    parallel: Any = joblib.Parallel(n_jobs=-1, return_as="generator", max_nbytes=None)
    results: Iterator[_Out] = parallel(joblib.delayed(work)(task) for task in tasks)
    return results
