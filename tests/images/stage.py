# SPDX-License-Identifier: Apache-2.0
"""What do all tests of one run share?"""

import os
import shutil

from machines import run, say

packages = None  # the folder that they are in
package = None  # the file of hapx itself
folder = None  # where all that a run makes lies
root = None  # with the package installed in it
figures = []
KEY = "hapx-key-v1:" + os.urandom(32).hex()


def package_of(name):
    """The newest file of that package."""
    return max(packages.glob(f"{name}_*.deb"), key=lambda file: file.stat().st_mtime)


def figure(what, value):
    figures.append((what, value))
    say(f"{what}: {value}")


def milliseconds(seconds):
    return "never served again" if seconds is None else f"{seconds * 1000:.0f} ms"


def newer_package():
    """The same package with a higher version and a hapxd that is another file."""
    packages = folder.path / "packages"
    if packages.exists():
        return packages
    say("making a newer package")
    tree = folder.path / "newer"
    run("dpkg-deb", "--raw-extract", package, tree)
    control = tree / "DEBIAN" / "control"
    version = next(line for line in control.read_text().splitlines() if line.startswith("Version:"))
    control.write_text(control.read_text().replace(version, version + "+newer"))
    with open(tree / "usr/sbin/hapxd", "ab") as program:
        program.write(b"\0newer")
    packages.mkdir()
    run("dpkg-deb", "--build", "-Znone", tree, packages / "newer.deb")
    shutil.rmtree(tree)
    return packages
