// SPDX-License-Identifier: Apache-2.0
#include <offerkit/framework/deliver.hpp>
#include <offerkit/resources/text.hpp>
#include <tools/batch.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <variant>
#include <vector>

using namespace offerkit;
using namespace offerkit::tools;
using framework::AuthorReplied;
using framework::Deliver;

namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

Job make_job(const std::string& id, const char* resources = "cpus:1;mem:100") {
    Job job;
    job.id = id;
    job.command.shell = "true";
    job.resources = *parse_resources(resources);
    return job;
}

std::vector<Job> make_jobs(int count) {
    std::vector<Job> jobs;
    for (int i = 0; i < count; ++i)
        jobs.push_back(make_job("job-" + std::to_string(i)));
    return jobs;
}

/// A scheduler, driven as the runtime and the simulator do.
struct Driven {
    BatchScheduler scheduler;
    std::uint64_t offers_made = 0;

    explicit Driven(std::vector<Job> jobs, std::size_t parallel_max = no_limit)
        : scheduler(std::move(jobs), parallel_max, {}) {}

    AuthorReplied offer(const char* resources) {
        Deliver delivery;
        Offer offer;
        offer.id = OfferId{1, ++offers_made};
        offer.resources = *parse_resources(resources);
        delivery.offers.push_back(std::move(offer));
        return framework::call_handlers(scheduler, delivery);
    }

    AuthorReplied tell(const std::string& task, TaskState state,
                       StatusReason reason = StatusReason::none) {
        Deliver delivery;
        TaskStatus status;
        status.task = TaskId{task};
        status.state = state;
        status.reason = reason;
        delivery.statuses.push_back(std::move(status));
        return framework::call_handlers(scheduler, delivery);
    }
};

std::vector<std::string> launched(const AuthorReplied& replied) {
    std::vector<std::string> tasks;
    for (const OfferReply& reply : replied.offers) {
        if (const auto* const accept = std::get_if<Accept>(&reply)) {
            for (const TaskInfo& task : accept->launch)
                tasks.push_back(task.id.text());
        }
    }
    return tasks;
}

DeclineReason declined(const AuthorReplied& replied) {
    REQUIRE(replied.offers.size() == 1);
    const auto* const decline = std::get_if<Decline>(&replied.offers.front());
    REQUIRE(decline != nullptr);
    return decline->reason;
}

template <class Request>
bool asks_for(const AuthorReplied& replied) {
    for (const framework::Request& request : replied.requests) {
        if (std::holds_alternative<Request>(request)) return true;
    }
    return false;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("the batch packs as many jobs into an offer as fit, in their order") {
    Driven run{{make_job("a", "cpus:1;mem:10"), make_job("large", "cpus:4;mem:10"),
                make_job("b", "cpus:1;mem:10"), make_job("c", "cpus:1;mem:10")}};
    CHECK(launched(run.offer("cpus:2;mem:100")) == Ids{"a", "b"});
    CHECK(launched(run.offer("cpus:5;mem:100")) == Ids{"large", "c"});
    CHECK(run.scheduler.running() == 4);
}

TEST_CASE("a launched task carries the job's name, command and resources") {
    Driven run{{make_job("a", "cpus:0.5;mem:64")}};
    const AuthorReplied replied = run.offer("cpus:2;mem:100");
    const auto& accept = std::get<Accept>(replied.offers.front());
    REQUIRE(accept.launch.size() == 1);
    CHECK(accept.launch[0].name == "a");
    CHECK(accept.launch[0].command.shell == "true");
    CHECK(format_resources(accept.launch[0].resources) == "cpus:0.5;mem:64");
}

TEST_CASE("the batch says why it declines") {
    SECTION("nothing waits") {
        Driven run{make_jobs(1)};
        CHECK(launched(run.offer("cpus:1;mem:100")).size() == 1);
        CHECK(declined(run.offer("cpus:1;mem:100")) == DeclineReason::no_work);
    }
    SECTION("too small for any of them") {
        Driven run{make_jobs(2)};
        CHECK(declined(run.offer("cpus:0.9;mem:100")) == DeclineReason::too_small);
        CHECK(declined(run.offer("cpus:1;mem:99")) == DeclineReason::too_small);
    }
    SECTION("as many run as may") {
        Driven run{make_jobs(3), 2};
        CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"job-0", "job-1"});
        CHECK(declined(run.offer("cpus:8;mem:800")) == DeclineReason::limit);
        (void)run.tell("job-0", TaskState::finished);
        CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"job-2"});
    }
}

