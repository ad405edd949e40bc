// SPDX-License-Identifier: Apache-2.0
// Does the stand-in for a kube-apiserver answer whatever it is asked, with a whole answer or a
// stream that can go on?
#include "appliance/lab/kube_answer.hpp"

#include "fuzz.hpp"

namespace hapx::fuzz {

using namespace appliance::lab;

void try_input(Bytes input) {
  const std::string_view request = text_of(input);
  for (const auto condition : {Condition::well, Condition::unready, Condition::failing}) {
    const KubeAnswer answer = kube_answer(request, "apiserver1", condition);
    const std::size_t end = answer.text.find("\r\n\r\n");
    must(answer.text.starts_with("HTTP/1.1 "), "an answer has a status");
    must(end != std::string::npos, "its head ends");
    must(condition != Condition::failing || !answer.stream, "who fails begins no stream");
    const std::string body = answer.text.substr(end + 4);
    if (!answer.stream) {
      const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
      must(answer.text.find(length) < end, "a whole answer tells its length");
      continue;
    }
    must(body.empty(), "a stream begins with its first chunk");
    must(answer.stream->interval > Duration(0), "chunks have time between them");
    const std::string chunk = next_chunk(*answer.stream, "apiserver1", 1);
    must(chunk.ends_with("\n\r\n") && chunk != last_chunk, "a chunk is not the last one");
  }
}

}  // namespace hapx::fuzz
