// SPDX-License-Identifier: Apache-2.0
#include <support/driven_batch.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

using namespace offerkit;
using namespace offerkit::tools;
using namespace offerkit::tools::testing;
using framework::AuthorReplied;
using namespace std::chrono_literals;

TEST_CASE("the batch packs as many jobs into an offer as fit, in their order") {
    Driven run{{make_job("a", "cpus:1;mem:10"), make_job("large", "cpus:4;mem:10"),
                make_job("b", "cpus:1;mem:10"), make_job("c", "cpus:1;mem:10")}};
    CHECK(launched(run.offer("cpus:2;mem:100")) == Ids{"a", "b"});
    CHECK(launched(run.offer("cpus:5;mem:100")) == Ids{"large", "c"});
    CHECK(run.scheduler.counts().running == 4);
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
        Driven run{make_jobs(3), {.parallel_max = 2}};
        CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"job-0", "job-1"});
        CHECK(declined(run.offer("cpus:8;mem:800")) == DeclineReason::limit);
        (void)run.tell("job-0", TaskState::finished);
        CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"job-2"});
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
    CHECK(run.scheduler.counts().ended() == 3);
    CHECK(run.how() == "job-0 finished, job-1 failed, job-2 failed");
    CHECK(run.ends[1].status.state == TaskState::failed);
    CHECK(run.ends[1].attempts == 1);
}

TEST_CASE("an end that is told twice counts once") {
    Driven run{make_jobs(2)};
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("job-0", TaskState::finished);
    CHECK_FALSE(asks_for<framework::Stop>(run.tell("job-0", TaskState::finished)));
    CHECK(run.scheduler.counts().ended() == 1);
}

TEST_CASE("a task nobody knows the id of changes nothing") {
    Driven run{make_jobs(1)};
    (void)run.tell("somebody-else", TaskState::finished);
    CHECK(run.scheduler.counts().ended() == 0);
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
        {"gone by operator", TaskState::gone_by_operator, StatusReason::agent_removed},
        {"drained", TaskState::killed, StatusReason::agent_draining},
        {"preempted", TaskState::killed, StatusReason::preempted},
        {"launcher lost", TaskState::failed, StatusReason::launcher_lost},
        {"agent restarted", TaskState::failed, StatusReason::agent_restarted},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        Driven run{make_jobs(1)};
        (void)run.offer("cpus:8;mem:800");
        const AuthorReplied replied = run.tell("job-0", row.state, row.reason);
        CHECK(asks_for<framework::Revive>(replied));
        CHECK(run.scheduler.counts().ended() == 0);
        CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"job-0@2"});
        CHECK(asks_for<framework::Stop>(run.tell("job-0@2", TaskState::finished)));
        CHECK(run.ends.at(0).attempts == 2);
    }
}

TEST_CASE("a job that keeps ending for the cluster's reasons is given up after five attempts") {
    Driven run{make_jobs(1)};
    AuthorReplied replied;
    for (int attempt = 1; attempt <= BatchScheduler::cluster_attempts_max; ++attempt) {
        (void)run.pass(1min);
        const Ids tasks = launched(run.offer("cpus:8;mem:800"));
        REQUIRE(tasks.size() == 1);
        CHECK_FALSE(run.scheduler.is_done());
        replied = run.tell(tasks.front(), TaskState::dropped);
    }
    CHECK(asks_for<framework::Stop>(replied));
    CHECK(run.ends.at(0).attempts == BatchScheduler::cluster_attempts_max);
    CHECK(run.ends.at(0).status.state == TaskState::dropped);
}

TEST_CASE("the name of a second attempt avoids those of other jobs") {
    Driven run{{make_job("a"), make_job("a@2")}};
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"a", "a@2"});
    (void)run.tell("a", TaskState::dropped);
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"a@3"});
    (void)run.tell("a@3", TaskState::dropped);
    (void)run.pass(1min);
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"a@4"});
}

TEST_CASE("word about an agent that is unreachable does not end a job") {
    Driven run{make_jobs(1)};
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("job-0", TaskState::unreachable);
    CHECK(run.scheduler.counts().running == 1);
    (void)run.tell("job-0", TaskState::running);
    CHECK(asks_for<framework::Stop>(run.tell("job-0", TaskState::finished)));
}

TEST_CASE("a task carries its job's timeout, and one that ran for too long has failed") {
    Job job = make_job("a");
    job.timeout = 10min;
    Driven run{{job}};
    const AuthorReplied replied = run.offer("cpus:8;mem:800");
    CHECK(std::get<Accept>(replied.offers.front()).launch.at(0).run_time_max == 10min);
    (void)run.tell("a", TaskState::killed, StatusReason::run_time_exceeded);
    CHECK(run.how() == "a failed");
}

TEST_CASE("a job that fails is tried again as often as it says, after a wait that grows") {
    Driven run{{retried(make_job("a"), 2)}, {.backoff = {10s, 5min}}};
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("a", TaskState::failed, StatusReason::command_exited);
    CHECK(run.how().empty());
    CHECK(run.scheduler.counts().retrying == 1);
    CHECK_FALSE(asks_for<framework::Revive>(run.pass(4900ms)));
    CHECK(declined(run.offer("cpus:8;mem:800")) == DeclineReason::no_work);
    CHECK(asks_for<framework::Revive>(run.pass(5200ms)));  // What was declined is wanted now.
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"a@2"});

    (void)run.tell("a@2", TaskState::killed, StatusReason::run_time_exceeded);
    (void)run.pass(9900ms);
    CHECK(run.scheduler.counts().retrying == 1);
    (void)run.pass(10200ms);
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"a@3"});
    CHECK(asks_for<framework::Stop>(run.tell("a@3", TaskState::failed)));
    CHECK(run.how() == "a failed");
    CHECK(run.ends.at(0).attempts == 3);
}

TEST_CASE("a job whose second attempt finishes has finished") {
    Driven run{{retried(make_job("a"), 5)}};
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("a", TaskState::failed);
    (void)run.pass(2s);
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("a@2", TaskState::finished);
    CHECK(run.how() == "a finished");
    CHECK(run.ends.at(0).attempts == 2);
}

TEST_CASE("a task that the agent calls wrong is not tried again") {
    Driven run{{retried(make_job("a"), 5)}};
    (void)run.offer("cpus:8;mem:800");
    CHECK(asks_for<framework::Stop>(run.tell("a", TaskState::error, StatusReason::task_invalid)));
    CHECK(run.how() == "a failed");
}

TEST_CASE("attempts that the cluster ended do not count against the retries") {
    Driven run{{retried(make_job("a"), 1)}};
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("a", TaskState::dropped);
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("a@2", TaskState::failed);
    (void)run.pass(1min);
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"a@3"});
    (void)run.tell("a@3", TaskState::failed);
    CHECK(run.how() == "a failed");
}
