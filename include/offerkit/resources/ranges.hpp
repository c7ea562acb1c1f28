// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Interval sets: ports and other resources whose pieces have numbers.

#include <offerkit/core/config.hpp>
#include <offerkit/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit {

/// The numbers from `first` to `last`, both included. Pre wherever one is taken: `first <= last`.
struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    friend constexpr bool operator==(const Range&, const Range&) = default;
};

/// A set of numbers, kept as sorted, disjoint ranges with a gap between any two, so that equal sets
/// have equal ranges.
class Ranges {
public:
    constexpr Ranges() = default;
    Ranges(std::initializer_list<Range> ranges);

    /// Reads "[31000-32000, 33000-33005, 80]"; blanks may stand around commas. Refuses:
    /// `malformed`; `invalid` if a range runs backwards or two of them overlap; `too_large` beyond
    /// `limits::ranges_per_kind_max`.
    [[nodiscard]] static Result<Ranges> parse(std::string_view text);

    [[nodiscard]] std::span<const Range> spans() const { return ranges_; }
    [[nodiscard]] bool is_empty() const { return ranges_.empty(); }

    /// How many numbers there are; 2^64 - 1 also stands for all 2^64 of them.
    [[nodiscard]] std::uint64_t size_count() const;

    /// Complexity: linear in both, for all that take a set; logarithmic for `contains(number)`.
    [[nodiscard]] bool contains(std::uint64_t number) const;
    [[nodiscard]] bool contains(const Ranges& part) const;
    [[nodiscard]] bool intersects(const Ranges& other) const;

    /// Union and difference. Numbers that are already in, or not in, change nothing: a caller to
    /// whom that would be a mistake asks `intersects` or `contains` first.
    void add(Range range);
    void add(const Ranges& other);
    void subtract(Range range);
    void subtract(const Ranges& other);

    /// The lowest `count` numbers. Pre: `count <= size_count()`.
    [[nodiscard]] Ranges take_lowest(std::uint64_t count) const;

    friend bool operator==(const Ranges&, const Ranges&) = default;

private:
    std::vector<Range> ranges_;
};

/// "[31000-32000, 80]", ranges ascending; what `Ranges::parse` reads.
[[nodiscard]] std::string format_ranges(const Ranges& ranges);

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/resources/impl/ranges.ipp>
#endif
