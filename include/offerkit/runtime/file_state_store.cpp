// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/crc32c.hpp>
#include <offerkit/runtime/file_state_store.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace offerkit::runtime {

namespace {

constexpr std::string_view magic = "OFKSTAT1";
constexpr std::string_view ending = ".state";  // Apart from the lock, and from half a file.
constexpr std::size_t head_size = magic.size() + 4;

/// Of the key too: a file that was copied to another's name is damage.
std::uint32_t sum_of(std::string_view key, std::string_view value) {
    return record::crc32c(value, record::crc32c(key));
}

}  // namespace

Result<FileStateStore> FileStateStore::open(const std::string& folder) {
    auto opened = WorkDir::open(folder);
    if (!opened) {
        Refusal refusal = std::move(opened).error();
        if (refusal.code == RefusalCode::already_exists) {
            refusal.todo = "end that process, or give each scheduler a folder of its own";
        }
        return refusal;
    }
    return FileStateStore{std::move(opened).value()};
}

std::string FileStateStore::file(std::string_view key) const {
    return folder_.file(std::string{key} + std::string{ending});
}

Result<void> FileStateStore::put(std::string_view key, const Bytes& value) {
    if (auto valid = framework::validate_state(key, value.size()); !valid) return valid;
    std::string text{magic};
    put_fixed32(sum_of(key, value), text);
    text += value;
    return write_file(file(key), text);
}

Result<std::optional<Bytes>> FileStateStore::find(std::string_view key) const {
    if (auto valid = framework::validate_state(key); !valid) return std::move(valid).error();
    auto text = read_file(file(key), framework::state_value_max + head_size);
    if (!text) {
        if (text.error().code == RefusalCode::not_found) return std::optional<Bytes>{};
        return std::move(text).error();
    }
    ByteReader in{*text};
    const bool is_ours = in.bytes(magic.size()) == magic;
    const std::uint32_t sum = in.fixed32();
    if (!is_ours || in.has_failed() || sum != sum_of(key, in.rest())) {
        return Refusal{RefusalCode::malformed, "file " + file(key), "read the state in it",
                       "it is damaged, or not a state",
                       "put back a copy, or remove it and begin without this state"};
    }
    return std::optional<Bytes>{Bytes{in.rest()}};
}

Result<void> FileStateStore::erase(std::string_view key) {
    if (auto valid = framework::validate_state(key); !valid) return valid;
    std::error_code error;
    std::filesystem::remove(file(key), error);
    if (error) {
        return Refusal{RefusalCode::unavailable, "file " + file(key), "remove it", error.message(),
                       "look at the folder and its owner"};
    }
    return sync_folder(folder_.path());
}

std::vector<std::string> FileStateStore::keys() const {
    std::vector<std::string> keys;
    std::error_code error;
    for (std::filesystem::directory_iterator each{folder_.path(), error}, end; each != end;
         each.increment(error)) {
        const std::string name = each->path().filename().string();
        if (!name.ends_with(ending)) continue;
        std::string key = name.substr(0, name.size() - ending.size());
        if (framework::validate_state(key)) keys.push_back(std::move(key));
    }
    std::ranges::sort(keys);
    return keys;
}

}  // namespace offerkit::runtime
