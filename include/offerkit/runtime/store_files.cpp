// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/crc32c.hpp>
#include <offerkit/runtime/durable_store.hpp>
#include <offerkit/runtime/store/folder.hpp>
#include <offerkit/runtime/store_files.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <fcntl.h>
#include <stdio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <future>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace offerkit::runtime {

namespace {

constexpr std::string_view backup_magic = "OFKBACK1";
constexpr std::size_t backup_size_max = std::size_t{4} * 1024 * 1024 * 1024;

bool file_exists(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

Refusal no_store(const std::string& folder) {
    return {RefusalCode::not_found, "store " + folder, "open it", "there is none",
            "give the folder of one"};
}

/// The lock, without making a folder or a file where there is no store.
Result<detail::StoreLock> lock_store(const std::string& folder) {
    if (!file_exists(detail::store_mark(folder)) && !file_exists(detail::store_database(folder)))
        return no_store(folder);
    return detail::StoreLock::take(folder);
}

Result<detail::Database::Contents> load_database(const std::string& folder) {
    detail::DatabaseOptions options;
    options.path = detail::store_database(folder);
    if (!file_exists(options.path)) return no_store(options.path);
    auto database = detail::Database::open(options, true);
    if (!database) return std::move(database).error();
    return (*database)->load();
}

/// Numbers and texts, one after the other, with the checksum of all at the end.
class BackupWriter {
public:
    BackupWriter() : bytes_(backup_magic) {}

    void add(std::uint64_t number) {
        for (int i = 0; i < 8; ++i)
            bytes_ += static_cast<char>((number >> (8 * i)) & 0xff);
    }
    void add(const std::string& text) {
        add(std::uint64_t{text.size()});
        bytes_ += text;
    }
    [[nodiscard]] std::string finish() && {
        add(std::uint64_t{record::crc32c(bytes_)});
        return std::move(bytes_);
    }

private:
    std::string bytes_;
};

class BackupReader {
public:
    /// Nothing if the bytes are not such, or their checksum is not theirs.
    static std::optional<BackupReader> open(std::string_view bytes) {
        if (!bytes.starts_with(backup_magic) || bytes.size() < backup_magic.size() + 8)
            return std::nullopt;
        BackupReader end{bytes.substr(bytes.size() - 8)};
        bytes.remove_suffix(8);
        if (end.number() != record::crc32c(bytes)) return std::nullopt;
        return BackupReader{bytes.substr(backup_magic.size())};
    }

    std::uint64_t number() {
        if (rest_.size() < 8) return fail();
        std::uint64_t number = 0;
        for (std::size_t i = 0; i < 8; ++i)
            number |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
        rest_.remove_prefix(8);
        return number;
    }
    std::string text() {
        const std::uint64_t size = number();
        if (size > rest_.size()) return fail(), std::string{};
        std::string text{rest_.substr(0, size)};
        rest_.remove_prefix(size);
        return text;
    }
    [[nodiscard]] bool is_good() const { return good_; }
    [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

private:
    explicit BackupReader(std::string_view bytes) : rest_(bytes) {}
    std::uint64_t fail() {
        good_ = false;
        rest_ = {};
        return 0;
    }

    std::string_view rest_;
    bool good_ = true;
};

/// Writes all into a new store, and waits until it is durable.
Result<void> fill_store(const std::string& folder, const StoreContents& contents,
                        std::uint64_t epoch) {
    DurableStoreOptions options;
    options.folder = folder;
    options.epoch_min = epoch;
    auto opened = DurableStore::open(std::move(options));
    if (!opened) return std::move(opened).error();
    DurableStore& store = **opened;
    if (contents.values.empty()) return {};
    std::promise<std::string> ended;
    bool has_ended = false;  // Of the store's thread.
    const auto end = [&](const std::string& why) {
        if (!std::exchange(has_ended, true)) ended.set_value(why);
    };
    const std::uint64_t last = contents.values.size();
    store.start({[&](std::uint64_t upto) {
                     if (upto == last) end("");
                 },
                 [&](std::uint64_t, std::uint64_t, const std::string& why) { end(why); }});
    std::uint64_t entry = 0;
    for (const record::KeyValue& each : contents.values)
        store.put(++entry, {{each.key, each.value}});
    store.commit();
    const std::string why = ended.get_future().get();
    store.stop();
    if (why.empty()) return {};
    return Refusal{RefusalCode::unavailable, "store " + folder, "fill it", why, ""};
}

Result<void> move_folder(const std::string& from, const std::string& to, unsigned flags) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0) return {};
    return Refusal{RefusalCode::unavailable, "folder " + from, "move it to " + to,
                   std::strerror(errno), "look at the folder above, its owner and the space left"};
}

}  // namespace

