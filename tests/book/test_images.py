"""The loaders of MNIST and CIFAR-10, on files that the tests write."""

import gzip
import struct

import numpy as np
import pytest

from experiments.images import cifar10, mnist
from stepsize import Network

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(256, size=(7, 4, 5), dtype=np.uint8)
LABELS = np.array([0, 9, 3, 3, 1, 2, 7], np.uint8)


def idx(array):
    """As the page of MNIST says: two zeros, the type, the axes, the sizes, the bytes."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return b"\x00\x00\x08" + bytes([array.ndim]) + sizes + array.tobytes()


def write(folder, images=None, labels=None, stem="train", suffix="", joint="-"):
    images = idx(IMAGES) if images is None else images
    labels = idx(LABELS) if labels is None else labels
    (folder / f"{stem}-images{joint}idx3-ubyte{suffix}").write_bytes(images)
    (folder / f"{stem}-labels{joint}idx1-ubyte{suffix}").write_bytes(labels)
    return folder


@pytest.mark.parametrize("part, stem", [("train", "train"), ("test", "t10k")])
@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("joint", ["-", "."])
def test_mnist(tmp_path, part, stem, suffix, joint):
    files = [idx(IMAGES), idx(LABELS)]
    if suffix:
        files = map(gzip.compress, files)
    X, y = mnist(write(tmp_path, *files, stem, suffix, joint), part)
    assert X.shape == (7, 20) and X.dtype == np.float32 and y.tolist() == LABELS.tolist()
    assert X[1, 7] == np.float32(IMAGES[1, 1, 2]) / 255
    assert Network([20, 10]).objective(X, y).examples == 7


def record(label, image):
    return bytes([label]) + image.tobytes()


def write_cifar(folder, changed=None):
    images = RNG.integers(256, size=(12, 3, 32, 32), dtype=np.uint8)
    names = [*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin"]
    for k, name in enumerate(names):
        both = record(k, images[2 * k]) + record(9 - k, images[2 * k + 1])
        (folder / name).write_bytes(changed(both) if changed and k == 3 else both)
    return images


def test_cifar10(tmp_path):
    images = write_cifar(tmp_path)
    X, y = cifar10(tmp_path)
    assert X.shape == (10, 3072) and y.tolist() == [0, 9, 1, 8, 2, 7, 3, 6, 4, 5]
    assert X[3, 2 * 1024 + 32 + 5] == np.float32(images[3, 2, 1, 5]) / 255
    X, y = cifar10(tmp_path, "test")
    assert X.shape == (2, 3072) and y.tolist() == [5, 4]


BAD = RNG.integers(256, size=40, dtype=np.uint8).tobytes()
ZIPPED = gzip.compress(idx(IMAGES))


@pytest.mark.parametrize(
    "images, labels, message",
    [
        (idx(IMAGES)[:-1], None, "train-images.*must hold 7 x 4 x 5 bytes of images.*got 139"),
        (idx(IMAGES) + b"x", None, "must hold 7 x 4 x 5 bytes of images.*got 141"),
        (idx(IMAGES)[:9], None, "must tell 3 sizes, and ends after 9 bytes"),
        (b"", None, "must be an IDX file of images"),
        (BAD, None, "must be an IDX file of images, which begins with the bytes 0 0 8 3"),
        (idx(LABELS), None, "train-images.*must be an IDX file of images.*got 0 0 8 1"),
        (None, idx(IMAGES), "train-labels.*must be an IDX file of labels.*got 0 0 8 3"),
        (None, idx(LABELS)[:-2], "train-labels.*must hold 7 bytes of labels.*got 5"),
        (None, idx(LABELS[:5]), "a label for each image, got 7 images and 5 labels"),
        (None, idx(LABELS + 1), "must have labels from 0 to 9, got 10 for image 1"),
        (idx(IMAGES[:0]), idx(LABELS[:0]), "must hold 0 x 4 x 5 bytes"),
        (ZIPPED[:-20], None, "train-images.*must be whole, and cannot be decompressed"),
        (ZIPPED[:20] + b"\xff" * 9 + ZIPPED[29:], None, "cannot be decompressed"),
    ],
)
def test_files_of_mnist_that_are_wrong(tmp_path, images, labels, message):
    with pytest.raises(ValueError, match=message):
        mnist(write(tmp_path, images, labels))


@pytest.mark.parametrize(
    "changed, message",
    [
        (lambda b: b[:-1], r"data_batch_4.bin must hold whole records of 3073 bytes.*got 6145"),
        (lambda b: b"", "must hold whole records of 3073 bytes.*got 0"),
        (lambda b: b"\x80\x02}" + b, "not the binary version"),  # a pickle begins so
        (lambda b: b"\x0c" + b[1:], "data_batch_4.bin must have labels.*got 12 for image 0"),
    ],
)
def test_files_of_cifar_10_that_are_wrong(tmp_path, changed, message):
    write_cifar(tmp_path, changed)
    with pytest.raises(ValueError, match=message):
        cifar10(tmp_path)


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match="must hold train-images-idx3-ubyte, as it is"):
        mnist(tmp_path)
    with pytest.raises(ValueError, match=r"must hold test_batch\.bin"):
        cifar10(tmp_path, "test")
    with pytest.raises(ValueError, match="part must be 'train' or 'test', got 'all'"):
        mnist(tmp_path, "all")
