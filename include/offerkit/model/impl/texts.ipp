// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/model/texts.hpp>

#include <algorithm>
#include <utility>

namespace offerkit {

namespace detail {

/// How many bytes the UTF-8 character at the begin of `text` has; 0 if there is none.
/// Pre: `text` is not empty.
inline std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    // The second byte excludes overlong forms, surrogates and what lies beyond U+10FFFF.
    const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < low || byte(1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    return length;
}

inline bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

inline Refusal refuse_size(Subject who, std::string_view field, std::size_t size,
                           std::size_t size_max, std::string_view unit, std::string todo) {
    return refuse_field(who, RefusalCode::too_large, field,
                        "has " + std::to_string(size) + " " + std::string(unit) +
                            ", the most is " + std::to_string(size_max),
                        std::move(todo));
}

inline Result<void> validate_size(Subject who, std::string_view field, std::string_view text,
                                  std::size_t size_max, Empty empty) {
    if (text.empty() && empty == Empty::refused) {
        return refuse_field(who, RefusalCode::invalid, field, "is empty", "give one");
    }
    if (text.size() > size_max) {
        return refuse_size(who, field, text.size(), size_max, "bytes", "shorten it");
    }
    return {};
}

}  // namespace detail

OFFERKIT_INLINE bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = detail::utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

OFFERKIT_INLINE std::string printable(std::string_view text, std::size_t size_max) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t length = detail::utf8_length(text);
        const std::size_t taken = std::max<std::size_t>(length, 1);
        if (shown.size() + taken > size_max) break;
        const bool is_hidden = detail::is_control(text.front()) && text.front() != '\n' &&
                               text.front() != '\t';
        if (length == 0 || is_hidden) {
            shown += '?';
        } else {
            shown += text.substr(0, length);
        }
        text.remove_prefix(taken);
    }
    return shown;
}

OFFERKIT_INLINE Refusal refuse_field(Subject who, RefusalCode code, std::string_view field,
                                     std::string why, std::string todo) {
    std::string subject{who.kind};
    if (!who.name.empty()) subject += " " + printable(who.name);
    return {code, std::move(subject), "use its " + std::string(field), std::move(why),
            std::move(todo)};
}

OFFERKIT_INLINE Result<void> validate_id(Subject who, std::string_view field,
                                         std::string_view text, std::size_t size_max,
                                         Empty empty) {
    if (auto valid = detail::validate_size(who, field, text, size_max, empty); !valid) return valid;
    const auto is_refused = [](char c) { return c < ' ' || c > '~' || c == '/' || c == '\\'; };
    if (std::any_of(text.begin(), text.end(), is_refused)) {
        return refuse_field(who, RefusalCode::invalid, field,
                            "has a control or non-ASCII character, / or \\",
                            "use letters, digits, - _ and .");
    }
    if (text == "." || text == "..") {
        return refuse_field(who, RefusalCode::invalid, field, "is . or ..",
                            "use letters, digits, - _ and .");
    }
    return {};
}

OFFERKIT_INLINE Result<void> validate_line(Subject who, std::string_view field,
                                           std::string_view text, std::size_t size_max,
                                           Empty empty) {
    if (auto valid = detail::validate_size(who, field, text, size_max, empty); !valid) return valid;
    if (!is_utf8(text)) {
        return refuse_field(who, RefusalCode::invalid, field, "is not UTF-8", "encode it as UTF-8");
    }
    if (std::any_of(text.begin(), text.end(), detail::is_control)) {
        return refuse_field(who, RefusalCode::invalid, field, "has a control character",
                            "write it on one line");
    }
    return {};
}

OFFERKIT_INLINE Result<void> validate_prose(Subject who, std::string_view field,
                                            std::string_view text) {
    if (auto valid = detail::validate_size(who, field, text, limits::message_text_max,
                                           Empty::allowed);
        !valid) {
        return valid;
    }
    if (!is_utf8(text) || text.find('\0') != text.npos) {
        return refuse_field(who, RefusalCode::invalid, field, "is not UTF-8 or has a NUL",
                            "encode it as UTF-8");
    }
    return {};
}

OFFERKIT_INLINE Result<void> validate_system_text(Subject who, std::string_view field,
                                                  std::string_view text, std::size_t size_max) {
    if (auto valid = detail::validate_size(who, field, text, size_max, Empty::allowed); !valid) {
        return valid;
    }
    if (text.find('\0') != text.npos) {
        return refuse_field(who, RefusalCode::invalid, field, "has a NUL", "remove it");
    }
    return {};
}

OFFERKIT_INLINE Result<void> validate_count(Subject who, std::string_view field, std::size_t count,
                                            std::size_t size_max, std::string_view unit) {
    if (count <= size_max) return {};
    return detail::refuse_size(who, field, count, size_max, unit, "give fewer");
}

OFFERKIT_INLINE Result<void> validate_duration(Subject who, std::string_view field,
                                               Duration length, Duration longest) {
    if (length < Duration::zero()) {
        return refuse_field(who, RefusalCode::invalid, field, "is negative", "give zero or more");
    }
    if (length > longest) {
        return refuse_field(who, RefusalCode::too_large, field,
                            "is longer than " +
                                std::to_string(
                                    std::chrono::duration_cast<std::chrono::seconds>(longest)
                                        .count()) +
                                " s",
                            "shorten it");
    }
    return {};
}

}  // namespace offerkit
