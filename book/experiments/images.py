"""A reader's own MNIST (IDX files) and CIFAR-10 (its binary version): nothing is downloaded, and
nothing unpickled.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

MNIST = {"train": "train", "test": "t10k"}
CIFAR10 = {"train": [f"data_batch_{k}.bin" for k in range(1, 6)], "test": ["test_batch.bin"]}
PIXELS = 3 * 32 * 32  # of an image of CIFAR-10: red, green, blue, each row by row


def mnist(folder: str | Path, part: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """The images of MNIST, or of a set of its format (Fashion-MNIST, for one), and their labels.

    Parameters
    ----------
    folder : path
        Where ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte`` and their ``t10k`` fellows
        are, as they are or with ``.gz``; some copies have a dot in place of ``-idx``.
    part : "train" or "test"

    Returns
    -------
    X : array of shape (n, 784) of float32, from 0 to 1
    y : array of shape (n,) of int
    """
    stem = MNIST[_part(part)]
    images, labels = (
        _idx(_find(folder, f"{stem}-{what}-idx{axes}-ubyte"), axes)
        for what, axes in (("images", 3), ("labels", 1))
    )
    if len(images) != len(labels):
        raise ValueError(
            f"{folder} must hold a label for each image, got {len(images)} images and "
            f"{len(labels)} labels in the files of {stem}"
        )
    return _checked(folder, images.reshape(len(images), -1), labels)


def cifar10(folder: str | Path, part: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """The images of CIFAR-10 and their labels, from its binary version.

    Parameters
    ----------
    folder : path
        Where ``data_batch_1.bin`` to ``data_batch_5.bin`` and ``test_batch.bin`` are, as they are
        or with ``.gz``.
    part : "train" or "test"

    Returns
    -------
    X : array of shape (n, 3072) of float32, from 0 to 1
    y : array of shape (n,) of int
    """
    batches = []
    for name in CIFAR10[_part(part)]:
        file = _find(folder, name)
        content = _read(file)
        if not content or len(content) % (1 + PIXELS):
            raise ValueError(
                f"{file} must hold whole records of {1 + PIXELS} bytes, a label and its image, got "
                f"{len(content)} bytes: it is cut off, or not the binary version"
            )
        records = np.frombuffer(content, np.uint8).reshape(-1, 1 + PIXELS)
        batches.append(_checked(file, records[:, 1:], records[:, 0]))
    X, y = zip(*batches)
    return np.concatenate(X), np.concatenate(y)


def _part(part):
    if part not in ("train", "test"):
        raise ValueError(f"part must be 'train' or 'test', got {part!r}")
    return part


def _find(folder, name):
    """The file of that name."""
    names = [name, name + ".gz", name.replace("-idx", ".idx"), name.replace("-idx", ".idx") + ".gz"]
    for one in names:
        if (Path(folder) / one).is_file():
            return Path(folder) / one
    raise ValueError(f"{folder} must hold {name}, as it is or with .gz, and does not")


def _read(file):
    """The bytes of a file, which may be compressed whatever its name says."""
    content = file.read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{file} must be whole, and cannot be decompressed: {error}") from error


def _idx(file, axes):
    """The bytes of an IDX file of so many axes, in their shape."""
    content = _read(file)
    kind = {1: "labels", 3: "images"}[axes]
    if content[:4] != bytes([0, 0, 8, axes]):
        raise ValueError(
            f"{file} must be an IDX file of {kind}, which begins with the bytes 0 0 8 {axes}, got "
            f"{' '.join(map(str, content[:4]))}"
        )
    start = 4 + 4 * axes
    if len(content) < start:
        raise ValueError(f"{file} must tell {axes} sizes, and ends after {len(content)} bytes")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", axes, 4))
    if math.prod(shape) == 0 or len(content) != start + math.prod(shape):
        raise ValueError(
            f"{file} must hold {' x '.join(map(str, shape))} bytes of {kind}, as it says itself, "
            f"got {len(content) - start}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _checked(where, images, labels):
    """Inputs from 0 to 1, and labels from 0 to 9."""
    if labels.max() > 9:
        i = int(np.argmax(labels > 9))
        raise ValueError(f"{where} must have labels from 0 to 9, got {labels[i]} for image {i}")
    return images.astype(np.float32) / np.float32(255), labels.astype(int)
