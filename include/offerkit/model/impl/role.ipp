// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/config.hpp>
#include <offerkit/model/role.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace offerkit {

OFFERKIT_INLINE Result<Role> Role::parse(std::string_view path) {
    const auto refuse = [&](std::string why) {
        return Refusal{RefusalCode::invalid, "role " + std::string(path.substr(0, 64)),
                       "read role path", std::move(why),
                       "use parts of letters, digits, - _ . joined by /, such as eng/ml"};
    };
    if (path == "*") return Role{};
    if (path.empty()) return refuse("is empty");
    if (path.size() > limits::role_path_max) return refuse("is longer than 255 bytes");
    std::size_t depth = 0;
    std::size_t begin = 0;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view part = path.substr(begin, end - begin);
        if (part.empty()) return refuse("has an empty part");
        if (part == "." || part == "..") return refuse("has a part . or ..");
        if (part.front() == '-') return refuse("has a part that begins with -");
        for (const char c : part) {
            if (c <= ' ' || c > '~') return refuse("has a blank, control or non-ASCII character");
            if (c == '*' || c == '\\') return refuse("has * or \\ in a part");
        }
        if (++depth > limits::role_depth_max) return refuse("has more than 16 parts");
        begin = end + 1;
    }
    return Role{std::string(path)};
}

}  // namespace offerkit
