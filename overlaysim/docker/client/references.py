"""Names of images: what can be one at all (distribution/reference ``normalize.go``)."""

from __future__ import annotations

import re

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*(?::\d+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>{_DOMAIN}/{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)


def check_image(image: str) -> None:
    """Refuse what cannot be the name of an image.

    Raises:
        ValueError: with docker's "invalid reference format".
    """
    domain, slash, remainder = image.partition("/")
    local = (
        domain == "localhost" or any(mark in domain for mark in ".:") or domain != domain.lower()
    )
    if not slash or not local:
        domain, remainder = "docker.io", image
        if not slash:
            remainder = f"library/{image}"
    name = remainder.split(":")[0].split("@")[0]
    if name != name.lower():
        raise ValueError(f"invalid reference format: repository name ({name}) must be lowercase")
    if not _REFERENCE.fullmatch(f"{domain}/{remainder}"):
        raise ValueError("invalid reference format")


def with_tag(image: str) -> str:
    """Add ``:latest`` to a name that has neither tag nor digest.

    Raises:
        ValueError: as :func:`check_image`.
    """
    check_image(image)
    tagged = "@" in image or ":" in image.rpartition("/")[2]
    return image if tagged else f"{image}:latest"
