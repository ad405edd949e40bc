# SPDX-License-Identifier: Apache-2.0
"""What is compared with hapx, and how is each of them configured and commanded?

Each configuration twice: as tutorials have it, and as somebody would who wants it fast. A stack
knows its files, its processes, what its nodes tell each other by, and how an operator hands the
address over. HAProxy is the same everywhere, and listens on all addresses.
"""
import os
import re
import secrets
import shutil

from machine import APISERVERS, HERE, PORT, PREFIX, VIP, eventually, run

HAPROXY_CFG = f"""global
  maxconn 4000
defaults
  mode tcp
  timeout connect 4s
  timeout client 20s
  timeout server 20s
  retries 3
frontend kube-apiserver
  bind *:{PORT}
  default_backend kube-apiservers
backend kube-apiservers
  option tcp-check
  default-server inter 2s fall 3 rise 2
""" + "".join(f"  server apiserver{n} {address}:{PORT} check\n"
              for n, address in enumerate(APISERVERS, 1))


class Stack:
    """What all of them have."""

    daemons = ()  # the names of what is to fail; as the kernel keeps them
    helpers = ()  # of what belongs to it besides
    heartbeats = ()  # what nft matches of what its nodes tell each other
    staying = ()  # the faults that the holder may rightly survive
    notice = 0.0  # seconds after which a silent node is taken over from, roughly
    look = 0.0  # seconds from one look at HAProxy to the next

    def __init__(self, nodes):
        self.nodes = nodes

    def other(self, node):
        return next(one for one in self.nodes if one is not node)

    def furnish(self, node):
        """What is on its disk before it is switched on."""
        (node.folder / "haproxy.cfg").write_text(HAPROXY_CFG)

    def begin(self):
        for node in self.nodes:
            self.start(node)

    def start(self, node):
        """All that runs on a node that has just got power."""
        raise NotImplementedError

    def restart(self, node):
        """Its own processes, which are dead."""
        raise NotImplementedError

    def move(self, node, to):
        raise NotImplementedError

    def unmove(self):
        """So that the next move is like the one before."""

    def forgive(self):
        """Forgets what was counted as failures."""

    def is_whole(self):
        """Whether both nodes take part."""
        raise NotImplementedError


class Keepalived(Stack):
    """As tutorials have it: an advertisement a second by multicast, `killall -0 haproxy`. HAProxy
    is a service of its own on both nodes, started again as Debian's unit has it."""

    daemons = ("keepalived",)
    heartbeats = ("ip protocol 112",)
    notice = 3.7
    look = 2
    lowered = None  # the node that has handed over

    def config(self, node):
        first = node.number == 1
        priority = 101 if first else 100
        if node is self.lowered:
            priority = 90
        return f"""vrrp_script check_haproxy {{
  script "/usr/bin/killall -0 haproxy"
  interval 2
  weight 2
}}
vrrp_instance VI_1 {{
  state {"MASTER" if first else "BACKUP"}
  interface eth0
  virtual_router_id 51
  priority {priority}
  advert_int 1
  authentication {{
    auth_type PASS
    auth_pass 1111
  }}
  virtual_ipaddress {{
    {VIP}/{PREFIX}
  }}
  track_script {{
    check_haproxy
  }}
}}
"""

    def write(self, node):
        path = node.folder / "keepalived.conf"
        path.write_text("global_defs {\n  script_user root\n  enable_script_security\n}\n"
                        + self.config(node))
        path.chmod(0o600)

    def start(self, node):
        node.start("sh", str(HERE / "haproxy_service.sh"))
        self.restart(node)

    def restart(self, node):
        self.write(node)
        node.start("keepalived", "--dont-fork", "--log-console", "--use-file",
                   str(node.folder / "keepalived.conf"))

    def reload(self, node):
        self.write(node)
        main = node.run("cat", "/run/keepalived.pid").strip()
        node.run("kill", "-HUP", main)

    def move(self, node, to):
        self.lowered = node
        self.reload(node)

    def unmove(self):
        node, self.lowered = self.lowered, None
        if node:
            self.reload(node)

    def is_whole(self):
        """The first node has the address, for it has the higher priority."""
        return ([node.has_vip() for node in self.nodes] == [True, False]
                and all(len(node.pids("keepalived")) == 2 and node.pids("haproxy")
                        for node in self.nodes))


