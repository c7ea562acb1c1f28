// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/assert.hpp>
#include <offerkit/core/overloaded.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/resources/resources.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <string>
#include <variant>

using namespace offerkit;
using namespace offerkit::literals;

namespace {

/// True if `f` ends the process by abort. Runs in a child, whose complaint is not shown.
template <class F>
bool aborts(F f) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // Catch2's handler would report a failed test.
        const rlimit no_core{0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(2);
        f();
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

TEST_CASE("assertions end the process in every build", "[core][assert]") {
    int evaluated = 0;
    OFFERKIT_ASSERT(++evaluated == 1);
    CHECK(evaluated == 1);
    CHECK(aborts([] { OFFERKIT_ASSERT(1 + 1 == 3); }));
    CHECK_FALSE(aborts([] { OFFERKIT_ASSERT(1 + 1 == 2); }));
}

TEST_CASE("shortfalls and values out of range are bugs, never zero", "[core][assert][resources]") {
    CHECK(aborts([] { (void)(Resources{1_cpus} - 2_cpus); }));
    CHECK(aborts([] {
        Resources r = 1_cpus;
        r -= 1_MiB;
    }));
    CHECK(aborts([] { (void)(Resources{1_cpus} - Resources{}.with_ports({{1, 2}})); }));
    CHECK(aborts([] { (void)(1_cpus - 2_cpus); }));
    CHECK(aborts([] { (void)Quantity<Cpus>::from_units(-1); }));
    CHECK(aborts([] { (void)Quantity<Cpus>::from_units(limits::amount_per_cluster_max + 1); }));
    CHECK(aborts([] { Amounts{}.set(0, -1); }));
    CHECK(aborts([] { Amounts{}.set(limits::slots, 1); }));
    CHECK(aborts([] { (void)AgentId(AgentId::epoch_max + 1, 0); }));
    CHECK(aborts([] { (void)AgentId(0, AgentId::counter_max + 1); }));
    CHECK(aborts([] { (void)Result<int>{Refusal{}}.value(); }));
    CHECK(aborts([] { (void)Result<void>{}.error(); }));
    CHECK(aborts([] { Rng{1}.below(0); }));
}

TEST_CASE("a closed set is visited by one lambda per case", "[core][overloaded]") {
    const auto name_of = [](const std::variant<int, std::string>& v) {
        return std::visit(Overloaded{[](int) { return std::string{"int"}; },
                                     [](const std::string& s) { return s; }},
                          v);
    };
    CHECK(name_of(1) == "int");
    CHECK(name_of(std::string{"text"}) == "text");
}
