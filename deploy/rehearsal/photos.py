"""JPEG files that the rehearsal makes: real pictures of a chosen size, with all that publishing asks for in them."""

import os
from io import BytesIO

from PIL import Image

QUALITY = 92
# Enough to learn how many bytes a pixel of noise takes, and small enough to take no time.
SAMPLE = 256
LIKE_35_MM = 3 / 2
# The alt text, the credit and the license, in the properties that the desk reads (IPTC Photo Metadata Standard).
PACKET = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:core="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" xmlns:rights="http://ns.adobe.com/xap/1.0/rights/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" photoshop:Credit="Rehearsal of the deployment"
 core:AltTextAccessibility="Colored noise" rights:UsageTerms="CC0" photoshop:Headline="{title}"/>
</rdf:RDF></x:xmpmeta>"""


def make_photo(title: str, size: int) -> bytes:
    """Return a JPEG of about `size` bytes: noise, which no encoder makes small, so that it is decoded at full cost."""
    bytes_per_pixel = len(_encode(SAMPLE, SAMPLE, title)) / SAMPLE**2
    height = max(64, round((size / bytes_per_pixel / LIKE_35_MM) ** 0.5))
    return _encode(round(height * LIKE_35_MM), height, title)


def _encode(width: int, height: int, title: str) -> bytes:
    noise = Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))
    out = BytesIO()
    noise.save(out, "JPEG", quality=QUALITY, xmp=PACKET.replace("{title}", title).encode())
    return out.getvalue()
