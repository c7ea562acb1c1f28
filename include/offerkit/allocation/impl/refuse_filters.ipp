// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/allocation/refuse_filters.hpp>
#include <offerkit/core/assert.hpp>
#include <offerkit/core/fingerprint.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace offerkit {

OFFERKIT_INLINE void RefuseFilters::put(Key key, const Resources& refused, Instant until,
                                        Instant now) {
    if (until <= now) return set(key, nothing);
    const Code vector = intern(refused);
    if (until == Instant::never()) return set(key, vector);

    const Code known = find(key);
    if (known != nothing && (known & timed_bit) != 0) {
        Timed& timed = timed_[known & ~timed_bit];
        untally(key.agent, timed.refused);
        tally(key.agent, vector);
        release_interned(std::exchange(timed.refused, vector));
        timed.until = until;
        return arm(key, timed);
    }
    Code record = static_cast<Code>(timed_.size());
    if (vacant_timed_.empty()) {
        timed_.emplace_back();
    } else {
        record = vacant_timed_.back();
        vacant_timed_.pop_back();
    }
    timed_[record] = {until, Instant::never(), vector};
    set(key, record | timed_bit);
    arm(key, timed_[record]);
}

OFFERKIT_INLINE bool RefuseFilters::holds(Key key, const Resources& available) const {
    const Code code = find(key);
    if (code == nothing) return false;
    return interned_[refused_of(code)].refused.contains(available);
}

OFFERKIT_INLINE bool RefuseFilters::Look::holds(ClaimantIndex claimant) {
    const Code code = filters_.find({claimant, agent_});
    if (code == nothing) return false;
    const Code refused = filters_.refused_of(code);
    if (refused != refused_) {
        refused_ = refused;
        contained_ = filters_.interned_[refused].refused.contains(available_);
    }
    return contained_;
}

OFFERKIT_INLINE void RefuseFilters::Codes::put(std::size_t place, Code code, std::size_t count) {
    if (each.empty() && (count == 1 || code == same)) {
        same = code;
        return;
    }
    if (each.empty()) each.assign(count, same);
    each[place] = code;
}

OFFERKIT_INLINE void RefuseFilters::Codes::insert(std::size_t place, Code code, std::size_t count) {
    if (count == 0) {
        same = code;
        each = {};
        return;
    }
    if (each.empty() && code == same) return;
    if (each.empty()) {
        each.reserve(count + 1);
        each.assign(count, same);
    }
    if (each.size() == each.capacity()) each.reserve(grown(each.size()));
    each.insert(each.begin() + static_cast<std::ptrdiff_t>(place), code);
}

OFFERKIT_INLINE void RefuseFilters::Codes::erase(std::size_t place) {
    if (!each.empty()) each.erase(each.begin() + static_cast<std::ptrdiff_t>(place));
}

OFFERKIT_INLINE RefuseFilters::Code RefuseFilters::Block::find(std::uint32_t bit) const {
    const std::uint64_t here = std::uint64_t{1} << bit;
    if ((agents & here) == 0) return nothing;
    return codes[static_cast<std::size_t>(std::popcount(agents & (here - 1)))];
}

OFFERKIT_INLINE void RefuseFilters::Block::set(std::uint32_t bit, Code code) {
    const std::uint64_t here = std::uint64_t{1} << bit;
    const auto place = static_cast<std::size_t>(std::popcount(agents & (here - 1)));
    const auto count = static_cast<std::size_t>(std::popcount(agents));
    const bool was_set = (agents & here) != 0;
    if (code == nothing) {
        if (was_set) codes.erase(place);
        agents &= ~here;
    } else if (was_set) {
        codes.put(place, code, count);
    } else {
        codes.insert(place, code, count);
        agents |= here;
    }
}

OFFERKIT_INLINE void RefuseFilters::erase(ClaimantIndex claimant) {
    if (claimant.value >= lists_.size()) return;
    List& list = lists_[claimant.value];
    for (std::size_t place = 0; place < list.agents.size(); ++place)
        take_out(list.agents[place], list.codes[place]);
    for (std::uint32_t at = 0; at < list.blocks.size(); ++at) {
        const Block& entry = list.blocks[at];
        for (std::uint64_t left = entry.agents; left != 0; left &= left - 1) {
            const auto bit = static_cast<std::uint32_t>(std::countr_zero(left));
            take_out({at * block + bit}, entry.find(bit));
        }
    }
    size_ -= list.count;
    list = List{};
}

OFFERKIT_INLINE void RefuseFilters::erase(AgentIndex agent) {
    for (std::uint32_t i = 0; i < lists_.size(); ++i) {
        if (lists_[i].count > 0) set({{i}, agent}, nothing);
    }
}

