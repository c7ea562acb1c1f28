// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Refuse filters: do not offer this agent to this claimant, for a time, as long as what is
/// available there is contained in what it refused. What is refused is mostly the same over and
/// over, so it is kept once; a filter that never expires is at most eight bytes, and about one
/// where a claimant has refused the same of most agents.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/core/deadlines.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/resources/resources.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace offerkit {

class RefuseFilters {
public:
    /// Whom a filter keeps from what.
    struct Key {
        ClaimantIndex claimant;
        AgentIndex agent;
        friend constexpr auto operator<=>(const Key&, const Key&) = default;
    };

    /// Adds a filter, or replaces the one that the claimant has there. `until` in the past removes
    /// it. Complexity: logarithmic in what is kept, and moves the claimant's list.
    void put(Key key, const Resources& refused, Instant until, Instant now);

    /// True if a filter keeps the claimant from what is available on the agent. Expired filters
    /// must have been taken out. Complexity: logarithmic at worst.
    [[nodiscard]] bool holds(Key key, const Resources& available) const;

    /// `holds` for many claimants and one agent, of which there is so much: what they have refused
    /// is mostly the same, and is compared once.
    class Look {
    public:
        Look(const RefuseFilters& filters, AgentIndex agent, const Resources& available)
            : filters_(filters), agent_(agent), available_(available) {}

        [[nodiscard]] bool holds(ClaimantIndex claimant);

    private:
        const RefuseFilters& filters_;
        AgentIndex agent_;
        const Resources& available_;
        std::uint32_t refused_ = nothing;  // The last that was compared, and what came of it.
        bool contained_ = false;
    };

    /// How many claimants have a filter that keeps them from what is available on the agent.
    /// Complexity: linear in the different things that were refused there.
    [[nodiscard]] std::size_t count_holding(AgentIndex agent, const Resources& available) const;

    /// Removes all filters of a claimant, or all on an agent.
    void erase(ClaimantIndex claimant);
    void erase(AgentIndex agent);

    /// Removes one filter whose time has come and returns whom it concerned.
    [[nodiscard]] std::optional<Key> take_expired(Instant now);

    /// When to look for expired filters next. It may be early, never late.
    [[nodiscard]] Instant next() const { return deadlines_.next(); }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool has_any(ClaimantIndex claimant) const {
        return claimant.value < lists_.size() && lists_[claimant.value].count > 0;
    }

    /// Aborts unless all counts add up.
    void check_invariants() const;

    /// Calls `f` with everything that it remembers: for snapshots.
    template <class Self, class F>
    static void parts(Self& self, F&& f) {
        f(self.lists_, self.timed_, self.vacant_timed_, self.interned_, self.vacant_interned_,
          self.by_fingerprint_, self.deadlines_, self.tallies_, self.size_, self.agents_);
    }

private:
    // What stands for one filter: nothing; or the number of what was refused; or, with the top bit,
    // the number of a record that also says until when.
    using Code = std::uint32_t;
    static constexpr Code nothing = 0x7fffffff;
    static constexpr Code timed_bit = 0x80000000;

    // What stands for each of some filters, said once where it is the same for all.
    struct Codes {
        Code same = nothing;
        std::vector<Code> each;

        [[nodiscard]] Code operator[](std::size_t place) const {
            return each.empty() ? same : each[place];
        }
        // Each is told how many there are before.
        void put(std::size_t place, Code code, std::size_t count);
        void insert(std::size_t place, Code code, std::size_t count);
        void erase(std::size_t place);
    };

    // The filters on 64 neighbouring agents.
    struct Block {
        std::uint64_t agents = 0;  // Which have one.
        Codes codes;

        [[nodiscard]] Code find(std::uint32_t bit) const;
        void set(std::uint32_t bit, Code code);
    };
    static constexpr std::uint32_t block = 64;

    // Sorted by agent while they are few; in blocks once every fourth agent has one.
    struct List {
        std::vector<AgentIndex> agents;
        Codes codes;  // Of the same agents.
        std::vector<Block> blocks;
        std::uint32_t count = 0;
    };

    struct Timed {
        Instant until;
        Instant armed;  // The deadline that stands for it.
        Code refused = nothing;
    };

    struct Interned {
        Resources refused;
        std::uint64_t fingerprint = 0;
        std::uint32_t uses = 0;
    };

    // Lists grow by small steps: half of a doubled vector would be as much again as the filters.
    [[nodiscard]] static std::size_t grown(std::size_t size) { return size + size / 16 + 4; }

    // How often the same was refused on one agent.
    struct Tally {
        Code refused = nothing;
        std::uint32_t count = 0;
    };
    void tally(AgentIndex agent, Code refused);
    void untally(AgentIndex agent, Code refused);

    [[nodiscard]] Code find(Key key) const;
    void set(Key key, Code code);
    void take_out(AgentIndex agent, Code code);
    void drop(Code code);
    void densify(List& list);
    [[nodiscard]] Code intern(const Resources& refused);
    [[nodiscard]] Code refused_of(Code code) const {
        return (code & timed_bit) != 0 ? timed_[code & ~timed_bit].refused : code;
    }
    void release_interned(Code refused);
    void arm(Key key, Timed& timed);
    void compact_deadlines();

    std::vector<List> lists_;  // By claimant.
    std::vector<Timed> timed_;
    std::vector<Code> vacant_timed_;
    std::vector<Interned> interned_;
    std::vector<Code> vacant_interned_;
    std::map<std::uint64_t, std::vector<Code>> by_fingerprint_;
    Deadlines<Key> deadlines_;
    std::vector<std::vector<Tally>> tallies_;  // By agent.
    std::size_t size_ = 0;
    std::uint32_t agents_ = 0;      // One past the highest agent that ever had one.
    Code last_interned_ = nothing;  // Where to look first; nothing depends on it.
};

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/allocation/impl/refuse_filters.ipp>
#endif
