"""Generate JPEG files of a chosen size for the rehearsal, with all the metadata that publishing requires."""

import os
from io import BytesIO

from PIL import Image

QUALITY = 92
# Large enough to measure the bytes per pixel of noise, and small enough to take no time.
SAMPLE = 256
ASPECT_RATIO = 3 / 2
# The alt text, credit and license, in the properties that the desk reads (IPTC Photo Metadata Standard).
PACKET = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:core="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" xmlns:rights="http://ns.adobe.com/xap/1.0/rights/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" photoshop:Credit="Rehearsal of the deployment"
 core:AltTextAccessibility="Colored noise" rights:UsageTerms="CC0" photoshop:Headline="{title}"/>
</rdf:RDF></x:xmpmeta>"""


def make_photo(title: str, size: int) -> bytes:
    """Return a JPEG of about `size` bytes; it shows noise, which does not compress, so it is as costly to decode."""
    bytes_per_pixel = len(_encode_noise(SAMPLE, SAMPLE, title)) / SAMPLE**2
    height = max(64, round((size / bytes_per_pixel / ASPECT_RATIO) ** 0.5))
    return _encode_noise(round(height * ASPECT_RATIO), height, title)


def _encode_noise(width: int, height: int, title: str) -> bytes:
    noise = Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))
    file = BytesIO()
    noise.save(file, "JPEG", quality=QUALITY, xmp=PACKET.replace("{title}", title).encode())
    return file.getvalue()
