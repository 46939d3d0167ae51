"""What a rendition is made by: its specification, this code, and the versions of the codecs, as one short text."""

import hashlib
import json
from dataclasses import asdict
from functools import cache

import PIL
from pi_heif import libheif_version
from PIL import features

from processing.formats import MODERN, get_output
from processing.renditions import TRANSPARENT, RenditionSpec

# Raise it with each change of decoding, scaling, color, cropping or encoding that gives other pixels or bytes.
CODE = 1
# As Pillow names them: what it decodes, encodes and converts colors with.
CODECS = ("libjpeg_turbo", "jpg", "zlib", "webp", "avif", "libtiff", "littlecms2")
DIGITS = 16


@cache
def compute_recipe(spec: RenditionSpec) -> str:
    """Return the recipe of a rendition; it differs as soon as the same file could give other bytes."""
    outputs = [get_output(name) for name in dict.fromkeys((*spec.formats, TRANSPARENT, MODERN))]
    ingredients = {
        "code": CODE,
        "spec": asdict(spec),
        "outputs": {output.name: [output.quality, dict(output.save_options)] for output in outputs},
        "codecs": list_codec_versions(),
    }
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()[:DIGITS]


@cache
def list_codec_versions() -> dict[str, str]:
    """Return the versions of Pillow, of its codecs, and of libheif."""
    versions = {name: str(features.version(name) or "") for name in CODECS}
    return {"pillow": PIL.__version__, "libheif": libheif_version(), **versions}


def shorten_hash(sha256: str) -> str:
    """Return how a rendition names the file that it was made of."""
    return sha256[:DIGITS]
