// SPDX-License-Identifier: Apache-2.0
#pragma once

// A fixed hash table of slot numbers. It stores no keys: whoever asks supplies the hash and the
// comparison. No heap, so that the launcher stays cheap to fork.

#include <cstddef>
#include <cstdint>

namespace offerkit::launcher {

/// `Cells` is a power of two, at least twice the number of slots ever held.
template <std::size_t Cells>
class IndexTable {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    template <typename IsSame>
    [[nodiscard]] std::uint32_t find(std::uint32_t hash, IsSame is_same) const {
        for (std::size_t at = hash & mask; cells_[at] != 0; at = (at + 1) & mask) {
            if (is_same(cells_[at] - 1)) return cells_[at] - 1;
        }
        return none;
    }

    void insert(std::uint32_t hash, std::uint32_t slot) {
        std::size_t at = hash & mask;
        while (cells_[at] != 0)
            at = (at + 1) & mask;
        cells_[at] = slot + 1;
    }

    /// Moves later cells up instead of leaving marks, so that the table never wears out.
    template <typename HashOf>
    void erase(std::uint32_t slot, HashOf hash_of) {
        std::size_t hole = hash_of(slot) & mask;
        while (cells_[hole] != slot + 1) {
            if (cells_[hole] == 0) return;
            hole = (hole + 1) & mask;
        }
        for (std::size_t at = (hole + 1) & mask; cells_[at] != 0; at = (at + 1) & mask) {
            const std::size_t home = hash_of(cells_[at] - 1) & mask;
            if (((at - home) & mask) < ((at - hole) & mask)) continue;
            cells_[hole] = cells_[at];
            hole = at;
        }
        cells_[hole] = 0;
    }

private:
    static constexpr std::size_t mask = Cells - 1;
    static_assert((Cells & mask) == 0);
    std::uint32_t cells_[Cells];
};

}  // namespace offerkit::launcher
