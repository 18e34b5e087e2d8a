"""What is this machine and what is not: its addresses and its names."""

from ipaddress import ip_address


def is_loopback(host: str | None) -> bool:
    """Return whether a host is this machine, and no other can be behind its name."""
    name = (host or "").removeprefix("[").removesuffix("]").lower()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
