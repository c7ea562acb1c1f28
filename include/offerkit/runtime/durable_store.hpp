// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The embedded store: keys and values in a folder of this computer. It survives the death of the
/// process at any moment and of the machine after a completion, and it finds out at opening when
/// what it reads is not what it wrote. It knows nothing of what is kept in it.
///
///   FOLDER/entries.db   the rows, and SQLite's log beside it (docs/decisions/0070)
///   FOLDER/durable      how far they are durable, written before a completion is told
///   FOLDER/lock         held by the one process that may write

#include <offerkit/core/result.hpp>
#include <offerkit/record/key_change.hpp>
#include <offerkit/runtime/log.hpp>
#include <offerkit/runtime/store.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace offerkit::runtime {

enum class AfterFailure : std::uint8_t {
    try_again,  // Entries that are put after a failure was told are written if they can be.
    stop,       // The first failure is the end: there is never a hole between entries.
};

struct DurableStoreOptions {
    std::string folder;           // Made if it is missing, for its owner alone.
    std::uint64_t epoch_min = 1;  // Of this writer, should the store not know of a higher one.
    AfterFailure after_failure = AfterFailure::try_again;
    std::string todo;            // What to do about damage, for people. Empty: a general hint.
    std::uint64_t size_max = 0;  // Bytes of the database; 0: what the disk has.
    bool group = true;           // False: a commit for each entry, to see what groups are worth.
    std::string vfs;             // SQLite's, so that tests may let files fail. Empty: as usual.
    Log log;
};

/// A `Store` of key changes. `put` and `commit` are called by one thread, completions by the
/// store's own.
class DurableStore {
public:
    /// Locks the folder, checks all that is in it and raises the epoch durably. Refuses:
    /// `already_exists` while another process holds it, with its id; `malformed` for damage: bits
    /// that changed, files that were cut off, lost, or replaced by older ones; `insufficient` when
    /// the disk is full; `unavailable` for other faults. What is refused is left as it was.
    static Result<std::unique_ptr<DurableStore>> open(DurableStoreOptions options);

    DurableStore(const DurableStore&) = delete;
    DurableStore& operator=(const DurableStore&) = delete;
    ~DurableStore();

    /// Higher than that of every opening before.
    [[nodiscard]] std::uint64_t epoch() const;

    /// What was kept when it was opened, in the order of the keys. Once.
    [[nodiscard]] std::vector<record::KeyValue> take_values();

    /// Once, before the first `put`.
    void start(StoreCompletions completions);

    /// An entry beyond the limits of store.hpp fails alone.
    void put(std::uint64_t entry, std::vector<record::KeyChange> changes);
    void commit();

    /// Ends what was committed, tells its completions, and closes. The destructor does it too.
    void stop();

    struct Counters {
        std::uint64_t commits = 0;
        std::uint64_t entries = 0;
    };
    /// What became durable since `start`. Any thread.
    [[nodiscard]] Counters counters() const;

private:
    struct Body;
    explicit DurableStore(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

static_assert(Store<DurableStore, std::vector<record::KeyChange>>);

}  // namespace offerkit::runtime
