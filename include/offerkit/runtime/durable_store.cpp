// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/assert.hpp>
#include <offerkit/runtime/durable_store.hpp>
#include <offerkit/runtime/store/folder.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace offerkit::runtime {

namespace {

using detail::StoreHead;
using record::KeyChange;

/// Empty, or why no store could take the entry.
std::string why_too_large(const std::vector<KeyChange>& changes) {
    std::size_t total = 0;
    for (const KeyChange& change : changes) {
        const std::size_t value = change.value ? change.value->size() : 0;
        if (change.key.size() > store_key_max || value > store_value_max) {
            return "key " + change.key.substr(0, 100) + " has " +
                   std::to_string(change.key.size()) + " bytes and its value " +
                   std::to_string(value) + ", at most " + std::to_string(store_key_max) + " and " +
                   std::to_string(store_value_max) + " can be kept";
        }
        total += change.key.size() + value;
    }
    if (total <= store_commit_max) return {};
    return "an entry of " + std::to_string(total) + " bytes cannot be kept, at most " +
           std::to_string(store_commit_max) + " become durable at once";
}

std::size_t size_of(const std::vector<KeyChange>& changes) {
    std::size_t total = 0;
    for (const KeyChange& change : changes)
        total += change.key.size() + (change.value ? change.value->size() : 0);
    return total;
}

}  // namespace

struct DurableStore::Body {
    Body(DurableStoreOptions given, detail::StoreLock held)
        : options(std::move(given)), lock(std::move(held)) {
        database.path = detail::store_database(options.folder);
        database.size_max = options.size_max;
        database.vfs = options.vfs;
    }

    struct Entry {
        std::uint64_t number = 0;
        std::vector<KeyChange> changes;
        std::size_t size = 0;
        std::string refused;  // Why no store could take it; empty: this one tries.
    };

    /// What becomes durable together. Never empty.
    struct Group {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        std::uint64_t entries = 0;
        std::vector<KeyChange> changes;
        std::string refused;  // Then of one entry.
    };

    [[nodiscard]] Result<void> open() {
        auto opened = detail::open_store(options.folder, database);
        if (!opened) return std::move(opened).error();
        files.emplace(std::move(opened).value());
        values = std::exchange(files->contents.values, {});
        durable = files->contents.head;
        epoch = std::max(durable.epoch + 1, options.epoch_min);
        if (files->mark.head() != durable) {
            // A process was killed between a commit and its mark. Made up for before the next
            // commit: killed there too, we would leave a store that is two ahead of its mark.
            if (auto synced = files->database->checkpoint(true); !synced) return synced;
            if (auto marked = files->mark.write(durable); !marked) return marked;
        }
        return commit({});
    }

    /// Makes the changes durable: database first, then the mark.
    [[nodiscard]] Result<void> commit(std::span<const KeyChange> changes) {
        if (!files) {
            if (auto opened = open_again(); !opened) return opened;
        }
        std::vector<KeyChange> before;
        auto head = files->database->commit(durable, epoch, changes, before);
        if (!head && (head.error().code == RefusalCode::insufficient ||
                      head.error().code == RefusalCode::stale_epoch)) {
            return std::move(head).error();  // Nothing was changed.
        }
        Result<void> done = head ? files->mark.write(*head) : Result<void>{head.error()};
        if (done) {
            durable = *head;
        } else {
            // Whether it is on the disk, only the disk can tell: it was told as failed, and has to
            // be taken back should it be there.
            undo = std::move(before);
            std::ranges::reverse(undo);
            files.reset();
        }
        return done;
    }

    /// After a fault nothing in memory is believed, neither ours nor the kernel's: all is closed,
    /// opened, and every checksum checked.
    [[nodiscard]] Result<void> open_again() {
        auto opened = detail::open_store(options.folder, database);
        if (!opened) return std::move(opened).error();
        const StoreHead head = opened->contents.head;
        const bool has_more = head.sequence == durable.sequence + 1;
        if (head.epoch > epoch) {
            return Refusal{RefusalCode::stale_epoch, "store " + options.folder, "open it again",
                           "another writer has taken it over", "end this process"};
        }
        if (has_more ? head.digest_before != durable.digest : head != durable) {
            return Refusal{RefusalCode::malformed, "store " + options.folder, "open it again",
                           "it is not as it was before the fault", ""};
        }
        // Also when it reads well: what was read may never have reached the disk.
        if (auto marked = opened->mark.write(head); !marked) return marked;
        durable = head;
        // Harmless should the changes not be there.
        std::vector<KeyChange> ignored;
        auto reverted = opened->database->commit(durable, epoch, undo, ignored);
        if (!reverted) return std::move(reverted).error();
        if (auto marked = opened->mark.write(*reverted); !marked) return marked;
        durable = *reverted;
        undo.clear();
        files.emplace(std::move(opened).value());
        files->contents.values.clear();
        return {};
    }

    void put(std::uint64_t entry, std::vector<KeyChange> changes) {
        Entry next{entry, std::move(changes), 0, {}};
        next.refused = why_too_large(next.changes);
        next.size = size_of(next.changes);
        const std::lock_guard held{mutex};
        OFFERKIT_ASSERT(entry > last_put);
        last_put = entry;
        queue.push_back(std::move(next));
    }

    void ask_commit() {
        {
            const std::lock_guard held{mutex};
            if (wanted == last_put) return;
            wanted = last_put;
        }
        wake.notify_one();
    }

