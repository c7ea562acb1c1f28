// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The batch framework of `offerkit run` without a cluster: a test makes the offers, the statuses
/// and the time.

#include <offerkit/framework/deliver.hpp>
#include <offerkit/resources/text.hpp>
#include <tools/batch.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::tools::testing {

using framework::AuthorReplied;
using framework::Deliver;

inline Job make_job(const std::string& id, const char* resources = "cpus:1;mem:100") {
    Job job;
    job.id = id;
    job.command.shell = "true";
    job.resources = *parse_resources(resources);
    return job;
}

inline std::vector<Job> make_jobs(int count) {
    std::vector<Job> jobs;
    for (int i = 0; i < count; ++i)
        jobs.push_back(make_job("job-" + std::to_string(i)));
    return jobs;
}

/// Jobs of a file, with what each waits for resolved as the parser does.
inline Jobs make_file(std::vector<Job> jobs) {
    Jobs file;
    file.jobs = std::move(jobs);
    const JobNames names{file.jobs};
    std::vector<DependencyGraph::Edge> edges;
    for (std::uint32_t job = 0; job < file.jobs.size(); ++job) {
        for (const std::string& before : file.jobs[job].after)
            edges.push_back({*names.find(before), job});
    }
    file.graph = DependencyGraph{file.jobs.size(), std::move(edges)};
    return file;
}

inline Job after(Job job, std::vector<std::string> before) {
    job.after = std::move(before);
    return job;
}

inline Job retried(Job job, int retries) {
    job.retries = retries;
    return job;
}

/// A scheduler, driven as the runtime and the simulator do.
struct Driven {
    std::vector<JobEnd> ends;
    BatchOrder order = BatchOrder::go_on;
    BatchScheduler scheduler;
    std::uint64_t offers_made = 0;
    Instant now{1};

    explicit Driven(std::vector<Job> jobs, BatchOptions options = {})
        : scheduler(make_file(std::move(jobs)), std::move(options),
                    {.on_status = {},
                     .on_end = [this](const JobEnd& end) { ends.push_back(end); },
                     .on_wake = [this](Instant) { return order; }}) {}

    framework::AuthorAsked wake() { return framework::call_wake(scheduler, now); }

    /// As the runtime does: whenever the scheduler wants it, until `later` is over.
    std::vector<framework::Request> pass(Duration later) {
        std::vector<framework::Request> asked;
        const Instant end = now + later;
        while (now < end) {
            now = std::min(end, std::max(now + Duration{1}, scheduler.next_wake()));
            framework::AuthorAsked part = wake();
            asked.insert(asked.end(), part.requests.begin(), part.requests.end());
        }
        return asked;
    }

    std::string how() const {
        std::string text;
        for (const JobEnd& end : ends) {
            const char* const words[] = {"finished", "failed", "not run", "interrupted"};
            text += (text.empty() ? "" : ", ") + scheduler.jobs()[end.job].id + " " +
                    words[static_cast<int>(end.how)];
        }
        return text;
    }

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

inline std::vector<std::string> launched(const AuthorReplied& replied) {
    std::vector<std::string> tasks;
    for (const OfferReply& reply : replied.offers) {
        if (const auto* const accept = std::get_if<Accept>(&reply)) {
            for (const TaskInfo& task : accept->launch)
                tasks.push_back(task.id.text());
        }
    }
    return tasks;
}

inline DeclineReason declined(const AuthorReplied& replied) {
    REQUIRE(replied.offers.size() == 1);
    const auto* const decline = std::get_if<Decline>(&replied.offers.front());
    REQUIRE(decline != nullptr);
    return decline->reason;
}

template <class Request>
bool asks_for(const std::vector<framework::Request>& requests) {
    return std::ranges::any_of(requests, [](const framework::Request& request) {
        return std::holds_alternative<Request>(request);
    });
}

template <class Request, class Replied>
bool asks_for(const Replied& replied) {
    return asks_for<Request>(replied.requests);
}

using Ids = std::vector<std::string>;

}  // namespace offerkit::tools::testing
