// SPDX-License-Identifier: Apache-2.0
#pragma once

/// "Did you mean ...?"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace offerkit {

/// How many single-character changes make one text of the other (Levenshtein 1965).
[[nodiscard]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, above + 1, row[j - 1] + 1});
            diagonal = above;
        }
    }
    return row[b.size()];
}

/// The word that was probably meant; empty if none is near.
[[nodiscard]] inline std::string_view nearest(std::string_view text,
                                              std::span<const std::string_view> words) {
    if (text.size() > 64) return {};
    std::string_view best;
    std::size_t least = 3;  // Farther than two changes is a guess, not a misspelling.
    for (const std::string_view word : words) {
        const std::size_t distance = edit_distance(text, word);
        if (distance < least && distance < word.size()) {
            least = distance;
            best = word;
        }
    }
    return best;
}

}  // namespace offerkit
