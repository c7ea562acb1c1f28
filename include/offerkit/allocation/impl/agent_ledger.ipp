// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/allocation/agent_ledger.hpp>
#include <offerkit/core/assert.hpp>

#include <algorithm>
#include <utility>

namespace offerkit {

namespace detail {

// Takes `part` out of `from` as far as it is in there. Only for agents that run more than they
// have: two of their tasks may hold the same port.
OFFERKIT_INLINE void take_out(Resources& from, const Resources& part) {
    if (from.contains(part)) {
        from -= part;
        return;
    }
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        const std::int64_t left = from.amounts()[slot] - part.amounts()[slot];
        from.amounts().set(slot, std::max<std::int64_t>(left, 0));
    }
    for (const NamedRanges& kind : part.all_ranges()) {
        Ranges rest = from.ranges(kind.name);
        rest.subtract(kind.ranges);
        from.put_ranges(kind.name, std::move(rest));
    }
    for (const Bundle& bundle : part.bundles()) {
        if (from.find_bundle(bundle.id) != nullptr) from.erase_bundle(bundle.id);
    }
}

}  // namespace detail

OFFERKIT_INLINE void AgentLedger::before_change(AgentIndex agent) {
    const Entry& entry = entries_[agent.value];
    if (entry.id.is_none()) return;
    totals_ -= detail::amounts_of(total(agent));
    if (entry.active) {
        available_ -= entry.available.amounts();
    } else {
        --inactive_[static_cast<std::size_t>(entry.why)];
    }
}

OFFERKIT_INLINE void AgentLedger::after_change(AgentIndex agent) {
    Entry& entry = entries_[agent.value];
    bool offerable = false;
    if (!entry.id.is_none()) {
        totals_ += detail::amounts_of(total(agent));
        if (entry.active) {
            available_ += entry.available.amounts();
        } else {
            ++inactive_[static_cast<std::size_t>(entry.why)];
        }
        offerable = entry.active && !entry.available.is_empty();
    }
    put_listed(agent, offerable);
}

OFFERKIT_INLINE void AgentLedger::put_listed(AgentIndex agent, bool offerable) {
    Entry& entry = entries_[agent.value];
    if (offerable == entry.is_offerable()) return;
    if (offerable) {
        entry.listed = static_cast<std::uint32_t>(offerable_.size());
        offerable_.push_back(agent);
        return;
    }
    const AgentIndex last = offerable_.back();
    offerable_[entry.listed] = last;
    entries_[last.value].listed = entry.listed;
    offerable_.pop_back();
    entry.listed = unlisted;
}

// Says what is available, now that so much is allocated.
OFFERKIT_INLINE void AgentLedger::settle(AgentIndex agent, Resources allocated) {
    Entry& entry = entries_[agent.value];
    Rest& rest = rest_[agent.value];
    entry.exceeded = !rest.total.contains(allocated);
    if (entry.exceeded) {
        entry.available = Resources{};
        rest.excess = std::move(allocated);
    } else {
        entry.available = rest.total - allocated;
        rest.excess.reset();
    }
}

OFFERKIT_INLINE Resources AgentLedger::allocated_on(AgentIndex agent) const {
    const Rest& rest = rest_[agent.value];
    return rest.excess ? *rest.excess : rest.total - entries_[agent.value].available;
}

OFFERKIT_INLINE void AgentLedger::put(AgentIndex agent, AgentId id, const Resources& total) {
    if (agent.value >= entries_.size()) {
        entries_.resize(agent.value + 1);
        rest_.resize(agent.value + 1);
    }
    Entry& entry = entries_[agent.value];
    if (entry.id.is_none()) ++size_;
    before_change(agent);
    Resources allocated = allocated_on(agent);
    Resources& known = rest_[agent.value].total;
    if (known != total || entry.id.is_none()) ++totals_version_;
    entry.id = id;
    known = total;
    entry.plain = total.bundles().empty();
    entry.has_gpus = total.amounts()[*slot_of<Gpus>] > 0;
    settle(agent, std::move(allocated));
    after_change(agent);
}

