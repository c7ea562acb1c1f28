// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/limits.hpp>
#include <offerkit/resources/ranges.hpp>

#include <charconv>
#include <limits>

namespace offerkit {

OFFERKIT_INLINE Ranges::Ranges(std::initializer_list<Range> ranges) {
    for (const Range& range : ranges)
        add(range);
}

OFFERKIT_INLINE std::uint64_t Ranges::size_count() const {
    std::uint64_t count = 0;
    for (const Range& range : ranges_) {
        const std::uint64_t length = range.last - range.first;
        // Disjoint ranges cannot overflow together, except for the one that is everything.
        if (length == std::numeric_limits<std::uint64_t>::max()) return length;
        count += length + 1;
    }
    return count;
}

OFFERKIT_INLINE bool Ranges::contains(std::uint64_t number) const {
    std::size_t low = 0;
    std::size_t high = ranges_.size();
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (ranges_[middle].last < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < ranges_.size() && ranges_[low].first <= number;
}

OFFERKIT_INLINE bool Ranges::contains(const Ranges& part) const {
    std::size_t at = 0;
    for (const Range& wanted : part.ranges_) {
        while (at < ranges_.size() && ranges_[at].last < wanted.first)
            ++at;
        if (at == ranges_.size()) return false;
        if (wanted.first < ranges_[at].first || wanted.last > ranges_[at].last) return false;
    }
    return true;
}

OFFERKIT_INLINE bool Ranges::intersects(const Ranges& other) const {
    std::size_t mine = 0;
    std::size_t theirs = 0;
    while (mine < ranges_.size() && theirs < other.ranges_.size()) {
        const Range& a = ranges_[mine];
        const Range& b = other.ranges_[theirs];
        if (a.last < b.first) {
            ++mine;
        } else if (b.last < a.first) {
            ++theirs;
        } else {
            return true;
        }
    }
    return false;
}

OFFERKIT_INLINE void Ranges::add(Range range) {
    OFFERKIT_ASSERT(range.first <= range.last);
    Ranges one;
    one.ranges_.push_back(range);
    add(one);
}

OFFERKIT_INLINE void Ranges::add(const Ranges& other) {
    if (other.is_empty()) return;
    std::vector<Range> merged;
    merged.reserve(ranges_.size() + other.ranges_.size());
    std::size_t mine = 0;
    std::size_t theirs = 0;
    while (mine < ranges_.size() || theirs < other.ranges_.size()) {
        const bool is_mine =
            theirs == other.ranges_.size() ||
            (mine < ranges_.size() && ranges_[mine].first <= other.ranges_[theirs].first);
        const Range next = is_mine ? ranges_[mine++] : other.ranges_[theirs++];
        // Touching ranges become one. Compared without `last + 1`, which could wrap.
        if (!merged.empty() &&
            (next.first <= merged.back().last || next.first - merged.back().last == 1)) {
            if (next.last > merged.back().last) merged.back().last = next.last;
        } else {
            merged.push_back(next);
        }
    }
    ranges_ = std::move(merged);
}

OFFERKIT_INLINE void Ranges::subtract(Range range) {
    OFFERKIT_ASSERT(range.first <= range.last);
    Ranges one;
    one.ranges_.push_back(range);
    subtract(one);
}

OFFERKIT_INLINE void Ranges::subtract(const Ranges& other) {
    std::vector<Range> left;
    std::size_t at = 0;
    for (Range range : ranges_) {
        while (at < other.ranges_.size() && other.ranges_[at].last < range.first)
            ++at;
        bool is_gone = false;
        for (std::size_t i = at; i < other.ranges_.size() && other.ranges_[i].first <= range.last;
             ++i) {
            const Range& cut = other.ranges_[i];
            if (cut.first > range.first) left.push_back({range.first, cut.first - 1});
            if (cut.last >= range.last) {
                is_gone = true;
                break;
            }
            range.first = cut.last + 1;
        }
        if (!is_gone) left.push_back(range);
    }
    ranges_ = std::move(left);
}

OFFERKIT_INLINE Ranges Ranges::take_lowest(std::uint64_t count) const {
    OFFERKIT_ASSERT(count <= size_count());
    Ranges taken;
    for (const Range& range : ranges_) {
        if (count == 0) break;
        const std::uint64_t length_less_one = range.last - range.first;
        const std::uint64_t take_less_one =
            count - 1 < length_less_one ? count - 1 : length_less_one;
        taken.ranges_.push_back({range.first, range.first + take_less_one});
        count -= take_less_one + 1;
    }
    return taken;
}

namespace detail {

inline Refusal refuse_ranges(RefusalCode code, std::string_view what, std::string why) {
    return {code, "resources", "read ranges " + std::string(what.substr(0, 64)), std::move(why),
            "write them as [31000-32000, 33000-33005]"};
}

inline std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

/// Reads a whole number without sign or leading zeros.
inline bool parse_whole(std::string_view text, std::uint64_t& number) {
    if (text.size() > 1 && text.front() == '0') return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

inline Result<Range> parse_range(std::string_view text) {
    Range range;
    const std::size_t dash = text.find('-');
    const std::string_view first = text.substr(0, dash);
    const std::string_view last = dash == text.npos ? first : text.substr(dash + 1);
    if (!parse_whole(first, range.first) || !parse_whole(last, range.last)) {
        return refuse_ranges(RefusalCode::malformed, text, "not of the form FIRST-LAST");
    }
    if (range.first > range.last) {
        return refuse_ranges(RefusalCode::invalid, text, "the range runs backwards");
    }
    return range;
}

}  // namespace detail

OFFERKIT_INLINE Result<Ranges> Ranges::parse(std::string_view text) {
    if (text.size() < 2 || text.front() != '[' || text.back() != ']') {
        return detail::refuse_ranges(RefusalCode::malformed, text, "not between [ and ]");
    }
    std::string_view rest = text.substr(1, text.size() - 2);
    Ranges ranges;
    if (detail::trim_blanks(rest).empty()) return ranges;
    for (std::size_t count = 1;; ++count) {
        if (count > limits::ranges_per_kind_max) {
            return detail::refuse_ranges(
                RefusalCode::too_large, text,
                "more than " + std::to_string(limits::ranges_per_kind_max) + " ranges");
        }
        const std::size_t comma = rest.find(',');
        const std::string_view item = detail::trim_blanks(rest.substr(0, comma));
        const Result<Range> range = detail::parse_range(item);
        if (!range) return range.error();
        if (ranges.intersects(Ranges{*range})) {
            return detail::refuse_ranges(RefusalCode::invalid, item,
                                         "it overlaps another range of the same list");
        }
        ranges.add(*range);
        if (comma == rest.npos) return ranges;
        rest.remove_prefix(comma + 1);
    }
}

OFFERKIT_INLINE std::string format_ranges(const Ranges& ranges) {
    std::string text = "[";
    for (const Range& range : ranges.spans()) {
        if (text.size() > 1) text += ", ";
        text += std::to_string(range.first);
        if (range.last != range.first) {
            text += '-';
            text += std::to_string(range.last);
        }
    }
    text += ']';
    return text;
}

}  // namespace offerkit
