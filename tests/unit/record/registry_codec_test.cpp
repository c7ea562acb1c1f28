// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/proto/registry.pb.h>
#include <offerkit/record/registry_codec.hpp>

#include <support/random_values.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <string>

using namespace offerkit;
using namespace offerkit::record;
using namespace offerkit::master::registry;
using offerkit::test::RandomValues;

namespace {

/// What a store would hold after some writes.
class Keys {
public:
    void write(const Write& write) {
        for (KeyChange& change : changes_of(write)) {
            if (change.value) {
                values_.insert_or_assign(std::move(change.key), *std::move(change.value));
            } else {
                values_.erase(change.key);
            }
        }
    }

    [[nodiscard]] std::vector<KeyValue> values() const {
        std::vector<KeyValue> values;
        for (const auto& [key, value] : values_)
            values.push_back({key, value});
        return values;
    }

private:
    std::map<std::string, std::string> values_;
};

RoleConfig random_role(RandomValues& random) {
    RoleConfig config;
    constexpr const char* paths[] = {"web", "batch/night", "batch/day"};
    config.role = Role::parse(paths[random.rng().below(3)]).value();
    config.weight = random.rng().between(1, 1'000'000);
    if (random.rng().chance(1, 2))
        config.quota.limits = {{"cpus", random.rng().between(0, 100'000)}, {"mem", 5}};
    return config;
}

Write random_write(RandomValues& random, const Contents& contents) {
    Rng& rng = random.rng();
    const std::uint64_t epoch = 1 + rng.below(2);
    const AgentId agent{epoch, 1 + rng.below(20)};
    const FrameworkId framework{epoch, 1 + rng.below(3)};
    const WallTime at{rng.between(-5, 2'000'000'000'000'000'000)};
    const bool is_member = std::ranges::any_of(
        contents.agents, [&](const AdmitAgent& each) { return each.agent == agent; });
    switch (rng.below(is_member ? 8 : 4)) {
        case 0:
            return AdmitAgent{agent, random.make<AgentInfo>()};
        case 1:
            return PutFramework{framework, random.make<FrameworkInfo>()};
        case 2:
            return PutRole{random_role(random)};
        case 3:
            return RemoveFramework{framework};
        case 4:
            return MarkUnreachable{agent, at};
        case 5:
            return SetAgentMode{agent, static_cast<AgentMode>(rng.below(4)), at};
        case 6:
            return MarkGone{agent, at};
        default:
            return RemoveAgent{agent};
    }
}

Refusal refusal_of(std::vector<KeyValue> values) {
    const auto contents = registry_of(values);
    REQUIRE_FALSE(contents.has_value());
    return contents.error();
}

}  // namespace

TEST_CASE("keys and values hold what the writes have left, whatever they were") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        RandomValues random{seed};
        Contents expected;
        Keys keys;
        for (int i = 0; i < 100; ++i) {
            const Write write = random_write(random, expected);
            apply(expected, write);
            keys.write(write);
        }
        const auto contents = registry_of(keys.values());
        INFO("seed " << seed);
        if (!contents) FAIL(format_refusal(contents.error()));
        REQUIRE(*contents == expected);
        CHECK_FALSE(contents->agents.empty());
    }
}

TEST_CASE("every field of every kind is kept") {
    RandomValues random{1, test::Fill::full};
    Contents expected;
    Keys keys;
    const AgentId agent{3, 17};
    RoleConfig role = random_role(random);
    role.quota.guarantee = random.make<Resources>();
    const std::vector<Write> writes = {
        AdmitAgent{agent, random.make<AgentInfo>()},
        MarkUnreachable{agent, WallTime{7}},
        SetAgentMode{agent, AgentMode::draining, WallTime{8}},
        MarkGone{AgentId{3, 18}, WallTime{9}},
        PutFramework{FrameworkId{3, 1}, random.make<FrameworkInfo>()},
        PutRole{role}};
    for (const Write& write : writes) {
        apply(expected, write);
        keys.write(write);
    }
    const auto contents = registry_of(keys.values());
    if (!contents) FAIL(format_refusal(contents.error()));
    CHECK(*contents == expected);
    CHECK(contents->gone.size() + contents->modes.size() + contents->unreachable.size() == 3);
}

TEST_CASE("fields of a later version are skipped") {
    Keys keys;
    RandomValues random{1};
    const AdmitAgent write{AgentId{1, 1}, random.make<AgentInfo>()};
    keys.write(write);
    auto values = keys.values();
    values.front().value += std::string("\xfa\x3f\x03new", 6);  // Field 1023, three bytes.
    const auto contents = registry_of(values);
    if (!contents) FAIL(format_refusal(contents.error()));
    CHECK(contents->agents == std::vector{write});
}

TEST_CASE("what cannot be understood is refused with its key") {
    const std::string id(16, '1');
    struct Each {
        KeyValue value;
        RefusalCode code;
        const char* why;
    };
    const Each all[] = {
        {{"lease/1", ""}, RefusalCode::unsupported, "this version does not know such keys"},
        {{"agent/12", ""}, RefusalCode::malformed, "its key holds no id"},
        {{"agent/111111111111111G", ""}, RefusalCode::malformed, "its key holds no id"},
        {{"gone/" + std::string(16, '0'), ""}, RefusalCode::malformed, "its key holds no id"},
        {{"framework/" + id, "\xff"}, RefusalCode::malformed, "its value is not such a message"},
        {{"mode/" + id, ""}, RefusalCode::unsupported, "its mode is not known to this version"},
        {{"role/../x", ""}, RefusalCode::invalid, ""},
        {{"role/x", ""}, RefusalCode::invalid, "weight"}};
    for (const Each& each : all) {
        const Refusal refusal = refusal_of({each.value});
        INFO(each.value.key << ": " << format_refusal(refusal));
        CHECK(refusal.who == "registry key " + each.value.key);
        CHECK(refusal.code == each.code);
        CHECK_THAT(refusal.why, Catch::Contains(each.why));
        CHECK_FALSE(refusal.todo.empty());
    }
}
