// SPDX-License-Identifier: Apache-2.0
// Writes the binary seeds: what our own encoders make, one of each kind.
//
// usage: fuzz_seeds FOLDER      makes FOLDER/TARGET/NAME anew
//
// So the tree keeps no bytes that nobody can read, and the seeds follow the formats.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include "appliance/doctor/dhcp.hpp"
#include "appliance/doctor/wire_frame.hpp"
#include "genuine.hpp"
#include "lb-supervisor/keeper_message.hpp"
#include "membership/arbiter.hpp"
#include "membership/plaintext.hpp"
#include "membership/record.hpp"
#include "membership/voters_file.hpp"
#include "recorded_node.hpp"
#include "vip/address_message.hpp"
#include "vip/claim.hpp"
#include "vip/fence_message.hpp"
#include "vip/tickle.hpp"

namespace hapx::fuzz {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

class Seeds {
 public:
  Seeds(fs::path folder, const std::string& target) : folder_(std::move(folder) / target) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  Seeds& add(const std::string& name, std::span<const std::uint8_t> bytes) {
    std::ofstream out(folder_ / name, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    good_ = good_ && out.good();
    return *this;
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  fs::path folder_;
  bool good_ = true;
};

/// Small ones, so that a change hits what it should; the last three are to be refused.
void write_parts(Seeds& seeds) {
  using namespace membership;
  const Message rich = rich_message();
  const auto add = [&](const std::string& name, auto list, auto item) {
    Message one;
    one.to = rich.to;
    (one.*list).push_back(item);
    seeds.add(name, encode(one, plaintext_bytes_min).front());
  };
  add("prepare", &Message::prepares, rich.prepares[0]);
  add("prepare-planned", &Message::prepares, rich.prepares[1]);
  add("prepare-answer", &Message::prepare_answers, rich.prepare_answers[0]);
  add("proposal", &Message::proposals, rich.proposals[0]);
  add("proposal-answer", &Message::proposal_answers, rich.proposal_answers[0]);
  add("report", &Message::report_parts, rich.report_parts[0]);
  add("plan", &Message::plan_parts, rich.plan_parts[0]);
  add("order", &Message::orders, rich.orders[0]);
  add("record-change", &Message::orders, rich.orders[1]);
  add("cleanup", &Message::orders, rich.orders[2]);
  add("record-read", &Message::record_reads, rich.record_reads[0]);
  add("record-answer", &Message::record_answers, rich.record_answers[0]);
  add("record-told-given", &Message::record_told, rich.record_told[0]);
  add("record-told-lifted", &Message::record_told, rich.record_told[1]);
  add("record-written", &Message::record_written, rich.record_written[0]);
  add("config-told", &Message::config_told, rich.config_told[0]);
  add("clients-told", &Message::clients_told, rich.clients_told[0]);
  add("clients-told-6", &Message::clients_told, rich.clients_told[1]);
  ReportPart report = rich.report_parts[0];
  report.index = report.count;
  add("report-beyond-its-count", &Message::report_parts, report);
  PlanPart plan = rich.plan_parts[0];
  plan.count = entries_max + 1;
  add("plan-of-too-many", &Message::plan_parts, plan);
  Order nameless = rich.orders[0];
  nameless.from = NodeName();
  add("order-of-nobody", &Message::orders, nameless);
}

bool write_membership(const fs::path& folder) {
  using namespace membership;
  const Message rich = rich_message();
  Message beat;
  beat.to = rich.to;
  beat.beat = rich.beat;
  Seeds datagram(folder, "datagram");
  Seeds plaintext(folder, "plaintext");
  const auto genuine = Codec(options_of("node1", sender_incarnation)).seal(rich).front();
  datagram.add("genuine", genuine);
  datagram.add("unaltered", Bytes(genuine.size()));
  auto stranger = options_of("node1", sender_incarnation);
  stranger.keys.first.fill(0x5b);
  datagram.add("wrong-key", Codec(stranger).seal(beat).front());
  plaintext.add("rich", encode(rich, plaintext_bytes_min).front());
  plaintext.add("beat", encode(beat, plaintext_bytes_min).front());
  write_parts(plaintext);
  return datagram.good() && plaintext.good();
}

bool write_promises(const fs::path& folder) {
  Seeds seeds(folder, "promise_memory");
  // torn at 16; slot 1 at 0: generation 9, then a key of one byte; the checksum is put right
  const Bytes generation{16, 0, 1, 0, 0, 10, 9, 0, 0, 0, 0, 0, 0, 0, 1, 'k'};
  const Bytes broken{0xff, 3, 2, 100, 0, 0x84, 1, 2, 3, 4};
  const Bytes retired{0, 4, 2, 128, 0, 2, 4, 250, 7, 10, 0, 1, 1};
  seeds.add("generation", generation).add("broken", broken).add("retired", retired);
  return seeds.good();
}

/// Without their checksum, which the target puts right; the last one with it.
bool write_records(const fs::path& folder) {
  using namespace membership;
  Seeds seeds(folder, "record");
  const RecordOwner owner{ClusterName("kube-demo"), NodeName("node1")};
  const Utc noon{std::chrono::seconds(1'795'873'017)};
  KeptRecord kept{{4, NodeName("node2"), {5}}, {}};
  const auto body = [&] {
    Bytes bytes = encode_record(kept, owner);
    bytes.resize(bytes.size() - 8);
    return bytes;
  };
  seeds.add("blank", body());
  kept.record = Record{{kept.promised, 3}, {}};
  seeds.add("no-orders", body());
  kept.record->orders = {
      {Subject::standby(NodeName("node3")), "root@node1", noon, noon + std::chrono::hours(1)},
      {Subject::maintenance(), "root@node1", noon, {}},
      {Subject::ban(ServiceName("api"), NodeName("node2")), "root@node2", noon, {}}};
  seeds.add("three-orders", body()).add("whole", encode_record(kept, owner));
  kept.record->floor = RecordId{kept.promised, 1};
  kept.record->orders[1].given = kept.record->id;
  kept.record->lifted = {{Subject::standby(NodeName("node1")), kept.record->id}};
  seeds.add("written-alone", body());
  return seeds.good();
}

/// Likewise.
bool write_voters(const fs::path& folder) {
  using namespace membership;
  Seeds seeds(folder, "voters");
  const RecordOwner owner{ClusterName("kube-demo"), NodeName("node1")};
  const Votes two{{NodeName("node1"), 1}, {NodeName("node2"), 1}};
  const Votes three{{NodeName("node1"), 1}, {NodeName("node2"), 1}, {NodeName("node3"), 2}};
  const KeptElectorate settled{4, two, 0, {}};
  for (const KeptElectorate& kept : {settled, adopt(settled, three)}) {
    const Bytes whole = encode_voters(kept, owner);
    const std::string name = kept.succeeds == 0 ? "settled" : "adopted";
    seeds.add(name + "-whole", whole).add(name, Bytes(whole.begin(), whole.end() - 8));
  }
  return seeds.good();
}

/// As two nodes write them.
bool write_arbiter(const fs::path& folder) {
  using namespace membership;
  Seeds seeds(folder, "arbiter");
  const LeaseKey key("192.168.4.20");
  Arbiter clerk({NodeName("node1"), {}}, {});
  const Instant now{std::chrono::hours(1)};
  std::int64_t revision = 0;
  Bytes value;
  const auto told = [&](std::uint64_t ticket) {
    return ArbiterAnswered{ticket, true, 7, revision, {{"leases/192.168.4.20", revision, value}}};
  };
  (void)clerk.hear(ArbiterAnswered{clerk.ask({}, now).ticket, true, 7, 0, {}}, now);
  const Ballot ballot{1, NodeName("node1"), {1}};
  const auto add = [&](const std::string& name, const Arbiter::Question& question) {
    const AskArbiter ask = clerk.ask({question}, now);
    value = ask.swaps.at(0).value;
    ++revision;
    (void)clerk.hear(told(ask.ticket), now);
    seeds.add(name + "-whole", value).add(name, Bytes(value.begin(), value.end() - 8));
  };
  add("promised", Prepare{key, ballot, {}});
  add("accepted", Proposal{key, ballot, 1, std::chrono::milliseconds(300), false, {}});
  add("released", Release{key, ballot});
  return seeds.good();
}

bool write_keeper(const fs::path& folder) {
  using namespace lb_supervisor;
  Seeds seeds(folder, "keeper_message");
  const std::vector<ListenSocket> sockets{{"HAPX_LISTEN_0", {ipv4(192, 168, 4, 20), 6443}},
                                          {"HAPX_LISTEN_1", {ipv4(192, 168, 4, 21), 443}}};
  const std::vector<KeeperRequest> requests{
      CheckHaproxyConfig{3, "", sockets}, StartHaproxy{4, "", sockets},
      RetireHaproxy{4, std::chrono::minutes(1)}, KillHaproxy{4}};
  const std::vector<KeeperAnswer> answers{
      KeeperConnected{KeeperConnected::Running{4, 4711, "", sockets}, {2, 3}},
      HaproxyConfigAccepted{3},
      HaproxyConfigRefused{3, "unknown keyword"},
      HaproxyStarted{4, 4711},
      HaproxyStartFailed{4, "no such file"},
      HaproxyExited{4, "killed by signal 9"}};
  for (const auto& request : requests) {
    seeds.add("request-" + std::to_string(request.index()), encode(request));
  }
  for (const auto& answer : answers) {
    seeds.add("answer-" + std::to_string(answer.index()), encode(answer));
  }
  return seeds.good();
}

/// A link as the kernel tells it: up, with carrier, a port of a bridge.
Bytes link_told() {
  ifinfomsg fixed{};
  fixed.ifi_type = ARPHRD_ETHER;
  fixed.ifi_index = 7;
  fixed.ifi_flags = IFF_UP | IFF_RUNNING | 0x10000;  // IFF_LOWER_UP
  vip::NetlinkRequest told(RTM_NEWLINK, 0, 0, vip::NetlinkRequest::bytes_of(fixed));
  const MacAddress mac{{2, 0, 0, 0, 0, 7}};
  told.put_text(IFLA_IFNAME, "enp0s3.41");
  told.put(IFLA_ADDRESS, mac.bytes);
  told.begin(IFLA_LINKINFO);
  told.put_text(IFLA_INFO_SLAVE_KIND, "bridge");
  told.end();
  return told.finish();
}

Bytes refusal_told() {
  nlmsgerr fixed{};
  fixed.error = -19;
  vip::NetlinkRequest told(NLMSG_ERROR, NLM_F_ACK_TLVS, 1, vip::NetlinkRequest::bytes_of(fixed));
  told.put_text(NLMSGERR_ATTR_MSG, "there is no such device");
  return told.finish();
}

/// As a notification, whatever it was asked for with.
Bytes as(std::uint16_t type, Bytes message) {
  message[4] = static_cast<std::uint8_t>(type & 0xffU);
  message[5] = static_cast<std::uint8_t>(type >> 8U);
  return message;
}

Bytes reset_frame(const Endpoint& from, const Endpoint& to) {
  const bool is_ipv4 = from.address.family == Family::ipv4;
  Bytes frame(12, 2);
  frame.push_back(is_ipv4 ? 0x08 : 0x86);
  frame.push_back(is_ipv4 ? 0x00 : 0xdd);
  const Bytes packet = vip::tickle_packet(from, to, 1);
  frame.insert(frame.end(), packet.begin(), packet.end());
  frame[frame.size() - 7] = 0x14;  // reset, acknowledgement
  return frame;
}

bool write_wire(const fs::path& folder) {
  using namespace vip;
  Seeds seeds(folder, "netlink");
  const Cidr address{ipv4(192, 168, 4, 20), 27};
  const Bytes added = add_address_request(1, 7, address, 3);
  const Bytes filter = attach_fence_request(1, 7, Direction::egress, 9);
  const Bytes link = link_told();
  seeds.add("address", added).add("link", link).add("refusal", refusal_told());
  seeds.add("address-gone", as(RTM_DELADDR, added)).add("link-gone", as(RTM_DELLINK, link));
  seeds.add("filter", as(RTM_NEWTFILTER, filter)).add("done", as(NLMSG_DONE, added));
  seeds.add("hooks-gone", as(RTM_DELQDISC, remove_clsact_request(1, 7)));
  Bytes several = link;
  several.insert(several.end(), added.begin(), added.end());
  seeds.add("several", several);
  seeds.add("address-6", add_address_request(1, 7, *parse_cidr("2001:db8:4::20/64"), 3));
  Seeds frames(folder, "claim");
  const MacAddress mac{{2, 0, 0, 0, 0, 7}};
  const IpAddress own = ipv4(192, 168, 4, 11);
  const IpAddress six{Family::ipv6, {0x20, 1, 0x0d, 0xb8, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20}};
  const auto announcements = announcement_frames(mac, address.address);
  frames.add("announcement", announcements[0]).add("reply", announcements[1]);
  frames.add("probe", probe_frame(mac, address.address));
  frames.add("question", question_frame(mac, own, address.address));
  frames.add("announcement-6", announcement_frames(mac, six)[0]);
  frames.add("probe-6", probe_frame(mac, six)).add("question-6", question_frame(mac, six, six));
  Seeds resets(folder, "reset");
  resets.add("ipv4", reset_frame({address.address, 6443}, {own, 40000}));
  resets.add("ipv6", reset_frame({six, 6443}, {six, 40000}));
  inet_diag_msg connection{};
  connection.idiag_family = AF_INET;
  seeds.add(
      "connection",
      NetlinkRequest(SOCK_DIAG_BY_FAMILY, 0, 1, NetlinkRequest::bytes_of(connection)).finish());
  return seeds.good() && frames.good() && resets.good();
}

bool write_doctor(const fs::path& folder) {
  using namespace appliance::doctor;
  Seeds frames(folder, "wire_frame");
  const IpHeads heads{
      {{2, 0, 0, 0, 0, 7}}, {{2, 0, 0, 0, 0, 8}}, ipv4(192, 0, 2, 7), ipv4(10, 0, 0, 1)};
  frames.add("note", note_frame(heads, {1, Note::Kind::sized, 84}));
  const IpAddress six{Family::ipv6, {0x20, 1, 0x0d, 0xb8}};
  frames.add("note-6",
             note_frame({heads.source, heads.destination, six, six}, {1, Note::Kind::to_address}));
  for (const IpAddress& address : {heads.from, six}) {
    const std::string family = address.family == Family::ipv6 ? "-6" : "";
    frames.add("announcement" + family, vip::announcement_frames(heads.source, address).back());
    frames.add("question" + family, vip::question_frame(heads.source, address, address));
    frames.add("answer" + family,
               vip::answer_frame(heads.source, address, address, heads.destination));
  }
  Seeds offers(folder, "dhcp_offer");
  // The question with what makes it an answer: the operation, the ports, the kind, an address.
  Bytes offer = discover_frame(heads.source, ipv4(10, 0, 0, 20), 7, 7);
  const std::size_t udp_at = ethernet_bytes + ipv4_bytes;
  offer[udp_at + 1] = 67;
  offer[udp_at + 3] = 68;
  offer[udp_at + 8] = 2;
  offer[udp_at + 8 + 16] = 10;
  offer[udp_at + 8 + 242] = 2;
  offers.add("offer", offer).add("discover", discover_frame(heads.source, heads.to, 7, 7));
  return frames.good() && offers.good();
}

/// What is in the frame; the last one with it.
bool write_recordings(const fs::path& folder) {
  Seeds seeds(folder, "recording");
  appliance::RecordedNode node("1.2.3");
  node.hear(vip::FenceArmed{});
  const Bytes begun = node.bytes();
  node.run_for(std::chrono::milliseconds(300));
  const Bytes whole = node.bytes();
  constexpr std::ptrdiff_t frame_bytes = 24;
  seeds.add("begun", Bytes(begun.begin() + frame_bytes, begun.end()))
      .add("some-beats", Bytes(whole.begin() + frame_bytes, whole.end()))
      .add("whole", whole);
  return seeds.good();
}

}  // namespace
}  // namespace hapx::fuzz

int main(int count, char** words) {
  using namespace hapx::fuzz;
  if (count != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder(words[1]);
  const bool good = write_membership(folder) && write_promises(folder) && write_records(folder) &&
                    write_voters(folder) && write_arbiter(folder) && write_keeper(folder) &&
                    write_wire(folder) && write_doctor(folder) && write_recordings(folder);
  if (!good) std::fprintf(stderr, "fuzz_seeds: could not write below %s\n", words[1]);
  return good ? 0 : 1;
}
