// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/kube_answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/json.hpp>

namespace hapx::appliance::lab {
namespace {

namespace json = boost::json;

constexpr std::string_view namespaces_path = "/api/v1/namespaces/";
constexpr std::string_view quiet_namespace = "quiet";
constexpr std::string_view pod_name = "web";
constexpr std::string_view json_type = "application/json";

struct Target {
  std::string_view path;
  std::string_view query;
};

/// GET TARGET HTTP/1.1
Target target_of(std::string_view request) {
  std::string_view line = request.substr(0, request.find_first_of("\r\n"));
  const std::size_t space = line.find(' ');
  if (space == line.npos) return {};
  line.remove_prefix(space + 1);
  line = line.substr(0, line.find(' '));
  const std::size_t mark = std::min(line.find('?'), line.size());
  return {line.substr(0, mark), line.substr(std::min(mark + 1, line.size()))};
}

/// Whether the query says `key=true`, or 1, as Kubernetes' clients do.
bool wants(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view word = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (!word.starts_with(key)) continue;
    const std::string_view value = word.substr(key.size());
    if (value == "=true" || value == "=1") return true;
  }
  return false;
}

std::string head(std::string_view status, const std::string& name, std::string_view type) {
  return "HTTP/1.1 " + std::string(status) + "\r\nServer: " + name +
         "\r\nContent-Type: " + std::string(type) + "\r\n";
}

KubeAnswer whole(std::string_view status, const std::string& name, std::string_view type,
                 const std::string& body) {
  return {head(status, name, type) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
              body,
          std::nullopt};
}

KubeAnswer document(const std::string& name, const json::value& value) {
  return whole("200 OK", name, json_type, json::serialize(value) + "\n");
}

KubeAnswer begin(StreamKind kind, const std::string& name, std::string_view pod_namespace) {
  const auto interval = pod_namespace == quiet_namespace ? quiet_interval : stream_interval;
  const auto type = kind == StreamKind::watch ? json_type : "text/plain";
  return {head("200 OK", name, type) + "Transfer-Encoding: chunked\r\n\r\n",
          KubeStream{kind, std::string(pod_namespace), interval}};
}

json::object pod(std::string_view pod_namespace, const std::string& name, std::uint64_t version) {
  return {{"kind", "Pod"},
          {"apiVersion", "v1"},
          {"metadata", json::object{{"name", pod_name},
                                    {"namespace", pod_namespace},
                                    {"uid", "00000000-0000-4000-8000-000000000001"},
                                    {"resourceVersion", std::to_string(version)},
                                    {"creationTimestamp", "2024-01-01T00:00:00Z"},
                                    {"annotations", json::object{{"told-by", name}}}}},
          {"spec", json::object{{"containers", json::array{json::object{{"name", pod_name}}}}}},
          {"status", json::object{{"phase", "Running"}}}};
}

json::object pods() {
  return {{"name", "pods"},
          {"singularName", "pod"},
          {"namespaced", true},
          {"kind", "Pod"},
          {"verbs", json::array{"get", "list", "watch"}},
          {"shortNames", json::array{"po"}}};
}

json::object logs() {
  return {{"name", "pods/log"},
          {"singularName", ""},
          {"namespaced", true},
          {"kind", "Pod"},
          {"verbs", json::array{"get"}}};
}

/// What kubectl asks before it knows what a pod is; absent: no such path.
std::optional<json::object> discovery(std::string_view path, const std::string& name) {
  if (path == "/version") {
    return json::object{{"major", "1"}, {"minor", "20"}, {"gitVersion", "v1.20.2+" + name}};
  }
  if (path == "/api") return json::object{{"kind", "APIVersions"}, {"versions", json::array{"v1"}}};
  if (path == "/apis") {
    return json::object{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", json::array{}}};
  }
  if (path != "/api/v1") return std::nullopt;
  return json::object{{"kind", "APIResourceList"},
                      {"apiVersion", "v1"},
                      {"groupVersion", "v1"},
                      {"resources", json::array{pods(), logs()}}};
}

std::string log_line(const std::string& name, std::uint64_t number) {
  return "line " + std::to_string(number) + ", told by " + name + "\n";
}

/// NAMESPACE/pods, NAMESPACE/pods/web, NAMESPACE/pods/web/log; absent: no such thing.
std::optional<KubeAnswer> about_pods(std::string_view rest, std::string_view query,
                                     const std::string& name) {
  const std::size_t slash = rest.find('/');
  if (slash == rest.npos || slash == 0) return std::nullopt;
  const std::string_view pod_namespace = rest.substr(0, slash);
  const std::string_view thing = rest.substr(slash + 1);
  if (thing == "pods") {
    if (wants(query, "watch")) return begin(StreamKind::watch, name, pod_namespace);
    return document(name, json::object{{"kind", "PodList"},
                                       {"apiVersion", "v1"},
                                       {"metadata", json::object{{"resourceVersion", "1"}}},
                                       {"items", json::array{pod(pod_namespace, name, 1)}}});
  }
  if (thing == "pods/web") return document(name, pod(pod_namespace, name, 1));
  if (thing != "pods/web/log") return std::nullopt;
  if (wants(query, "follow")) return begin(StreamKind::log, name, pod_namespace);
  return whole("200 OK", name, "text/plain", log_line(name, 1));
}

}  // namespace

KubeAnswer kube_answer(std::string_view request, const std::string& name, Condition condition) {
  const Target target = target_of(request);
  const bool is_refused = condition == Condition::failing ||
                          (condition == Condition::unready && target.path == "/readyz");
  if (is_refused) {
    return whole("500 Internal Server Error", name, "text/plain", "broken " + name + "\n");
  }
  if (const auto known = discovery(target.path, name)) return document(name, *known);
  if (target.path.starts_with(namespaces_path)) {
    auto answer = about_pods(target.path.substr(namespaces_path.size()), target.query, name);
    if (answer) return *std::move(answer);
  }
  return whole("200 OK", name, "text/plain", "ok " + name + "\n");
}

std::string next_chunk(const KubeStream& stream, const std::string& name, std::uint64_t number) {
  const std::string piece =
      stream.kind == StreamKind::log
          ? log_line(name, number)
          : json::serialize(json::object{{"type", number == 1 ? "ADDED" : "MODIFIED"},
                                         {"object", pod(stream.pod_namespace, name, number)}}) +
                "\n";
  std::array<char, 16> size{};
  const auto end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
  return std::string(size.data(), end) + "\r\n" + piece + "\r\n";
}

}  // namespace hapx::appliance::lab
