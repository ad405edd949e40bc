// SPDX-License-Identifier: Apache-2.0
// Every state that the lease can get into, at small scope; model.hpp says what that means.
//
// Each scope is visited whole: no violation, and how many states that were. HAPX_EXPLORE=deeper
// adds wider scopes, for minutes, which may be visited up to a number of states only. The last
// tests break the world around the lease, and the search finds it out: a search that can't find
// anything proves nothing.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include <gtest/gtest.h>

#include "search.hpp"

namespace hapx::membership::explore {
namespace {

/// Sixty bytes each. The usual scopes have to fit; a deeper one may be cut off, and says so: then
/// it was explored up to as many events as it says.
constexpr std::uint64_t states_max = 8'000'000;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool under_sanitizers = true;
#else
constexpr bool under_sanitizers = false;
#endif

bool deeper() {
  const char* wish = std::getenv("HAPX_EXPLORE");
  return wish != nullptr && std::string_view(wish) == "deeper";
}

Scope named(const char* name, std::size_t voters, Late late) {
  Scope scope;
  scope.name = name;
  scope.voters = voters;
  scope.late = late;
  scope.ballots = {1, 1};
  scope.rounds = 1;
  scope.releases = {0, 0};
  return scope;
}

Scope restart_in_flight(const char* name, bool later_is_lower) {
  Scope scope = named(name, 3, Late::acceptances);
  scope.ballots = {2, 1};
  scope.restarts = {1, 0};
  scope.lease_ticks = {3, 2};  // and 1 after the restart: another file
  scope.later_incarnation_is_lower = later_is_lower;
  return scope;
}

std::vector<Scope> usual_scopes() {
  std::vector<Scope> all;
  all.push_back(named("three voters, renewals", 3, Late::acceptances));
  all.back().rounds = 2;

  all.push_back(named("three voters, release and claim again", 3, Late::acceptances));
  all.back().ballots = {2, 1};
  all.back().releases = {1, 0};

  all.push_back(named("three voters, late grants", 3, Late::agreements));

  all.push_back(named("three voters, one forgets", 3, Late::acceptances));
  all.back().voters_forget = 1;
  all.back().rounds = 2;

  all.push_back(named("two voters, everybody tries twice", 2, Late::agreements));
  all.back().ballots = {2, 2};
  all.back().releases = {1, 0};

  all.push_back(restart_in_flight("three voters, a restart in flight", false));
  all.push_back(restart_in_flight("three voters, a restart with a lower number", true));

  all.push_back(named("three voters, a machine boots again", 3, Late::acceptances));
  all.back().ballots = {2, 1};
  all.back().power_losses = {1, 0};
  return all;
}

std::vector<Scope> deeper_scopes() {
  std::vector<Scope> all;
  all.push_back(named("three voters, release, claim again, renew", 3, Late::acceptances));
  all.back().ballots = {2, 1};
  all.back().releases = {1, 0};
  all.back().rounds = 2;

  all.push_back(named("three voters, release and claim again, late grants", 3, Late::agreements));
  all.back().ballots = {2, 1};
  all.back().releases = {1, 0};

  all.push_back(named("three voters, two forget", 3, Late::acceptances));
  all.back().voters_forget = 2;
  all.back().rounds = 2;

  all.push_back(restart_in_flight("three voters, a restart in flight, renewals", false));
  all.back().rounds = 2;

  all.push_back(restart_in_flight("three voters, a restart in flight, a release", false));
  all.back().releases = {1, 0};

  all.push_back(named("three voters, everybody tries twice", 3, Late::acceptances));
  all.back().ballots = {2, 2};

  all.push_back(named("two voters, every answer late", 2, Late::all));
  all.back().ballots = {2, 1};

  all.push_back(named("two voters, three tries and two", 2, Late::acceptances));
  all.back().ballots = {3, 2};
  all.back().releases = {2, 1};
  return all;
}

std::vector<Scope> scopes() {
  std::vector<Scope> all = usual_scopes();
  if (under_sanitizers) all.resize(2);  // ten times as slow
  if (!deeper()) return all;
  for (Scope& scope : deeper_scopes()) all.push_back(std::move(scope));
  return all;
}

bool is_usual(const Scope& scope) {
  const auto all = usual_scopes();
  return std::ranges::any_of(all, [&](const Scope& one) { return one.name == scope.name; });
}

void visit(const Scope& scope) {
  const auto begin = std::chrono::steady_clock::now();
  const Findings findings = explore(scope, states_max);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << findings.words() << "; " << took.count() << " s\n";
  EXPECT_EQ(findings.violation, "") << findings.words();
  EXPECT_TRUE(findings.complete || !is_usual(scope));
  EXPECT_GT(findings.acted[0], 0U);  // otherwise nothing was tested
  EXPECT_GT(findings.acted[1], 0U);
}

class Explore : public testing::TestWithParam<Scope> {};

TEST_P(Explore, IsSafe) {
  visit(GetParam());
}

std::string test_name(const testing::TestParamInfo<Scope>& info) {
  std::string name = info.param.name;
  std::erase_if(name, [](char c) { return c == ','; });
  std::ranges::replace(name, ' ', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scopes, Explore, testing::ValuesIn(scopes()), test_name);

TEST(ExploreFinds, AFenceThatIgnoresItsDeadline) {
  Scope scope = named("a fence that stays open", 2, Late::acceptances);
  scope.fence_works = false;
  const Findings findings = explore(scope, states_max);
  std::cout << findings.words();
  EXPECT_EQ(findings.violation, "a may act longer than a majority has promised")
      << findings.words();
  // Claim; two prepares; two proposals; two answers; time.
  EXPECT_LE(findings.story.size(), 10U) << findings.words();
}

TEST(ExploreFinds, AVoterThatDoesNotKnowThatItHasVoted) {
  Scope scope = named("a voter without a marker on disk", 3, Late::acceptances);
  scope.voters_forget = 1;
  scope.marker_works = false;
  const Findings findings = explore(scope, states_max);
  std::cout << findings.words();
  EXPECT_EQ(findings.violation,
            "it begins again, has forgotten what it promised, and doesn't abstain")
      << findings.words();
  EXPECT_LE(findings.story.size(), 6U) << findings.words();
}

}  // namespace
}  // namespace hapx::membership::explore