    void run() {
        while (true) {
            std::unique_lock held{mutex};
            const auto is_wanted = [&] { return !queue.empty() && queue.front().number <= wanted; };
            wake.wait(held, [&] { return stopping || is_wanted(); });
            if (!is_wanted()) return;
            const Group group = take_group();
            held.unlock();
            write(group);
        }
    }

    /// All that waits and fits into one commit. Pre: the mutex is held, something is wanted.
    [[nodiscard]] Group take_group() {
        Group group;
        group.first = queue.front().number;
        std::size_t size = 0;
        while (!queue.empty() && queue.front().number <= wanted) {
            Entry& entry = queue.front();
            size += entry.size;
            const bool alone = !options.group || !entry.refused.empty();
            if (group.entries != 0 && (alone || size > store_commit_max)) break;
            group.last = entry.number;
            group.refused = std::move(entry.refused);
            ++group.entries;
            std::ranges::move(entry.changes, std::back_inserter(group.changes));
            queue.pop_front();
            if (alone) break;
        }
        return group;
    }

    void write(const Group& group) {
        if (ended) return fail(group.first, *ended);
        if (!group.refused.empty()) {
            if (options.after_failure == AfterFailure::stop)
                return fail_for_good(group.first, group.refused);
            return completions.failed(group.first, group.first, group.refused);
        }
        if (auto done = commit(group.changes); !done) return fail(group.first, done.error());
        if (std::exchange(failing, false))
            write_log(options.log, LogLevel::info, "store " + options.folder + ": writes again");
        commits.fetch_add(1, std::memory_order_relaxed);
        entries.fetch_add(group.entries, std::memory_order_relaxed);
        completions.stored(group.last);
        tidy();
    }

    /// The log of the database must not grow for ever. Nobody waits for this.
    void tidy() {
        auto done = files->database->checkpoint(false);
        if (done) return;
        write_log(options.log, LogLevel::warning, format_refusal(done.error()));
        files.reset();
    }

    void fail(std::uint64_t from, const Refusal& refusal) {
        const std::string text = format_refusal(refusal);
        if (options.after_failure == AfterFailure::stop ||
            refusal.code == RefusalCode::stale_epoch || refusal.code == RefusalCode::malformed) {
            return fail_for_good(from, text);
        }
        if (!std::exchange(failing, true)) write_log(options.log, LogLevel::error, text);
        fail(from, text);
    }

    void fail_for_good(std::uint64_t from, const std::string& text) {
        ended = text;
        write_log(options.log, LogLevel::error, text + "; nothing more is written");
        fail(from, text);
    }

    void fail(std::uint64_t from, const std::string& why) {
        std::uint64_t upto = 0;
        {
            const std::lock_guard held{mutex};
            upto = last_put;
            queue.clear();
        }
        completions.failed(from, upto, why);
    }

    void stop() {
        {
            const std::lock_guard held{mutex};
            stopping = true;
        }
        wake.notify_one();
        if (thread.joinable()) thread.join();
        // A log that stays is read at the next opening.
        if (files) (void)files->database->checkpoint(true);
        files.reset();
    }

    DurableStoreOptions options;
    detail::StoreLock lock;
    detail::DatabaseOptions database;

    // Of the thread, once it has started.
    std::optional<detail::StoreFiles> files;  // None after a fault.
    StoreHead durable;                        // What was last told.
    std::uint64_t epoch = 0;
    std::vector<KeyChange> undo;       // Of the commit that a fault has left in doubt.
    std::optional<std::string> ended;  // Why nothing more is written.
    bool failing = false;

    std::vector<record::KeyValue> values;
    StoreCompletions completions;
    std::atomic<std::uint64_t> commits = 0;
    std::atomic<std::uint64_t> entries = 0;

    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Entry> queue;
    std::uint64_t last_put = 0;
    std::uint64_t wanted = 0;
    bool stopping = false;
    std::thread thread;
};

DurableStore::DurableStore(std::unique_ptr<Body> body) : body_(std::move(body)) {}
DurableStore::~DurableStore() { stop(); }

Result<std::unique_ptr<DurableStore>> DurableStore::open(DurableStoreOptions options) {
    if (auto made = detail::make_store_folder(options.folder); !made)
        return std::move(made).error();
    auto lock = detail::StoreLock::take(options.folder);
    if (!lock) return std::move(lock).error();
    auto body = std::make_unique<Body>(std::move(options), std::move(lock).value());
    if (auto opened = body->open(); !opened) {
        Refusal refusal = std::move(opened).error();
        if (refusal.code == RefusalCode::malformed) {
            refusal.todo = !body->options.todo.empty()
                               ? body->options.todo
                               : "put a backup of the folder back, or remove it to begin anew "
                                 "without what it held";
        }
        return refusal;
    }
    return std::unique_ptr<DurableStore>{new DurableStore{std::move(body)}};
}

std::uint64_t DurableStore::epoch() const { return body_->epoch; }

std::vector<record::KeyValue> DurableStore::take_values() {
    return std::exchange(body_->values, {});
}

void DurableStore::start(StoreCompletions completions) {
    OFFERKIT_ASSERT(!body_->thread.joinable());
    body_->completions = std::move(completions);
    body_->thread = std::thread([body = body_.get()] { body->run(); });
}

void DurableStore::put(std::uint64_t entry, std::vector<record::KeyChange> changes) {
    body_->put(entry, std::move(changes));
}

void DurableStore::commit() { body_->ask_commit(); }
void DurableStore::stop() { body_->stop(); }

DurableStore::Counters DurableStore::counters() const {
    return {body_->commits.load(std::memory_order_relaxed),
            body_->entries.load(std::memory_order_relaxed)};
}

}  // namespace offerkit::runtime
