// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/haproxy_cfg.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "appliance/imports/haproxy_proxy.hpp"
#include "appliance/imports/haproxy_section.hpp"
#include "appliance/imports/reasons.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance::imports {
namespace {

using namespace std::string_view_literals;

constexpr std::uint16_t kube_port = 6443;
constexpr std::size_t frontends_max = 8;
/// Many frontends may have the same defaults and backends, which are looked at for each.
constexpr std::size_t work_max = 300'000;

/// How sure it is that kube-apiservers are behind it.
enum class Likeness { none, tcp, name, port };

/// What of `global` HAProxy may have as it is: it says how HAProxy uses the machine.
constexpr std::array global_lines{"tune."sv,         "nbthread"sv,     "cpu-map"sv,
                                  "thread-groups"sv, "thread-group"sv, "max-spread-checks"sv};

bool has_name(std::string_view text) {
  for (const auto word : {"apiserver"sv, "kube"sv, "k8s"sv}) {
    if (text.find(word) != text.npos) return true;
  }
  return false;
}

bool shows_stats(const HaproxySection& section) {
  return std::ranges::any_of(section.lines,
                             [](const HaproxyLine& line) { return line.word(0) == "stats"; });
}

class Reader {
 public:
  Reader(const std::vector<HaproxySection>& sections, std::string_view file) : sections_(sections) {
    source_.file = file;
    defaults_ = defaults_of(sections);
  }

  [[nodiscard]] Result<Source> read() {
    read_candidates();
    if (work_ > work_max) {
      return refusal(source_.file, {1, 1},
                     "there are more frontends and backends than can be looked through");
    }
    std::vector<bool> used(sections_.size(), false);
    const Likeness best = likeness_of_all();
    const auto chosen = static_cast<std::size_t>(
        std::ranges::count(candidates_, best, [](const Candidate& one) { return one.likeness; }));
    const bool clear = best > Likeness::tcp || (best == Likeness::tcp && chosen == 1);
    for (const Candidate& candidate : candidates_) {
      if (!clear || candidate.likeness != best || source_.frontends.size() == frontends_max)
        continue;
      for (const std::size_t part : candidate.parts) used[part] = true;
      source_.frontends.push_back(proxy_of(candidate.parts).take());
    }
    for (std::size_t i = 0; i < sections_.size(); ++i) {
      if (!used[i]) read_other(sections_[i], !clear && best == Likeness::tcp);
    }
    return std::move(source_);
  }

 private:
  struct Candidate {
    Likeness likeness = Likeness::none;
    std::vector<std::size_t> parts;  ///< of which sections it is made
  };

  [[nodiscard]] Place place(const HaproxyLine& line) const { return {source_.file, line.line}; }

  void leave_out(const HaproxyLine& line, std::string_view why) {
    imports::leave_out(source_.remarks, place(line), line.text, why);
  }

  /// For each section the `defaults` that count for it: the last ones before.
  static std::vector<std::size_t> defaults_of(const std::vector<HaproxySection>& sections) {
    std::vector<std::size_t> out;
    std::size_t last = sections.size();
    for (std::size_t i = 0; i < sections.size(); ++i) {
      if (sections[i].kind() == "defaults") last = i;
      out.push_back(last);
    }
    return out;
  }

  [[nodiscard]] std::size_t backend_of(const HaproxySection& frontend) const {
    for (const HaproxyLine& line : frontend.lines) {
      if (line.word(0) != "default_backend") continue;
      const auto found = backends_.find(line.word(1));
      if (found != backends_.end()) return found->second;
    }
    return sections_.size();
  }

  void read_candidates() {
    for (std::size_t i = 0; i < sections_.size(); ++i) {
      if (sections_[i].kind() == "backend") backends_.emplace(sections_[i].name(), i);
    }
    for (std::size_t i = 0; i < sections_.size() && work_ <= work_max; ++i) {
      const HaproxySection& section = sections_[i];
      if (section.kind() == "listen") {
        add_candidate({i});
      } else if (section.kind() == "frontend") {
        const std::size_t backend = backend_of(section);
        if (backend < sections_.size()) add_candidate({i, backend});
      }
    }
  }

  void add_candidate(std::vector<std::size_t> parts) {
    const std::size_t defaults = defaults_[parts.front()];
    if (defaults < sections_.size()) parts.insert(parts.begin(), defaults);
    for (const std::size_t part : parts) work_ += 1 + sections_[part].lines.size();
    if (work_ > work_max) return;
    const HaproxyProxy proxy = proxy_of(parts);
    if (!proxy.frontend().servers.empty())
      candidates_.push_back({likeness_of(proxy), std::move(parts)});
  }

