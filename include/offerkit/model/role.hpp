// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Roles: the parties that compete for the cluster, in a tree written as a path, "eng/ml/training".

#include <offerkit/core/id.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/result.hpp>

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

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/model/impl/role.ipp>
#endif
