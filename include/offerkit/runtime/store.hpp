// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Where machines keep what must not be forgotten. Entries are put in order, a commit asks for all
/// that was put to become durable, and the completion comes back as an event.

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace offerkit::runtime {

/// A store of `Write`s. Required of a store `s`:
///   `s.put(entry, write)`: takes one numbered write; numbers rise.
///   `s.commit()`: begins to make all that was put durable, and returns. Later, from any thread,
///   exactly one of the two completions is called for it, commits in order.
template <class S, class Write>
concept Store = requires(S& store, std::uint64_t entry, Write write) {
    store.put(entry, std::move(write));
    store.commit();
};

struct StoreCompletions {
    std::function<void(std::uint64_t upto)> stored;
    std::function<void(std::uint64_t from, const std::string& why)> failed;
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
