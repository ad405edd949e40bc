# SPDX-License-Identifier: Apache-2.0
"""hapx: makes a node of this machine, from what its user-data says.

    hapx:
      key: hapx-key-v1:...
      config:
        apiVersion: hapx.dev/v1alpha1
        kind: Cluster
        ...

The same for all nodes: each finds itself by its host name. `config` may also be a text. What `hapx
join` refuses is refused here, in its words, and nothing is written. It is done once for each
instance, so that what an operator changes afterwards stays. Whether file and key are there and good
is asked at every boot, wherever they came from (write_files, an image, somebody's hands): a
machine that can't be a node says so in `cloud-init status --long` and on its console. cloud-init
itself says nothing of user-data that it can't read.
"""

import contextlib
import logging
import os
import shutil

import yaml

from cloudinit import subp
from cloudinit.settings import PER_ALWAYS, PER_INSTANCE

meta = {
    "id": "cc_hapx",
    "name": "hapx",
    "title": "Make a node of a hapx cluster",
    "description": __doc__,
    "distros": ["all"],
    "frequency": PER_ALWAYS,
    "examples": [],
    "activate_by_schema_keys": [],  # always: what isn't there is to be told
}

LOG = logging.getLogger(__name__)
FILE = "/etc/hapx/hapx.yaml"
REFUSED = "/run/hapx-cloud-init"  # what was refused lies here, to be looked at
KNOWN = {"config": (dict, str), "key": (str,)}


class Refused(Exception):
    """The sentence is for an operator."""


def handle(_name, cfg, cloud, *_):
    try:
        make_node(cfg, cloud)
    except Refused as refused:
        LOG.error("%s", refused)  # this is what comes to the console
        raise


def make_node(cfg, cloud):
    section = cfg.get("hapx")
    if section is not None:
        config, key = read_section(section)
        cloud.run("hapx", put_in_place, [config, key], freq=PER_INSTANCE, clear_on_fail=True)
    elif any(is_late(one) for one in cfg.get("write_files") or []):
        LOG.debug("%s is written later", FILE)
        return
    elif not os.path.exists(FILE):
        raise Refused(
            "this machine is no node: its user-data has no section `hapx:` (or can't be read; see "
            f"`cloud-init schema --system`), and there is no {FILE}. Put both files there by hand, "
            "or boot with other user-data and another instance-id")
    join()


def read_section(section):
    """The file's text, and the key's or None."""
    if not isinstance(section, dict):
        raise Refused("`hapx:` in user-data has the keys `config` and `key`")
    for name, value in section.items():
        if name not in KNOWN:
            raise Refused(f"`hapx:` in user-data has no key `{name}`; it has `config` and `key`")
        if not isinstance(value, KNOWN[name]):
            what = "the cluster's file" if name == "config" else "a line hapx-key-v1:..."
            raise Refused(f"`{name}` of `hapx:` in user-data is {what}")
    if "config" not in section:
        raise Refused("`hapx:` in user-data has no `config`, which is the cluster's file")
    config = section["config"]
    if isinstance(config, dict):
        config = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    key = section.get("key")
    return config, key if key is None else key.rstrip("\n") + "\n"


def put_in_place(config, key):
    shutil.rmtree(REFUSED, ignore_errors=True)
    os.mkdir(REFUSED, 0o700)
    write("hapx.yaml", config)
    try:
        if key is not None:
            write("cluster.key", key)
        join(REFUSED, "--replace")
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(REFUSED, "cluster.key"))
    shutil.rmtree(REFUSED)


def write(name, text):
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with open(os.open(os.path.join(REFUSED, name), flags, 0o400), "w", encoding="utf-8") as file:
        file.write(text)


def is_late(file):
    """Whether write_files brings the cluster's file, in cloud-init's last stage."""
    return isinstance(file, dict) and file.get("path") == FILE and bool(file.get("defer"))


def join(*words):
    """Puts both in place, or only looks at what is there."""
    try:
        subp.subp(["hapx", "join", *words])
    except subp.ProcessExecutionError as error:
        raise Refused(said_by(error) or str(error)) from None


def said_by(error):
    text = error.stderr
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    lines = [line.strip() for line in (text or "").splitlines()]
    return "; ".join(line for line in lines if line not in ("", "-"))
