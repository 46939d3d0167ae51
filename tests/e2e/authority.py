"""The authority that signs the certificate of Aurora's stub, in the place of RDS's own."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.package.authorities import compose_bundle

ADDRESSES = [f"127.71.0.{number}" for number in range(1, 255)]


def make_certificate(certificate: Path, authority: Path) -> None:
    """Write a certificate with its key for all addresses of the stub, and the authority that clients are to trust."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Amazon RDS of a rehearsal")])
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    alternatives = [x509.IPAddress(ip_address(address)) for address in ADDRESSES]
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = built.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate.write_bytes(private + pem)
    certificate.chmod(0o600)
    authority.write_bytes(compose_bundle(pem))
