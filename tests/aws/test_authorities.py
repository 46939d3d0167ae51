"""Functions and workers know their database by its certificate, whether Aurora answers or RDS Proxy."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from deploy.errors import DeployError
from deploy.package import authorities, build, contents

# SHA-256 of the five roots, as the repository of Amazon Trust Services publishes them.
FINGERPRINTS = {
    "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
    "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
    "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
    "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
    "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
}
AURORA = "mediahub-production.cluster-c1a2b3.eu-central-1.rds.amazonaws.com"
PROXY = "mediahub-production.proxy-c1a2b3.eu-central-1.rds.amazonaws.com"


class Authority:
    """A certificate authority of this test, with a name of our choice."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        basic = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = self._build(self.name, self.key, (basic, True))

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def write_server(self, path: Path, host: str) -> Path:
        """Write the key and the certificate of a server."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        certificate = self._build(subject, key, (x509.SubjectAlternativeName([x509.DNSName(host)]), False))
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        return path

    def _build(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: tuple[x509.ExtensionType, bool]
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        return builder.add_extension(extension[0], critical=extension[1]).sign(self.key, hashes.SHA256())


@pytest.fixture(scope="module")
def rds() -> Authority:
    return Authority("Amazon RDS eu-central-1 Root CA RSA2048 G1")


@pytest.fixture(scope="module")
def roots() -> list[Authority]:
    return [Authority(name) for name in authorities.AMAZON_ROOTS]


def test_the_bundle_holds_rds_and_the_roots_that_amazon_publishes(rds: Authority) -> None:
    bundle = list(authorities.read_certificates(authorities.compose_bundle(rds.pem)))
    assert bundle[0] == rds.certificate
    assert {certificate.fingerprint(hashes.SHA256()).hex() for certificate in bundle[1:]} == FINGERPRINTS
    assert len(bundle) == 1 + len(FINGERPRINTS)
    assert all(certificate.not_valid_after_utc > datetime.now(UTC) for certificate in bundle)


def test_a_bundle_that_lacks_one_of_both_is_refused(rds: Authority) -> None:
    assert authorities.find_missing(rds.pem) == list(authorities.AMAZON_ROOTS)
    with pytest.raises(ValueError, match="lacks the authorities of RDS"):
        authorities.compose_bundle(b"<html>Sign in to this network</html>")


def test_a_root_that_somebody_else_signed_is_none(
    rds: Authority, roots: list[Authority], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = Authority("Stranger")
    false = stranger._build(roots[0].name, roots[0].key, (x509.BasicConstraints(ca=True, path_length=None), True))
    public = tmp_path / "cacert.pem"
    public.write_bytes(false.public_bytes(Encoding.PEM) + b"".join(root.pem for root in roots[1:]))
    monkeypatch.setattr(authorities, "PUBLIC_ROOTS", public)
    with pytest.raises(ValueError, match=r"lacks Amazon Root CA 1\.$"):
        authorities.compose_bundle(rds.pem)


def serve_database(certificate: Path) -> int:
    """Answer one connection as PostgreSQL does until TLS stands, and then with an error; return the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with listener, listener.accept()[0] as plain:
            plain.recv(8)
            plain.sendall(b"S")
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(1000)
                    body = b"SFATAL\0C28000\0Mthe certificate was accepted\0\0"
                    connection.sendall(b"E" + (len(body) + 4).to_bytes(4, "big") + body)
            except OSError:
                # The client did not accept the certificate.
                return

    threading.Thread(target=answer, daemon=True).start()
    return int(listener.getsockname()[1])


def connect(host: str, port: int, bundle: bytes, folder: Path) -> str:
    """Connect as a function does, with the options of its settings; return what the server or libpq said."""
    (folder / "rds-ca.pem").write_bytes(bundle)
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(
            f"host={host} hostaddr=127.0.0.1 port={port} user=mediahub dbname=mediahub sslmode=verify-full",
            sslrootcert=str(folder / "rds-ca.pem"),
            connect_timeout=20,
        )
    return str(caught.value)


@pytest.mark.parametrize(
    ("signer", "certified", "bundled", "says"),
    [
        ("rds", AURORA, "both", "the certificate was accepted"),
        ("root", "*.proxy-c1a2b3.eu-central-1.rds.amazonaws.com", "both", "the certificate was accepted"),
        ("root", "*.proxy-c1a2b3.eu-central-1.rds.amazonaws.com", "rds", "certificate verify failed"),
        ("root", "www.example.org", "both", "does not match host name"),
        ("stranger", "*.proxy-c1a2b3.eu-central-1.rds.amazonaws.com", "both", "SSL error"),
    ],
)
def test_a_connection_trusts_aurora_and_the_proxy_and_nobody_else(
    rds: Authority,
    roots: list[Authority],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    signer: str,
    certified: str,
    bundled: str,
    says: str,
) -> None:
    public = tmp_path / "cacert.pem"
    public.write_bytes(b"".join(root.pem for root in roots))
    monkeypatch.setattr(authorities, "PUBLIC_ROOTS", public)
    bundle = authorities.compose_bundle(rds.pem) if bundled == "both" else rds.pem
    signers = {"rds": rds, "root": roots[0], "stranger": Authority("Amazon Root CA 1")}
    port = serve_database(signers[signer].write_server(tmp_path / "server.pem", certified))
    assert says in connect(AURORA if signer == "rds" else PROXY, port, bundle, tmp_path)


