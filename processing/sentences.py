"""The English sentence for each code of an error or note, as a template that `mediahub` translates with gettext.

`processing` has no Django, so `translation` only marks strings for extraction (see tests/messages.py).
"""

from collections.abc import Callable, Mapping
from typing import Any

from processing.translation import gettext_noop as _
from processing.translation import ngettext_noop

# A template for `%`, or a singular and a plural template, between which the parameter `n` chooses.
Sentence = str | tuple[str, str]


SENTENCES: Mapping[str, Sentence] = {
    # The file
    "empty": _("The file is empty. Check it and upload it again."),
    "too_large": _("The file is %(size)d MB; the limit is %(limit)d MB. Reduce its size and upload it again."),
    "too_many_pixels": ngettext_noop(
        "The image is %(width)d × %(height)d pixels; the limit is %(n)d megapixel and %(side)d "
        "pixels per side. Reduce its size and upload it again.",
        "The image is %(width)d × %(height)d pixels; the limit is %(n)d megapixels and %(side)d "
        "pixels per side. Reduce its size and upload it again.",
    ),
    "too_much_memory": ngettext_noop(
        "The image is %(width)d × %(height)d pixels; decoding a %(format)s file of this size takes more memory than "
        "there is, and the limit is %(n)d megapixel. Reduce its size or save it in another format, and upload it "
        "again.",
        "The image is %(width)d × %(height)d pixels; decoding a %(format)s file of this size takes more memory than "
        "there is, and the limit is %(n)d megapixels. Reduce its size or save it in another format, and upload it "
        "again.",
    ),
    "too_many_scans": _(
        "The image is %(width)d × %(height)d pixels in so many scans that decoding it takes minutes. Open it, save it "
        "again, and upload the new file."
    ),
    "too_many_parts": ngettext_noop(
        "The file has more than %(n)d part. Open it, save it again, and upload the new file.",
        "The file has more than %(n)d parts. Open it, save it again, and upload the new file.",
    ),
    "too_costly": _(
        "Decoding this file takes more time or memory than an image of its size may take, or stops the decoder. Open "
        "it in an image editor, save it as a new file, and upload that."
    ),
    "undecodable": _(
        "MediaHub could not decode this file (%(cause)s). Open it in an image editor, save it as a new file, and "
        "upload that."
    ),
    "unreadable": _(
        "The beginning of this %(format)s file is damaged, so it cannot be opened. Open it in the program that made "
        "it, save it again, and upload the new file."
    ),
    "broken": _("The file is damaged or incomplete. Open it, save it again, and upload the new file."),
    "cut_off": _(
        "The file is damaged: it is cut off, and only about %(percent)d%% of the image is there. Copy it again from "
        "where it came from, and upload the new file."
    ),
    "unsupported": _("The file is %(kind)s, which is not supported. %(advice)s"),
    "unsupported_pixels": _(
        "The %(format)s file stores its pixels in a way that is not supported, such as floating-point numbers. Save it "
        "with 8 or 16 bits per channel, and upload the new file."
    ),
    "not_an_image": _(
        "The file is not an image in a supported format. Export it in one of these formats and upload it again: "
        "%(formats)s."
    ),
    "end_missing": _("The end of the file is missing. The image is shown as browsers show it; check its lower edge."),
    "animated": ngettext_noop(
        "The file is an animation of %(n)d frame; only the first frame is shown.",
        "The file is an animation of %(n)d frames; only the first frame is shown.",
    ),
    "pages": ngettext_noop(
        "The file has %(n)d page; only the first page is used.",
        "The file has %(n)d pages; only the first page is used.",
    ),
    "hdr": _("The image has high dynamic range (HDR); its highlights were reduced to those of an ordinary display."),
    "left_aside": _("The %(part)s in the file is damaged, too large or does not fit the image, and was ignored."),
    "trailing_data": ngettext_noop(
        "%(n)d byte after the end of the image was ignored.",
        "%(n)d bytes after the end of the image were ignored.",
    ),
    "decoder_ended": _("The decoder was ended while it worked on the file. MediaHub retries automatically."),
    "decoder_not_started": _("The decoder could not be started. MediaHub retries automatically."),
    # Its metadata
    "unreadable_metadata": _("The %(field)s in the file could not be read."),
    "unknown_encoding": _("The %(field)s in the file was left out, because its characters have no known encoding."),
    "text_shortened": _(
        "The %(field)s in the file has %(length)d characters. "
        "The first %(limit)d are stored; the original has them all."
    ),
    "list_shortened": _(
        "The file has %(length)d %(field)s. The first %(limit)d are stored; the original has them all."
    ),
    # Its labels
    "too_small_to_label": _("The image is too small to be labeled; each side needs at least %(side)d pixels."),
    "not_analyzable": _("Rekognition cannot analyze this image (%(aws_code)s)."),
    "unreadable_recording": _("The recorded labels of this image cannot be read."),
    # AWS
    "incomplete": _("Only part of %(key)s arrived. MediaHub retries automatically."),
    "missing": _("%(action)s failed: the object does not exist or was deleted."),
    "aws_refused": _("%(action)s failed: AWS refused the request (%(aws_code)s). Ask an administrator to run doctor."),
    "aws_setup": _(
        "%(action)s failed: AWS is not set up for this process (%(error)s). Ask an administrator to run doctor."
    ),
    "aws_unavailable": _(
        "%(action)s failed: AWS cannot answer right now (%(aws_code)s). MediaHub retries automatically."
    ),
    "aws_unreachable": _("%(action)s failed: AWS cannot be reached (%(error)s). MediaHub retries automatically."),
    "archived": _("%(action)s failed: the object is in an S3 archive. Restore it there first."),
}

