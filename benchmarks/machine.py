"""The machine that figures were measured on."""

import os
import platform
from pathlib import Path


def machine() -> str:
    """Return cores, processor, Python and load, in one line."""
    load = os.getloadavg()[0]
    return (
        f"Machine: {os.cpu_count()} cores, {_processor()}, Python {platform.python_version()}, "
        f"load {load:.1f}"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((one.split(":")[1].strip() for one in lines if "model name" in one), "unknown")
