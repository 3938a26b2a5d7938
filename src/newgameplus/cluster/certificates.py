"""Certificates of a cluster: whoever holds them is a member, and may run code on all of its machines.

A folder holds the certificate of an authority of the cluster's own, and a certificate with its key that the authority
has signed; every machine has a copy of the folder. The authority's key is not kept.
"""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import TYPE_CHECKING

from newgameplus.durable import write_atomically
from newgameplus.errors import UsageError, install_line
from newgameplus.games.folders import home

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

AUTHORITY, CERTIFICATE, KEY = "authority.pem", "certificate.pem", "key.pem"
"""Names of the files."""
FOLDER_VARIABLE = "NGP_CLUSTER"
"""Environment variable that names the folder."""
_VALID_DAYS = 3650


def default_folder() -> Path:
    """Folder of the certificates if none is named: that of the environment variable ``NGP_CLUSTER``, or the user's."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser() if named else home() / "cluster"


def checked(folder: Path) -> Path:
    """Return ``folder`` if it holds certificates that nobody else can read.

    Raises:
        UsageError: there are none, or others can read them.
    """
    missing = [name for name in (AUTHORITY, CERTIFICATE, KEY) if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"There are no certificates in {folder} ({missing[0]} is missing): copy this folder from the machine where "
            f"ngp cluster up has made it, or name another one in {FOLDER_VARIABLE}."
        )
    for path in (folder, folder / KEY):
        if path.stat().st_mode & 0o077:
            raise UsageError(
                f"Others on this machine can read {path}, and so could run code on the cluster: chmod -R go= {folder}"
            )
    return folder


def make(folder: Path) -> None:
    """Make certificates in ``folder``, which only its owner may read; those that are there stay.

    Raises:
        UsageError: the extra ``cluster`` is not installed, or others can read the folder.
    """
    if (folder / KEY).exists():
        checked(folder)
        return
    try:
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise UsageError(f"A cluster needs the extra cluster: {install_line('cluster')}") from error
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _signed("New Game Plus cluster", authority_key, None, authority_key)
    certificate = _signed("New Game Plus node", key, authority, authority_key)
    _write(folder, authority, certificate, key)


def _write(
    folder: Path, authority: x509.Certificate, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    write_atomically(folder / AUTHORITY, authority.public_bytes(Encoding.PEM))
    write_atomically(folder / CERTIFICATE, certificate.public_bytes(Encoding.PEM))
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    """Return a certificate of ``key``; without an issuer that of an authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    is_authority = issuer is None
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # other machines' clocks
        .not_valid_after(now + datetime.timedelta(days=_VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .add_extension(_usage(is_authority=is_authority), critical=True)
    )
    if not is_authority:
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
