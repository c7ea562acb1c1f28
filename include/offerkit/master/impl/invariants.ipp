// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The accounts of a master, added up from scratch.

#include <offerkit/master/master.hpp>

namespace offerkit::master {

OFFERKIT_INLINE void Master::check_invariants() const {
    allocator_->check_invariants();
    state_.agents.for_each([this](AgentIndex index, const Agent& agent) {
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
    state_.frameworks.for_each([this](FrameworkIndex index, const Framework& framework) {
        OFFERKIT_ASSERT(state_.framework_by_id.at(framework.id) == index);
        OFFERKIT_ASSERT(framework.peer.is_none() ||
                        state_.peers.at(framework.peer).framework == index);
        OFFERKIT_ASSERT(!framework.peer.is_none() || framework.offers.empty());
        for (const Membership& membership : framework.roles) {
            OFFERKIT_ASSERT(state_.claimants[membership.claimant].framework == index);
        }
    });
    OFFERKIT_ASSERT(state_.frameworks.size() == state_.framework_by_id.size());
    OFFERKIT_ASSERT(state_.agents.size() == state_.agent_by_id.size());
}

}  // namespace offerkit::master
