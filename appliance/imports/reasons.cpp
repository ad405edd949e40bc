// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/reasons.hpp"

#include <algorithm>
#include <array>

namespace hapx::appliance::imports {
namespace {

constexpr std::string_view journal = "hapx logs to the journal";
constexpr std::string_view timing = "a failover takes one lease, 300ms; spec.timing is its word";
constexpr std::string_view sealed =
    "heartbeats are always sealed, with the key that `hapx keygen` makes";
constexpr std::string_view unicast = "heartbeats go from node to node, on UDP port 7405";
constexpr std::string_view counted_votes = "the votes are counted from the nodes of the file";
constexpr std::string_view by_itself = "Pacemaker has written it for itself";
constexpr std::string_view at_once = "hapx decides when something happens, at once";
constexpr std::string_view no_fencing = "not needed: the kernel holds the lease";
constexpr std::string_view announces =
    "hapx announces an address at once and again and again, as request and as reply";
constexpr std::string_view one_kind =
    "hapx serves addresses with HAProxy behind them, and no other resource";
constexpr std::string_view own_haproxy = "HAProxy runs warm on each node, under hapx";
constexpr std::string_view hooks = "what is to be run when something happens is a hook: spec.hooks";
constexpr std::string_view carrier =
    "a node whose interface has no carrier can't hold the address anyway";
constexpr std::string_view own_interface = "the address is on the interface itself";
constexpr std::string_view own_runtime = "hapx starts HAProxy, as a user of its own, and keeps it";
constexpr std::string_view no_tls = "hapx passes TLS through to the kube-apiserver";
constexpr std::string_view plain_tcp = "hapx passes TCP through, so this does nothing";
constexpr std::string_view own_check =
    "hapx asks each kube-apiserver for /readyz over TLS; healthCheck.mode is its word";
constexpr std::string_view own_balance =
    "a connection goes to the kube-apiserver with the fewest of them";
constexpr std::string_view retries =
    "a connection that fails is tried elsewhere, three times, always";

constexpr std::array corosync_sections_table{
    Reason{"logging", journal},
    Reason{"qb", "hapx has no shared memory to set up"},
    Reason{"aisexec", "hapxd's unit says as whom it runs"},
    Reason{"uidgid", "who is in the group hapx may give orders"},
    Reason{"service", "hapx has no services to load"},
    Reason{"resources", "hapx watches itself, and systemd watches hapxd"},
    Reason{"system", "hapxd's unit says how it runs"},
    Reason{"amf", "hapx has no services to load"},
    Reason{"nozzle", "hapx makes no interface"}};

constexpr std::array corosync_totem_table{
    Reason{"version", "hapx.yaml has a version of its own"},
    Reason{"token*", timing},
    Reason{"consensus", timing},
    Reason{"join", timing},
    Reason{"merge", timing},
    Reason{"hold", timing},
    Reason{"downcheck", timing},
    Reason{"fail_recv_const", timing},
    Reason{"seqno_unchanged_const", timing},
    Reason{"max_messages", timing},
    Reason{"miss_count_const", timing},
    Reason{"window_size", timing},
    Reason{"heartbeat_failures_allowed", timing},
    Reason{"max_network_delay", timing},
    Reason{"send_join", timing},
    Reason{"crypto_*", sealed},
    Reason{"secauth", sealed},
    Reason{"key*", sealed},
    Reason{"transport", unicast},
    Reason{"ip_version", "the nodes' addresses say which it is"},
    Reason{"clear_node_high_bit", "nodes have names, and no numbers"},
    Reason{"nodeid", "nodes have names, and no numbers"},
    Reason{"netmtu", "a heartbeat is smaller than any MTU"},
    Reason{"interface", "the ways between nodes are their `address` and `links`"},
    Reason{"link_mode", "heartbeats take all ways at once"},
    Reason{"rrp_*", "heartbeats take all ways at once"},
    Reason{"knet_*", "heartbeats take all ways at once"},
    Reason{"threads", "hapxd has one thread"},
    Reason{"vsftype", counted_votes},
    Reason{"block_unlisted_ips", "whoever has not the key is not heard"},
    Reason{"cancel_token_hold_on_retransmit", timing}};

constexpr std::array corosync_quorum_table{
    Reason{"provider", "quorum is more than half of the votes, always"},
    Reason{"expected_votes", counted_votes},
    Reason{"wait_for_all",
           "a node of two that starts alone waits for the other one, or for `hapx go-alone`"},
    Reason{"last_man_standing*", "who votes is changed in the file, and never by itself"},
    Reason{"allow_downscale", "who votes is changed in the file, and never by itself"},
    Reason{"auto_tie_breaker*",
           "the half with the lowest number wins nothing here; --tie-breaker names who is asked"},
    Reason{"device",
           "a third vote is a small node (--witness NAME=ADDRESS), or an etcd (spec.arbiter)"}};

constexpr std::array corosync_node_table{
    Reason{"ring*", "hapx has no more than four ways to a node"}};

constexpr std::array cib_properties_table{
    Reason{"stonith-*", no_fencing},
    Reason{"startup-fencing", no_fencing},
    Reason{"fence-reaction", no_fencing},
    Reason{"fencing-*", no_fencing},
    Reason{"concurrent-fencing", no_fencing},
    Reason{"priority-fencing-delay", no_fencing},
    Reason{"have-watchdog", by_itself},
    Reason{"dc-version", by_itself},
    Reason{"cluster-infrastructure", by_itself},
    Reason{"last-lrm-refresh", by_itself},
    Reason{"cib-bootstrap-options", by_itself},
    Reason{"expected-quorum-votes", counted_votes},
    Reason{"maintenance-mode", "`hapx maintenance on` is an order, and not in the file"},
    Reason{"standby", "`hapx standby NODE` is an order, and not in the file"},
    Reason{"symmetric-cluster", "a service may run on every full node; `location` can forbid one"},
    Reason{"dc-deadtime", at_once},
    Reason{"cluster-recheck-interval", at_once},
    Reason{"cluster-delay", at_once},
    Reason{"transition-delay", at_once},
    Reason{"batch-limit", at_once},
    Reason{"migration-limit", at_once},
    Reason{"load-threshold", at_once},
    Reason{"node-action-limit", at_once},
    Reason{"election-timeout", at_once},
    Reason{"shutdown-*", at_once},
    Reason{"join-*", at_once},
    Reason{"crmd-*", at_once},
    Reason{"placement-strategy", "a node has room for every service"},
    Reason{"node-health-*", "a node whose HAProxy is unfit holds nothing"},
    Reason{"pe-*", "`hapx recording list` has what was decided lately"},
    Reason{"enable-acl", "who is in the group hapx may give orders"},
    Reason{"enable-startup-probes", "hapxd looks at what is there when it starts"},
    Reason{"start-failure-is-fatal", "failures are counted, and expire (failureTimeout)"},
    Reason{"remove-after-stop", one_kind},
    Reason{"stop-all-resources", "a service of the file is to be served"},
    Reason{"stop-orphan-*", "what isn't in the file is given up"},
    Reason{"is-managed-default", "`hapx maintenance on` is an order, and not in the file"}};

constexpr std::array cib_agents_table{
    Reason{"haproxy", own_haproxy},
    Reason{"VIPcheck", "built in: other hosts are asked first, and heard after (onConflict)"},
    Reason{"SendArp", announces},
    Reason{"ping", "a node's view of kube-apiservers counts by itself"},
    Reason{"pingd", "a node's view of kube-apiservers counts by itself"},
    Reason{"ethmonitor", carrier},
    Reason{"ifcheckd", carrier},
    Reason{"portblock", "built in: clients of the last holder are woken"},
    Reason{"sfex", no_fencing},
    Reason{"stonith", no_fencing},
    Reason{"*", one_kind}};

constexpr std::array cib_address_table{
    Reason{"broadcast", "it follows from the prefix"},
    Reason{"iflabel", own_interface},
    Reason{"mac", own_interface},
    Reason{"unique_clone_address", "an address is on one node alone"},
    Reason{"clusterip_hash", "an address is on one node alone"},
    Reason{"lvs_*", "hapx has HAProxy, and no IPVS"},
    Reason{"arp_*", announces},
    Reason{"noprefixroute", "the prefix is added as written"},
    Reason{"preferred_lft", "the address's lifetime is a fence of hapx's"},
    Reason{"flush_routes", "an address takes its routes along"},
    Reason{"run_arping", "built in: other hosts are asked first, and heard after (onConflict)"},
    Reason{"nodad", "built in: other hosts are asked first, and heard after (onConflict)"},
    Reason{"network_namespace", "hapx holds addresses in the namespace that hapxd runs in"}};

constexpr std::array cib_meta_table{
    Reason{"target-role", "a service of the file is to be served"},
    Reason{"is-managed", "`hapx maintenance on` is an order, and not in the file"},
    Reason{"maintenance", "`hapx maintenance on` is an order, and not in the file"},
    Reason{"priority", "services are placed in the order of the file"},
    Reason{"multiple-active", "an address is on one node alone"},
    Reason{"allow-migrate", one_kind},
    Reason{"allow-unhealthy-nodes", "a node whose HAProxy is unfit holds nothing"},
    Reason{"requires", no_fencing},
    Reason{"clone-*", own_haproxy},
    Reason{"interleave", own_haproxy},
    Reason{"ordered", own_haproxy},
    Reason{"globally-unique", own_haproxy},
    Reason{"notify", own_haproxy},
    Reason{"master-*", one_kind},
    Reason{"promot*", one_kind}};

constexpr std::array cib_elements_table{
    Reason{"order", "always so: the address first, then HAProxy, and back in reverse"},
    Reason{"clone", own_haproxy},
    Reason{"ms", one_kind},
    Reason{"master", one_kind},
    Reason{"bundle", one_kind},
    Reason{"template", "what is made from a template is not put together here"},
    Reason{"rsc_template", "what is made from a template is not put together here"},
    Reason{"rsc_ticket", "hapx serves one site"},
    Reason{"op_defaults", "how long something may take is hapx's to say"},
    Reason{"fencing_topology", no_fencing},
    Reason{"fencing-topology", no_fencing},
    Reason{"alert", hooks},
    Reason{"alerts", hooks},
    Reason{"role", "who is in the group hapx may give orders"},
    Reason{"user", "who is in the group hapx may give orders"},
    Reason{"acl_*", "who is in the group hapx may give orders"},
    Reason{"acls", "who is in the group hapx may give orders"},
    Reason{"tag", "hapx has no tags"},
    Reason{"tags", "hapx has no tags"},
    Reason{"monitor", "hapx looks at addresses and HAProxy by itself"},
    Reason{"status", "it is how things are, and not how they are wanted"},
    Reason{"commit", "it is a command of crm"},
    Reason{"bye", "it is a command of crm"},
    Reason{"quit", "it is a command of crm"},
    Reason{"exit", "it is a command of crm"},
    Reason{"end", "it is a command of crm"},
    Reason{"up", "it is a command of crm"},
    Reason{"verify", "it is a command of crm"},
    Reason{"configure", "it is a command of crm"}};

constexpr std::array keepalived_blocks_table{
    Reason{"vrrp_script", "built in: HAProxy's death, its silence, and who sees kube-apiservers"},
    Reason{"vrrp_track_process", "built in: HAProxy's death, its silence"},
    Reason{"vrrp_track_file", "`hapx standby` and `hapx move` are orders"},
    Reason{"track_file", "`hapx standby` and `hapx move` are orders"},
    Reason{"static_*", "hapx sets up no address but the virtual ones"},
    Reason{"virtual_server_group", "hapx has HAProxy, and no IPVS"},
    Reason{"garp_group", announces},
    Reason{"bfd_instance", timing},
    Reason{"interface_up_down_delays", "a VIP is held where its interface has a carrier"},
    Reason{"linkbeat_*", "a VIP is held where its interface has a carrier"},
    Reason{"include*", "what it names was not read; give that file, too"},
    Reason{"net_namespace*", "hapxd's unit says where it runs"},
    Reason{"instance", "hapxd's unit says where it runs"},
    Reason{"use_pid_dir", "hapxd's unit says where it runs"},
    Reason{"global_defs", "hapx has no word for this one"}};

constexpr std::array keepalived_instance_table{
    Reason{"virtual_router_id", "the cluster's name and key tell clusters apart"},
    Reason{"advert_int", timing},
    Reason{"authentication", sealed},
    Reason{"nopreempt", "a service stays where it is, unless `location` outweighs that"},
    Reason{"preempt*", "a service stays where it is, unless `location` outweighs that"},
    Reason{"state", "the file is the same on all nodes; who holds the address is decided"},
    Reason{"track_script", "built in: HAProxy's death, its silence, and who sees kube-apiservers"},
    Reason{"track_process", "built in: HAProxy's death, its silence"},
    Reason{"track_file", "`hapx standby` and `hapx move` are orders"},
    Reason{"track_interface", carrier},
    Reason{"track_bfd", timing},
    Reason{"dont_track_primary", carrier},
    Reason{"garp_*", announces},
    Reason{"vrrp_garp_*", announces},
    Reason{"gna_*", announces},
    Reason{"notify*", hooks},
    Reason{"smtp_*", hooks},
    Reason{"notification_email*", hooks},
    Reason{"use_vmac*", "an address has the interface's hardware address"},
    Reason{"vmac_*", "an address has the interface's hardware address"},
    Reason{"use_ipvlan", own_interface},
    Reason{"virtual_routes", "hapx adds addresses, and no routes"},
    Reason{"virtual_rules", "hapx adds addresses, and no rules"},
    Reason{"mcast_*", unicast},
    Reason{"vrrp_mcast_*", unicast},
    Reason{"unicast_*", unicast},
    Reason{"check_unicast_src", unicast},
    Reason{"version", "hapx speaks no VRRP"},
    Reason{"vrrp_*", "hapx speaks no VRRP"},
    Reason{"strict_mode", "hapx speaks no VRRP"},
    Reason{"native_ipv6", "hapx speaks no VRRP"},
    Reason{"accept", "the holder answers at its addresses, always"},
    Reason{"no_accept", "the holder answers at its addresses, always"},
    Reason{"router_id", "nodes find themselves by their host names or addresses"},
    Reason{"script_user", "hapx runs no script to decide"},
    Reason{"enable_script_security", "hapx runs no script to decide"},
    Reason{"script_security", "hapx runs no script to decide"},
    Reason{"dynamic_interfaces", "a VIP is held where its interface is there"},
    Reason{"lvs_*", "hapx has HAProxy, and no IPVS"},
    Reason{"enable_snmp_*", "spec.metrics is for Prometheus"},
    Reason{"snmp_*", "spec.metrics is for Prometheus"},
    Reason{"enable_dbus", "hapx answers at its command socket"},
    Reason{"debug", journal},
    Reason{"log_*", journal},
    Reason{"process_names", "hapxd's unit says how it runs"},
    Reason{"*_priority", "hapxd's unit says how it runs"},
    Reason{"*_rt_priority", "hapxd's unit says how it runs"},
    Reason{"skip_check_adv_addr", "whoever has not the key is not heard"}};

constexpr std::array keepalived_address_table{
    Reason{"label", own_interface},
    Reason{"brd", "it follows from the prefix"},
    Reason{"broadcast", "it follows from the prefix"},
    Reason{"scope", "an address that others reach is global"},
    Reason{"peer", "hapx adds no address of a pair"},
    Reason{"home", own_interface},
    Reason{"-nodad", "built in: other hosts are asked first, and heard after (onConflict)"},
    Reason{"nodad", "built in: other hosts are asked first, and heard after (onConflict)"},
    Reason{"mngtmpaddr", own_interface},
    Reason{"noprefixroute", "the prefix is added as written"},
    Reason{"no_track", own_interface},
    Reason{"track_group", own_interface},
    Reason{"preferred_lft", "the address's lifetime is a fence of hapx's"}};

constexpr std::array haproxy_sections_table{
    Reason{"resolvers",
           "a HAProxy that begins asks the system's resolver; give addresses to change"
           " kube-apiservers without that"},
    Reason{"userlist", "credentialsFile has the names and passwords of the stats page"},
    Reason{"peers", "HAProxy of each node stands for itself"},
    Reason{"mailers", hooks},
    Reason{"cache", plain_tcp},
    Reason{"http-errors", plain_tcp},
    Reason{"fcgi-app", plain_tcp},
    Reason{"program", "hapx runs HAProxy, and nothing beside it"},
    Reason{"ring", "hapx keeps HAProxy's own messages in the journal"},
    Reason{"log-forward", "hapx keeps HAProxy's own messages in the journal"},
    Reason{"log-profile", "hapx keeps HAProxy's own messages in the journal"},
    Reason{"traces", "hapx keeps HAProxy's own messages in the journal"},
    Reason{"crt-store", no_tls}};

constexpr std::array haproxy_global_table{
    Reason{"log*",
           "hapx keeps HAProxy's own messages in the journal; if connections are to be"
           " logged, extraConfig can have it"},
    Reason{"chroot", own_runtime},
    Reason{"user", own_runtime},
    Reason{"group", own_runtime},
    Reason{"uid", own_runtime},
    Reason{"gid", own_runtime},
    Reason{"daemon", own_runtime},
    Reason{"master-worker", own_runtime},
    Reason{"pidfile", own_runtime},
    Reason{"stats", own_runtime},
    Reason{"ulimit-n", own_runtime},
    Reason{"node", own_runtime},
    Reason{"description", own_runtime},
    Reason{"quiet", own_runtime},
    Reason{"debug", own_runtime},
    Reason{"hard-stop-after", "a HAProxy that was replaced has ten minutes for its connections"},
    Reason{"ssl-*", no_tls},
    Reason{"ca-base", no_tls},
    Reason{"crt-base", no_tls},
    Reason{"key-base", no_tls},
    Reason{"spread-checks", own_check},
    Reason{"external-check", own_check},
    Reason{"lua-*", plain_tcp},
    Reason{"h2-*", plain_tcp}};

constexpr std::array haproxy_lines_table{
    Reason{"mode", "hapx passes TCP through"},
    Reason{"log*", "extraConfig can have it, if connections are to be logged"},
    Reason{"option tcplog", "extraConfig can have it, if connections are to be logged"},
    Reason{"option dontlog*", "extraConfig can have it, if connections are to be logged"},
    Reason{"option log*", "extraConfig can have it, if connections are to be logged"},
    Reason{"option tcp-check", own_check},
    Reason{"option ssl-hello-chk", own_check},
    Reason{"option httpchk", own_check},
    Reason{"option external-check", own_check},
    Reason{"option log-health-checks", own_check},
    Reason{"option redispatch", retries},
    Reason{"option clitcpka", "hapx asks silent clients for a sign of life, always"},
    Reason{"option srvtcpka", "hapx asks silent kube-apiservers for a sign of life, always"},
    Reason{"option tcpka", "hapx asks both sides for a sign of life, always"},
    Reason{"option http*", plain_tcp},
    Reason{"option forwardfor", plain_tcp},
    Reason{"option abortonclose", plain_tcp},
    Reason{"option accept-invalid-http-*", plain_tcp},
    Reason{"clitcpka-*", "hapx asks silent clients for a sign of life, always"},
    Reason{"srvtcpka-*", "hapx asks silent kube-apiservers for a sign of life, always"},
    Reason{"http-check", own_check},
    Reason{"tcp-check", own_check},
    Reason{"external-check", own_check},
    Reason{"http-*", plain_tcp},
    Reason{"http", plain_tcp},
    Reason{"errorfile*", plain_tcp},
    Reason{"errorloc*", plain_tcp},
    Reason{"compression", plain_tcp},
    Reason{"cookie", plain_tcp},
    Reason{"balance", own_balance},
    Reason{"hash-*", own_balance},
    Reason{"retries", retries},
    Reason{"retry-on", retries},
    Reason{"timeout queue", "no connection waits for a place"},
    Reason{"timeout check", "a check has as long as its interval"},
    Reason{"timeout http-*", plain_tcp},
    Reason{"timeout tarpit", plain_tcp},
    Reason{"timeout server-fin", "hapx has one time for both sides, clientFin"},
    Reason{"stats", "the stats page has a port of its own"},
    Reason{"fullconn", "no connection waits for a place"},
    Reason{"backlog", "the listening sockets are hapx's"},
    Reason{"use_backend", "a service has one set of kube-apiservers"},
    Reason{"use-server", own_balance},
    Reason{"description", "hapx has no word for this one"},
    Reason{"monitor-uri", "HAProxy is probed by a listener of its own"},
    Reason{"monitor", "HAProxy is probed by a listener of its own"},
    Reason{"email-alert", hooks},
    Reason{"enabled", "hapx starts HAProxy, and keeps it"},
    Reason{"disabled", "hapx starts HAProxy, and keeps it"},
    Reason{"id", "hapx names the sections of HAProxy's config"},
    Reason{"server-template", "each kube-apiserver is named; give them with --apiserver"}};

constexpr std::array haproxy_server_table{
    Reason{"check-*", own_check},
    Reason{"port", own_check},
    Reason{"addr", own_check},
    Reason{"sni", own_check},
    Reason{"alpn", own_check},
    Reason{"verifyhost", own_check},
    Reason{"agent-*", own_check},
    Reason{"observe", "three connections that fail are a reason to look at once, always"},
    Reason{"error-limit", "three connections that fail are a reason to look at once, always"},
    Reason{"on-error", "three connections that fail are a reason to look at once, always"},
    Reason{"on-marked-down", "the connections of one that is dead are ended, always"},
    Reason{"on-marked-up", "all kube-apiservers are used alike"},
    Reason{"fastinter", "follows from healthCheck.interval"},
    Reason{"downinter", "follows from healthCheck.interval"},
    Reason{"slowstart", "one that comes back gets connections growing over ten seconds"},
    Reason{"weight", "all kube-apiservers are used alike"},
    Reason{"backup", "all kube-apiservers are used alike"},
    Reason{"maxconn", "no kube-apiserver has a limit of its own"},
    Reason{"minconn", "no kube-apiserver has a limit of its own"},
    Reason{"maxqueue", "no connection waits for a place"},
    Reason{"cookie", plain_tcp},
    Reason{"init-addr", "a name that can't be looked up is no reason not to start"},
    Reason{"resolvers", "a HAProxy that begins asks the system's resolver"},
    Reason{"resolve-*", "a HAProxy that begins asks the system's resolver"},
    Reason{"id", "hapx names the servers of HAProxy's config"},
    Reason{"ssl", no_tls},
    Reason{"no-*", no_tls},
    Reason{"crt", no_tls},
    Reason{"crl-file", "a certificate is judged by healthCheck.caFile alone"},
    Reason{"send-proxy*", "a kube-apiserver doesn't understand it"},
    Reason{"inter", "healthCheck.interval is from 50ms to 1m"},
    Reason{"fall", "healthCheck.fall is from 1 to 100"},
    Reason{"rise", "healthCheck.rise is from 1 to 100"},
    Reason{"ca-file", "healthCheck.caFile is an absolute path"},
    Reason{"verify", "a certificate is verified where healthCheck.caFile is given"},
    Reason{"enabled", "a kube-apiserver of the file is used"}};

/// "a*" fits what begins with a, "*a" what ends with it.
bool fits(std::string_view pattern, std::string_view word) {
  if (pattern.ends_with('*')) return word.starts_with(pattern.substr(0, pattern.size() - 1));
  if (pattern.starts_with('*')) return word.ends_with(pattern.substr(1));
  return pattern == word;
}

}  // namespace

std::string why_not(Reasons reasons, std::string_view word) {
  const auto found =
      std::ranges::find_if(reasons, [&](const Reason& one) { return fits(one.word, word); });
  return found != reasons.end() ? std::string(found->why) : "`hapx import` does not know this word";
}

namespace reasons {

const Reasons corosync_sections = corosync_sections_table;
const Reasons corosync_totem = corosync_totem_table;
const Reasons corosync_quorum = corosync_quorum_table;
const Reasons corosync_node = corosync_node_table;
const Reasons cib_properties = cib_properties_table;
const Reasons cib_agents = cib_agents_table;
const Reasons cib_address = cib_address_table;
const Reasons cib_meta = cib_meta_table;
const Reasons cib_elements = cib_elements_table;
const Reasons keepalived_blocks = keepalived_blocks_table;
const Reasons keepalived_instance = keepalived_instance_table;
const Reasons keepalived_address = keepalived_address_table;
const Reasons haproxy_sections = haproxy_sections_table;
const Reasons haproxy_global = haproxy_global_table;
const Reasons haproxy_lines = haproxy_lines_table;
const Reasons haproxy_server = haproxy_server_table;

}  // namespace reasons

}  // namespace hapx::appliance::imports