OFFERKIT_INLINE std::optional<RefuseFilters::Key> RefuseFilters::take_expired(Instant now) {
    while (deadlines_.next() <= now) {
        const Instant at = deadlines_.next();
        const std::optional<Key> key = deadlines_.take_due(now);
        OFFERKIT_ASSERT(key);
        const Code code = find(*key);
        if (code == nothing || (code & timed_bit) == 0) continue;
        Timed& timed = timed_[code & ~timed_bit];
        if (timed.armed != at) continue;
        if (timed.until <= now) {
            set(*key, nothing);
            return key;
        }
        timed.armed = Instant::never();
        arm(*key, timed);
    }
    return std::nullopt;
}

OFFERKIT_INLINE RefuseFilters::Code RefuseFilters::find(Key key) const {
    if (key.claimant.value >= lists_.size()) return nothing;
    const List& list = lists_[key.claimant.value];
    if (list.count == 0) return nothing;
    if (!list.blocks.empty()) {
        const std::uint32_t at = key.agent.value / block;
        return at < list.blocks.size() ? list.blocks[at].find(key.agent.value % block) : nothing;
    }
    const auto at = std::ranges::lower_bound(list.agents, key.agent);
    if (at == list.agents.end() || *at != key.agent) return nothing;
    return list.codes[static_cast<std::size_t>(at - list.agents.begin())];
}

// Takes out what was there before.
OFFERKIT_INLINE void RefuseFilters::set(Key key, Code code) {
    const Code before = find(key);
    if (before == nothing && code == nothing) return;
    if (before != nothing) take_out(key.agent, before);
    if (key.claimant.value >= lists_.size()) lists_.resize(key.claimant.value + 1);
    agents_ = std::max(agents_, key.agent.value + 1);
    if (code != nothing) tally(key.agent, refused_of(code));
    List& list = lists_[key.claimant.value];
    const int change = (code != nothing ? 1 : 0) - (before != nothing ? 1 : 0);
    list.count += static_cast<std::uint32_t>(change);
    size_ += static_cast<std::size_t>(change);
    if (list.count == 0) {
        list = List{};
        return;
    }
    if (!list.blocks.empty()) {
        if (key.agent.value / block >= list.blocks.size()) {
            list.blocks.resize((agents_ + block - 1) / block);
        }
        return list.blocks[key.agent.value / block].set(key.agent.value % block, code);
    }
    const auto at = std::ranges::lower_bound(list.agents, key.agent);
    const auto place = static_cast<std::size_t>(at - list.agents.begin());
    if (code == nothing) {
        list.codes.erase(place);
        list.agents.erase(at);
    } else if (before != nothing) {
        list.codes.put(place, code, list.agents.size());
    } else {
        list.codes.insert(place, code, list.agents.size());
        if (list.agents.size() == list.agents.capacity()) {
            list.agents.reserve(grown(list.agents.size()));
        }
        list.agents.insert(list.agents.begin() + static_cast<std::ptrdiff_t>(place), key.agent);
        densify(list);
    }
}

OFFERKIT_INLINE void RefuseFilters::densify(List& list) {
    if (list.agents.size() * 4 <= agents_ || agents_ < block) return;
    list.blocks.resize((agents_ + block - 1) / block);
    for (std::size_t place = 0; place < list.agents.size(); ++place) {
        const std::uint32_t agent = list.agents[place].value;
        list.blocks[agent / block].set(agent % block, list.codes[place]);
    }
    list.agents = {};
    list.codes = {};
}

OFFERKIT_INLINE void RefuseFilters::tally(AgentIndex agent, Code refused) {
    if (tallies_.size() <= agent.value) tallies_.resize(agent.value + 1);
    auto& tallies = tallies_[agent.value];
    const auto known = std::ranges::find(tallies, refused, &Tally::refused);
    if (known != tallies.end()) {
        ++known->count;
    } else {
        tallies.push_back({refused, 1});
    }
}

OFFERKIT_INLINE void RefuseFilters::untally(AgentIndex agent, Code refused) {
    auto& tallies = tallies_[agent.value];
    const auto known = std::ranges::find(tallies, refused, &Tally::refused);
    OFFERKIT_ASSERT(known != tallies.end());
    if (--known->count == 0) tallies.erase(known);
}

OFFERKIT_INLINE std::size_t RefuseFilters::count_holding(AgentIndex agent,
                                                         const Resources& available) const {
    std::size_t count = 0;
    if (agent.value >= tallies_.size()) return count;
    for (const Tally& tally : tallies_[agent.value]) {
        if (interned_[tally.refused].refused.contains(available)) count += tally.count;
    }
    return count;
}

