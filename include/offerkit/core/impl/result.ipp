// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/assert.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/core/result.hpp>

namespace offerkit {

OFFERKIT_INLINE std::string_view format_refusal_code(RefusalCode code) {
    switch (code) {
        case RefusalCode::malformed:
            return "malformed";
        case RefusalCode::invalid:
            return "invalid";
        case RefusalCode::too_large:
            return "too_large";
        case RefusalCode::unsupported:
            return "unsupported";
        case RefusalCode::unauthenticated:
            return "unauthenticated";
        case RefusalCode::forbidden:
            return "forbidden";
        case RefusalCode::wrong_cluster:
            return "wrong_cluster";
        case RefusalCode::stale_epoch:
            return "stale_epoch";
        case RefusalCode::not_found:
            return "not_found";
        case RefusalCode::already_exists:
            return "already_exists";
        case RefusalCode::not_owner:
            return "not_owner";
        case RefusalCode::no_longer_available:
            return "no_longer_available";
        case RefusalCode::insufficient:
            return "insufficient";
        case RefusalCode::conflict:
            return "conflict";
        case RefusalCode::quota_exceeded:
            return "quota_exceeded";
        case RefusalCode::unavailable:
            return "unavailable";
        case RefusalCode::cancelled:
            return "cancelled";
    }
    OFFERKIT_ASSERT(false);
    return {};
}

OFFERKIT_INLINE std::string format_refusal(const Refusal& refusal) {
    std::string text = refusal.who;
    const auto append = [&text](std::string_view separator, std::string_view part) {
        if (part.empty()) return;
        if (!text.empty()) text += separator;
        text += part;
    };
    append(": ", refusal.what);
    append(": ", refusal.why);
    append("; ", refusal.todo);
    return text;
}

}  // namespace offerkit
