// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Chance as a value: a generator that is specified here, bit for bit, and always seeded by its
/// owner. The std:: distributions are not used because their results differ between libraries.

#include <offerkit/core/assert.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace offerkit {

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): 64 bits of state, one of the simplest generators
/// that passes the usual batteries, and any seed is a good one.
class Rng {
public:
    constexpr explicit Rng(std::uint64_t seed) : state_(seed) {}

    /// A uniform 64-bit number.
    constexpr std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }

    /// A uniform number in [0, bound), without modulo bias (Lemire 2019). Pre: `bound > 0`.
    constexpr std::uint64_t below(std::uint64_t bound) {
        OFFERKIT_ASSERT(bound > 0);
        __extension__ using Wide = unsigned __int128;
        Wide product = Wide{next()} * bound;
        if (static_cast<std::uint64_t>(product) < bound) {
            const std::uint64_t threshold = (0 - bound) % bound;
            while (static_cast<std::uint64_t>(product) < threshold) {
                product = Wide{next()} * bound;
            }
        }
        return static_cast<std::uint64_t>(product >> 64);
    }

    /// A uniform number in [low, high]. Pre: `low <= high`, and their distance fits 63 bits.
    constexpr std::int64_t between(std::int64_t low, std::int64_t high) {
        OFFERKIT_ASSERT(low <= high);
        return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
    }

    /// True in `parts` of `whole` cases. Pre: `whole > 0`.
    constexpr bool chance(std::uint64_t parts, std::uint64_t whole) { return below(whole) < parts; }

    /// A generator of its own for a part, so that one part's draws never shift another's.
    [[nodiscard]] constexpr Rng split() { return Rng{next()}; }

    /// Puts the elements in a uniform order (Fisher and Yates).
    template <class T>
    constexpr void shuffle(std::vector<T>& elements) {
        for (std::size_t i = elements.size(); i > 1; --i) {
            const auto j = static_cast<std::size_t>(below(i));
            using std::swap;
            swap(elements[i - 1], elements[j]);
        }
    }

    /// `Rng{state()}` goes on exactly as this one does: for snapshots.
    [[nodiscard]] constexpr std::uint64_t state() const { return state_; }

    friend constexpr bool operator==(const Rng&, const Rng&) = default;

private:
    std::uint64_t state_;
};

}  // namespace offerkit