  [[nodiscard]] HaproxyProxy proxy_of(const std::vector<std::size_t>& parts) const {
    HaproxyProxy proxy(source_.file);
    for (const std::size_t part : parts) proxy.read(sections_[part]);
    return proxy;
  }

  static Likeness likeness_of(const HaproxyProxy& proxy) {
    const SourceFrontend& frontend = proxy.frontend();
    const bool port = frontend.port.value == kube_port ||
                      std::ranges::any_of(frontend.servers, [](const Said<ApiServer>& server) {
                        return server.value.port == kube_port;
                      });
    if (port) return Likeness::port;
    const bool named = has_name(frontend.name) ||
                       std::ranges::any_of(frontend.servers, [](const Said<ApiServer>& server) {
                         return has_name(server.words);
                       });
    if (named && proxy.is_tcp()) return Likeness::name;
    return proxy.is_tcp() ? Likeness::tcp : Likeness::none;
  }

  [[nodiscard]] Likeness likeness_of_all() const {
    Likeness best = Likeness::none;
    for (const Candidate& candidate : candidates_) best = std::max(best, candidate.likeness);
    return best;
  }

  /// A section that no frontend of kube-apiservers is made of.
  void read_other(const HaproxySection& section, bool unclear) {
    const auto kind = section.kind();
    if (kind == "global") return read_global(section);
    if (kind == "defaults") {
      return leave_out(section.head, "nothing that was taken has these defaults");
    }
    const bool proxy = kind == "listen" || kind == "frontend" || kind == "backend";
    if (!proxy) return leave_out(section.head, why_not(reasons::haproxy_sections, kind));
    if (kind != "backend" && shows_stats(section)) return read_stats(section);
    leave_out(section.head,
              unclear ? "which one has kube-apiservers is not clear; --apiserver HOST[:PORT] says "
                        "who they are"
                      : "no kube-apiserver is behind it, and hapx serves nothing else");
  }

  void read_global(const HaproxySection& section) {
    for (const HaproxyLine& line : section.lines) {
      const auto word = line.word(0);
      const bool kept = std::ranges::any_of(
          global_lines, [&](std::string_view begin) { return word.starts_with(begin); });
      const auto connections = as_number(line.word(1), 1'000'000);
      if (kept) {
        source_.extra_global.push_back({line.text, place(line), line.text});
      } else if (word == "maxconn" && connections && *connections > 0) {
        bool any = false;
        for (SourceFrontend& frontend : source_.frontends) {
          if (frontend.max_connections) continue;
          frontend.max_connections = Said<unsigned>{*connections, place(line), line.text};
          any = true;
        }
        if (!any) leave_out(line, "hapx adds up what its services may have");
      } else {
        leave_out(line, why_not(reasons::haproxy_global, word));
      }
    }
  }

  /// HAProxy's page of its state.
  void read_stats(const HaproxySection& section) {
    for (const HaproxyLine& line : section.lines) {
      const auto word = line.word(0);
      const auto addresses =
          word == "bind" ? addresses_of(line.word(1)) : std::vector<HaproxyAddress>();
      if (!addresses.empty() && addresses[0].port != 0) {
        source_.stats.push_back({addresses[0].port, place(line), line.text});
      } else if (word == "stats" && line.word(1) == "auth") {
        // The password is a secret, and no remark repeats it.
        imports::leave_out(source_.remarks, place(line), "stats auth",
                           "no password is in hapx.yaml; write a name:password of your own into "
                           "/etc/hapx/stats.credentials");
      } else if (word == "stats" && line.word(1) == "enable") {
        continue;  // that is what the page is
      } else if (word == "stats") {
        leave_out(line, "the page is at /, as hapx shows it");
      } else {
        leave_out(line, why_not(reasons::haproxy_lines, word));
      }
    }
  }

  const std::vector<HaproxySection>& sections_;
  std::vector<std::size_t> defaults_;
  std::map<std::string_view, std::size_t> backends_;  ///< by name
  std::vector<Candidate> candidates_;
  std::size_t work_ = 0;  ///< lines looked at
  Source source_;
};

}  // namespace

Result<Source> parse_haproxy(std::string_view text, std::string_view file) {
  const auto sections = read_sections(text, file);
  if (!sections) return sections.error();
  return Reader(*sections, file).read();
}

}  // namespace hapx::appliance::imports
