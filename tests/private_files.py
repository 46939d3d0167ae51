"""An original with everything that must not leave with a file: place, serial numbers, thumbnail, notes, histories."""

import struct
from datetime import datetime, timedelta, timezone
from functools import cache
from io import BytesIO

import pyexiv2
from PIL import Image

from processing.metadata.write import CreditFields
from tests.pictures import encoded, picture

# A sign for each private thing, which stands in the original as it is.
SIGNS: dict[str, bytes] = {
    "camera's serial number": b"SERIAL-0815-4711",
    "lens's serial number": b"LENS-SERIAL-2342",
    "owner's name": b"OWNER-Mallory",
    "maker note": b"MAKER-NOTE-SECRET",
    "comment of the photographer": b"USER-COMMENT-SECRET",
    "comment of the file": b"FILE-COMMENT-SECRET",
    "unique id of the picture": b"1111222233334444AAAABBBBCCCCDDDD",
    "place in words": b"SECRET-CITY",
    "phone number": b"+49-30-555-0199",
    "Photoshop's history": b"HISTORY-SECRET-LAYER",
    "id of the document": b"xmp.did:SECRET-DOCUMENT",
    "id of the instance": b"xmp.iid:SECRET-INSTANCE",
    "name of the program": b"SECRET-SOFTWARE",
    "ingredients": b"SECRET-PANTRY-FILE.psd",
    # A hundred degrees and some, as a fraction that nothing else has.
    "latitude": struct.pack("<II", 4711471, 100003),
    "longitude": struct.pack("<II", 1301301, 100019),
}
PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
 xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:stRef="http://ns.adobe.com/xap/1.0/sType/ResourceRef#"
 xmpMM:DocumentID="xmp.did:SECRET-DOCUMENT" xmpMM:InstanceID="xmp.iid:SECRET-INSTANCE"
 xmp:CreatorTool="SECRET-SOFTWARE" photoshop:City="SECRET-CITY" photoshop:Credit="Example Agency"
 photoshop:DateCreated="2024-05-06T07:08:09+05:30" exif:GPSLatitude="47,6.88000N" aux:SerialNumber="SERIAL-0815-4711"
 xmpRights:WebStatement="https://example.org/license" plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture">
 <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Łódź harbor 🌊</rdf:li></rdf:Alt></dc:title>
 <dc:creator><rdf:Seq><rdf:li>Jürgen Müller-Łęcki</rdf:li><rdf:li>Ada Lund</rdf:li></rdf:Seq></dc:creator>
 <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© 2024 Agência Fotográfica</rdf:li></rdf:Alt></dc:rights>
 <xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang="x-default">CC BY 4.0</rdf:li></rdf:Alt></xmpRights:UsageTerms>
 <Iptc4xmpCore:AltTextAccessibility><rdf:Alt><rdf:li xml:lang="x-default">A boat.</rdf:li></rdf:Alt>
 </Iptc4xmpCore:AltTextAccessibility>
 <Iptc4xmpCore:CreatorContactInfo rdf:parseType="Resource">
  <Iptc4xmpCore:CiTelWork>+49-30-555-0199</Iptc4xmpCore:CiTelWork></Iptc4xmpCore:CreatorContactInfo>
 <xmpMM:History><rdf:Seq><rdf:li stEvt:action="saved" stEvt:changed="HISTORY-SECRET-LAYER"/></rdf:Seq></xmpMM:History>
 <xmpMM:Ingredients><rdf:Bag><rdf:li stRef:filePath="SECRET-PANTRY-FILE.psd"/></rdf:Bag></xmpMM:Ingredients>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
# Whose the original is, by its packet; how creators and agency are joined to one credit is for the reader to say.
CREDIT = CreditFields(
    title="Łódź harbor 🌊",
    alt_text="A boat.",
    creators=("Jürgen Müller-Łęcki", "Ada Lund"),
    credit_line="Example Agency",
    copyright="© 2024 Agência Fotográfica",
    license="CC BY 4.0",
    license_url="https://example.org/license",
    taken_at=datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    digital_source_type="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
    data_mining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED",
)
EXIF = {
    "Exif.Photo.BodySerialNumber": "SERIAL-0815-4711",
    "Exif.Photo.LensSerialNumber": "LENS-SERIAL-2342",
    "Exif.Photo.CameraOwnerName": "OWNER-Mallory",
    "Exif.Photo.UserComment": "charset=Ascii USER-COMMENT-SECRET",
    "Exif.Photo.ImageUniqueID": "1111222233334444AAAABBBBCCCCDDDD",
    "Exif.Image.Software": "SECRET-SOFTWARE",
    "Exif.Image.Artist": "Jürgen Müller-Łęcki",
    "Exif.Photo.DateTimeOriginal": "2024:05:06 07:08:09",
    "Exif.Photo.OffsetTimeOriginal": "+05:30",
    "Exif.GPSInfo.GPSLatitude": "4711471/100003 0/1 0/1",
    "Exif.GPSInfo.GPSLatitudeRef": "N",
    "Exif.GPSInfo.GPSLongitude": "1301301/100019 0/1 0/1",
    "Exif.GPSInfo.GPSLongitudeRef": "E",
    "Exif.Photo.MakerNote": " ".join(str(byte) for byte in SIGNS["maker note"]),
}


@cache
def build_thumbnail() -> bytes:
    """Return a small picture that stands inside another as its thumbnail."""
    return encoded(picture(160, 120), "JPEG", quality=40)


@cache
def build_original(format_name: str = "JPEG", width: int = 1300, height: int = 900, *, alpha: bool = False) -> bytes:
    """Return an original that has a credit, and with it everything private."""
    scene = picture(width, height)
    if alpha:
        scene.putalpha(Image.linear_gradient("L").resize(scene.size))
    if format_name == "AVIF":
        # Exiv2 writes none: its EXIF is that of a JPEG.
        with Image.open(BytesIO(build_original("JPEG", 64, 48))) as jpeg:
            return encoded(scene, format_name, speed=10, exif=jpeg.info["exif"], xmp=PACKET.encode())
    comment = {"comment": SIGNS["comment of the file"]} if format_name == "JPEG" else {}
    with pyexiv2.ImageData(encoded(scene, format_name, **comment)) as image:
        image.modify_raw_xmp(PACKET)
        image.modify_exif(EXIF)
        if format_name == "JPEG":
            image.modify_thumbnail(build_thumbnail())
            image.modify_iptc({"Iptc.Application2.City": "SECRET-CITY"})
        return bytes(image.get_bytes())


def list_private_things(data: bytes) -> list[str]:
    """Return what of SIGNS, or of the thumbnail, stands in a file, whether its texts are compressed or not."""
    signs = {**SIGNS, "thumbnail": build_thumbnail()[100:164]}
    return [thing for thing, sign in signs.items() if sign in data]


def decode(data: bytes) -> tuple[str, tuple[int, int], bytes]:
    """Return mode, size and pixels of a picture."""
    with Image.open(BytesIO(data)) as image:
        return image.mode, image.size, image.tobytes()