# What a parameter of this name stands for inside a sentence: parameter → value → phrase, a template of the same
# parameters.
PHRASES: Mapping[str, Mapping[str, str]] = {
    "action": {
        "call": _("Calling %(name)s"),
        "connect": _("Connecting to %(service)s"),
        "delete_object": _("Deleting %(key)s"),
        "label_image": _("Labeling the image"),
        "list_bucket": _("Listing the bucket %(bucket)s"),
        "process_file": _("Processing %(name)s"),
        "read_object": _("Reading %(key)s"),
        "restore_object": _("Restoring %(key)s"),
        "sign_address": _("Signing an address of %(key)s"),
        "use_mirror": _("Using the mirror of %(key)s"),
        "use_queue": _("Using the queue %(queue)s"),
        "use_table": _("Using the mirror's table %(table)s"),
        "write_object": _("Writing %(key)s"),
    },
    "field": {
        "alt_text": _("alt text"),
        "camera": _("camera"),
        "caption": _("caption"),
        "copyright": _("copyright notice"),
        "creators": _("creators"),
        "credit": _("credit"),
        "data_mining": _("data mining permission"),
        "date_taken": _("date taken"),
        "digital_source_type": _("digital source type"),
        "exif": _("EXIF metadata"),
        "extended_description": _("extended description"),
        "iptc": _("IPTC metadata"),
        "keywords": _("keywords"),
        "license": _("license"),
        "license_url": _("address of the license"),
        "location": _("location"),
        "rights_until": _("last day of the rights"),
        "time_zone": _("time zone"),
        "title": _("title"),
        "xmp": _("XMP metadata"),
    },
    "kind": {
        "archive": _("a ZIP archive or an office document"),
        "arw": _("a Sony raw file (ARW)"),
        "audio": _("an audio file"),
        "avif": _("an AVIF file"),
        "bmp": _("a BMP file"),
        "compressed": _("a compressed file"),
        "cr2": _("a Canon raw file (CR2)"),
        "cr3": _("a Canon raw file (CR3)"),
        "dng": _("a raw file (DNG)"),
        "gif": _("a GIF file"),
        "gimp": _("a GIMP file (XCF)"),
        "heif": _("a HEIC file"),
        "heif_other": _("a HEIF file with another compression than HEVC"),
        "icon": _("an icon file"),
        "jpeg": _("a JPEG file"),
        "jpeg_2000": _("a JPEG 2000 file"),
        "jpeg_xl": _("a JPEG XL file"),
        "jpeg_xr": _("a JPEG XR file"),
        "nef": _("a Nikon raw file (NEF)"),
        "office": _("an office document"),
        "openexr": _("an OpenEXR file"),
        "orf": _("an Olympus raw file (ORF)"),
        "pdf": _("a PDF document"),
        "photoshop": _("a Photoshop file"),
        "png": _("a PNG file"),
        "postscript": _("a PostScript file"),
        "radiance": _("a Radiance HDR file"),
        "raf": _("a Fujifilm raw file (RAF)"),
        "raw": _("a camera's raw file"),
        "rw2": _("a Panasonic raw file (RW2)"),
        "sidecar": _("a sidecar file, which describes an image and contains none"),
        "svg": _("an SVG drawing"),
        "text": _("a text file"),
        "tiff": _("a TIFF file"),
        "video": _("a video"),
        "web_page": _("a web page"),
        "webp": _("a WebP file"),
    },
    "part": {
        "additional": _("additional data"),
        "exif": _("EXIF metadata"),
        "profile": _("color profile"),
        "text": _("text"),
    },
    "advice": {
        "choose": _("Upload the image itself, in one of these formats: %(formats)s."),
        "develop": _(
            "Develop it in a photo editor, export it in one of these formats and upload it again: %(formats)s."
        ),
        "export": _("Export it in one of these formats and upload it again: %(formats)s."),
        "still": _("Export a single frame in one of these formats and upload it again: %(formats)s."),
        "unpack": _("Unpack it and upload the images in it, in one of these formats: %(formats)s."),
    },
}


def _choose_form(singular: str, plural: str, n: int) -> str:
    return singular if n == 1 else plural


def render(
    sentence: Sentence,
    params: Mapping[str, Any],
    gettext: Callable[[str], str] = _,
    ngettext: Callable[[str, str, int], str] = _choose_form,
) -> str:
    """Fill a sentence with its parameters, in the language that the two functions translate to; English without them.

    A sentence without parameters is not a template: a percent sign in it stands for itself.
    """
    text = gettext(sentence) if isinstance(sentence, str) else ngettext(*sentence, params["n"])
    if not params:
        return text
    phrases = {
        name: gettext(phrase) % params
        for name, choices in PHRASES.items()
        if (phrase := choices.get(str(params.get(name))))
    }
    return text % {**params, **phrases}
