"""Give narrow screens the panels of a wide figure below each other, cut from the picture itself."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.image import imread, imsave

SPINE = 107  # the grey of the book's axes
IMAGE = re.compile(r'<img\b[^>]*? src="((?:\.\./)*_images/([^"/]+)\.png)"[^>]*>')


def runs(mask):
    """The runs of a mask, as pairs of start and stop."""
    ends = np.flatnonzero(np.diff(np.r_[0, mask.astype(int), 0]))
    return list(zip(ends[::2].tolist(), ends[1::2].tolist()))


def written(picture, axis):
    """The runs of rows or columns in which something stands."""
    return runs(picture.min(axis=(1 - axis, 2)) < 250)


def legend_begins(picture):
    """The row where a legend of all panels begins: the last ones with colours, below the axes."""
    first = len(picture)
    for begin, end in reversed(written(picture, 0)):
        if end - begin > len(picture) / 8 or np.ptp(picture[begin:end], axis=2).max() < 60:
            break
        first = begin
    return first


def stacked(image):
    """The panels of an image below each other, or None where there is one, or no blank between.

    A panel begins at the widest blank between the axis of the one before and its own. One that
    shares its scale with the first has no numbers: it gets those of the first.
    """
    picture = (255 * image[..., :3]).round().astype(int)
    panels, legend = np.split(picture, [legend_begins(picture)])
    height, width, _ = panels.shape
    grey = (abs(panels - SPINE).max(axis=2) <= 3).sum(axis=0)
    spines = [begin for begin, _ in runs(grey > height / 4)]
    blanks = [(end, begin) for (_, end), (begin, _) in pairwise(written(panels, 1))]
    cuts = [0]
    for before, spine in pairwise(spines):
        between = [blank for blank in blanks if before < blank[0] and blank[1] <= spine]
        begin, end = max(between, key=lambda blank: blank[1] - blank[0], default=(0, 0))
        if end - begin > 2 and begin - cuts[-1] > width / 6:
            cuts.append((begin + end) // 2)
    if width - cuts[-1] < width / 6:  # a bar of colours
        cuts.pop()
    if len(cuts) < 2 or height > width:
        return None
    scale, pieces = panels[:, : spines[0]], []
    for begin, end in pairwise([*cuts, width]):
        spine = next(spine for spine in spines if spine > begin)
        shares = begin and spine - begin < spines[0] / 3
        pieces.append(np.hstack([scale, panels[:, spine:end]]) if shares else panels[:, begin:end])
    if len(legend):
        columns = written(legend, 1)
        pieces.append(legend[:, columns[0][0] : columns[-1][1]])
    widest = max(piece.shape[1] for piece in pieces)
    pieces = [
        np.pad(piece, ((0, 0), (0, widest - piece.shape[1]), (0, 0)), constant_values=255)
        for piece in pieces
    ]
    return np.vstack(pieces).astype(np.uint8)


def offer(app, exception):
    """Let the pages choose between a picture and its panels below each other."""
    if exception is not None or app.builder.format != "html":
        return
    narrow = set()
    for file in sorted(Path(app.outdir, "_images").glob("*.png")):
        panels = stacked(imread(file))
        if panels is not None:
            imsave(file.with_name(f"{file.stem}-narrow.png"), panels)
            narrow.add(file.stem)

    def choice(match):
        if match[2] not in narrow:
            return match[0]
        source = match[1].removesuffix(".png") + "-narrow.png"
        return f'<picture><source media="(max-width: 600px)" srcset="{source}">{match[0]}</picture>'

    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if "_images/" in text:
            page.write_text(IMAGE.sub(choice, text), encoding="utf-8")


def setup(app):
    app.connect("build-finished", offer)
    return {"parallel_read_safe": True}
