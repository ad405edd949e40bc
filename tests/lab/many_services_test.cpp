// SPDX-License-Identifier: Apache-2.0
// How does a failover grow with the services that move by it?
//
// One node has them all, each with an address of its own, and loses its power. What a client of the
// first and of the last one sees is recorded, with what an idle node needs for so many; what must
// be is that all are back, each at one node at every instant.
#include "appliance/drill/io/meter.hpp"
#include "appliance/drill/statistics.hpp"
#include "appliance/journal.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

using drill::readable;

class ManyServices : public Ground, public testing::WithParamInterface<unsigned> {
 protected:
  /// The lab's own and others like it, which are all wanted at node1.
  [[nodiscard]] std::string config_of(unsigned count) const {
    std::string text = render_config(plan()) + wanted;
    for (unsigned i = 1; i < count; ++i) {
      text += "    - name: more-" + std::to_string(i) +
              "\n      vips: [{address: " + to_string(Cidr{address(i), plan().vip.prefix}) +
              ", interface: eth0}]\n" + "      port: 6443\n      apiServers: ['" +
              to_string(Endpoint{plan().apiservers.front().address, 6443}) + "']\n" +
              "      healthCheck: {mode: tcp, interval: 5s}\n" + wanted;
    }
    return text;
  }

  /// Of the service with this number; the first one is the lab's.
  [[nodiscard]] IpAddress address(unsigned number) const {
    if (number == 0) return plan().vip.address;
    return ipv4(192, 168, 4, static_cast<std::uint8_t>(first_address + number));
  }

  /// As node2 sees it: at node1, or elsewhere.
  [[nodiscard]] bool all_are_served(unsigned count, bool at_first) const {
    const Status now = status(2);
    return now.services.size() == count &&
           std::ranges::all_of(now.services, [&](const ServiceStatus& service) {
             return served(service) && (service.holder == node(1).name) == at_first;
           });
  }

  /// The client of that service; it asks from an address that no other one has.
  [[nodiscard]] Plan client_of(unsigned number) const {
    Plan one = plan();
    one.vip.address = address(number);
    one.watcher_address = ipv4(192, 168, 4, static_cast<std::uint8_t>(101 + number % 2));
    return one;
  }

 private:
  static constexpr unsigned first_address = 130;
  static constexpr const char* wanted = "      location: {node1: 1000}\n";
};

/// From the first of a failover's lines in the journal of who takes over to its last.
Duration time_taken(const std::vector<EventLine>& lines, const std::string& from,
                    const std::string& until) {
  const auto first = std::ranges::find(lines, from, &EventLine::phase);
  Duration last{};
  for (const EventLine& line : lines) {
    if (line.phase == until) last = line.age;
  }
  return first == lines.end() ? Duration::zero() : first->age - last;
}

TEST_P(ManyServices, AllComeBackAfterALossOfPower) {
  const unsigned count = GetParam();
  build();
  ASSERT_FALSE(HasFailure());
  ASSERT_TRUE(write_file(plan().config_file, config_of(count)));
  start_all();
  ASSERT_TRUE(comes("all services at node1", [&] { return all_are_served(count, true); }));
  for (const unsigned number : {1U, 2U, 3U}) {
    comes(node(number).name.text() + " is ready", [&] { return status(number).haproxy.fit; });
  }
  const auto idle = drill::measure_footprint(node(1), std::chrono::seconds(5));
  ASSERT_TRUE(idle) << idle.error().sentence;
  const Plan first = client_of(0);
  const Plan last = client_of(count - 1);
  const auto first_client = drill::Prober::start(first);
  const auto last_client = drill::Prober::start(last);
  ASSERT_TRUE(first_client && last_client);
  const Onlooker onlooker = look_on(last);
  const Instant before = boot_now();
  ASSERT_TRUE(lab_->power_off(node(1)));
  ASSERT_TRUE(comes("all services elsewhere", [&] { return all_are_served(count, false); }));
  static_cast<void>(pause(drill::request_patience));
  const Instant after = boot_now() - drill::request_patience;
  for (const unsigned number : {2U, 3U}) {
    const auto said = lab_->ask(node(number), {"-o", "json", "events"});
    ASSERT_TRUE(said);
    const auto lines = events_from_json(said->output);
    ASSERT_TRUE(lines) << said->output;
    std::cout << count << " services, " << node(number).name.text()
              << ": from the first lease won to the last address announced "
              << readable(time_taken(*lines, "lease-won", "announced")) << "\n";
  }
  std::cout << count << " services: outage of the first "
            << readable(drill::judge(first_client->requests(before), before, after).outage)
            << ", of the last "
            << readable(drill::judge(last_client->requests(before), before, after).outage)
            << "; idle before: " << static_cast<double>(idle->memory_bytes) / (1024.0 * 1024.0)
            << " MiB (PSS), " << idle->processor_share * 100 << " % of a core\n";
  EXPECT_TRUE(onlooker.wire().is_one_holder());
  EXPECT_TRUE(a_client_is_served(first));
  EXPECT_TRUE(a_client_is_served(last));
}

INSTANTIATE_TEST_SUITE_P(So, ManyServices, testing::Values(1U, 10U, 50U),
                         [](const auto& tested) { return std::to_string(tested.param); });

}  // namespace
}  // namespace hapx::appliance::lab
