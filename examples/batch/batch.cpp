// SPDX-License-Identifier: Apache-2.0
// Runs shell commands, one per line, as tasks wherever they fit. What fails is tried again, later
// each time:
//
//     seq 100 | sed 's/^/echo /' | batch
#include <offerkit/framework/packer.hpp>
#include <offerkit/framework/retry.hpp>
#include <offerkit/runtime/run_framework.hpp>

#include <chrono>
#include <iostream>
#include <map>
#include <string>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

class BatchScheduler {
public:
    static constexpr int attempts_max = 10;

    explicit BatchScheduler(std::vector<std::string> commands) : jobs_(commands.size()) {
        for (std::size_t i = 0; i < jobs_.size(); ++i) {
            jobs_[i].command = std::move(commands[i]);
            waiting_.push_back(i);
        }
    }

    void on_offers(std::span<const Offer> offers, Replies& replies) {
        Packer packer{offers};
        std::vector<std::size_t> left;
        for (const std::size_t job : waiting_) {
            TaskInfo task = make_task(job);
            if (packer.place(task) == nullptr) {
                left.push_back(job);
                continue;
            }
            running_.emplace(task.id, job);
            ++jobs_[job].attempts;
        }
        waiting_ = std::move(left);
        packer.answer(replies, waiting_.empty() ? Duration{1h} : Duration{5s});
    }

    void on_status(const TaskStatus& status, Replies& replies) {
        if (!is_terminal(status.state)) return;
        const auto ended = running_.extract(status.task);
        if (ended.empty()) return;
        const std::size_t job = ended.mapped();
        std::cout << jobs_[job].command << ": " << format_task_state(status.state) << std::endl;
        if (status.state == TaskState::finished) {
            ++finished_;
        } else if (jobs_[job].attempts == attempts_max) {
            ++given_up_;
        } else {
            later_.put(replies.now(), job, jobs_[job].attempts);
        }
    }

    Instant next_wake() const { return later_.next(); }

    void on_wake(Instant now, Replies& replies) {
        while (const auto job = later_.take_due(now))
            waiting_.push_back(*job);
        if (!waiting_.empty()) replies.revive();  // Agents were declined for an hour.
    }

    bool is_done() const { return finished_ + given_up_ == jobs_.size(); }
    bool has_given_up() const { return given_up_ > 0; }

private:
    struct Job {
        std::string command;
        int attempts = 0;
    };

    TaskInfo make_task(std::size_t job) const {
        TaskInfo task;
        task.id = TaskId{"job-" + std::to_string(job) + "." + std::to_string(jobs_[job].attempts)};
        task.name = jobs_[job].command;
        task.resources = 0.1_cpus + 32_MiB;
        task.command.shell = jobs_[job].command;
        return task;
    }

    std::vector<Job> jobs_;
    std::vector<std::size_t> waiting_;
    std::map<TaskId, std::size_t> running_;
    RetryQueue<std::size_t> later_{{.first = 200ms, .at_most = 30s}};
    std::size_t finished_ = 0;
    std::size_t given_up_ = 0;
};
static_assert(Scheduler<BatchScheduler>);

int main() {
    std::vector<std::string> commands;
    for (std::string line; std::getline(std::cin, line);) {
        if (!line.empty()) commands.push_back(line);
    }
    BatchScheduler batch{std::move(commands)};
    const int code = run_framework(batch, {.name = "batch", .failover_timeout = 0s});
    return code != 0 ? code : batch.has_given_up() ? 3 : 0;
}
