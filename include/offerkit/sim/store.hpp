// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The modelled disk of one machine: a master's registry or an agent's checkpoint. Writes become
/// durable in their order and some time after they were asked for. A crash leaves a drawn part of
/// those under way: a group commit that was torn.

#include <offerkit/core/random.hpp>
#include <offerkit/core/time.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace offerkit::sim {

template <class Contents, class Write, void (*Apply)(Contents&, const Write&)>
class ModelledStore {
public:
    /// What a machine that starts now would find.
    [[nodiscard]] const Contents& durable() const { return durable_; }

    void ask(std::uint64_t entry, Write write) {
        pending_.push_back({entry, std::move(write)});
        last_asked_ = entry;
    }
    [[nodiscard]] bool is_idle() const { return pending_.empty(); }

    /// All up to and including `upto` are durable now.
    void complete(std::uint64_t upto) {
        while (!pending_.empty() && pending_.front().entry <= upto)
            make_next_durable();
        if (pending_.empty()) works_ = true;
    }

    /// Those from `from` on will fail; whatever is asked for before the machine hears of it, too.
    void begin_failure(std::uint64_t from) {
        failing_from_ = from;
        works_ = false;
    }
    [[nodiscard]] bool is_failing() const { return failing_from_ != 0; }
    /// Returns the last entry that has failed; later ones are tried anew.
    std::uint64_t end_failure() {
        drop_failed();
        failing_from_ = 0;
        return last_asked_;
    }

    /// False from a failure until all that was asked for is durable again.
    [[nodiscard]] bool works() const { return works_; }

    /// The process ends as it should: what it has asked for is written first.
    void finish() {
        drop_failed();
        complete(last_asked_);
        last_asked_ = 0;
        failing_from_ = 0;
        works_ = true;
        last = Instant{};
    }

    /// The process is gone, or its machine. Returns true if some of what was under way became
    /// durable and some did not.
    bool crash(Rng& rng) {
        drop_failed();
        const std::size_t under_way = pending_.size();
        const auto kept = static_cast<std::size_t>(rng.below(under_way + 1));
        for (std::size_t i = 0; i < kept; ++i)
            make_next_durable();
        pending_.clear();
        last_asked_ = 0;
        failing_from_ = 0;
        works_ = true;
        last = Instant{};
        return kept != 0 && kept != under_way;
    }

    Instant last;       // When the last one completes: writes keep their order.
    bool full = false;  // Every write fails.
    Duration lag{0};    // Added to every write.

private:
    struct Pending {
        std::uint64_t entry = 0;
        Write write;
    };

    void make_next_durable() {
        Apply(durable_, pending_.front().write);
        pending_.pop_front();
    }
    void drop_failed() {
        if (failing_from_ == 0) return;
        while (!pending_.empty() && pending_.back().entry >= failing_from_)
            pending_.pop_back();
    }

    Contents durable_;
    std::deque<Pending> pending_;
    std::uint64_t last_asked_ = 0;
    std::uint64_t failing_from_ = 0;
    bool works_ = true;
};

}  // namespace offerkit::sim