TEST_CASE("an offer is looked at with a bounded number of jobs") {
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < BatchScheduler::lookahead; ++i) {
        jobs.push_back(make_job("large-" + std::to_string(i), "cpus:9;mem:1"));
    }
    SECTION("the last of them is found") {
        jobs.back() = make_job("small", "cpus:1;mem:1");
        Driven run{jobs};
        CHECK(launched(run.offer("cpus:1;mem:1")) == Ids{"small"});
    }
    SECTION("one past them is not") {
        jobs.push_back(make_job("small", "cpus:1;mem:1"));
        Driven run{jobs};
        CHECK(declined(run.offer("cpus:1;mem:1")) == DeclineReason::too_small);
    }
}

TEST_CASE("the batch ends when each job has ended, however it ended") {
    Driven run{make_jobs(3)};
    (void)run.offer("cpus:8;mem:800");
    CHECK_FALSE(asks_for<framework::Stop>(run.tell("job-0", TaskState::running)));
    CHECK_FALSE(asks_for<framework::Stop>(run.tell("job-0", TaskState::finished)));
    CHECK_FALSE(asks_for<framework::Stop>(
        run.tell("job-1", TaskState::failed, StatusReason::command_exited)));
    CHECK(asks_for<framework::Stop>(run.tell("job-2", TaskState::killed)));
    CHECK(run.scheduler.ended() == 3);
    CHECK(run.scheduler.outcomes()[1].status.state == TaskState::failed);
    CHECK(run.scheduler.outcomes()[1].attempts == 1);
}

TEST_CASE("an end that is told twice counts once") {
    Driven run{make_jobs(2)};
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("job-0", TaskState::finished);
    CHECK_FALSE(asks_for<framework::Stop>(run.tell("job-0", TaskState::finished)));
    CHECK(run.scheduler.ended() == 1);
}

TEST_CASE("a task nobody knows the id of changes nothing") {
    Driven run{make_jobs(1)};
    (void)run.tell("somebody-else", TaskState::finished);
    CHECK(run.scheduler.ended() == 0);
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"job-0"});
}

TEST_CASE("a job that ended for the cluster's reasons is tried again, as another task") {
    struct Row {
        const char* name;
        TaskState state;
        StatusReason reason;
    };
    const Row rows[] = {
        {"dropped", TaskState::dropped, StatusReason::offer_unavailable},
        {"gone", TaskState::gone, StatusReason::agent_removed},
        {"unknown", TaskState::unknown, StatusReason::task_unknown},
        {"launcher lost", TaskState::failed, StatusReason::launcher_lost},
        {"agent restarted", TaskState::failed, StatusReason::agent_restarted},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        Driven run{make_jobs(1)};
        (void)run.offer("cpus:8;mem:800");
        const AuthorReplied replied = run.tell("job-0", row.state, row.reason);
        CHECK(asks_for<framework::Revive>(replied));
        CHECK(run.scheduler.ended() == 0);
        CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"job-0@2"});
        CHECK(asks_for<framework::Stop>(run.tell("job-0@2", TaskState::finished)));
        CHECK(run.scheduler.outcomes()[0].attempts == 2);
    }
}

TEST_CASE("a job that keeps ending for the cluster's reasons is given up after five attempts") {
    Driven run{make_jobs(1)};
    AuthorReplied replied;
    for (int attempt = 1; attempt <= BatchScheduler::attempts_max; ++attempt) {
        const Ids tasks = launched(run.offer("cpus:8;mem:800"));
        REQUIRE(tasks.size() == 1);
        CHECK_FALSE(run.scheduler.is_done());
        replied = run.tell(tasks.front(), TaskState::dropped);
    }
    CHECK(asks_for<framework::Stop>(replied));
    CHECK(run.scheduler.outcomes()[0].attempts == BatchScheduler::attempts_max);
    CHECK(run.scheduler.outcomes()[0].status.state == TaskState::dropped);
}

TEST_CASE("the name of a second attempt avoids those of other jobs") {
    Driven run{{make_job("a"), make_job("a@2")}};
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"a", "a@2"});
    (void)run.tell("a", TaskState::dropped);
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"a@3"});
}

TEST_CASE("word about an agent that is unreachable does not end a job") {
    Driven run{make_jobs(1)};
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("job-0", TaskState::unreachable);
    CHECK(run.scheduler.running() == 1);
    (void)run.tell("job-0", TaskState::running);
    CHECK(asks_for<framework::Stop>(run.tell("job-0", TaskState::finished)));
}
