// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What stands after the question mark, read and refused in one way.

#include <offerkit/core/result.hpp>

#include <charconv>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

namespace offerkit::daemons {

[[nodiscard]] inline Refusal refuse_query(const std::string& key, std::string why,
                                          std::string todo) {
    return {RefusalCode::invalid, "query " + key.substr(0, 64), "answer", std::move(why),
            std::move(todo)};
}

/// Refuses what is not a number above zero.
[[nodiscard]] inline Result<std::size_t> parse_count(const std::string& key,
                                                     const std::string& value) {
    std::size_t count = 0;
    const char* const end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, count);
    if (read.ec != std::errc{} || read.ptr != end || count == 0) {
        return refuse_query(key, "not a positive number: " + value.substr(0, 64),
                            "use " + key + "=N");
    }
    return count;
}

}  // namespace offerkit::daemons
