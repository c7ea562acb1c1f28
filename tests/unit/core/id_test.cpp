// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/id.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <type_traits>

using namespace offerkit;

namespace {

template <class A, class B>
concept CanCompare = requires(A a, B b) { a == b; } || requires(A a, B b) { a < b; };

static_assert(CanCompare<AgentId, AgentId> && !CanCompare<AgentId, OfferId>);
static_assert(!CanCompare<TaskId, ExecutorId> && !CanCompare<AgentId, std::uint64_t>);
static_assert(!std::is_convertible_v<std::uint64_t, AgentId>);
static_assert(!std::is_convertible_v<std::string, TaskId>);
static_assert(std::is_trivially_copyable_v<AgentId> && sizeof(AgentId) == 8);
static_assert(AgentId{}.is_none() && !AgentId{0, 1}.is_none());
static_assert(AgentId{3, 17}.epoch() == 3 && AgentId{3, 17}.counter() == 17);
static_assert(AgentId{1, AgentId::counter_max} < AgentId{2, 0});

}  // namespace

TEST_CASE("numbered ids keep epoch and counter up to their limits", "[core][id][limits]") {
    const OfferId last{OfferId::epoch_max, OfferId::counter_max};
    CHECK(last.epoch() == OfferId::epoch_max);
    CHECK(last.counter() == OfferId::counter_max);
    CHECK(last.value() == ~std::uint64_t{0});
    CHECK(OfferId::from_value(last.value()) == last);
    CHECK(parse_id<OfferTag>(format_id(last)).value() == last);
    CHECK(format_id(last) == "o1048575-17592186044415");
}

TEST_CASE("ids are written and read", "[core][id]") {
    CHECK(format_id(AgentId{3, 17}) == "a3-17");
    CHECK(format_id(FrameworkId{1, 0}) == "f1-0");
    CHECK(format_id(TaskId{"task 1"}) == "task 1");
    CHECK(parse_id<AgentTag>("a3-17").value() == AgentId{3, 17});
    CHECK(parse_id<BundleTag>("b0-0").value().is_none());
}

TEST_CASE("text that no id was written as is refused", "[core][id]") {
    const auto text = GENERATE(as<std::string>{}, "", "a", "3-17", "o3-17", "A3-17", "a3", "a3-",
                               "a-17", "a3-17 ", " a3-17", "a3-17x", "a03-17", "a3-017", "a+3-17",
                               "a3--17", "a-3-17", "a1048576-0", "a0-17592186044416",
                               "a99999999999999999999-1", "a1-99999999999999999999");
    INFO(text);
    const auto id = parse_id<AgentTag>(text);
    REQUIRE_FALSE(id.has_value());
    CHECK(id.error().code == RefusalCode::malformed);
    CHECK_FALSE(id.error().todo.empty());
}

TEST_CASE("named ids are texts of one sort", "[core][id]") {
    CHECK(TaskId{}.is_none());
    CHECK(TaskId{"a"} < TaskId{"b"});
    CHECK(TaskId{std::string{"a"}} == TaskId{std::string_view{"a"}});
    CHECK(TaskId{"a"}.text() == "a");
}
