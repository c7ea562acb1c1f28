// SPDX-License-Identifier: Apache-2.0

#include "jobs.hpp"

#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <utility>

namespace offerkit::tools {

namespace {

/// Says in which kind a job asks for more than any agent has.
template <ResourceKind K>
bool add_lack(const Job& job, const std::vector<AgentSize>& agents, std::string& why) {
    const auto largest = std::ranges::max_element(agents, {}, [](const AgentSize& agent) {
        return agent.resources.template get<K>().units();
    });
    const std::int64_t most = largest->resources.template get<K>().units();
    const std::int64_t asked = job.resources.get<K>().units();
    if (asked <= most) return false;
    if (!why.empty()) why += ", ";
    why += std::string(K::name) + " " + format_amount(asked) + ", the most is " +
           format_amount(most) + " on agent " + largest->id;
    return true;
}

}  // namespace

std::vector<Refusal> find_unfit(const std::vector<Job>& jobs,
                                const std::vector<AgentSize>& agents) {
    std::vector<Refusal> unfit;
    const Job* last_fit = nullptr;  // Most jobs of a file take the same.
    for (const Job& job : jobs) {
        if (last_fit != nullptr && last_fit->resources == job.resources) continue;
        const auto fits = [&](const AgentSize& agent) {
            return agent.resources.contains(job.resources);
        };
        if (std::ranges::any_of(agents, fits)) {
            last_fit = &job;
            continue;
        }
        Refusal refusal{RefusalCode::insufficient,
                        job.line == 0 ? "job " + job.id
                                      : "line " + std::to_string(job.line) + ", job " + job.id,
                        "fit on an agent", "", "ask for less, or add a larger agent"};
        if (agents.empty()) {
            refusal.why = "the cluster has no agents";
            refusal.todo = "start an agent";
        } else {
            std::string& why = refusal.why;
            bool lacks = add_lack<Cpus>(job, agents, why);
            lacks = add_lack<Mem>(job, agents, why) || lacks;
            lacks = add_lack<Disk>(job, agents, why) || lacks;
            lacks = add_lack<Gpus>(job, agents, why) || lacks;
            if (lacks) {
                why.insert(0, "asks for ");
            } else {
                const auto largest = std::ranges::max_element(
                    agents, {},
                    [](const AgentSize& agent) { return agent.resources.get<Cpus>().units(); });
                why = "asks for " + format_resources(job.resources) +
                      ", no agent has all of it; the largest, " + largest->id + ", has " +
                      format_resources(largest->resources);
            }
        }
        unfit.push_back(std::move(refusal));
    }
    return unfit;
}

}  // namespace offerkit::tools
