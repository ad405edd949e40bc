// SPDX-License-Identifier: Apache-2.0
// Does a target hold for its seeds, and for whatever is near them?
//
// usage: fuzz_TARGET FOLDER-OR-FILE ...
//
// What any compiler can build, in place of libFuzzer: it knows nothing of the code that an input
// reaches, but gives each target the same inputs on every machine, in a second or two. Each seed is
// tried as it is, cut off anywhere, with a byte changed, missing or doubled, and mixed with another
// seed. New inputs are libFuzzer's (preset fuzz).
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz.hpp"

namespace hapx::fuzz {
namespace {

namespace fs = std::filesystem;

/// Limit: of all inputs of a target. Long seeds are changed at fewer places.
constexpr std::size_t inputs_max = 12'000;
constexpr std::size_t kinds = 7;  ///< of inputs at one place of a seed

std::vector<std::string> seeds_in(const std::vector<std::string>& places) {
  std::vector<std::string> files;
  for (const std::string& place : places) {
    if (fs::is_regular_file(place)) files.push_back(place);
    std::error_code none;  // a target has made seeds, or kept ones, or both
    for (const auto& entry : fs::recursive_directory_iterator(place, none)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  std::vector<std::string> seeds;
  for (const std::string& file : files) {
    std::ifstream stream(file, std::ios::binary);
    must(stream.is_open(), "a seed can be read");
    seeds.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return seeds;
}

class Trial {
 public:
  void one(const std::string& text) {
    ++count_;
    try_input({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }

  void near(const std::string& seed, const std::string& other, std::size_t places_max) {
    one(seed);
    const std::size_t places = std::min(seed.size(), std::max<std::size_t>(places_max, 1));
    for (std::size_t i = 0; i < places; ++i) {
      const std::size_t at = i * seed.size() / places;
      one(seed.substr(0, at));
      for (const int change : {0x01, 0x80, 0xff}) {
        std::string changed = seed;
        changed[at] = static_cast<char>(changed[at] ^ change);
        one(changed);
      }
      one(seed.substr(0, at) + seed.substr(at + 1));
      one(seed.substr(0, at) + seed[at] + seed.substr(at));
      const std::size_t from = other.empty() ? 0 : random_() % other.size();
      one(seed.substr(0, at) + other.substr(from));
    }
  }

  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::mt19937_64 random_{1};
  std::size_t count_ = 0;
};

int try_all(const std::vector<std::string>& places) {
  const auto seeds = seeds_in(places);
  if (seeds.empty()) {
    std::fputs("fuzz: there are no seeds\n", stderr);
    return 2;
  }
  Trial trial;
  trial.one("");
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    trial.near(seeds[i], seeds[(i + 1) % seeds.size()], inputs_max / kinds / seeds.size());
  }
  std::printf("fuzz: %zu seeds, %zu inputs\n", seeds.size(), trial.count());
  return 0;
}

}  // namespace
}  // namespace hapx::fuzz

int main(int count, char** words) {
  return hapx::fuzz::try_all(std::vector<std::string>(words + 1, words + count));
}
