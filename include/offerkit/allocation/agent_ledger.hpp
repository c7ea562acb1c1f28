// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What every agent has and what is left of it, with the sums that a cycle asks for, so that
/// nothing is ever added up over all agents.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/model/reasons.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/resources.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace offerkit {

class AgentLedger {
public:
    /// What a cycle looks at, and nothing else: a cluster of these has to fit into the caches.
    struct Entry {
        AgentId id;                       // None: no such agent.
        std::uint32_t listed = unlisted;  // Its place in `offerable()`.
        bool active = true;
        NoOfferReason why = NoOfferReason::agent_draining;  // If not active.
        bool plain = true;                                  // Nothing of it is in bundles.
        bool has_gpus = false;
        bool exceeded = false;  // More is allocated than there is.
        Resources available;    // Total minus allocated; empty while that is not possible.

        [[nodiscard]] bool is_offerable() const { return listed != unlisted; }
    };

    [[nodiscard]] bool contains(AgentIndex agent) const {
        return agent.value < entries_.size() && !entries_[agent.value].id.is_none();
    }
    [[nodiscard]] const Entry& operator[](AgentIndex agent) const { return entries_[agent.value]; }
    [[nodiscard]] const Resources& total(AgentIndex agent) const {
        return rest_[agent.value].total;
    }

    /// Asks the processor for what a cycle looks at. The agents of a cycle are known long before
    /// their turn, and far more of them than its caches hold.
    void prefetch(AgentIndex agent) const {
        const char* const begin = reinterpret_cast<const char*>(&entries_[agent.value]);
        for (std::size_t at = 0; at < sizeof(Entry); at += 64)
            __builtin_prefetch(begin + at, 1);
    }

    void prefetch_head(AgentIndex agent) const { __builtin_prefetch(&entries_[agent.value]); }

    /// Adds an agent or changes its total.
    void put(AgentIndex agent, AgentId id, const Resources& total);
    void put_active(AgentIndex agent, bool active, NoOfferReason why);
    /// Pre: nothing of it is allocated.
    void erase(AgentIndex agent);

    /// Takes from what is available. Pre: `available.contains(resources)`.
    void take(AgentIndex agent, const Resources& resources);
    /// Takes all that is available and puts it into `all`. Pre: `all` is empty.
    void take_all(AgentIndex agent, Resources& all);
    /// Notes what an agent already runs, more than it has if it must be.
    void occupy(AgentIndex agent, const Resources& resources);
    /// Gives back what was taken. Pre: it was.
    void give(AgentIndex agent, const Resources& resources);

    /// The sums over all agents; and of what is available, over those that are active, without
    /// what is in bundles: reservations are nobody's headroom.
    [[nodiscard]] const Amounts& totals() const { return totals_; }
    [[nodiscard]] const Amounts& available() const { return available_; }
    /// What is allocated on all agents.
    [[nodiscard]] Amounts allocated() const;

    /// Changes whenever a total does.
    [[nodiscard]] std::uint64_t totals_version() const { return totals_version_; }

    /// Active agents with something available, in no order that means anything.
    [[nodiscard]] const std::vector<AgentIndex>& offerable() const { return offerable_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    /// How many agents are not active, by reason.
    [[nodiscard]] const std::array<std::uint32_t, no_offer_reasons>& inactive() const {
        return inactive_;
    }

    void check_invariants() const;

    /// Calls `f` with everything that it remembers: for snapshots.
    template <class Self, class F>
    static void parts(Self& self, F&& f) {
        f(self.entries_, self.rest_, self.offerable_, self.inactive_, self.totals_, self.available_,
          self.totals_version_, self.size_);
    }

private:
    static constexpr std::uint32_t unlisted = 0xffffffff;

    struct Rest {
        Resources total;
        /// What is allocated, while that is more than the total: an agent came back with less than
        /// it already runs.
        std::optional<Resources> excess;
    };

    // Between these two calls an agent may be changed at will; the sums follow.
    void before_change(AgentIndex agent);
    void after_change(AgentIndex agent);
    void put_listed(AgentIndex agent, bool offerable);
    [[nodiscard]] Resources allocated_on(AgentIndex agent) const;
    void settle(AgentIndex agent, Resources allocated);

    std::vector<Entry> entries_;
    std::vector<Rest> rest_;  // Of the same agents.
    std::vector<AgentIndex> offerable_;
    std::array<std::uint32_t, no_offer_reasons> inactive_{};
    Amounts totals_;
    Amounts available_;
    std::uint64_t totals_version_ = 0;
    std::size_t size_ = 0;
};

namespace detail {

/// The slots of everything, bundles included, without a call in the usual case.
[[nodiscard]] inline Amounts amounts_of(const Resources& resources) {
    const Extras* const extras = resources.extras();
    if (extras == nullptr || extras->bundles.empty()) return resources.amounts();
    return resources.total_amounts();
}

}  // namespace detail
}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/allocation/impl/agent_ledger.ipp>
#endif
