// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/limits.hpp>
#include <offerkit/runtime/cluster_access.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <nlohmann/json.hpp>

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace offerkit::runtime {

namespace {

constexpr std::size_t dev_file_bytes_max = 16 * 1024;

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string{value};
}

/// A secret that others can read is none.
Result<std::string> read_private(const std::string& path, std::size_t bytes_max) {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) return read_file(path, bytes_max);
    if (status.st_uid != ::geteuid() || (status.st_mode & 077U) != 0) {
        return Refusal{RefusalCode::forbidden, "file " + path, "read token",
                       "others can read it, or it belongs to another user",
                       "make it yours alone: chmod 600"};
    }
    return read_file(path, bytes_max);
}

/// Empty when there is no file.
Result<ClusterAccess> read_dev_file() {
    const auto text = read_private(dev_file_path(), dev_file_bytes_max);
    if (text) return parse_dev_file(*text);
    if (text.error().code == RefusalCode::not_found) return ClusterAccess{};
    return text.error();
}

Result<std::string> token_of_environment() {
    std::string token = environment("OFFERKIT_TOKEN");
    const std::string file = environment("OFFERKIT_TOKEN_FILE");
    if (!token.empty() || file.empty()) return token;
    return read_token_file(file);
}

}  // namespace

std::string dev_file_path() {
    const std::string folder = environment("XDG_RUNTIME_DIR");
    if (!folder.empty()) return folder + "/offerkit/dev.json";
    std::string temporary = environment("TMPDIR");
    if (temporary.empty()) temporary = "/tmp";
    return temporary + "/offerkit-" + std::to_string(::geteuid()) + "/dev.json";
}

std::string format_dev_file(const ClusterAccess& access) {
    const nlohmann::json json = {{"schema_version", 1},
                                 {"master", access.master},
                                 {"http", access.http},
                                 {"token", access.token}};
    return json.dump(2) + "\n";
}

Result<ClusterAccess> parse_dev_file(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    const auto read = [&](const char* key, std::string& value) {
        if (!json.is_object() || !json.contains(key) || !json[key].is_string()) return false;
        value = json[key].get<std::string>();
        return true;
    };
    ClusterAccess access;
    if (read("master", access.master) && read("http", access.http) && read("token", access.token)) {
        return access;
    }
    return Refusal{RefusalCode::malformed, "file " + dev_file_path(), "find the cluster",
                   "it is not a JSON object with master, http and token",
                   "end offerkit dev, remove the file, start again"};
}

Result<ClusterAccess> find_cluster(ClusterAccess given) {
    if (given.master.empty()) given.master = environment("OFFERKIT_MASTER");
    if (given.http.empty()) given.http = environment("OFFERKIT_HTTP");
    if (given.token.empty()) {
        auto token = token_of_environment();
        if (!token) return std::move(token).error();
        given.token = std::move(token).value();
    }
    const bool complete = !given.master.empty() && !given.token.empty();
    if (complete && !given.http.empty()) return given;
    auto dev = read_dev_file();
    if (!dev && !complete) return std::move(dev).error();
    const bool named = !given.master.empty() || !given.http.empty();
    if (dev && (!named || given.master == dev->master || given.http == dev->http)) {
        if (given.master.empty()) given.master = dev->master;
        if (given.http.empty()) given.http = dev->http;
        if (given.token.empty()) given.token = dev->token;
    }
    if (!given.master.empty() || !given.http.empty()) return given;
    return Refusal{RefusalCode::not_found, "this program", "find a master",
                   "nobody says where it is",
                   "run offerkit dev, or set OFFERKIT_MASTER=HOST:PORT and OFFERKIT_TOKEN"};
}

Result<std::string> read_token_file(const std::string& path) {
    auto text = read_private(path, limits::token_max + 1);
    if (!text) return std::move(text).error();
    std::string token = std::move(text).value();
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r'))
        token.pop_back();
    const bool has_blank = token.find_first_of(" \t\r\n") != std::string::npos;
    if (token.empty() || has_blank || token.size() > limits::token_max) {
        return Refusal{RefusalCode::malformed, "file " + path, "read token",
                       "it does not hold one token of at most 512 bytes on one line",
                       "write the token alone into it"};
    }
    return token;
}

Result<std::string> make_token() {
    unsigned char bytes[32] = {};
    if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
        return Refusal{RefusalCode::unavailable, "kernel", "make token", std::strerror(errno),
                       "try again"};
    }
    static constexpr char digits[] = "0123456789abcdef";
    std::string token;
    for (const unsigned char byte : bytes) {
        token += digits[byte >> 4];
        token += digits[byte & 15];
    }
    return token;
}

}  // namespace offerkit::runtime
