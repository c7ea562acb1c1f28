// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The accounts of a master, added up from scratch.

#include <offerkit/master/master.hpp>

namespace offerkit::master {

OFFERKIT_INLINE void Master::check_invariants() const {
    allocator_->check_invariants();
    std::uint64_t recovering = 0;
    std::uint64_t unreachable = 0;
    state_.agents.for_each([&, this](AgentIndex index, const Agent& agent) {
        recovering += agent.recovering ? 1 : 0;
        unreachable += agent.unreachable || agent.mark_entry != 0 ? 1 : 0;
        OFFERKIT_ASSERT(!agent.registered || (agent.admitted && !agent.peer.is_none()));
        OFFERKIT_ASSERT(!agent.recovering || (!agent.registered && !agent.unreachable));
        // Offers are of agents that are there, and that nobody takes out of use.
        OFFERKIT_ASSERT(agent.offers.empty() ||
                        (agent.registered && agent.mode == registry::AgentMode::active));
        Resources used;
        Resources offered;
        TaskIndex previous;
        for (TaskIndex at = agent.first_task; !at.is_none(); at = state_.tasks[at].next) {
            const Task& task = state_.tasks[at];
            OFFERKIT_ASSERT(task.agent == index && task.previous == previous);
            OFFERKIT_ASSERT(state_.frameworks[task.framework].tasks.at(task.id) == at);
            if (!is_terminal(task.state)) used += task.resources;
            previous = at;
        }
        for (const OfferId id : agent.offers) {
            const OfferRecord& offer = state_.offers.at(id);
            OFFERKIT_ASSERT(offer.agent == index);
            OFFERKIT_ASSERT(state_.frameworks[offer.framework].offers.contains(id));
            offered += offer.resources;
        }
        OFFERKIT_ASSERT(used == agent.used);
        OFFERKIT_ASSERT(offered == agent.offered);
        // Nothing is given twice: what is used, offered and available is all there is.
        OFFERKIT_ASSERT(agent.used + agent.offered + allocator_->available(index) == agent.total);
        OFFERKIT_ASSERT(state_.agent_by_id.at(agent.id) == index);
    });
    OFFERKIT_ASSERT(recovering == state_.agents_recovering);
    OFFERKIT_ASSERT(unreachable == state_.agents_unreachable);
    std::size_t questions = 0;
    for (const auto& [agent, list] : state_.questions)
        questions += list.size();
    OFFERKIT_ASSERT(questions == state_.questions_open);
    state_.frameworks.for_each([this](FrameworkIndex index, const Framework& framework) {
        OFFERKIT_ASSERT(state_.framework_by_id.at(framework.id) == index);
        OFFERKIT_ASSERT(framework.peer.is_none() ||
                        state_.peers.at(framework.peer).framework == index);
        OFFERKIT_ASSERT(!framework.peer.is_none() || framework.offers.empty());
        OFFERKIT_ASSERT(!framework.ended || (framework.ending && framework.peer.is_none()));
        for (const Membership& membership : framework.roles) {
            OFFERKIT_ASSERT(state_.claimants[membership.claimant].framework == index);
        }
    });
    OFFERKIT_ASSERT(state_.frameworks.size() == state_.framework_by_id.size());
    OFFERKIT_ASSERT(state_.agents.size() == state_.agent_by_id.size());
}

}  // namespace offerkit::master
