// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The step itself: time, dispatch, and what is sent once at its end.

#include <offerkit/core/limits.hpp>
#include <offerkit/core/parts.hpp>
#include <offerkit/master/master.hpp>

#include <utility>
#include <variant>

namespace offerkit::master {

OFFERKIT_INLINE Master::Master(Options options, std::unique_ptr<Allocator> allocator)
    : options_(std::move(options)), allocator_(std::move(allocator)) {
    OFFERKIT_ASSERT(allocator_ != nullptr);
}

OFFERKIT_INLINE Master::Master(Options options, std::unique_ptr<Allocator> allocator, State state)
    : options_(std::move(options)), allocator_(std::move(allocator)), state_(std::move(state)) {
    OFFERKIT_ASSERT(allocator_ != nullptr);
}

OFFERKIT_INLINE Instant Master::step(const Batch<Event>& batch, Effects& out) {
    OFFERKIT_ASSERT(batch.mono_now >= state_.now);
    state_.now = batch.mono_now;
    state_.wall_now = batch.wall_now;
    out_ = &out;
    for (Event& event : batch.events) {
        std::visit([this](auto& e) { on(e); }, event);
    }
    expire_deadlines();  // Last: after a pause, beats that waited in the inbox count.
    flush();
    if (allocator_->is_dirty(state_.now)) allocate();
    for (const AgentIndex index : usage_changed_) {
        if (!state_.agents.contains(index)) continue;  // Removed later in this step.
        Agent& agent = state_.agents[index];
        if (!agent.usage_changed) continue;  // Another agent has taken its place.
        agent.usage_changed = false;
        AgentUsagePut put{agent.id, agent.used, agent.offered};
        state_.kinds.unbind(put.used);
        state_.kinds.unbind(put.offered);
        out.deltas.emplace_back(std::move(put));
    }
    usage_changed_.clear();
    out_ = nullptr;
    return std::min(state_.deadlines.next(), state_.allocator_wake);
}

OFFERKIT_INLINE void Master::expire_deadlines() {
    while (const auto key = state_.deadlines.take_due(state_.now)) {
        switch (key->kind) {
            case DeadlineKey::Kind::offer:
                expire_offer(OfferId::from_value(key->id));
                break;
            case DeadlineKey::Kind::agent: {
                const AgentIndex index = find_agent_index(AgentId::from_value(key->id));
                if (!index.is_none()) look_after_agent(index);
                break;
            }
            case DeadlineKey::Kind::drain: {
                const AgentIndex index = find_agent_index(AgentId::from_value(key->id));
                if (!index.is_none()) go_on_draining(index);
                break;
            }
            case DeadlineKey::Kind::framework: {
                const FrameworkIndex index = find_framework_index(FrameworkId::from_value(key->id));
                if (!index.is_none()) look_after_framework(index);
                break;
            }
            case DeadlineKey::Kind::peer:
                close_stranger(PeerId::from_value(key->id));
                break;
            case DeadlineKey::Kind::reasons:
                state_.reasons_armed = false;
                tell_reasons();
                break;
        }
    }
}

// Receipts and statuses go out once per step and peer: thousands of small messages cost the wire
// far more than what they say.
OFFERKIT_INLINE void Master::flush() {
    for (auto& [index, statuses] : statuses_) {
        if (statuses.empty() || !state_.frameworks.contains(index)) continue;
        const PeerId peer = state_.frameworks[index].peer;
        if (peer.is_none()) continue;
        for_each_part(
            std::move(statuses), limits::statuses_per_message_max, limits::message_bytes_aim,
            [](const TaskStatus& status) {
                return status.task.text().size() + status.message.size() + status.data.size() +
                       status.sandbox.size() + 128;
            },
            [&](auto part) { send(peer, protocol::Statuses{std::move(part)}); });
    }
    statuses_.clear();
    flush_repeats();
    while (!receipts_.empty())
        flush_receipts(receipts_.begin()->first);
}

// Before the receipts of this step: what an agent has let go it does not know any more.
OFFERKIT_INLINE void Master::flush_repeats() {
    for (auto& [index, tasks] : repeats_) {
        if (!state_.agents.contains(index) || !state_.agents[index].registered) continue;
        std::erase_if(tasks, [this](const protocol::ReconcileTasks::Task& asked) {
            const FrameworkIndex owner = find_framework_index(asked.framework);
            return owner.is_none() || !state_.frameworks[owner].tasks.contains(asked.task);
        });
        const PeerId peer = state_.agents[index].peer;
        for_each_part(
            std::move(tasks), limits::tasks_per_reconcile_max, limits::message_bytes_aim,
            [](const auto& asked) { return asked.task.text().size() + 16; },
            [&](auto part) { send(peer, protocol::ReconcileTasks{std::move(part)}); });
    }
    repeats_.clear();
}

OFFERKIT_INLINE void Master::flush_receipts(AgentIndex index) {
    const auto found = receipts_.find(index);
    if (found == receipts_.end()) return;
    if (state_.agents.contains(index) && !state_.agents[index].peer.is_none()) {
        const PeerId peer = state_.agents[index].peer;
        for_each_part(
            std::move(found->second), limits::statuses_per_message_max, limits::message_bytes_aim,
            [](const auto& receipt) { return receipt.task.text().size() + 32; },
            [&](auto part) { send(peer, protocol::AcknowledgeStatuses{std::move(part)}); });
    }
    receipts_.erase(found);
}

OFFERKIT_INLINE void Master::send(PeerId to, protocol::SchedulerEvent event) {
    out_->list.emplace_back(SendScheduler{to, std::move(event)});
}

OFFERKIT_INLINE void Master::send(PeerId to, protocol::MasterMessage message) {
    out_->list.emplace_back(SendAgent{to, std::move(message)});
}

OFFERKIT_INLINE void Master::tell_allocator(const AllocatorEvent& event) {
    allocator_->on(event, state_.now);
}

// Called after names were bound to slots or given back.
OFFERKIT_INLINE void Master::tell_kinds() {
    for (std::size_t slot = builtin_scalar_count; slot < limits::slots; ++slot) {
        const std::string_view name = state_.kinds.name_of(slot);
        if (state_.kinds_told[slot] == name) continue;
        state_.kinds_told[slot] = name;
        tell_allocator(
            allocator_event::KindPut{static_cast<std::uint32_t>(slot), std::string(name)});
    }
}

OFFERKIT_INLINE void Master::note(std::string who, std::string text) {
    out_->deltas.emplace_back(Noted{state_.wall_now, std::move(who), std::move(text)});
}

OFFERKIT_INLINE void Master::mark_usage(AgentIndex index) {
    Agent& agent = state_.agents[index];
    if (agent.usage_changed) return;
    agent.usage_changed = true;
    usage_changed_.push_back(index);
}

OFFERKIT_INLINE AgentIndex Master::find_agent_index(AgentId id) const {
    const auto found = state_.agent_by_id.find(id);
    return found == state_.agent_by_id.end() ? AgentIndex{} : found->second;
}

OFFERKIT_INLINE Agent* Master::find_agent(AgentId id) {
    const AgentIndex index = find_agent_index(id);
    return index.is_none() ? nullptr : &state_.agents[index];
}

OFFERKIT_INLINE FrameworkIndex Master::find_framework_index(FrameworkId id) const {
    const auto found = state_.framework_by_id.find(id);
    return found == state_.framework_by_id.end() ? FrameworkIndex{} : found->second;
}

}  // namespace offerkit::master
