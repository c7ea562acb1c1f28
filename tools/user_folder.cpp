// SPDX-License-Identifier: Apache-2.0

#include "user_folder.hpp"

#include <offerkit/runtime/cluster_access.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace offerkit::tools {

std::string user_folder() {
    return std::filesystem::path(runtime::dev_file_path()).parent_path().string();
}

Result<std::string> make_user_folder() {
    std::string folder = user_folder();
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return Refusal{RefusalCode::unavailable, "folder " + folder, "make", std::strerror(errno),
                       "set XDG_RUNTIME_DIR to a folder of yours"};
    }
    return find_user_folder();
}

Result<std::string> find_user_folder() {
    std::string folder = user_folder();
    struct stat about{};
    if (::lstat(folder.c_str(), &about) != 0 || !S_ISDIR(about.st_mode) ||
        about.st_uid != ::geteuid() || (about.st_mode & 077) != 0) {
        return Refusal{RefusalCode::forbidden, "folder " + folder, "keep a token in",
                       "others can get into it, or it belongs to another user",
                       "make it yours alone: chmod 700"};
    }
    return folder;
}

}  // namespace offerkit::tools
