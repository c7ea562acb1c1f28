// SPDX-License-Identifier: Apache-2.0
#include <offerkit/framework/desired_state.hpp>
#include <unit/framework/parts.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

using namespace offerkit;
using namespace std::chrono_literals;
using offerkit::testing::make_status;
using offerkit::testing::make_task;

namespace {

constexpr Instant start{1'000'000'000};

/// A service on a cluster that does what it is told, when the test says so.
struct Story {
    DesiredState service;
    Instant now = start;
    std::vector<std::string> launched{};
    std::vector<std::string> killed{};

    void want(const std::string& version, std::uint32_t instances) {
        service.want(version, make_task("", "cpus:1"), instances);
        steer();
    }
    void steer() {
        Replies replies{now};
        service.steer(now, replies);
        for (const auto& request : replies.take_requests())
            killed.push_back(std::get<framework::KillTask>(request).task.text());
    }
    void launch() {
        for (const TaskInfo& task : service.to_launch(now)) {
            service.launched(task.id, now);
            launched.push_back(task.id.text());
        }
    }
    void status(const std::string& task, TaskState state,
                std::optional<bool> healthy = std::nullopt) {
        TaskStatus status = make_status(TaskId{task}, state);
        status.healthy = healthy;
        CHECK(service.on_status(status, now));
        steer();
    }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("as many instances are launched as are wanted, and again when one ends") {
    Story story{DesiredState{"web"}};
    story.want("v1", 2);
    story.launch();
    CHECK(story.launched == Texts{"web.v1.1", "web.v1.2"});
    story.launch();
    CHECK(story.launched.size() == 2);
    story.status("web.v1.1", TaskState::running);
    CHECK_FALSE(story.service.is_settled());
    story.status("web.v1.2", TaskState::running);
    CHECK(story.service.is_settled());
    CHECK(story.service.next_wake() == Instant::never());

    story.status("web.v1.1", TaskState::gone);  // Not its fault: at once.
    story.launch();
    CHECK(story.launched.back() == "web.v1.3");
    CHECK(story.killed.empty());
}

TEST_CASE("what finds no place is asked for again, under the same id") {
    Story story{DesiredState{"web"}};
    story.want("v1", 2);
    const auto first = story.service.to_launch(story.now);
    CHECK(story.service.to_launch(story.now) == first);
    story.service.launched(first[0].id, story.now);
    const auto rest = story.service.to_launch(story.now);
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].id == TaskId{"web.v1.2"});
}

TEST_CASE("an instance that ends by itself is replaced later, each time later") {
    ServiceOptions options;
    options.backoff = {4s, 1min};
    options.stable_after = 30s;
    Story story{DesiredState{"web", options}};
    story.want("v1", 1);
    story.launch();
    story.status("web.v1.1", TaskState::running);
    story.status("web.v1.1", TaskState::failed);
    CHECK(story.service.to_launch(story.now).empty());
    const Instant first = story.service.next_wake();
    CHECK(first >= start + 2s);
    CHECK(first <= start + 4s);
    story.now = first;
    story.launch();
    story.status("web.v1.2", TaskState::error);
    const Instant second = story.service.next_wake();
    CHECK(second - first >= 4s);
    story.now = second;
    story.launch();
    story.status("web.v1.3", TaskState::running);
    story.now = story.now + 30s;
    story.status("web.v1.3", TaskState::finished);  // It was stable: the count begins anew.
    CHECK(story.service.next_wake() - story.now <= 4s);
}

TEST_CASE("fewer are wanted: those that serve nobody go first, then the youngest") {
    Story story{DesiredState{"web"}};
    story.want("v1", 4);
    story.launch();
    for (const char* task : {"web.v1.1", "web.v1.3", "web.v1.4"})
        story.status(task, TaskState::running);
    story.want("v1", 2);
    CHECK(story.killed == Texts{"web.v1.2", "web.v1.4"});
    story.steer();
    CHECK(story.killed.size() == 2);
    story.want("v1", 0);
    CHECK(story.killed.size() == 4);
    for (const char* task : {"web.v1.1", "web.v1.2", "web.v1.3", "web.v1.4"})
        story.status(task, TaskState::killed);
    CHECK(story.service.is_settled());
    CHECK(story.service.to_launch(story.now).empty());
}

TEST_CASE("an update goes one by one, and never under what is wanted") {
    Story story{DesiredState{"web"}};
    story.want("v1", 2);
    story.launch();
    story.status("web.v1.1", TaskState::running);
    story.status("web.v1.2", TaskState::running);
    story.want("v2", 2);
    CHECK(story.killed.empty());
    story.launch();
    CHECK(story.launched.back() == "web.v2.3");
    CHECK(story.launched.size() == 3);
    story.status("web.v2.3", TaskState::running, false);  // Not healthy yet.
    CHECK(story.killed.empty());
    story.status("web.v2.3", TaskState::running, true);
    CHECK(story.killed == Texts{"web.v1.1"});
    story.status("web.v1.1", TaskState::killed);
    story.launch();
    story.status("web.v2.4", TaskState::running);
    CHECK(story.killed == Texts{"web.v1.1", "web.v1.2"});
    story.status("web.v1.2", TaskState::killed);
    CHECK(story.service.is_settled());
}

TEST_CASE("without room for more, an update makes room first") {
    ServiceOptions options;
    options.surge = 0;
    options.unavailable_max = 1;
    Story story{DesiredState{"web", options}};
    story.want("v1", 2);
    story.launch();
    story.status("web.v1.1", TaskState::running);
    story.status("web.v1.2", TaskState::running);
    story.want("v2", 2);
    CHECK(story.killed == Texts{"web.v1.1"});
    story.launch();
    CHECK(story.launched.back() == "web.v2.3");
    CHECK(story.launched.size() == 3);
    CHECK(story.killed.size() == 1);
    story.status("web.v2.3", TaskState::running);
    CHECK(story.killed.size() == 2);
}

TEST_CASE("a version that does not come up replaces nothing that works") {
    Story story{DesiredState{"web"}};
    story.want("v1", 3);
    story.launch();
    for (const char* task : {"web.v1.1", "web.v1.2", "web.v1.3"})
        story.status(task, TaskState::running);
    story.want("v2", 3);
    for (int i = 4; i < 24; ++i) {
        if (i > 4) story.now = story.service.next_wake();
        story.launch();
        story.status("web.v2." + std::to_string(i), TaskState::failed);
    }
    CHECK(story.killed.empty());
    CHECK(story.service.counts().available == 3);
    story.want("v1", 3);  // Back.
    CHECK(story.service.is_settled());
}

TEST_CASE("an agent that is away is waited for, and then no more") {
    ServiceOptions options;
    options.unreachable_for = 1min;
    Story story{DesiredState{"web", options}};
    story.want("v1", 1);
    story.launch();
    story.status("web.v1.1", TaskState::running);
    story.status("web.v1.1", TaskState::unreachable);
    CHECK(story.service.to_launch(story.now).empty());
    CHECK(story.service.next_wake() == start + 1min);
    story.now = start + 30s;
    story.status("web.v1.1", TaskState::running);
    CHECK(story.service.is_settled());
    story.status("web.v1.1", TaskState::unreachable);
    story.now = story.now + 1min;
    story.steer();
    CHECK(story.killed == Texts{"web.v1.1"});
    story.launch();
    CHECK(story.launched.back() == "web.v1.2");
}

TEST_CASE("a scheduler that starts again finds its instances: by what it saved, or by what runs") {
    Story story{DesiredState{"web"}};
    story.want("v1", 3);
    story.launch();
    Bytes bytes;
    story.service.save(bytes);

    Story again{DesiredState{"web"}};
    ByteReader in{bytes};
    again.service.load(in, again.now);
    REQUIRE_FALSE(in.has_failed());
    again.want("v1", 3);
    again.launch();
    CHECK(again.launched.empty());
    CHECK(again.service.instances() == story.service.instances());
    again.status("web.v1.1", TaskState::running);
    again.status("web.v1.2", TaskState::unknown);  // The answer of the reconciliation.
    again.launch();
    CHECK(again.launched == Texts{"web.v1.4"});

    Story forgetful{DesiredState{"web"}};
    forgetful.want("v1", 2);
    forgetful.status("web.v1.7", TaskState::running);
    forgetful.launch();
    CHECK(forgetful.launched == Texts{"web.v1.8"});

    for (std::size_t size = 0; size < bytes.size(); ++size) {
        DesiredState cut{"web"};
        ByteReader part{std::string_view{bytes}.substr(0, size)};
        cut.load(part, start);
        REQUIRE(part.has_failed());
        CHECK(cut.instances().empty());
    }
}

TEST_CASE("a task that the master has given up on is replaced, in whatever it was") {
    Story story{DesiredState{"web"}};
    story.want("v1", 2);
    story.launch();
    story.status("web.v1.1", TaskState::running);
    story.status("web.v1.2", TaskState::running);
    story.status("web.v1.1", TaskState::unreachable);
    story.status("web.v1.1", TaskState::gone_by_operator);
    story.status("web.v1.2", TaskState::killing);
    story.status("web.v1.2", TaskState::gone_by_operator);
    CHECK(story.service.instances().empty());
    story.launch();
    CHECK(story.launched == Texts{"web.v1.1", "web.v1.2", "web.v1.3", "web.v1.4"});
}

TEST_CASE("an old instance is found out even if a new one was given its number") {
    Story story{DesiredState{"web"}};
    story.want("v2", 1);
    story.launch();
    REQUIRE(story.launched == Texts{"web.v2.1"});
    story.status("web.v1.1", TaskState::running);  // Of an earlier run, which nothing was saved of.
    CHECK(story.service.counts().old == 1);
    story.status("web.v2.1", TaskState::running);
    CHECK(story.killed == Texts{"web.v1.1"});
    story.status("web.v1.1", TaskState::killed);
    CHECK(story.service.is_settled());
}

TEST_CASE("statuses of others are not ours") {
    DesiredState service{"web"};
    for (const char* task : {"web", "webs.v1.1", "other", "", "we", "web.", "web.v1.", "web.1",
                             "web.v1.01", "web.v1.x", "web-api.v1.1"}) {
        CHECK_FALSE(service.on_status(make_status(TaskId{task}, TaskState::running), start));
        CHECK(service.instances().empty());
    }
}

// Whatever ends, is lost, comes back, is updated or scaled: never more than are wanted and the
// surge, no kill that takes it under what must be available, and in the end it settles.
TEST_CASE("a service keeps its bounds and settles, whatever happens") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Rng rng{seed};
        ServiceOptions options;
        options.surge = static_cast<std::uint32_t>(rng.below(3));
        options.unavailable_max = static_cast<std::uint32_t>(rng.below(3));
        if (options.surge + options.unavailable_max == 0) options.surge = 1;
        Story story{DesiredState{"s", options, Rng{seed}}};
        std::map<std::string, TaskState> tasks;  // The cluster's own account.
        std::uint32_t wanted = 3;
        int version = 1;
        story.want("v1", wanted);
        for (int step = 0; step < 400; ++step) {
            const bool calm = step >= 300;
            story.now = story.now + Duration{rng.between(0, 20'000'000'000)};
            const auto before = story.service.counts();
            story.killed.clear();
            if (!calm && rng.chance(1, 20)) {
                wanted = static_cast<std::uint32_t>(rng.below(6));
                version += rng.chance(1, 2) ? 1 : 0;
                story.want("v" + std::to_string(version), wanted);
            } else {
                story.steer();
            }
            const auto after = story.service.counts();
            const std::uint32_t needed = wanted - std::min(wanted, options.unavailable_max);
            REQUIRE((after.available >= std::min(before.available, needed)));
            for (const std::string& task : story.killed)
                tasks[task] = TaskState::killing;
            story.launched.clear();
            story.launch();
            for (const std::string& task : story.launched)
                REQUIRE(tasks.emplace(task, TaskState::staging).second);
            if (!story.launched.empty()) {
                REQUIRE(story.service.counts().launched <= wanted + options.surge);
            }
            if (tasks.empty()) continue;
            auto each = std::next(tasks.begin(), static_cast<long>(rng.below(tasks.size())));
            TaskState next =
                each->second == TaskState::killing ? TaskState::killed : TaskState::running;
            if (!calm && rng.chance(1, 5)) {
                next = std::vector{TaskState::failed, TaskState::unreachable, TaskState::gone,
                                   TaskState::finished, TaskState::dropped}[rng.below(5)];
            }
            const std::string task = each->first;
            if (is_terminal(next))
                tasks.erase(each);
            else if (each->second != TaskState::killing)
                each->second = next;
            story.killed.clear();
            story.status(task, next);
            for (const std::string& killed : story.killed)
                tasks[killed] = TaskState::killing;
        }
        INFO("seed " << seed);
        CHECK(story.service.is_settled());
        CHECK(tasks.size() == wanted);
    }
}
