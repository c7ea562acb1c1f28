// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Roles: the parties that compete for the cluster, in a tree written as a path, "eng/ml/training".

#include <offerkit/core/id.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/result.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace offerkit {

/// The path of a role, always well formed. "*" is the default role and has no children.
class Role {
public:
    Role() : path_("*") {}

    /// Refuses an empty path or part, ".", "..", "*" inside a path, a part that begins with "-",
    /// blanks, control and non-ASCII characters, more than `role_path_max` bytes or
    /// `role_depth_max` parts.
    [[nodiscard]] static Result<Role> parse(std::string_view path);

    [[nodiscard]] const std::string& path() const { return path_; }

    /// The path of the parent, or an empty text for a role at the top.
    [[nodiscard]] std::string_view parent_path() const {
        const std::size_t slash = path_.rfind('/');
        return slash == std::string::npos ? std::string_view{}
                                          : std::string_view(path_).substr(0, slash);
    }

    /// True if `other` is this role or lies below it.
    [[nodiscard]] bool covers(const Role& other) const {
        return other.path_ == path_ ||
               (other.path_.size() > path_.size() && other.path_.starts_with(path_) &&
                other.path_[path_.size()] == '/');
    }

    friend auto operator<=>(const Role&, const Role&) = default;

private:
    explicit Role(std::string path) : path_(std::move(path)) {}

    std::string path_;
};

inline Result<Role> Role::parse(std::string_view path) {
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
