// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Delay scheduling (Zaharia et al., EuroSys 2010): rather than run now where the data is not, wait
/// a little for a place where it is. Offers come often, so that little waits find good places.

#include <offerkit/core/assert.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/offer.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::framework {

/// Where the data of a job is.
struct Locality {
    std::vector<std::string> hosts{};
    std::vector<std::string> racks{};
    std::string rack_attribute = "rack";

    /// How far an offer is from it: 0 on one of the hosts, 1 in one of the racks, 2 elsewhere.
    [[nodiscard]] std::size_t level(const Offer& offer) const {
        if (std::ranges::find(hosts, offer.hostname) != hosts.end()) return 0;
        for (const Attribute& attribute : offer.attributes) {
            const auto* const rack = std::get_if<std::string>(&attribute.value);
            if (attribute.name != rack_attribute || rack == nullptr) continue;
            if (std::ranges::find(racks, *rack) != racks.end()) return 1;
        }
        return 2;
    }
};

/// How far from its data one job runs at this time. Level 0 is best; `waits[n]` is how long it does
/// without level `n` before it takes level `n + 1`.
class DelaySchedule {
public:
    /// Pre: no wait is negative.
    explicit DelaySchedule(std::vector<Duration> waits) : waits_(std::move(waits)) {
        for (const Duration wait : waits_)
            OFFERKIT_ASSERT(wait >= Duration{0});
    }

    /// An offer of this level came. True: take it; the waits begin anew, from this level. False: it
    /// was skipped, and the wait goes on, or begins.
    /// Levels past the last wait are all the same.
    bool take(std::size_t level, Instant now) {
        level = std::min(level, waits_.size());
        if (level <= allowed(now)) {
            from_ = level;
            skipping_since_.reset();
            return true;
        }
        if (!skipping_since_) skipping_since_ = now;
        return false;
    }

    /// The worst level that is taken at this time.
    [[nodiscard]] std::size_t allowed(Instant now) const { return reached(now).first; }

    /// When the next level is allowed; `never()` if nothing was skipped, or all are. What an offer
    /// is declined for, or held until.
    [[nodiscard]] Instant next_level_at(Instant now) const {
        const auto [level, since] = reached(now);
        if (!skipping_since_ || level >= waits_.size()) return Instant::never();
        return since + waits_[level];
    }

private:
    /// The level, and since when.
    [[nodiscard]] std::pair<std::size_t, Instant> reached(Instant now) const {
        std::size_t level = from_;
        Instant since = skipping_since_.value_or(now);
        while (level < waits_.size() && skipping_since_ && since + waits_[level] <= now) {
            since = since + waits_[level];
            ++level;
        }
        return {level, since};
    }

    std::vector<Duration> waits_;
    std::size_t from_ = 0;
    std::optional<Instant> skipping_since_;
};

}  // namespace offerkit::framework

namespace offerkit {

using framework::DelaySchedule;
using framework::Locality;

}  // namespace offerkit