Result<StoreContents> read_store(const std::string& folder, StoreUse use) {
    const auto lock = lock_store(folder);
    const bool held = !lock && lock.error().code == RefusalCode::already_exists;
    if (!lock && !(held && use == StoreUse::live)) return lock.error();
    auto files = detail::read_store(folder, held);
    if (!files) return std::move(files).error();
    const detail::StoreHead& head = files->contents.head;
    return StoreContents{head.epoch, head.sequence, std::move(files->contents.values)};
}

Result<StoreContents> salvage_store(const std::string& folder) {
    const auto lock = lock_store(folder);
    if (!lock) return lock.error();
    auto contents = load_database(folder);
    if (!contents) return std::move(contents).error();
    return StoreContents{contents->head.epoch, contents->head.sequence,
                         std::move(contents->values)};
}

Result<std::vector<StoreFinding>> examine_store(const std::string& folder) {
    const auto lock = lock_store(folder);
    if (!lock) return lock.error();
    std::vector<StoreFinding> findings;
    const auto note = [&](const char* what, const auto& result, const std::string& found) {
        findings.push_back({what, result ? found : format_refusal(result.error()), bool(result)});
    };
    const auto mark = detail::MarkFile::open(detail::store_mark(folder), true);
    note("durable", mark, mark ? "commit " + std::to_string(mark->head().sequence) : "");
    const auto contents = load_database(folder);
    note("entries.db", contents,
         contents ? "commit " + std::to_string(contents->head.sequence) + ", " +
                        std::to_string(contents->values.size()) + " values"
                  : "");
    note("both together", detail::read_store(folder, false), "agree");
    return findings;
}

Result<void> write_backup(const std::string& file, const StoreContents& contents) {
    if (file_exists(file)) {
        return Refusal{RefusalCode::already_exists, "file " + file, "write the backup",
                       "it is there already", "give another name, or remove it"};
    }
    BackupWriter writer;
    writer.add(contents.epoch);
    writer.add(contents.commit);
    writer.add(std::uint64_t{contents.values.size()});
    for (const record::KeyValue& each : contents.values) {
        writer.add(each.key);
        writer.add(each.value);
    }
    return write_file(file, std::move(writer).finish());
}

Result<StoreContents> read_backup(const std::string& file) {
    const auto bytes = read_file(file, backup_size_max);
    if (!bytes) return bytes.error();
    const auto refuse = [&] {
        return Refusal{RefusalCode::malformed, "file " + file, "read the backup",
                       "it is no backup, or damaged", "give another one"};
    };
    auto reader = BackupReader::open(*bytes);
    if (!reader) return refuse();
    StoreContents contents;
    contents.epoch = reader->number();
    contents.commit = reader->number();
    const std::uint64_t count = reader->number();
    for (std::uint64_t i = 0; i < count && reader->is_good(); ++i) {
        std::string key = reader->text();
        contents.values.push_back({std::move(key), reader->text()});
    }
    if (!reader->is_good() || !reader->is_at_end()) return refuse();
    return contents;
}

std::uint64_t find_epoch(const std::string& folder) {
    std::uint64_t epoch = 0;
    if (const auto mark = detail::MarkFile::open(detail::store_mark(folder), true))
        epoch = mark->head().epoch;
    if (const auto contents = load_database(folder)) epoch = std::max(epoch, contents->head.epoch);
    return epoch;
}

Result<std::string> restore_store(const std::string& folder, const StoreContents& contents,
                                  std::uint64_t epoch) {
    const std::string next = folder + ".next";
    std::error_code error;
    std::filesystem::remove_all(next, error);  // Of a restore that was cut off.
    if (auto filled = fill_store(next, contents, epoch + 1); !filled)
        return std::move(filled).error();
    std::string kept;
    if (file_exists(folder)) {
        // In one step: a folder that is missing for a moment would look like a new store.
        if (auto moved = move_folder(next, folder, RENAME_EXCHANGE); !moved)
            return std::move(moved).error();
        for (int number = 1; kept.empty() || file_exists(kept); ++number)
            kept = folder + ".before-restore-" + std::to_string(number);
        if (auto moved = move_folder(next, kept, 0); !moved) return std::move(moved).error();
    } else if (auto moved = move_folder(next, folder, 0); !moved) {
        return std::move(moved).error();
    }
    const std::string above = std::filesystem::absolute(folder, error).parent_path().string();
    if (auto synced = sync_folder(above); !synced) return std::move(synced).error();
    return kept;
}

}  // namespace offerkit::runtime
