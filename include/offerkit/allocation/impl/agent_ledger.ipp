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

OFFERKIT_INLINE void AgentLedger::before_change(const Entry& entry) {
    if (entry.id.is_none()) return;
    totals_ -= detail::amounts_of(entry.total);
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
        totals_ += detail::amounts_of(entry.total);
        if (entry.active) {
            available_ += entry.available.amounts();
        } else {
            ++inactive_[static_cast<std::size_t>(entry.why)];
        }
        offerable = entry.active && !entry.available.is_empty();
    }
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
OFFERKIT_INLINE void AgentLedger::settle(Entry& entry, Resources allocated) {
    if (entry.total.contains(allocated)) {
        entry.available = entry.total - allocated;
        entry.excess.reset();
    } else {
        entry.available = Resources{};
        entry.excess = std::move(allocated);
    }
}

OFFERKIT_INLINE void AgentLedger::put(AgentIndex agent, AgentId id, const Resources& total) {
    if (agent.value >= entries_.size()) entries_.resize(agent.value + 1);
    Entry& entry = entries_[agent.value];
    if (entry.id.is_none()) ++size_;
    before_change(entry);
    Resources allocated = entry.excess ? *entry.excess : entry.total - entry.available;
    if (entry.total != total || entry.id.is_none()) ++totals_version_;
    entry.id = id;
    entry.total = total;
    settle(entry, std::move(allocated));
    after_change(agent);
}

OFFERKIT_INLINE void AgentLedger::put_active(AgentIndex agent, bool active, NoOfferReason why) {
    Entry& entry = entries_[agent.value];
    before_change(entry);
    entry.active = active;
    entry.why = why;
    after_change(agent);
}

OFFERKIT_INLINE void AgentLedger::erase(AgentIndex agent) {
    Entry& entry = entries_[agent.value];
    OFFERKIT_ASSERT(!entry.excess && entry.available == entry.total);
    before_change(entry);
    const std::uint32_t listed = entry.listed;
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
    if (entry.available.is_empty() && entry.is_offerable()) {
        before_change(entry);
        after_change(agent);
    }
}

OFFERKIT_INLINE Resources AgentLedger::take_all(AgentIndex agent) {
    Entry& entry = entries_[agent.value];
    before_change(entry);
    Resources all = std::move(entry.available);
    entry.available = Resources{};
    after_change(agent);
    return all;
}

OFFERKIT_INLINE void AgentLedger::occupy(AgentIndex agent, const Resources& resources) {
    Entry& entry = entries_[agent.value];
    if (!entry.excess && entry.available.contains(resources)) return take(agent, resources);
    before_change(entry);
    Resources allocated = entry.excess ? *entry.excess : entry.total - entry.available;
    allocated += resources;
    settle(entry, std::move(allocated));
    after_change(agent);
}

OFFERKIT_INLINE void AgentLedger::give(AgentIndex agent, const Resources& resources) {
    Entry& entry = entries_[agent.value];
    if (entry.excess) [[unlikely]] {
        before_change(entry);
        Resources allocated = std::move(*entry.excess);
        detail::take_out(allocated, resources);
        settle(entry, std::move(allocated));
        return after_change(agent);
    }
    entry.available += resources;
    OFFERKIT_ASSERT(entry.total.amounts().contains(entry.available.amounts()));
    if (entry.active) available_ += resources.amounts();
    if (entry.active && !entry.is_offerable() && !entry.available.is_empty()) {
        before_change(entry);
        after_change(agent);
    }
}

OFFERKIT_INLINE Amounts AgentLedger::allocated() const {
    Amounts sum;
    for (const Entry& entry : entries_) {
        sum += entry.excess ? detail::amounts_of(*entry.excess)
                            : detail::amounts_of(entry.total) - detail::amounts_of(entry.available);
    }
    return sum;
}

OFFERKIT_INLINE void AgentLedger::check_invariants() const {
    Amounts totals;
    Amounts available;
    std::array<std::uint32_t, no_offer_reasons> inactive{};
    std::size_t size = 0;
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
        const Entry& entry = entries_[i];
        OFFERKIT_ASSERT(entry.total.contains(entry.available));
        const bool exists = !entry.id.is_none();
        const bool offerable = exists && entry.active && !entry.available.is_empty();
        OFFERKIT_ASSERT(offerable == entry.is_offerable());
        OFFERKIT_ASSERT(!offerable || offerable_[entry.listed] == AgentIndex{i});
        if (!exists) continue;
        ++size;
        totals += detail::amounts_of(entry.total);
        if (entry.active) available += entry.available.amounts();
        if (!entry.active) ++inactive[static_cast<std::size_t>(entry.why)];
    }
    OFFERKIT_ASSERT(totals == totals_ && available == available_);
    OFFERKIT_ASSERT(size == size_ && inactive == inactive_);
}

}  // namespace offerkit
