// SPDX-License-Identifier: Apache-2.0
#pragma once

/// SQLite's files, which fail when they are told to: a full disk, a failing one, and a sync that
/// fails although, or because, the bytes have or have not arrived.

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <list>

namespace offerkit::testing {

class FailingFiles {
public:
    static constexpr const char* name = "offerkit-failing";

    enum class Fault { none, full, write_error, sync_error, killed };

    /// `fault` begins after as many more writes and syncs, and lasts until `heal`. Killed: this
    /// process, right after one.
    static void fail(Fault fault, int after) {
        install();
        left_ = after;
        fault_ = fault;
    }
    static void heal() { fault_ = Fault::none; }

    /// True if the fault was met.
    static bool has_failed() { return failed_.exchange(false); }

    static void install() {
        static const bool done = [] {
            original_ = sqlite3_vfs_find(nullptr);
            ours_ = *original_;
            ours_.zName = name;
            ours_.xOpen = open;
            sqlite3_vfs_register(&ours_, 0);
            return true;
        }();
        (void)done;
    }

private:
    struct Methods {
        sqlite3_io_methods ours;  // First: a file points to it.
        const sqlite3_io_methods* original;
    };

    static int open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out) {
        const int code = original_->xOpen(original_, path, file, flags, out);
        if (file->pMethods != nullptr) file->pMethods = &methods_for(file->pMethods)->ours;
        return code;
    }

    static Methods* methods_for(const sqlite3_io_methods* original) {
        for (Methods& each : methods_) {
            if (each.original == original) return &each;
        }
        methods_.push_back({*original, original});
        methods_.back().ours.xWrite = write;
        methods_.back().ours.xSync = sync;
        return &methods_.back();
    }

    static const sqlite3_io_methods* original_of(sqlite3_file* file) {
        return reinterpret_cast<const Methods*>(file->pMethods)->original;
    }

    static bool is_due(Fault fault) {
        if (fault_ != fault || left_-- > 0) return false;
        left_ = 0;
        failed_ = true;
        return true;
    }

    static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
        if (is_due(Fault::full)) return SQLITE_FULL;
        if (is_due(Fault::write_error)) return SQLITE_IOERR_WRITE;
        const int code = original_of(file)->xWrite(file, bytes, size, at);
        if (is_due(Fault::killed)) ::kill(::getpid(), SIGKILL);
        return code;
    }

    static int sync(sqlite3_file* file, int flags) {
        const int code = original_of(file)->xSync(file, flags);
        if (is_due(Fault::killed)) ::kill(::getpid(), SIGKILL);
        return is_due(Fault::sync_error) ? SQLITE_IOERR_FSYNC : code;
    }

    inline static sqlite3_vfs* original_ = nullptr;
    inline static sqlite3_vfs ours_ = {};
    inline static std::list<Methods> methods_;
    inline static std::atomic<Fault> fault_ = Fault::none;
    inline static std::atomic<int> left_ = 0;
    inline static std::atomic<bool> failed_ = false;
};

}  // namespace offerkit::testing
