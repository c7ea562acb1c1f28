// SPDX-License-Identifier: Apache-2.0
#include "users.hpp"

#include <daemons/agent/launcher/protocol.hpp>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace offerkit::daemons {

namespace {

std::vector<std::uint32_t> find_groups(const std::string& name, gid_t gid) {
    int count = static_cast<int>(launcher::groups_max);
    std::vector<gid_t> groups(launcher::groups_max);
    // More groups than the launcher takes: the first ones, the user's own among them.
    ::getgrouplist(name.c_str(), gid, groups.data(), &count);
    groups.resize(std::min(static_cast<std::size_t>(std::max(count, 0)), launcher::groups_max));
    return {groups.begin(), groups.end()};
}

}  // namespace

Result<std::optional<UserNumbers>> find_user(const std::string& name) {
    if (name.empty()) return std::optional<UserNumbers>{};
    passwd entry = {};
    passwd* found = nullptr;
    std::vector<char> buffer(16 * 1024);
    ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
        return Refusal{RefusalCode::not_found, "user " + name, "run a task",
                       "this machine does not know the user", "name a user that exists there"};
    }
    if (entry.pw_uid == ::geteuid()) return std::optional<UserNumbers>{};
    if (::geteuid() != 0) {
        return Refusal{RefusalCode::forbidden, "user " + name, "run a task",
                       "the agent does not run as root and cannot become another user",
                       "run the agent as root, or tasks as the agent's user"};
    }
    return std::optional{UserNumbers{entry.pw_uid, entry.pw_gid, find_groups(name, entry.pw_gid)}};
}

}  // namespace offerkit::daemons
