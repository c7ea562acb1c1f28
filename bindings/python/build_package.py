# SPDX-License-Identifier: Apache-2.0
"""A PEP 517 backend that asks CMake to build and zips the result, with nothing but the standard
library: scikit-build-core is not in Debian 12.

    pip install ./bindings/python                                       builds build/python
    pip install ./bindings/python --config-settings build-dir=DIR       takes what DIR builds
    pip install -e ./bindings/python                                    refers to the tree

The wheel holds the package and the programs of a cluster (offerkit, its daemons), which land beside
the Python that it is installed for.
"""

import base64
import hashlib
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAMS = ("offerkit", "offerkit-master", "offerkit-agent", "offerkit-launcher")


def _version():
    found = re.search(r"project\(offerkit VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    return found.group(1)


def _run(*command):
    print("+", *command, flush=True)
    subprocess.run([str(word) for word in command], cwd=ROOT, check=True)


def _build(config_settings):
    """Builds, and returns the folder that was built in."""
    asked = (config_settings or {}).get("build-dir")
    folder = Path(asked).resolve() if asked else ROOT / "build" / "python"
    cache = folder / "CMakeCache.txt"
    if not asked:
        # The one that a virtual environment was made of: it is still there when that one is not.
        python = os.path.realpath(sys.executable)
        _run("cmake", "--preset", "python", "-B", folder, f"-DPython_EXECUTABLE={python}")
    elif not cache.exists() or "OFFERKIT_PYTHON:BOOL=ON" not in cache.read_text():
        raise RuntimeError(f"build-dir={asked} is no build of OfferKit with OFFERKIT_PYTHON=ON; "
                           "configure one: cmake --preset python")
    _run("cmake", "--build", folder, "--target", "offerkit_python", "daemons")
    extension = folder / "python" / "offerkit" / f"_core{sysconfig.get_config_var('EXT_SUFFIX')}"
    if not extension.exists():
        raise RuntimeError(f"{folder} builds for another Python than {sys.executable}; "
                           "give it that one as Python_EXECUTABLE, or leave build-dir out")
    return folder


class _Wheel:
    """A zip file that keeps its own record."""

    def __init__(self, folder):
        version = _version()
        tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
        platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
        self.tag = f"{tag}-{tag}-{platform}"
        self.name = f"offerkit-{version}-{self.tag}.whl"
        self.scripts = f"offerkit-{version}.data/scripts"
        self._info = f"offerkit-{version}.dist-info"
        self._record = []
        self._zip = zipfile.ZipFile(Path(folder) / self.name, "w", zipfile.ZIP_DEFLATED)

    def add(self, name, content, mode=0o644):
        entry = zipfile.ZipInfo(name)  # Dated 1980: the same content is the same wheel.
        entry.external_attr = (0o100000 | mode) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        self._zip.writestr(entry, content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        self._record.append(f"{name},sha256={digest},{len(content)}\n")

    def close(self):
        self.add(f"{self._info}/METADATA", (
            f"Metadata-Version: 2.1\nName: offerkit\nVersion: {_version()}\n"
            "Summary: An offer-based cluster manager: write its schedulers and policies in Python\n"
            "License: Apache-2.0\nRequires-Python: >=3.9\n").encode())
        self.add(f"{self._info}/WHEEL", (
            "Wheel-Version: 1.0\nGenerator: offerkit\nRoot-Is-Purelib: false\n"
            f"Tag: {self.tag}\n").encode())
        self.add(f"{self._info}/LICENSE", (ROOT / "LICENSE").read_bytes())
        record = f"{self._info}/RECORD"
        self._zip.writestr(record, "".join(self._record) + f"{record},,\n")
        self._zip.close()
        return self.name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    folder = _build(config_settings)
    wheel = _Wheel(wheel_directory)
    for file in sorted((folder / "python" / "offerkit").iterdir()):
        if file.suffix in (".py", ".pyi", ".typed", ".so"):
            wheel.add(f"offerkit/{file.name}", file.read_bytes())
    for program in PROGRAMS:
        wheel.add(f"{wheel.scripts}/{program}", (folder / "bin" / program).read_bytes(), 0o755)
    return wheel.close()


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    folder = _build(config_settings)
    wheel = _Wheel(wheel_directory)
    wheel.add("offerkit.pth", f"{folder / 'python'}{os.linesep}".encode())
    return wheel.close()


def build_sdist(sdist_directory, config_settings=None):
    raise RuntimeError("the package is built from the whole tree: install it from a checkout")
