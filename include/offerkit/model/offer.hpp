// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Offers: resources of one agent, proposed to one framework in one role; inverse offers; and what
/// a framework may say about what it did not take.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/labels.hpp>
#include <offerkit/model/role.hpp>
#include <offerkit/resources/resources.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit {

struct Offer {
    OfferId id;
    FrameworkId framework;
    AgentId agent;
    Role role;
    std::string hostname;
    Resources resources;  // Portable form.
    Attributes attributes;
    Domain domain;

    /// The offer is rescinded unless it is answered within this time of being made.
    Duration expires_in = std::chrono::seconds{30};
    friend bool operator==(const Offer&, const Offer&) = default;
};

/// A planned outage. Wall-clock times, because people plan by the calendar.
struct Unavailability {
    WallTime start;
    Duration length{0};  // Zero: open end.
    friend bool operator==(const Unavailability&, const Unavailability&) = default;
};

/// A request to give resources back ahead of an unavailability.
struct InverseOffer {
    OfferId id;
    FrameworkId framework;
    AgentId agent;
    Resources resources;
    Unavailability unavailability;
    friend bool operator==(const InverseOffer&, const InverseOffer&) = default;
};

/// Why a framework did not take what it was offered. Told to the master, kept as counts, and shown
/// to whoever asks why something is pending.
enum class DeclineReason : std::uint8_t {
    unspecified,
    no_work,     // Nothing is waiting.
    too_small,   // The offer has not enough of something.
    constraint,  // The agent does not qualify (attribute, spread, ...).
    delay,       // Waiting for a better place.
    gang,        // Not enough at once for all members.
    limit,       // The framework's own ceiling is reached.
    unanswered,  // The SDK declined for a scheduler that held the offer too long.
    failed,      // The scheduler's handler failed.
};

[[nodiscard]] constexpr std::string_view format_decline_reason(DeclineReason reason) {
    switch (reason) {
        case DeclineReason::unspecified:
            return "unspecified";
        case DeclineReason::no_work:
            return "no_work";
        case DeclineReason::too_small:
            return "too_small";
        case DeclineReason::constraint:
            return "constraint";
        case DeclineReason::delay:
            return "delay";
        case DeclineReason::gang:
            return "gang";
        case DeclineReason::limit:
            return "limit";
        case DeclineReason::unanswered:
            return "unanswered";
        case DeclineReason::failed:
            return "failed";
    }
    return "?";
}

inline constexpr std::size_t decline_reasons = 9;
inline constexpr Duration refuse_for_default = std::chrono::seconds{5};

}  // namespace offerkit
