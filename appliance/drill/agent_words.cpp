// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/agent_words.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "appliance/drill/plan.hpp"
#include "config/utf8.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::drill {
namespace {

namespace json = boost::json;

/// Of a word that hapx is asked with; names are shorter.
constexpr std::size_t word_bytes_max = 256;
/// Of a name of an interface, a node, a version.
constexpr std::size_t name_bytes_max = 256;
constexpr std::size_t card_bytes_max = 15;
/// A day. What is longer ago was not done in this drill.
constexpr std::int64_t microseconds_max = 86'400'000'000;
/// More than a client begins in a day.
constexpr std::int64_t requests_seen_max = 100'000'000;
/// A second. Nobody announces a fault earlier.
constexpr std::int64_t notice_max = 1'000'000;
/// What a drill wants to know of a node, and the orders that it gives.
constexpr std::array<std::string_view, 4> questions{"status", "events", "move", "cleanup"};

/// Whatever is on the other end, no terminal obeys it; but lines stay lines.
std::string harmless(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out += printable(text.substr(0, end));
    if (end == std::string_view::npos) break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

Error refusal(std::string_view line, std::string_view wanted) {
  return {ErrorKind::refused, shown(line) + " is no " + std::string(wanted) + " of a drill", 0};
}

/// The object of a line: its only key, and what stands under it.
struct Named {
  std::string key;
  json::object what;
};

std::optional<Named> named_in(std::string_view line) {
  if (line.size() > agent_line_bytes_max) return std::nullopt;
  boost::system::error_code error;
  json::value value = json::parse(line, error);
  if (error || !value.is_object() || value.get_object().size() != 1) return std::nullopt;
  const auto& only = *value.get_object().begin();
  if (!only.value().is_object()) return std::nullopt;
  return Named{std::string(only.key()), only.value().get_object()};
}

std::optional<std::string> text_at(const json::object& object, std::string_view key,
                                   std::size_t bytes_max) {
  const json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  const std::string_view text = found->get_string();
  if (text.size() > bytes_max || !is_utf8(text)) return std::nullopt;
  return std::string(text);
}

std::optional<std::int64_t> number_at(const json::object& object, std::string_view key,
                                      std::int64_t least, std::int64_t most) {
  const json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_int64()) return std::nullopt;
  const std::int64_t number = found->get_int64();
  if (number < least || number > most) return std::nullopt;
  return number;
}

std::optional<Duration> microseconds_at(const json::object& object, std::string_view key,
                                        std::int64_t most = microseconds_max) {
  const auto number = number_at(object, key, 0, most);
  if (!number) return std::nullopt;
  return std::chrono::microseconds(*number);
}

std::int64_t microseconds(Duration duration) {
  return duration / std::chrono::microseconds(1);
}

std::optional<InterfaceName> card_at(const json::object& object) {
  auto name = text_at(object, "card", card_bytes_max);
  if (!name || name->empty() || printable(*name) != *name) return std::nullopt;
  return InterfaceName(*std::move(name));
}

std::optional<AgentRequest> greet_in(const json::object& object) {
  const auto language = number_at(object, "language", 1, 1'000'000);
  auto card = card_at(object);
  if (!language || !card) return std::nullopt;
  return Greet{static_cast<unsigned>(*language), *std::move(card)};
}

std::optional<AgentRequest> question_in(const json::object& object) {
  const json::value* found = object.if_contains("words");
  if (found == nullptr || !found->is_array()) return std::nullopt;
  const json::array& list = found->get_array();
  if (list.empty() || list.size() > asked_words_max) return std::nullopt;
  AskHapx asked;
  for (const json::value& word : list) {
    const bool fits = word.is_string() && word.get_string().size() <= word_bytes_max &&
                      printable(std::string_view(word.get_string())) == word.get_string();
    if (!fits) return std::nullopt;
    asked.words.emplace_back(word.get_string());
  }
  const bool is_json = asked.words.size() > 2 && asked.words[0] == "-o" && asked.words[1] == "json";
  const std::string& verb = asked.words[is_json ? 2 : 0];
  if (std::ranges::find(questions, verb) == questions.end()) return std::nullopt;
  return asked;
}

std::optional<AgentRequest> strike_in(const json::object& object) {
  const auto name = text_at(object, "fault", name_bytes_max);
  const auto fault = name ? fault_of(*name) : std::nullopt;
  const auto length =
      microseconds_at(object, "lengthUs", length_max / std::chrono::microseconds(1));
  const auto address = text_at(object, "address", name_bytes_max);
  const auto cidr = parse_cidr(address.value_or(""));
  auto card = card_at(object);
  const auto port = number_at(object, "port", 1, 65'535);
  if (!fault || !length || !cidr || !card || !port) return std::nullopt;
  return Strike{*fault, *length, *cidr, *std::move(card), static_cast<std::uint16_t>(*port)};
}

std::optional<AgentRequest> look_in(const json::object& object) {
  const auto language = number_at(object, "language", 1, 1'000'000);
  const auto text = text_at(object, "endpoint", name_bytes_max);
  const auto endpoint = parse_endpoint(text.value_or(""));
  if (!language || !endpoint || endpoint->port == 0) return std::nullopt;
  return Look{static_cast<unsigned>(*language), *endpoint};
}

std::optional<AgentRequest> tell_in(const json::object& object) {
  const auto from = microseconds_at(object, "fromAgoUs");
  const auto struck = microseconds_at(object, "struckAgoUs");
  const auto until = microseconds_at(object, "untilAgoUs");
  if (!from || !struck || !until || *from < *until) return std::nullopt;
  return Tell{*from, *struck, *until};
}

std::optional<AgentAnswer> looking_in(const json::object& object) {
  const auto language = number_at(object, "language", 1, 1'000'000);
  const auto version = text_at(object, "version", name_bytes_max);
  const auto host = text_at(object, "host", name_bytes_max);
  if (!language || !version || !host) return std::nullopt;
  return Looking{static_cast<unsigned>(*language), printable(*version), printable(*host)};
}

std::optional<std::size_t> count_at(const json::object& object, std::string_view key) {
  const auto number = number_at(object, key, 0, requests_seen_max);
  if (!number) return std::nullopt;
  return static_cast<std::size_t>(*number);
}

std::optional<AgentAnswer> seen_in(const json::object& object) {
  const auto requests = count_at(object, "requests");
  const auto served = count_at(object, "served");
  const auto failed = count_at(object, "failed");
  const auto cut = count_at(object, "cut");
  const auto late = count_at(object, "late");
  const auto outage = microseconds_at(object, "outageUs");
  const auto median = microseconds_at(object, "latencyMedianUs");
  const auto slowest = microseconds_at(object, "latencyMaxUs");
  if (!requests || !served || !failed || !cut || !late || !outage || !median || !slowest) {
    return std::nullopt;
  }
  Seen seen;
  seen.service.requests = *requests;
  seen.service.served = *served;
  seen.service.failed = *failed;
  seen.service.cut = *cut;
  seen.service.late = *late;
  seen.service.outage = *outage;
  seen.service.latency_median = *median;
  seen.service.latency_maximum = *slowest;
  return seen;
}

std::optional<AgentAnswer> greeting_in(const json::object& object) {
  const auto language = number_at(object, "language", 1, 1'000'000);
  const auto version = text_at(object, "version", name_bytes_max);
  const auto node = text_at(object, "node", name_bytes_max);
  const json::value* may = object.if_contains("mayStrike");
  if (!language || !version || !node || may == nullptr || !may->is_bool()) return std::nullopt;
  Greeting greeting{static_cast<unsigned>(*language), printable(*version),
                    NodeName(printable(*node)), may->get_bool(), std::nullopt};
  const auto mac = text_at(object, "mac", name_bytes_max);
  if (!mac) return greeting;
  const auto parsed = parse_mac(*mac);
  if (!parsed) return std::nullopt;
  greeting.mac = *parsed;
  return greeting;
}

std::optional<AgentAnswer> said_in(const json::object& object) {
  const auto code = number_at(object, "code", 0, 255);
  const auto output = text_at(object, "output", agent_line_bytes_max);
  const auto errors = text_at(object, "errors", agent_line_bytes_max);
  if (!code || !output || !errors) return std::nullopt;
  return HapxSaid{static_cast<int>(*code), harmless(*output), harmless(*errors)};
}

struct RequestLine {
  json::object operator()(const Greet& greet) const {
    return {{"greet",
             json::object{{"language", greet.language}, {"card", printable(greet.card.text())}}}};
  }
  json::object operator()(const AskHapx& asked) const {
    json::array words;
    for (const std::string& word : asked.words) words.emplace_back(printable(word));
    return {{"ask", json::object{{"words", std::move(words)}}}};
  }
  json::object operator()(const Strike& strike) const {
    return {{"strike", json::object{{"fault", name_of(strike.fault)},
                                    {"lengthUs", microseconds(strike.length)},
                                    {"address", to_string(strike.address)},
                                    {"card", printable(strike.card.text())},
                                    {"port", strike.port}}}};
  }
  json::object operator()(const Undo&) const { return {{"undo", json::object()}}; }
  json::object operator()(const Look& look) const {
    return {{"look",
             json::object{{"language", look.language}, {"endpoint", to_string(look.endpoint)}}}};
  }
  json::object operator()(const Tell& tell) const {
    return {{"tell", json::object{{"fromAgoUs", microseconds(tell.from)},
                                  {"struckAgoUs", microseconds(tell.struck)},
                                  {"untilAgoUs", microseconds(tell.until)}}}};
  }
  json::object operator()(const Remember& remember) const {
    return {{"remember", as_json(remember.drill)}};
  }
};

struct AnswerLine {
  json::object operator()(const Greeting& greeting) const {
    json::object what{{"language", greeting.language},
                      {"version", printable(greeting.version)},
                      {"node", printable(greeting.node.text())},
                      {"mayStrike", greeting.may_strike}};
    if (greeting.mac) what["mac"] = to_string(*greeting.mac);
    return {{"greeting", std::move(what)}};
  }
  json::object operator()(const HapxSaid& said) const {
    return {{"said", json::object{{"code", said.code},
                                  {"output", harmless(said.output)},
                                  {"errors", harmless(said.errors)}}}};
  }
  json::object operator()(const Struck& struck) const {
    return {{"struck", json::object{{"agoUs", microseconds(struck.ago)}}}};
  }
  json::object operator()(const Undone& undone) const {
    return {{"undone", json::object{{"agoUs", microseconds(undone.ago)}}}};
  }
  json::object operator()(const Looking& looking) const {
    return {{"looking", json::object{{"language", looking.language},
                                     {"version", printable(looking.version)},
                                     {"host", printable(looking.host)}}}};
  }
  json::object operator()(const Seen& seen) const {
    const Service& service = seen.service;
    return {{"seen", json::object{{"requests", service.requests},
                                  {"served", service.served},
                                  {"failed", service.failed},
                                  {"cut", service.cut},
                                  {"late", service.late},
                                  {"outageUs", microseconds(service.outage)},
                                  {"latencyMedianUs", microseconds(service.latency_median)},
                                  {"latencyMaxUs", microseconds(service.latency_maximum)}}}};
  }
  json::object operator()(const NotDone& refused) const {
    return {{"refused", json::object{{"sentence", printable(refused.sentence)}}}};
  }
};

}  // namespace

std::string to_line(const AgentRequest& request) {
  return json::serialize(std::visit(RequestLine{}, request));
}

std::string to_line(const AgentAnswer& answer) {
  return json::serialize(std::visit(AnswerLine{}, answer));
}

Result<AgentRequest> parse_agent_request(std::string_view line) {
  const auto named = named_in(line);
  std::optional<AgentRequest> request;
  if (named && named->key == "greet") request = greet_in(named->what);
  if (named && named->key == "ask") request = question_in(named->what);
  if (named && named->key == "strike") request = strike_in(named->what);
  if (named && named->key == "undo") request = Undo{};
  if (named && named->key == "look") request = look_in(named->what);
  if (named && named->key == "tell") request = tell_in(named->what);
  if (named && named->key == "remember") {
    auto drill = remembered_drill_from_json(json::serialize(named->what));
    if (!drill) return drill.error();
    request = Remember{*std::move(drill)};
  }
  if (!request) return refusal(line, "request");
  return *std::move(request);
}

Result<AgentAnswer> parse_agent_answer(std::string_view line) {
  const auto named = named_in(line);
  std::optional<AgentAnswer> answer;
  if (named && named->key == "greeting") answer = greeting_in(named->what);
  if (named && named->key == "said") answer = said_in(named->what);
  if (named && named->key == "looking") answer = looking_in(named->what);
  if (named && named->key == "seen") answer = seen_in(named->what);
  if (named && named->key == "struck") {
    if (const auto ago = number_at(named->what, "agoUs", -notice_max, microseconds_max)) {
      answer = Struck{std::chrono::microseconds(*ago)};
    }
  }
  if (named && named->key == "undone") {
    if (const auto ago = microseconds_at(named->what, "agoUs")) answer = Undone{*ago};
  }
  if (named && named->key == "refused") {
    const auto sentence = text_at(named->what, "sentence", agent_line_bytes_max);
    if (sentence && !sentence->empty()) {
      constexpr std::size_t sentence_bytes_max = 800;
      answer = NotDone{printable(std::string_view(*sentence).substr(0, sentence_bytes_max))};
    }
  }
  if (!answer) return refusal(line, "answer");
  return *std::move(answer);
}

}  // namespace hapx::appliance::drill