class KeepalivedTuned(Keepalived):
    """Ten advertisements a second, from node to node, before all else that runs (real-time priority
    comes with a limit that ends it at a reload), and a check as often as it takes them. A master
    may be silent for 0.3 s, as long as a lease of hapx's lasts."""

    notice = 0.5
    look = 1
    seconds = "0.1"

    def config(self, node):
        text = super().config(node)
        text = text.replace("  interval 2\n  weight 2\n", "  interval 1\n  weight 20\n  fall 1\n")
        text = text.replace("advert_int 1\n", f"advert_int {self.seconds}\n"
                            f"  unicast_src_ip {node.address}\n"
                            f"  unicast_peer {{\n    {self.other(node).address}\n  }}\n")
        text = re.sub(r"  authentication {.*?}\n", "", text, flags=re.DOTALL)
        return "global_defs {\n  vrrp_version 3\n  vrrp_priority -20\n}\n" + text


class KeepalivedFast(KeepalivedTuned):
    """A master may be silent for 0.12 s, as with hapx's profile fast."""

    seconds = "0.04"


class Pacemaker(Stack):
    """As the tutorials have it: a token of 3 s, HAProxy started where the address is, both looked
    at every 20 s."""

    daemons = ("corosync", "pacemakerd") + tuple(
        f"pacemaker-{part}" for part in ("based", "fence", "execd", "attrd", "sched", "contr"))
    heartbeats = ("udp dport 5405",)
    notice = 6.7
    look = 20
    key = secrets.token_bytes(256)
    totem = "  token: 3000\n  token_retransmits_before_loss_const: 10\n"
    resource = "virtual-ip-resource"
    crm = f"""primitive virtual-ip-resource ocf:heartbeat:IPaddr2 \\
  params ip={VIP} cidr_netmask={PREFIX} nic=eth0 \\
  meta migration-threshold=2 op monitor interval=20s timeout=60s on-fail=restart
primitive haproxy-resource ocf:heartbeat:haproxy \\
  op monitor interval=20s timeout=60s on-fail=restart
colocation loc inf: virtual-ip-resource haproxy-resource
order ord Mandatory: virtual-ip-resource haproxy-resource
property stonith-enabled=false no-quorum-policy=ignore
rsc_defaults resource-stickiness=100
"""

    def corosync_conf(self):
        nodes = "".join(f"  node {{\n    name: {node.name}\n    nodeid: {node.number}\n"
                        f"    ring0_addr: {node.address}\n  }}\n" for node in self.nodes)
        return ("totem {\n  version: 2\n  cluster_name: hapx\n  transport: knet\n"
                "  crypto_cipher: aes256\n  crypto_hash: sha256\n" + self.totem + "}\n"
                "logging {\n  to_syslog: no\n  to_logfile: yes\n"
                "  logfile: /var/log/corosync/corosync.log\n  timestamp: hires\n}\n"
                "quorum {\n  provider: corosync_votequorum\n  two_node: 1\n}\n"
                "nodelist {\n" + nodes + "}\n")

    def furnish(self, node):
        super().furnish(node)
        etc = node.folder / "etc/corosync"
        etc.mkdir(parents=True)
        (etc / "corosync.conf").write_text(self.corosync_conf())
        (etc / "authkey").write_bytes(self.key)
        (etc / "authkey").chmod(0o400)
        (node.folder / "disk/corosync").mkdir(parents=True)
        disk = node.folder / "disk/pacemaker"
        for part in ("", "blackbox", "cib", "cores", "pengine"):
            (disk / part).mkdir()
            shutil.chown(disk / part, "hacluster", "haclient")
        agents = node.folder / "resource.d"
        shutil.copytree("/usr/lib/ocf/resource.d", agents, symlinks=True)
        shutil.copy(HERE / "haproxy_agent.sh", agents / "heartbeat/haproxy")
        os.chmod(agents / "heartbeat/haproxy", 0o755)

    def start(self, node):
        self.restart(node)

    def restart(self, node):
        node.start("corosync", "-f")
        eventually("corosync answers", lambda: node.run(
            "corosync-cfgtool", "-s", check=False).startswith("Local node"), look=0.1)
        node.start("pacemakerd")

    def begin(self):
        super().begin()
        node = self.nodes[0]
        eventually("a coordinator", lambda: "with quorum" in self.status(node), 60, look=0.5)
        lines = node.folder / "configure.crm"
        lines.write_text(self.crm)
        node.run("crm", "-F", "configure", "load", "update", str(lines), patience=60)

    @staticmethod
    def status(node):
        return node.run("crm_mon", "--one-shot", "--inactive", check=False)

    def move(self, node, to):
        node.run("crm", "resource", "move", self.resource, to.name, patience=60)

    def unmove(self):
        self.nodes[0].run("crm_resource", "--clear", "--resource", self.resource)

    def forgive(self):
        self.nodes[0].run("crm_resource", "--cleanup")

    def is_whole(self):
        texts = [self.status(node) for node in self.nodes]
        return (all(re.search(r"Online: \[ node1 node2 \]", text) for text in texts)
                and not any(re.search(r"Stopped|FAILED|UNCLEAN|Starting|pending", text)
                            for text in texts)
                and sum(node.has_vip() for node in self.nodes) == 1)