OFFERKIT_INLINE void AgentLedger::put_active(AgentIndex agent, bool active, NoOfferReason why) {
    Entry& entry = entries_[agent.value];
    before_change(agent);
    entry.active = active;
    entry.why = why;
    after_change(agent);
}

OFFERKIT_INLINE void AgentLedger::erase(AgentIndex agent) {
    Entry& entry = entries_[agent.value];
    OFFERKIT_ASSERT(!entry.exceeded && entry.available == total(agent));
    before_change(agent);
    const std::uint32_t listed = entry.listed;
    rest_[agent.value] = Rest{};
    entry = Entry{};
    entry.listed = listed;
    after_change(agent);
    ++totals_version_;
    --size_;
}

OFFERKIT_INLINE void AgentLedger::take(AgentIndex agent, const Resources& resources) {
    Entry& entry = entries_[agent.value];
    entry.available -= resources;
    if (entry.active) available_ -= resources.amounts();
    if (entry.available.is_empty()) put_listed(agent, false);
}

OFFERKIT_INLINE void AgentLedger::take_all(AgentIndex agent, Resources& all) {
    Entry& entry = entries_[agent.value];
    if (entry.active) available_ -= entry.available.amounts();
    all = std::move(entry.available);
    entry.available.amounts() = Amounts{};
    put_listed(agent, false);
}

OFFERKIT_INLINE void AgentLedger::occupy(AgentIndex agent, const Resources& resources) {
    Entry& entry = entries_[agent.value];
    if (!entry.exceeded && entry.available.contains(resources)) return take(agent, resources);
    before_change(agent);
    Resources allocated = allocated_on(agent);
    allocated += resources;
    settle(agent, std::move(allocated));
    after_change(agent);
}

OFFERKIT_INLINE void AgentLedger::give(AgentIndex agent, const Resources& resources) {
    Entry& entry = entries_[agent.value];
    if (entry.exceeded) [[unlikely]] {
        before_change(agent);
        Resources allocated = allocated_on(agent);
        detail::take_out(allocated, resources);
        settle(agent, std::move(allocated));
        return after_change(agent);
    }
    entry.available += resources;
    OFFERKIT_ASSERT(total(agent).amounts().contains(entry.available.amounts()));
    if (entry.active) available_ += resources.amounts();
    if (entry.active && !entry.available.is_empty()) put_listed(agent, true);
}

OFFERKIT_INLINE Amounts AgentLedger::allocated() const {
    Amounts sum;
    for (std::uint32_t i = 0; i < entries_.size(); ++i)
        sum += detail::amounts_of(allocated_on({i}));
    return sum;
}

OFFERKIT_INLINE void AgentLedger::check_invariants() const {
    Amounts totals;
    Amounts available;
    std::array<std::uint32_t, no_offer_reasons> inactive{};
    std::size_t size = 0;
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
        const Entry& entry = entries_[i];
        const Resources& all = total({i});
        OFFERKIT_ASSERT(all.contains(entry.available));
        OFFERKIT_ASSERT(entry.plain == all.bundles().empty());
        OFFERKIT_ASSERT(entry.exceeded == rest_[i].excess.has_value());
        const bool exists = !entry.id.is_none();
        const bool offerable = exists && entry.active && !entry.available.is_empty();
        OFFERKIT_ASSERT(offerable == entry.is_offerable());
        OFFERKIT_ASSERT(!offerable || offerable_[entry.listed] == AgentIndex{i});
        if (!exists) continue;
        ++size;
        totals += detail::amounts_of(all);
        if (entry.active) available += entry.available.amounts();
        if (!entry.active) ++inactive[static_cast<std::size_t>(entry.why)];
    }
    OFFERKIT_ASSERT(totals == totals_ && available == available_);
    OFFERKIT_ASSERT(size == size_ && inactive == inactive_);
}

}  // namespace offerkit
