// SPDX-License-Identifier: Apache-2.0
// Runs commands in the order of what they wait for. Each line is a name, those it comes after, a
// colon and the command:
//
//     printf 'fetch: sleep 1\nparse fetch: sleep 1\ncount fetch: sleep 1\nreport parse count: ls\n'
//     | dag
//
// If one fails, those that wait for it are given up, and the rest goes on.
#include <offerkit/framework/dependency_graph.hpp>
#include <offerkit/framework/packer.hpp>
#include <offerkit/runtime/run_framework.hpp>

#include <chrono>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

struct Step {
    std::string name;
    std::vector<std::string> after;
    std::string command;
};

class Dag {
public:
    Dag(std::vector<Step> steps, DependencyGraph graph)
        : steps_(std::move(steps)), graph_(std::move(graph)), left_(steps_.size()) {
        for (const auto node : graph_.ready())
            waiting_.push_back(make_task(node));
    }

    void on_offers(std::span<const Offer> offers, Replies& replies) {
        Packer packer{offers};
        waiting_ = packer.place_all(std::move(waiting_));
        packer.answer(replies, 1h);  // Until something is freed, which revives.
    }

    void on_status(const TaskStatus& status, Replies& replies) {
        if (!is_terminal(status.state)) return;
        const auto node = static_cast<DependencyGraph::Node>(std::stoul(status.task.text()));
        if (graph_.is_done(node) || graph_.is_given_up(node)) return;
        std::cout << steps_[node].name << " " << format_task_state(status.state) << std::endl;
        --left_;
        if (status.state == TaskState::finished) {
            for (const auto next : graph_.done(node))
                waiting_.push_back(make_task(next));
        } else {
            has_failed_ = true;
            for (const auto next : graph_.give_up(node)) {
                std::cout << steps_[next].name << " given up" << std::endl;
                --left_;
            }
        }
        if (!waiting_.empty()) replies.revive();
    }

    bool is_done() const { return left_ == 0; }
    bool has_failed() const { return has_failed_; }

private:
    TaskInfo make_task(DependencyGraph::Node node) const {
        TaskInfo task;
        task.id = TaskId{std::to_string(node)};
        task.name = steps_[node].name;
        task.resources = 0.1_cpus + 32_MiB;
        task.command.shell = steps_[node].command;
        return task;
    }

    std::vector<Step> steps_;
    DependencyGraph graph_;
    std::vector<TaskInfo> waiting_;
    std::size_t left_;
    bool has_failed_ = false;
};
static_assert(Scheduler<Dag>);

int main() {
    std::vector<Step> steps;
    std::map<std::string, DependencyGraph::Node> nodes;
    for (std::string line; std::getline(std::cin, line);) {
        const std::size_t colon = line.find(':');
        std::istringstream words{line.substr(0, colon)};
        Step step;
        words >> step.name;
        if (colon == std::string::npos || step.name.empty()) continue;
        for (std::string word; words >> word;)
            step.after.push_back(word);
        step.command = line.substr(colon + 1);
        nodes.emplace(step.name, static_cast<DependencyGraph::Node>(steps.size()));
        steps.push_back(std::move(step));
    }
    std::vector<DependencyGraph::Edge> edges;
    for (const Step& step : steps) {
        for (const std::string& name : step.after) {
            if (!nodes.contains(name)) {
                std::cerr << step.name << " comes after " << name << ", which is none" << std::endl;
                return 2;
            }
            edges.push_back({nodes.at(name), nodes.at(step.name)});
        }
    }
    DependencyGraph graph{steps.size(), std::move(edges)};
    for (const auto node : graph.find_cycle())
        std::cerr << steps[node].name << " waits for itself" << std::endl;
    if (!graph.find_cycle().empty()) return 2;
    Dag dag{std::move(steps), std::move(graph)};
    const int code = run_framework(dag, {.name = "dag", .failover_timeout = 0s});
    return code != 0 ? code : dag.has_failed() ? 3 : 0;
}