class PacemakerTuned(Pacemaker):
    """A token of 0.3 s, HAProxy running on both nodes as a clone, both looked at every second. With
    so short a token the links' own pings would call a busy link dead, so they get two seconds."""

    notice = 1.5
    look = 1
    totem = """  token: 300
  consensus: 360
  interface {
    linknumber: 0
    knet_ping_interval: 100
    knet_ping_timeout: 2000
  }
"""
    crm = f"""primitive virtual-ip-resource ocf:heartbeat:IPaddr2 \\
  params ip={VIP} cidr_netmask={PREFIX} nic=eth0 \\
  op monitor interval=1s timeout=10s on-fail=restart
primitive haproxy-resource ocf:heartbeat:haproxy \\
  op monitor interval=1s timeout=10s on-fail=restart
clone haproxy-clone haproxy-resource meta interleave=true
colocation loc inf: virtual-ip-resource haproxy-clone
order ord Optional: haproxy-clone virtual-ip-resource
property stonith-enabled=false no-quorum-policy=ignore dc-deadtime=5s
rsc_defaults resource-stickiness=100
"""


class HapxPair(Stack):
    """hapx on two machines, as the others: `noQuorumPolicy: ignore`, and a tie-breaker, for which a
    kube-apiserver's machine serves. The drill's own labs have three nodes."""

    daemons = ("hapx-keeper", "hapxd")
    helpers = ("haproxy-keeper",)
    heartbeats = ("udp dport 7405",)
    staying = ("partition",)  # clients and the tie-breaker are there as before
    notice = 0.3
    programs = ""  # the folder of hapxd and hapx
    key = f"hapx-key-v1:{secrets.token_hex(32)}\n"

    def furnish(self, node):
        super().furnish(node)
        (node.folder / "disk").mkdir()
        shared = node.folder.parent  # a path that differed would be another configuration
        key = shared / "cluster.key"
        key.unlink(missing_ok=True)
        key.write_text(self.key)
        key.chmod(0o400)
        servers = ", ".join(f"{address}:{PORT}" for address in APISERVERS)
        (shared / "hapx.yaml").write_text(
            "apiVersion: hapx.dev/v1alpha1\nkind: Cluster\nmetadata: {name: bench}\nspec:\n"
            f"  keyFile: {key}\n  nodes:\n"
            + "".join(f"    - {{name: {one.name}, address: {one.address}}}\n"
                      for one in self.nodes)
            + "  noQuorumPolicy: ignore\n"
            f"  tieBreaker: {{address: {APISERVERS[0]}, interface: eth0}}\n"
            "  services:\n    - name: kube-apiserver\n"
            f"      vips: [{{address: {VIP}/{PREFIX}, interface: eth0}}]\n"
            f"      port: {PORT}\n      apiServers: [{servers}]\n")

    def start(self, node):
        self.restart(node)

    def restart(self, node):
        node.start(f"{self.programs}/hapxd", "--config", str(node.folder.parent / "hapx.yaml"),
                   "--node", node.name, "--state-dir", str(node.folder / "disk"),
                   "--run-dir", "/run/hapx")

    def hapx(self, node, *words, **options):
        return node.run(f"{self.programs}/hapx", "--socket", "/run/hapx/hapxd.sock", *words,
                        **options)

    def move(self, node, to):
        self.hapx(node, "move", "kube-apiserver", to.name)

    def forgive(self):
        self.hapx(self.nodes[0], "cleanup", "kube-apiserver")

    def is_whole(self):
        return (all(self.hapx(node, "status", check=False).startswith("bench: healthy")
                    for node in self.nodes)
                and sum(node.has_vip() for node in self.nodes) == 1)


def versions():
    """Of what is measured, as Debian's packages say."""
    found = {}
    for package in ("haproxy", "keepalived", "pacemaker", "corosync", "crmsh", "resource-agents"):
        text = run("dpkg-query", "-W", "-f", "${Version}", package, check=False).strip()
        found[package] = text or "absent"
    return found
