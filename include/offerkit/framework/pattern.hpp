// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Regular expressions whose cost is bounded: at most the pattern's length times the text's, since
/// all ways to match are followed at once (Thompson, CACM 1968) and none is tried twice. A pattern
/// may come from a user; no pattern can stop a scheduler.

#include <offerkit/core/config.hpp>
#include <offerkit/core/result.hpp>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::framework {

class Pattern {
public:
    static constexpr std::size_t length_max = 256;
    static constexpr std::size_t depth_max = 16;  // Groups within groups.

    /// Reads letters and digits, `.`, `[a-z]`, `[^a-z]`, `(...)`, `|`, `*`, `+`, `?`, and `\`
    /// before a mark, or `\d`, `\w`, `\s`. Refuses: `malformed`, with the place; `unsupported` for
    /// `^`, `$` and `{`; `too_large`.
    [[nodiscard]] static Result<Pattern> parse(std::string_view text);

    /// True if it matches all of `text`, from its first byte to its last.
    [[nodiscard]] bool matches(std::string_view text) const;

    [[nodiscard]] const std::string& text() const { return text_; }

    friend bool operator==(const Pattern& a, const Pattern& b) { return a.text_ == b.text_; }

private:
    friend class PatternParser;

    using Set = std::bitset<256>;

    /// One step of a way: over a byte of `set`, or to either of two others without one.
    struct Step {
        enum class Kind : std::uint8_t { byte, fork, end };
        Kind kind = Kind::end;
        std::uint32_t next = 0;
        std::uint32_t other = 0;  // Of a fork.
        Set set;
    };

    std::string text_;
    std::vector<Step> steps_;
    std::uint32_t first_ = 0;
};

}  // namespace offerkit::framework

namespace offerkit {

using framework::Pattern;

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/framework/impl/pattern.ipp>
#endif
