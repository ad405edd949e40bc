// SPDX-License-Identifier: Apache-2.0
#include "appliance/web_window.hpp"

#include <utility>

#include <boost/json.hpp>

#include "appliance/web/web_file.hpp"

namespace hapx::appliance {
namespace {

constexpr const char* plain = "text/plain; charset=utf-8";
constexpr std::string_view stream_target = "/stream";

bool reads(const RequestArrived& request) {
  return request.method == "GET" || request.method == "HEAD";
}

}  // namespace

std::optional<Respond> page_answer(const RequestArrived& request) {
  const web::WebFile* file = reads(request) ? web::find_web_file(request.target) : nullptr;
  if (file == nullptr) return std::nullopt;
  return Respond{request.id, 200, std::string(file->content_type), std::string(file->text),
                 request.window};
}

/// A HEAD would have no end.
bool asks_for_stream(const RequestArrived& request) {
  return request.method == "GET" && request.target == stream_target;
}

Respond stream_answer(const RequestArrived& request, const std::string& message) {
  // Who loses it comes back this soon, if his browser is left to decide.
  return {request.id, 200, "text/event-stream", "retry: 500\n\n" + message, request.window, true};
}

Respond stream_refusal(const RequestArrived& request) {
  return {request.id, 503, plain,
          std::to_string(readers_max) + " readers are here already; try again later\n",
          request.window};
}

std::string stream_message(const std::string& at, const Status& status,
                           std::vector<EventLine> events) {
  if (events.size() > told_events_max) {
    events.erase(events.begin(), events.end() - std::ptrdiff_t{told_events_max});
  }
  return "data: {\"at\":" + boost::json::serialize(boost::json::string(at)) +
         ",\"status\":" + to_json(status) + ",\"events\":" + events_to_json(events) + "}\n\n";
}

Respond window_refusal(const RequestArrived& request) {
  const bool is_there = request.target == stream_target || request.target == "/metrics" ||
                        web::find_web_file(request.target) != nullptr;
  Respond answer{request.id, is_there ? 405U : 404U, plain,
                 is_there ? "this can only be read: GET it\n"
                          : "there is only a page at /, and what it is made of, and /metrics\n",
                 request.window};
  if (is_there) answer.allow = request.target == stream_target ? "GET" : "GET, HEAD";
  return answer;
}

}  // namespace hapx::appliance
