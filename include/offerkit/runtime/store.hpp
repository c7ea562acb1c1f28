// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Where machines keep what must not be forgotten. Entries are put in order, a commit asks for all
/// that was put to become durable, and the completion comes back as an event.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace offerkit::runtime {

/// What every store takes, one kept by other machines (ZooKeeper) included: the bytes of one value,
/// and of all keys and values that become durable together. An entry is never split.
inline constexpr std::size_t store_value_max = std::size_t{512} * 1024;
inline constexpr std::size_t store_commit_max = std::size_t{1024} * 1024;
inline constexpr std::size_t store_key_max = 1024;

/// A store of `Write`s. Required of a store `s`:
///   `s.put(entry, write)`: takes one numbered write; numbers rise.
///   `s.commit()`: begins to make all that was put durable, and returns. More may be put and
///   committed meanwhile. Later, from any thread, each entry is told of exactly once, in order, as
///   stored or as failed.
/// And of what it does:
///   An entry is durable as a whole or not at all, and never before one that was put earlier.
///   It is written only if the store still belongs to this writer: each opening raises an epoch
///   durably, every commit is conditional on it, and an older writer gets failures for ever.
///   A failure is final for the entries that it names: the store will not hold them.
template <class S, class Write>
concept Store = requires(S& store, std::uint64_t entry, Write write) {
    store.put(entry, std::move(write));
    store.commit();
};

struct StoreCompletions {
    /// All up to and including `upto` that was not told as failed is durable.
    std::function<void(std::uint64_t upto)> stored;
    /// The entries from `from` to `upto` were not taken: one that no store can take alone, else
    /// all that were put before this call. What is put later is tried anew, unless the store was
    /// told to stop at the first failure.
    std::function<void(std::uint64_t from, std::uint64_t upto, const std::string& why)> failed;
};

/// Keeps nothing beyond the process: every commit is complete at once.
template <class Write>
class MemoryStore {
public:
    explicit MemoryStore(StoreCompletions completions) : completions_(std::move(completions)) {}

    void put(std::uint64_t entry, const Write&) { upto_ = entry; }

    void commit() {
        if (upto_ == stored_) return;
        stored_ = upto_;
        completions_.stored(stored_);
    }

private:
    StoreCompletions completions_;
    std::uint64_t upto_ = 0;
    std::uint64_t stored_ = 0;
};

static_assert(Store<MemoryStore<int>, int>);

}  // namespace offerkit::runtime
