// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Where a scheduler keeps what it must know after a restart: texts under names. One store is one
/// scheduler's. `runtime/file_state_store.hpp` keeps them in a folder.

#include <offerkit/core/bytes.hpp>
#include <offerkit/core/result.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::framework {

inline constexpr std::size_t state_key_max = 128;
inline constexpr std::size_t state_value_max = 64 * 1024 * 1024;

/// Remembers values.
///
/// Requires, for a store `s`, a key `k` (letters, digits, `_ - .`, not beginning with a dot) and a
/// value `v`, which may be any bytes:
///   `s.put(k, v) -> Result<void>`: once it has succeeded, `v` is what `find` gives, whatever
///   happens to the process (and, for a durable store, to the machine). If it is refused or cut
///   off, the old value or the new is there, and nothing else.
///   `s.find(k) -> Result<std::optional<Bytes>>`: nothing if it was never put, or was erased. Wrong
///   bytes are never given: damage is a refusal.
///   `s.erase(k) -> Result<void>`: also of what is not there.
///   `s.keys() -> std::vector<std::string>`, sorted.
/// Models: `MemoryStateStore`, `runtime::FileStateStore`.
template <class S>
concept StateStore = requires(S& store, const S& reader, std::string_view key, const Bytes& value) {
    { store.put(key, value) } -> std::same_as<Result<void>>;
    { reader.find(key) } -> std::same_as<Result<std::optional<Bytes>>>;
    { store.erase(key) } -> std::same_as<Result<void>>;
    { reader.keys() } -> std::same_as<std::vector<std::string>>;
};

/// Refuses: `invalid` for a key that not every store could keep, `too_large` for a value.
[[nodiscard]] inline Result<void> validate_state(std::string_view key, std::size_t value_size = 0) {
    bool is_good = !key.empty() && key.size() <= state_key_max && key.front() != '.';
    for (const char c : key) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        is_good =
            is_good && (is_letter || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.');
    }
    if (!is_good) {
        return Refusal{RefusalCode::invalid, "state key \"" + std::string{key} + "\"", "use it",
                       "it is empty, too long, begins with a dot or has other bytes",
                       "use up to " + std::to_string(state_key_max) + " letters, digits and _ - ."};
    }
    if (value_size <= state_value_max) return {};
    return Refusal{RefusalCode::too_large, "state " + std::string{key}, "keep it",
                   "it has " + std::to_string(value_size) + " bytes, at most " +
                       std::to_string(state_value_max),
                   "keep it in parts"};
}

/// For tests, and for schedulers that may forget. Copying it is what a crash leaves behind.
class MemoryStateStore {
public:
    Result<void> put(std::string_view key, const Bytes& value) {
        if (auto valid = validate_state(key, value.size()); !valid) return valid;
        values_.insert_or_assign(std::string{key}, value);
        return {};
    }

    [[nodiscard]] Result<std::optional<Bytes>> find(std::string_view key) const {
        if (auto valid = validate_state(key); !valid) return std::move(valid).error();
        const auto found = values_.find(key);
        if (found == values_.end()) return std::optional<Bytes>{};
        return std::optional<Bytes>{found->second};
    }

    Result<void> erase(std::string_view key) {
        if (auto valid = validate_state(key); !valid) return valid;
        if (const auto found = values_.find(key); found != values_.end()) values_.erase(found);
        return {};
    }

    [[nodiscard]] std::vector<std::string> keys() const {
        std::vector<std::string> keys;
        for (const auto& [key, value] : values_)
            keys.push_back(key);
        return keys;
    }

private:
    std::map<std::string, Bytes, std::less<>> values_;
};
static_assert(StateStore<MemoryStateStore>);

}  // namespace offerkit::framework

namespace offerkit {

using framework::MemoryStateStore;
using framework::StateStore;

}  // namespace offerkit
