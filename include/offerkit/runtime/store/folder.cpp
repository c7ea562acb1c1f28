// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/store/folder.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace offerkit::runtime::detail {

namespace {

Refusal store_damage(const std::string& folder, std::string why) {
    return {RefusalCode::malformed, "store " + folder, "open it", std::move(why), ""};
}

bool is_there(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

/// The database may be one commit ahead, which was not told to anybody yet. Everything else means
/// that one of the two files is not the one that was written last.
Result<void> check_agree(const std::string& folder, const StoreHead& mark, const StoreHead& head) {
    const auto numbers = [&] {
        return ": it ends with commit " + std::to_string(head.sequence) +
               ", and durable is commit " + std::to_string(mark.sequence);
    };
    if (head.sequence < mark.sequence) {
        return store_damage(folder, "the database has lost its end, or is an old copy" + numbers());
    }
    if (head.sequence > mark.sequence + 1) {
        return store_damage(folder, "its file 'durable' is an old copy" + numbers());
    }
    const bool same = head.sequence == mark.sequence;
    if (same ? head != mark : head.digest_before != mark.digest || head.epoch < mark.epoch) {
        return store_damage(
            folder, "the database and the file 'durable' are not of the same store" + numbers());
    }
    return {};
}

/// Pre: the mark says that nothing was ever committed.
Result<StoreFiles> make_store(const std::string& folder, const DatabaseOptions& options) {
    if (is_there(options.path)) {
        const auto database = Database::open(options, false);
        if (database) {
            const auto contents = (*database)->load();
            if (contents && contents->head.sequence > 1)
                return store_damage(folder, "its file 'durable' is an old copy");
        }
    }
    // What an opening left that was cut off before its first commit; nobody was told of it.
    for (const std::string& file : database_files(options.path))
        ::unlink(file.c_str());
    auto database = Database::create(options);
    if (!database) return std::move(database).error();
    if (auto synced = sync_folder(folder); !synced) return std::move(synced).error();
    auto mark = MarkFile::open(store_mark(folder), false);
    if (!mark) return std::move(mark).error();
    return StoreFiles{std::move(mark).value(), std::move(database).value(), {}};
}

Result<StoreFiles> check_store(const std::string& folder, const DatabaseOptions& options,
                               MarkFile mark, bool read_only, bool is_live) {
    if (!is_there(options.path)) {
        return store_damage(folder, "its file entries.db is missing, and durable is commit " +
                                        std::to_string(mark.head().sequence));
    }
    auto database = Database::open(options, read_only);
    if (!database) return std::move(database).error();
    auto contents = (*database)->load();
    if (!contents) return std::move(contents).error();
    // Another process may have committed since the mark was read, but never less than it says.
    if (!is_live || contents->head.sequence <= mark.head().sequence) {
        auto agree = check_agree(folder, mark.head(), contents->head);
        if (!agree) return std::move(agree).error();
    }
    return StoreFiles{std::move(mark), std::move(database).value(), std::move(contents).value()};
}

}  // namespace

Result<StoreLock> StoreLock::take(const std::string& folder) {
    const std::string path = (std::filesystem::path(folder) / "lock").string();
    StoreLock lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (lock.file_ < 0) {
        return Refusal{RefusalCode::unavailable, "file " + path, "open it", std::strerror(errno),
                       "look at the folder, its owner and the space left"};
    }
    if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
        char text[32] = {};
        const ssize_t size = ::pread(lock.file_, text, sizeof text - 1, 0);
        const std::string_view holder{text, size > 0 ? static_cast<std::size_t>(size) : 0};
        const std::string_view number = holder.substr(0, holder.find('\n'));
        return Refusal{RefusalCode::already_exists, "store " + folder, "lock it",
                       number.empty() ? "another process uses it"
                                      : "process " + std::string(number) + " uses it",
                       "end that process first"};
    }
    // For people alone: that it cannot be written is no reason to refuse.
    const std::string number = std::to_string(::getpid()) + "\n";
    if (::ftruncate(lock.file_, 0) == 0)
        (void)!::pwrite(lock.file_, number.data(), number.size(), 0);
    return lock;
}

StoreLock::~StoreLock() {
    if (file_ >= 0) ::close(file_);
}

Result<void> make_store_folder(const std::string& folder) {
    if (is_there(folder)) return {};
    const auto fault = [&](const std::string& why) {
        return Refusal{RefusalCode::unavailable, "folder " + folder, "make it", why,
                       "look at the folder above, its owner and the space left"};
    };
    std::error_code error;
    const auto absolute = std::filesystem::absolute(folder, error).lexically_normal();
    const auto above =
        absolute.has_filename() ? absolute.parent_path() : absolute.parent_path().parent_path();
    std::filesystem::create_directories(absolute, error);
    if (error) return fault(error.message());
    std::filesystem::permissions(absolute, std::filesystem::perms::owner_all, error);
    if (error) return fault(error.message());
    return sync_folder(above.string());
}

std::string store_database(const std::string& folder) {
    return (std::filesystem::path(folder) / "entries.db").string();
}

std::string store_mark(const std::string& folder) {
    return (std::filesystem::path(folder) / "durable").string();
}

Result<StoreFiles> open_store(const std::string& folder, const DatabaseOptions& options) {
    auto mark = MarkFile::open(store_mark(folder), false);
    if (!mark && mark.error().code != RefusalCode::not_found) return std::move(mark).error();
    if (!mark) {
        for (const std::string& file : database_files(options.path)) {
            if (is_there(file)) return store_damage(folder, "its file 'durable' is missing");
        }
        // First of all, so that a database without it is always one that has lost it.
        if (auto made = MarkFile::create(store_mark(folder)); !made) return std::move(made).error();
        return make_store(folder, options);
    }
    if (mark->is_new()) return make_store(folder, options);
    return check_store(folder, options, std::move(mark).value(), false, false);
}

Result<StoreFiles> read_store(const std::string& folder, bool is_live) {
    DatabaseOptions options;
    options.path = store_database(folder);
    auto mark = MarkFile::open(store_mark(folder), true);
    if (!mark && mark.error().code == RefusalCode::not_found && is_there(options.path))
        return store_damage(folder, "its file 'durable' is missing");
    if (!mark) return std::move(mark).error();
    return check_store(folder, options, std::move(mark).value(), true, is_live);
}

}  // namespace offerkit::runtime::detail
