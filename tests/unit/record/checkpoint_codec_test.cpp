// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/checkpoint_codec.hpp>

#include <support/random_values.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <string>

using namespace offerkit;
using namespace offerkit::record;
using namespace offerkit::agent::checkpoint;
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

Task make_task(RandomValues& random) {
    Task task;
    task.framework = FrameworkId{1, 1 + random.rng().below(2)};
    task.framework_name = "batch";
    task.user = "ada";
    task.role = Role::parse("eng/ml").value();
    task.info = random.make<TaskInfo>();
    task.info.executor.reset();
    if (task.info.command.shell.empty() == task.info.command.argv.empty()) {
        task.info.command.shell = "true";
        task.info.command.argv.clear();
    }
    task.sandbox = "frameworks/f1-1/tasks/t/3-4";
    task.boot_id = "0c7c1d2e";
    return task;
}

/// A history as an agent writes it: statuses are of tasks that are there.
struct History {
    explicit History(std::uint64_t seed, test::Fill fill = test::Fill::random)
        : random(seed, fill) {}

    void write(const Write& write) {
        apply(expected, write);
        keys.write(write);
    }

    void act() {
        Rng& rng = random.rng();
        if (expected.tasks.empty() || rng.chance(1, 3)) return write(PutTask{make_task(random)});
        const Task& task = expected.tasks[rng.below(expected.tasks.size())];
        if (rng.chance(1, 4)) {
            RemoveTask remove{task.framework, task.info.id, {}};
            for (const auto& each : expected.statuses) {
                const bool is_its =
                    each.framework == task.framework && each.status.task == task.info.id;
                if (is_its) remove.statuses.push_back(each.status.id);
            }
            return write(remove);
        }
        if (!expected.statuses.empty() && rng.chance(1, 4)) {
            const auto& status = expected.statuses[rng.below(expected.statuses.size())];
            return write(RemoveStatus{status.framework, status.status.task, status.status.id});
        }
        protocol::StatusUpdate update{task.framework, random.make<TaskStatus>()};
        update.status.task = task.info.id;
        update.status.id = StatusId{1 + rng.below(3), ++statuses};
        write(PutStatus{std::move(update)});
    }

    RandomValues random;
    Contents expected;
    Keys keys;
    std::uint64_t statuses = 0;
};

Refusal refusal_of(std::vector<KeyValue> values) {
    const auto contents = checkpoint_of(values);
    REQUIRE_FALSE(contents.has_value());
    return contents.error();
}

}  // namespace

TEST_CASE("a checkpoint's keys and values hold what the writes have left, whatever they were") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        History history{seed};
        for (int i = 0; i < 80; ++i)
            history.act();
        history.write(PutIdentity{AgentId{2, 3}, 7});
        history.write(PutStart{5, history.random.make<AgentInfo>()});
        auto values = history.keys.values();
        const auto contents = checkpoint_of(values);
        if (!contents) FAIL(format_refusal(contents.error()));
        CHECK(*contents == history.expected);
        std::ranges::reverse(values);
        CHECK(checkpoint_of(values).value() == history.expected);
    }
}

TEST_CASE("an agent that has left its cluster has a checkpoint without an id") {
    Keys keys;
    keys.write(PutIdentity{AgentId{2, 3}, 7});
    keys.write(PutIdentity{AgentId{}, 7});
    const auto contents = checkpoint_of(keys.values());
    REQUIRE(contents.has_value());
    CHECK(contents->agent.is_none());
    CHECK(contents->epoch == 7);
}

TEST_CASE("an empty checkpoint is that of a new agent") {
    CHECK(checkpoint_of({}).value() == Contents{});
}

TEST_CASE("fields of a later version are skipped, its keys are refused") {
    History history{3};
    history.write(PutTask{make_task(history.random)});
    auto values = history.keys.values();
    for (KeyValue& each : values)
        each.value += std::string("\xfa\x3f\x03new", 6);  // Field 1023, three bytes.
    const auto contents = checkpoint_of(values);
    if (!contents) FAIL(format_refusal(contents.error()));
    CHECK(*contents == history.expected);
    values.push_back({"volume/1", ""});
    CHECK(refusal_of(values).code == RefusalCode::unsupported);
    CHECK(refusal_of(values).who == "checkpoint key volume/1");
}

TEST_CASE("a checkpoint that does not hold together is refused by its key") {
    History history{4};
    const Task task = make_task(history.random);
    history.write(PutTask{task});
    TaskStatus status = history.random.make<TaskStatus>();
    status.task = task.info.id;
    status.id = StatusId{1, 1};
    history.write(PutStatus{{task.framework, status}});
    history.write(PutStart{5, history.random.make<AgentInfo>()});
    const auto values = history.keys.values();
    REQUIRE(values.size() == 4);  // start, status, task, taskstate

    SECTION("without the task") {
        auto damaged = values;
        damaged.erase(damaged.begin() + 2);
        CHECK(refusal_of(damaged).code == RefusalCode::malformed);
    }
    SECTION("with a value under another's key") {
        for (std::size_t from = 0; from < values.size(); ++from) {
            for (std::size_t to = 0; to < values.size(); ++to) {
                if (from == to) continue;
                auto damaged = values;
                damaged[to].value = values[from].value;
                const auto contents = checkpoint_of(damaged);
                INFO(from << " to " << to);
                // A start's text may read as a state's number that is not there.
                if (contents) continue;
                CHECK_THAT(contents.error().who, Catch::Contains(values[to].key.substr(0, 5)));
            }
        }
    }
    SECTION("with a task under the key of another") {
        auto damaged = values;
        damaged[2].key += "x";
        CHECK(refusal_of(damaged).code == RefusalCode::malformed);
    }
    SECTION("cut off") {
        for (std::size_t i = 0; i < values.size(); ++i) {
            for (std::size_t size = 0; size < values[i].value.size(); size += 7) {
                auto damaged = values;
                damaged[i].value.resize(size);
                const auto contents = checkpoint_of(damaged);  // Refused or not, it must not crash.
                if (!contents) CHECK_FALSE(contents.error().why.empty());
            }
        }
    }
}
