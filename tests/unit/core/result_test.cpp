// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/result.hpp>

#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>
#include <utility>

using namespace offerkit;

namespace {

const Refusal refusal{RefusalCode::insufficient, "framework f1-2", "launch task t1",
                      "needs cpus:4, offer o1-9 has cpus:2", "ask for at most cpus:2"};

}  // namespace

TEST_CASE("a result is a value or a refusal", "[core][result]") {
    Result<std::string> value = std::string{"x"};
    REQUIRE(value.has_value());
    CHECK(static_cast<bool>(value));
    CHECK(*value == "x");
    CHECK(value->size() == 1);
    *value += 'y';
    CHECK(std::as_const(value).value() == "xy");
    CHECK(std::as_const(value)->size() == 2);
    CHECK(*std::move(value) == "xy");

    Result<std::string> none = refusal;
    REQUIRE_FALSE(none.has_value());
    CHECK_FALSE(static_cast<bool>(none));
    CHECK(none.error() == refusal);
    const Refusal taken = std::move(none).error();
    CHECK(taken == refusal);
}

TEST_CASE("a result may hold what only moves", "[core][result]") {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
    const std::unique_ptr<int> taken = std::move(result).value();
    CHECK(*taken == 7);
}

TEST_CASE("success may have no value", "[core][result]") {
    const Result<void> success;
    CHECK(success.has_value());
    CHECK(static_cast<bool>(success));
    Result<void> failure = refusal;
    REQUIRE_FALSE(failure.has_value());
    CHECK(failure.error() == refusal);
    CHECK(std::move(failure).error() == refusal);
}

TEST_CASE("a refusal reads as one line", "[core][result]") {
    CHECK(format_refusal(refusal) ==
          "framework f1-2: launch task t1: needs cpus:4, offer o1-9 has cpus:2; "
          "ask for at most cpus:2");
    CHECK(format_refusal({RefusalCode::invalid, "", "read line", "too long", ""}) ==
          "read line: too long");
    CHECK(format_refusal({}).empty());
}

TEST_CASE("every refusal code has a name of its own", "[core][result]") {
    std::set<std::string> names;
    const int last = static_cast<int>(RefusalCode::cancelled);
    for (int code = 0; code <= last; ++code) {
        names.insert(std::string(format_refusal_code(static_cast<RefusalCode>(code))));
    }
    CHECK(names.size() == static_cast<std::size_t>(last) + 1);
    CHECK(names.count("") == 0);
    CHECK(format_refusal_code(RefusalCode::no_longer_available) == "no_longer_available");
}