OFFERKIT_INLINE void RefuseFilters::take_out(AgentIndex agent, Code code) {
    untally(agent, refused_of(code));
    drop(code);
}

OFFERKIT_INLINE void RefuseFilters::drop(Code code) {
    if ((code & timed_bit) == 0) return release_interned(code);
    const Code record = code & ~timed_bit;
    release_interned(timed_[record].refused);
    timed_[record] = {};
    vacant_timed_.push_back(record);
}

OFFERKIT_INLINE RefuseFilters::Code RefuseFilters::intern(const Resources& refused) {
    if (last_interned_ < interned_.size() && interned_[last_interned_].uses > 0 &&
        interned_[last_interned_].refused == refused) {
        ++interned_[last_interned_].uses;
        return last_interned_;
    }
    Fingerprint fingerprint;
    for (const std::int64_t units : refused.amounts().slots())
        fingerprint.add(units);
    for (const NamedRanges& kind : refused.all_ranges()) {
        for (const Range& range : kind.ranges.spans()) {
            fingerprint.add(range.first);
            fingerprint.add(range.last);
        }
    }
    for (const std::int64_t units : refused.gpu_cards())
        fingerprint.add(units);
    for (const Bundle& bundle : refused.bundles())
        fingerprint.add(bundle.id.value());
    auto& alike = by_fingerprint_[fingerprint.value()];
    for (const Code known : alike) {
        if (interned_[known].refused == refused) {
            ++interned_[known].uses;
            return last_interned_ = known;
        }
    }
    Code code = static_cast<Code>(interned_.size());
    if (vacant_interned_.empty()) {
        interned_.emplace_back();
    } else {
        code = vacant_interned_.back();
        vacant_interned_.pop_back();
    }
    interned_[code] = {refused, fingerprint.value(), 1};
    alike.push_back(code);
    return last_interned_ = code;
}

OFFERKIT_INLINE void RefuseFilters::release_interned(Code refused) {
    Interned& entry = interned_[refused];
    OFFERKIT_ASSERT(entry.uses > 0);
    if (--entry.uses > 0) return;
    const auto alike = by_fingerprint_.find(entry.fingerprint);
    std::erase(alike->second, refused);
    if (alike->second.empty()) by_fingerprint_.erase(alike);
    entry = Interned{};
    vacant_interned_.push_back(refused);
}

// One deadline stands for a filter; it may be early, and is then armed again when it comes.
OFFERKIT_INLINE void RefuseFilters::arm(Key key, Timed& timed) {
    if (timed.armed <= timed.until) return;
    timed.armed = timed.until;
    deadlines_.arm(timed.until, key);
    if (deadlines_.size() > 64 + 2 * (timed_.size() - vacant_timed_.size())) compact_deadlines();
}

// Deadlines that stand for nothing any more would otherwise pile up until their time comes.
OFFERKIT_INLINE void RefuseFilters::compact_deadlines() {
    auto entries = deadlines_.entries();
    std::erase_if(entries, [this](const auto& entry) {
        const Code code = find(entry.key);
        return code == nothing || (code & timed_bit) == 0 ||
               timed_[code & ~timed_bit].armed != entry.at;
    });
    // A filter that was replaced may have left two deadlines for the same moment.
    std::ranges::sort(entries);
    const auto twice = std::ranges::unique(entries);
    entries.erase(twice.begin(), twice.end());
    deadlines_.assign(std::move(entries));
}

OFFERKIT_INLINE void RefuseFilters::check_invariants() const {
    std::size_t filters = 0;
    std::size_t uses = 0;
    for (const List& list : lists_) {
        std::size_t count = list.agents.size();
        OFFERKIT_ASSERT(list.codes.each.empty() || list.codes.each.size() == count);
        for (const Block& entry : list.blocks) {
            const auto set = static_cast<std::size_t>(std::popcount(entry.agents));
            OFFERKIT_ASSERT(entry.codes.each.empty() || entry.codes.each.size() == set);
            count += set;
        }
        OFFERKIT_ASSERT(count == list.count);
        OFFERKIT_ASSERT(std::ranges::is_sorted(list.agents));
        filters += count;
    }
    for (const Interned& entry : interned_)
        uses += entry.uses;
    std::size_t tallied = 0;
    for (std::uint32_t agent = 0; agent < tallies_.size(); ++agent) {
        for (const Tally& tally : tallies_[agent]) {
            OFFERKIT_ASSERT(tally.count > 0 && interned_[tally.refused].uses >= tally.count);
            tallied += tally.count;
        }
    }
    OFFERKIT_ASSERT(filters == size_ && uses == size_ && tallied == size_);
}

}  // namespace offerkit
