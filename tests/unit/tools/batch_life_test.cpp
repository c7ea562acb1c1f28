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
using framework::Deliver;
using namespace std::chrono_literals;

TEST_CASE("a job starts when all that it waits for have finished") {
    Driven run{{after(make_job("c"), {"a", "b"}), make_job("a"), make_job("b")}};
    CHECK(run.scheduler.counts().blocked == 1);
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"a", "b"});
    CHECK(declined(run.offer("cpus:8;mem:800")) == DeclineReason::no_work);
    CHECK_FALSE(asks_for<framework::Revive>(run.tell("a", TaskState::finished)));
    CHECK(asks_for<framework::Revive>(run.tell("b", TaskState::finished)));
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"c"});
    CHECK(asks_for<framework::Stop>(run.tell("c", TaskState::finished)));
}

TEST_CASE("what waits for a job that failed is not run, and says for which") {
    Driven run{{make_job("a"), after(make_job("b"), {"a"}), after(make_job("c"), {"b", "d"}),
                make_job("d")}};
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"a", "d"});
    (void)run.tell("a", TaskState::failed);
    CHECK(run.how() == "a failed, b not run, c not run");
    CHECK(run.ends.at(2).cause == 0);
    CHECK(asks_for<framework::Stop>(run.tell("d", TaskState::finished)));
    CHECK(run.scheduler.counts().not_run == 2);
}

TEST_CASE("a job with retries left holds what waits for it back, and does not end it") {
    Driven run{{retried(make_job("a"), 1), after(make_job("b"), {"a"})}};
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("a", TaskState::failed);
    CHECK(run.scheduler.counts().blocked == 1);
    (void)run.pass(2s);
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("a@2", TaskState::finished);
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"b"});
}

TEST_CASE("jobs that are done from before are not run again, and free what waits for them") {
    Driven run{{make_job("a"), after(make_job("b"), {"a"}), make_job("c")}, {.done_earlier = {0}}};
    CHECK(run.scheduler.counts().earlier == 1);
    CHECK(launched(run.offer("cpus:8;mem:800")) == Ids{"b", "c"});
    (void)run.tell("b", TaskState::finished);
    CHECK(asks_for<framework::Stop>(run.tell("c", TaskState::finished)));
    CHECK(run.how() == "b finished, c finished");
}

TEST_CASE("a batch whose jobs are all done from before is done at once") {
    Driven run{make_jobs(2), {.done_earlier = {0, 1}}};
    CHECK(asks_for<framework::Stop>(run.wake()));
    CHECK(run.ends.empty());
}

TEST_CASE("a batch that drains starts nothing more, and is done when what runs has ended") {
    Driven run{{retried(make_job("a"), 3), make_job("b"), after(make_job("c"), {"b"}),
                make_job("d", "cpus:9;mem:1")}};
    (void)run.offer("cpus:8;mem:800");
    run.order = BatchOrder::drain;
    const framework::AuthorAsked asked = run.wake();
    CHECK(asks_for<framework::Suppress>(asked));
    CHECK_FALSE(asks_for<framework::Stop>(asked));
    CHECK_FALSE(asks_for<framework::Suppress>(run.wake()));  // Said once.
    (void)run.tell("b", TaskState::finished);
    CHECK(declined(run.offer("cpus:9;mem:800")) == DeclineReason::no_work);
    CHECK(asks_for<framework::Stop>(run.tell("a", TaskState::failed)));
    CHECK(run.how() == "b finished, a failed");
    CHECK(run.scheduler.counts().ended() == 2);
}

TEST_CASE("a batch that is stopped tells what ran, and stops at once") {
    Driven run{make_jobs(3), {.parallel_max = 2}};
    (void)run.offer("cpus:8;mem:800");
    (void)run.tell("job-1", TaskState::running);
    run.order = BatchOrder::stop;
    CHECK(asks_for<framework::Stop>(run.wake()));
    CHECK(run.how() == "job-0 interrupted, job-1 interrupted");
    CHECK(run.scheduler.counts().running == 0);
    CHECK(run.scheduler.counts().ended() == 0);
}

TEST_CASE("an accept is bounded in what it launches, and the rest is wanted at once") {
    Driven run{make_jobs(BatchScheduler::launches_max + 10)};
    const AuthorReplied replied = run.offer("cpus:100000;mem:1000000");
    CHECK(launched(replied).size() == BatchScheduler::launches_max);
    CHECK(std::get<Accept>(replied.offers.front()).refuse_for == 0s);
    CHECK(launched(run.offer("cpus:100000;mem:1000000")).size() == 10);
}

TEST_CASE("an accept of large commands is bounded in bytes, and takes at least one") {
    std::vector<Job> jobs = make_jobs(40);
    for (Job& job : jobs)
        job.command.environment.emplace_back("DATA", std::string(60'000, 'x'));
    Driven run{jobs};
    const std::size_t count = launched(run.offer("cpus:1000;mem:100000")).size();
    CHECK(count >= 16);
    CHECK(count <= 18);
}

TEST_CASE("a job's end tells when it began and where it was, from what was said before") {
    Driven run{make_jobs(1)};
    (void)run.offer("cpus:8;mem:800");
    Deliver delivery;
    TaskStatus status;
    status.task = TaskId{"job-0"};
    status.state = TaskState::running;
    status.at = WallTime{500};
    status.sandbox = "sandbox/of/it";
    status.agent = AgentId{1, 2};
    delivery.statuses.push_back(status);
    (void)framework::call_handlers(run.scheduler, delivery);
    status.state = TaskState::failed;
    status.at = WallTime{900};
    status.sandbox.clear();
    delivery.statuses.assign(1, status);
    (void)framework::call_handlers(run.scheduler, delivery);
    CHECK(run.ends.at(0).started == WallTime{500});
    CHECK(run.ends.at(0).status.sandbox == "sandbox/of/it");
    CHECK(run.ends.at(0).status.agent == (AgentId{1, 2}));
}

TEST_CASE("a job never ends before it began, whatever the agent's reports say") {
    Driven run{make_jobs(1)};
    (void)run.offer("cpus:8;mem:800");
    Deliver delivery;
    TaskStatus status;
    status.task = TaskId{"job-0"};
    status.state = TaskState::running;
    status.at = WallTime{500};
    delivery.statuses.push_back(status);
    status.state = TaskState::finished;
    status.at = WallTime{480};
    delivery.statuses.push_back(status);
    (void)framework::call_handlers(run.scheduler, delivery);
    CHECK(run.ends.at(0).started == WallTime{480});
}
