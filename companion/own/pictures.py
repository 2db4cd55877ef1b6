"""A folder of PNG or JPEG images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from companion.own.found import Found
from vaelib.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg")
# Those of Pillow with eight bits a channel, or one.
GREY_MODES = {"1", "L", "LA"}
COLOUR_MODES = {"RGB", "RGBA", "P", "PA", "CMYK", "YCbCr"}


def is_picture(path: Path) -> bool:
    """Whether a file's name is that of an image."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def read_pictures(folder: Path) -> Found:
    """All images of a folder and of the folders in it, in the order of their names, as bytes.

    Grey ones are `(N, height, width)`; if one has colours, all are `(N, height, width, 3)`.

    Raises:
        UserError: if there is none, they have several sizes, or one cannot be read, is transparent
            or has more than eight bits a channel.
    """
    paths = sorted(path for path in folder.rglob("*") if is_picture(path) and path.is_file())
    if not paths:
        raise UserError(f"{folder} is a folder without PNG or JPEG images: give a file of data")
    seen = [_header(path) for path in paths]
    width, height = seen[0][0]
    for path, (size, _) in zip(paths, seen, strict=True):
        if size != (width, height):
            raise UserError(
                f"{folder} holds images of several sizes: {paths[0].name} has {width} × {height} "
                f"pixels and {path.name} {size[0]} × {size[1]}; make them of one size"
            )
    is_grey = all(mode in GREY_MODES for _, mode in seen)
    values = np.empty((len(paths), height, width, *(() if is_grey else (3,))), np.uint8)
    for place, path in enumerate(paths):
        values[place] = _pixels(path, "L" if is_grey else "RGB")
    mixed = not is_grey and any(mode in GREY_MODES for _, mode in seen)
    notes = ("grey images among those with colours are given three equal colours",) * mixed
    return Found(values, f"{len(paths)} images in {folder}", notes)


def _header(path: Path) -> tuple[tuple[int, int], str]:
    """Size and mode, without the pixels."""
    try:
        with Image.open(path) as image:
            size, mode = image.size, image.mode
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from None
    if mode not in GREY_MODES | COLOUR_MODES:
        raise UserError(
            f"{path} has pixels of the kind {mode}, with more than eight bits: save it with eight "
            "bits a channel"
        )
    return size, mode


def _pixels(path: Path, mode: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    try:
        with Image.open(path) as image:
            if image.has_transparency_data:
                lowest = np.asarray(image.convert("RGBA"))[..., 3].min()
                if lowest < 255:
                    raise UserError(f"{path} is transparent in places: save it on a ground")
            return np.asarray(image.convert(mode))
    except UserError:
        raise
    except (OSError, SyntaxError, ValueError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> UserError:
    why = "no image" if isinstance(error, UnidentifiedImageError) else str(error).splitlines()[0]
    return UserError(f"{path} cannot be read as an image ({why}): remove it, or make it anew")