def test_settings_verify_the_host_by_the_bundle_of_the_package() -> None:
    said = "from mediahub.settings import BASE_DIR, DATABASES; o = DATABASES['default']['OPTIONS']"
    said += "; print(o['sslmode'], o['sslrootcert'] == str(BASE_DIR / 'rds-ca.pem'))"
    environment = {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "x" * 50,
        "DATABASE_URL": f"postgresql://mediahub@{AURORA}:5432/mediahub",
        "DATABASE_IAM": "true",
        "AWS_REGION": "eu-central-1",
    }
    command = [sys.executable, "-c", said]
    output = subprocess.run(command, cwd=build.ROOT, env=environment, capture_output=True, text=True, check=True)
    assert output.stdout.split() == ["verify-full", "True"]
    assert build.RDS_CA == build.ROOT / "rds-ca.pem"


def test_the_image_of_the_workers_makes_the_same_bundle(rds: Authority, tmp_path: Path) -> None:
    lines = (build.ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    assert f"ADD {authorities.RDS_BUNDLE} /rds.pem" in lines
    assert "RUN /opt/workers/bin/python /authorities.py /rds.pem /rds-ca.pem" in lines
    assert "COPY --from=packages --chmod=444 /rds-ca.pem /app/rds-ca.pem" in lines
    # Alone, as it lies in the image: the project is not beside it.
    shutil.copy(build.ROOT / "deploy" / "package" / "authorities.py", tmp_path)
    (tmp_path / "rds.pem").write_bytes(rds.pem)
    subprocess.run([sys.executable, "-I", "authorities.py", "rds.pem", "rds-ca.pem"], cwd=tmp_path, check=True)
    assert (tmp_path / "rds-ca.pem").read_bytes() == authorities.compose_bundle(rds.pem)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a folder in place of Amazon's trust store, and let rds-ca.pem lie elsewhere; give the folder."""
    folder = tmp_path / "truststore"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(authorities, "RDS_BUNDLE", f"http://127.0.0.1:{server.server_port}/bundle.pem")
    monkeypatch.setattr(build, "RDS_CA", tmp_path / "rds-ca.pem")
    yield folder
    server.shutdown()
    server.server_close()


def test_the_list_is_brought_once_a_day(published: Path, rds: Authority) -> None:
    (published / "bundle.pem").write_bytes(rds.pem)
    build.fetch_authorities()
    assert authorities.find_missing(build.RDS_CA.read_bytes()) == []
    second = Authority("Amazon RDS eu-central-2 Root CA RSA2048 G1")
    (published / "bundle.pem").write_bytes(rds.pem + second.pem)
    build.fetch_authorities()
    assert second.pem not in build.RDS_CA.read_bytes()
    yesterday = time.time() - 2 * build.DAY
    os.utime(build.RDS_CA, (yesterday, yesterday))
    build.fetch_authorities()
    assert second.pem in build.RDS_CA.read_bytes()


@pytest.mark.parametrize("present", [b"", None])
def test_a_list_without_amazons_roots_does_not_stay(published: Path, rds: Authority, present: bytes | None) -> None:
    build.RDS_CA.write_bytes(rds.pem if present is None else present)
    (published / "bundle.pem").write_bytes(rds.pem)
    build.fetch_authorities()
    assert authorities.find_missing(build.RDS_CA.read_bytes()) == []


@pytest.mark.parametrize("answer", [None, b"<html>Sign in to this network</html>"])
def test_without_the_list_a_complete_file_serves_and_no_other(
    published: Path, rds: Authority, answer: bytes | None
) -> None:
    if answer:
        (published / "bundle.pem").write_bytes(answer)
    with pytest.raises(
        DeployError, match=r"could not be fetched.*python -m deploy\.package\.authorities FILE rds-ca\.pem"
    ):
        build.fetch_authorities()
    build.RDS_CA.write_bytes(authorities.compose_bundle(rds.pem))
    yesterday = time.time() - 2 * build.DAY
    os.utime(build.RDS_CA, (yesterday, yesterday))
    build.fetch_authorities()


def test_only_stages_with_aurora_need_the_list() -> None:
    stages: list[dict[str, dict[str, str]]] = [
        {},
        {"aws_environment_variables": {}},
        {"aws_environment_variables": {"DATABASE_IAM": "true"}},
    ]
    assert [contents.uses_aurora(stage) for stage in stages] == [False, False, True]
