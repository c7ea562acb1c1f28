// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Long lists in parts: no message may carry more than a limit, however much there is to say.

#include <offerkit/core/assert.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace offerkit {

/// Calls `f(part)` with vectors of consecutive elements: each of at most `count_max`, and of at
/// most `bytes_max` by `bytes_of(element)`, unless one element alone has more. Pre: `count_max >
/// 0`.
template <class T, class BytesOf, class F>
void for_each_part(std::vector<T> all, std::size_t count_max, std::size_t bytes_max,
                   BytesOf&& bytes_of, F&& f) {
    OFFERKIT_ASSERT(count_max > 0);
    std::size_t begin = 0;
    while (begin < all.size()) {
        std::size_t end = begin;
        std::size_t bytes = 0;
        while (end < all.size() && end - begin < count_max) {
            bytes += bytes_of(all[end]);
            if (bytes > bytes_max && end != begin) break;
            ++end;
        }
        if (begin == 0 && end == all.size()) return f(std::move(all));  // The usual case.
        const auto at = [&](std::size_t place) {
            return std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(place));
        };
        f(std::vector<T>(at(begin), at(end)));
        begin = end;
    }
}

}  // namespace offerkit
