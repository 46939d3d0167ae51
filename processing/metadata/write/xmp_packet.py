"""CreditFields → an XMP packet.

Sources: "XMP Specification", part 1; IPTC Photo Metadata Standard 2023.1; "Image metadata in Google Images", Google
Search Central, which reads creator, credit line, copyright notice and web statement.
"""

from xml.etree import ElementTree

from processing.metadata.write.credit_fields import CreditFields

NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
}
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END = '<?xpacket end="r"?>'
# Properties that are texts in several languages, of which the default one is written.
_ALTERNATIVES = {"dc:title", "dc:rights", "xmpRights:UsageTerms", "Iptc4xmpCore:AltTextAccessibility"}


def build_xmp(fields: CreditFields) -> bytes:
    """Return the packet, in UTF-8; empty without any field."""
    properties: dict[str, str | tuple[str, ...]] = {
        "dc:title": fields.title,
        "Iptc4xmpCore:AltTextAccessibility": fields.alt_text,
        "dc:creator": fields.creators,
        "photoshop:Credit": fields.credit_line,
        "dc:rights": fields.copyright,
        "xmpRights:Marked": "" if fields.is_marked is None else str(fields.is_marked),
        "xmpRights:UsageTerms": fields.license,
        "xmpRights:WebStatement": fields.license_url,
        "photoshop:DateCreated": fields.taken_at.isoformat() if fields.taken_at else "",
        "Iptc4xmpExt:DigitalSourceType": fields.digital_source_type,
        "plus:DataMining": fields.data_mining,
    }
    filled = {name: value for name, value in properties.items() if value}
    if not filled:
        return b""
    root = ElementTree.Element("x:xmpmeta", {f"xmlns:{prefix}": uri for prefix, uri in NAMESPACES.items()})
    rdf = ElementTree.SubElement(root, "rdf:RDF")
    description = ElementTree.SubElement(rdf, "rdf:Description", {"rdf:about": ""})
    for name, value in filled.items():
        _add_property(description, name, value)
    return f"{_BEGIN}{ElementTree.tostring(root, 'unicode')}{_END}".encode()


def _add_property(description: ElementTree.Element, name: str, value: str | tuple[str, ...]) -> None:
    element = ElementTree.SubElement(description, name)
    if isinstance(value, tuple):
        items = ElementTree.SubElement(element, "rdf:Seq")
        for text in value:
            ElementTree.SubElement(items, "rdf:li").text = text
    elif name in _ALTERNATIVES:
        alternatives = ElementTree.SubElement(element, "rdf:Alt")
        ElementTree.SubElement(alternatives, "rdf:li", {"xml:lang": "x-default"}).text = value
    else:
        element.text = value
