// SPDX-License-Identifier: Apache-2.0
#include "appliance/hooks/io/post.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include <curl/curl.h>

namespace hapx::appliance::hooks {

namespace {

constexpr std::size_t answer_bytes_max = std::size_t{64} << 10U;

/// Once in a process, before there are threads that post.
bool is_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

class Headers {
 public:
  Headers() = default;
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;
  ~Headers() { curl_slist_free_all(list_); }

  void add(const std::string& line) {
    if (auto* longer = curl_slist_append(list_, line.c_str())) list_ = longer;
  }
  [[nodiscard]] curl_slist* list() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

/// What has come of the answer.
struct Seen {
  CURL* curl = nullptr;
  bool is_head_over = false;  ///< of the answer itself, not of a 100 before it
  std::size_t bytes = 0;      ///< of its text
};

/// A line of a head at a time; the last is empty.
std::size_t look_at_head(char* line, std::size_t size, std::size_t count, void* about) {
  auto& seen = *static_cast<Seen*>(about);
  const std::string_view text(line, size * count);
  long status = 0;
  curl_easy_getinfo(seen.curl, CURLINFO_RESPONSE_CODE, &status);
  if (text == "\r\n" || text == "\n") seen.is_head_over = status >= 200;
  return text.size();
}

/// Returning less than there was ends the transfer.
std::size_t pass_over(char*, std::size_t size, std::size_t count, void* about) {
  auto& seen = *static_cast<Seen*>(about);
  seen.bytes += size * count;
  return seen.bytes > answer_bytes_max ? 0 : size * count;
}

int look_up(void* post, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& is_unwanted = static_cast<const Post*>(post)->is_unwanted;
  return is_unwanted && is_unwanted() ? 1 : 0;
}

/// What another try would not change.
bool is_final(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return true;
    default:
      return false;
  }
}

/// What libcurl said; of a proxy that it can't read it would show all, a password included.
std::string in_words(CURLcode code, const std::string& said) {
  if (said.starts_with("Unsupported proxy")) return "the environment's proxy can't be used";
  return said.empty() ? curl_easy_strerror(code) : said;
}

}  // namespace

Result<unsigned> post(const Post& post) {
  Headers headers;
  std::array<char, CURL_ERROR_SIZE> said{};
  Seen seen;
  const Handle handle(is_ready() ? curl_easy_init() : nullptr, &curl_easy_cleanup);
  if (!handle) return Error{ErrorKind::unavailable, "libcurl can't begin"};
  CURL* curl = seen.curl = handle.get();
  headers.add("Content-Type: application/json");
  headers.add("Expect:");  // nobody is asked whether a small document may come
  if (!post.token.empty()) headers.add("Authorization: Bearer " + post.token);
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(post.time_max).count();
  curl_easy_setopt(curl, CURLOPT_URL, post.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  // Without TLS it is for this machine alone, and no proxy is.
  if (post.url.starts_with("http:")) curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!post.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, post.ca_file.c_str());
    // Not null, which later versions take for "the system's, besides".
    curl_easy_setopt(curl, CURLOPT_CAPATH, "/nonexistent");
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, ("hapx/" + post.version).c_str());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(post.document.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post.document.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &pass_over);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &seen);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &look_at_head);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &seen);
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(milliseconds));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);    // there are threads
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // a resolver that waits is left, not waited for
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &look_up);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &post);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, said.data());
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  // However its text ends: who has answered must not be told again.
  if (seen.is_head_over) return static_cast<unsigned>(status);
  return Error{is_final(code) ? ErrorKind::refused : ErrorKind::unavailable,
               in_words(code, said.data())};
}

}  // namespace hapx::appliance::hooks
