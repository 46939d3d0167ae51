"""The certificate authorities of the database: those of RDS, and Amazon's public roots for RDS Proxy.

Aurora presents a certificate of RDS's own authorities ("Using SSL/TLS to encrypt a connection to a DB cluster", Aurora
user guide). RDS Proxy presents a wildcard certificate of AWS Certificate Manager, whose roots are those of Amazon Trust
Services (rePost Knowledge Center, "rds-aurora-mysql-connect-proxy"; AWS Prescriptive Guidance, "amazon-rds-proxy", best
practices). Amazon chooses which of the five roots signs, so all are trusted. They are read from botocore's list.

`python authorities.py RDS_BUNDLE TARGET` writes both lists into one file. The image of the workers is built so; it has
no package `deploy`, so this module imports nothing of it.
"""

import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import botocore
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

# Amazon's own list of the authorities that sign RDS's certificates, for all regions.
RDS_BUNDLE = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
RDS = "Amazon RDS "
# https://www.amazontrust.com/repository/ lists them as the roots of Amazon Trust Services.
AMAZON_ROOTS = (
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
)
PUBLIC_ROOTS = Path(botocore.__file__).with_name("cacert.pem")


def main(arguments: list[str]) -> int:
    """Write the authorities of RDS and Amazon's roots into one file."""
    source, target = map(Path, arguments)
    target.write_bytes(compose_bundle(source.read_bytes()))
    return 0


def compose_bundle(rds: bytes) -> bytes:
    """Return RDS's list followed by Amazon's roots; raise ValueError when either is incomplete."""
    roots = [root for root in read_certificates(PUBLIC_ROOTS.read_bytes()) if _read_name(root) in AMAZON_ROOTS]
    bundle = rds.rstrip() + b"\n" + b"".join(root.public_bytes(Encoding.PEM) for root in roots if _is_self_signed(root))
    if missing := find_missing(bundle):
        raise ValueError(f"The list of authorities lacks {', '.join(missing)}.")
    return bundle


def find_missing(bundle: bytes) -> list[str]:
    """Return the authorities that a bundle lacks for verifying Aurora and RDS Proxy."""
    names = {_read_name(certificate) for certificate in read_certificates(bundle)}
    missing = [] if any(name.startswith(RDS) for name in names) else ["the authorities of RDS"]
    return missing + [root for root in AMAZON_ROOTS if root not in names]


def read_certificates(bundle: bytes) -> Iterator[x509.Certificate]:
    """Yield the certificates of a PEM file; raise ValueError when one cannot be read."""
    for block in re.findall(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", bundle, re.S):
        with warnings.catch_warnings():
            # Old roots of other authorities break rules that are newer than they are.
            warnings.simplefilter("ignore")
            yield x509.load_pem_x509_certificate(block)


def _read_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def _is_self_signed(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
