// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/recorder.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <vector>

namespace offerkit::runtime {

namespace {

/// NAME-RUN-NUMBER.log; none for the name of anything else.
struct RecordName {
    std::uint64_t run = 0;
    std::uint64_t number = 0;

    static std::optional<RecordName> parse(std::string_view file, std::string_view name) {
        if (!file.starts_with(name) || !file.ends_with(".log")) return std::nullopt;
        file.remove_prefix(name.size());
        file.remove_suffix(std::string_view{".log"}.size());
        RecordName parsed;
        for (std::uint64_t* const part : {&parsed.run, &parsed.number}) {
            if (!file.starts_with('-')) return std::nullopt;
            file.remove_prefix(1);
            const auto read = std::from_chars(file.data(), file.data() + file.size(), *part);
            if (read.ec != std::errc{}) return std::nullopt;
            file.remove_prefix(static_cast<std::size_t>(read.ptr - file.data()));
        }
        return file.empty() ? std::optional{parsed} : std::nullopt;
    }

    [[nodiscard]] std::string text(const std::string& name) const {
        std::string digits = std::to_string(number);
        digits.insert(0, 6 - std::min<std::size_t>(digits.size(), 6), '0');
        return name + "-" + std::to_string(run) + "-" + digits + ".log";
    }
};

/// Removes all but the newest files, later runs being newer. What cannot be removed stays.
void remove_oldest(const std::filesystem::path& folder, const std::string& name, std::size_t kept) {
    std::vector<std::tuple<std::uint64_t, std::uint64_t, std::filesystem::path>> found;
    std::error_code error;
    for (std::filesystem::directory_iterator at{folder, error}, end; !error && at != end;
         at.increment(error)) {
        const auto parsed = RecordName::parse(at->path().filename().string(), name);
        if (parsed) found.emplace_back(parsed->run, parsed->number, at->path());
    }
    std::ranges::sort(found);
    for (std::size_t i = 0; i + kept < found.size(); ++i)
        std::filesystem::remove(std::get<2>(found[i]), error);
}

}  // namespace

struct RecordFiles::Body {
    static constexpr std::chrono::milliseconds gather_for{20};
    static constexpr std::size_t gather_bytes = std::size_t{1} << 18;
    static constexpr std::size_t spares_max = 4;

    /// What goes into one file at once.
    struct Part {
        bool begins_file = false;
        record::Bytes bytes;
    };

    Body(RecordOptions given, std::string named, std::uint64_t numbered, Log told)
        : options(std::move(given)), name(std::move(named)), log(std::move(told)) {
        last.run = numbered;
    }

    ~Body() {
        {
            const std::lock_guard lock{mutex};
            ending = true;
        }
        more.notify_one();
        if (thread.joinable()) thread.join();
        if (descriptor >= 0) ::close(descriptor);
    }

    [[nodiscard]] std::string path() const {
        return (std::filesystem::path{options.folder} / last.text(name)).string();
    }

    /// Makes the next file. Returns the error number, or zero.
    int open_next() {
        ++last.number;
        if (descriptor >= 0) ::close(descriptor);
        const int flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC;
        descriptor = ::open(path().c_str(), flags, 0600);
        if (descriptor < 0) return errno;
        remove_oldest(options.folder, name, std::max<std::size_t>(options.files, 1));
        return 0;
    }

    void run() {
        std::deque<Part> taken;
        while (true) {
            {
                std::unique_lock lock{mutex};
                more.wait(lock, [this] { return ending || !waiting.empty(); });
                // One large write costs less than many small ones, and the machine wakes us less
                // often. What a killed process has not written is less than a blink.
                more.wait_for(lock, gather_for,
                              [this] { return ending || waiting_bytes >= gather_bytes; });
                if (waiting.empty()) return;
                taken.swap(waiting);
                waiting_bytes = 0;
            }
            for (Part& part : taken) {
                write(part);
                give_back(part.bytes);
            }
            taken.clear();
        }
    }

    /// Memory that was written to once costs less than new memory: the kernel clears each page.
    void give_back(record::Bytes& bytes) {
        if (bytes.capacity() > 2 * gather_bytes) return;
        bytes.clear();
        const std::lock_guard lock{mutex};
        if (spares.size() < spares_max) spares.push_back(std::move(bytes));
    }

    /// Adds to what waits for the disk. Pre: the mutex is held.
    void gather(std::string_view bytes, bool begins_file) {
        if (begins_file || waiting.empty() ||
            waiting.back().bytes.size() + bytes.size() > waiting.back().bytes.capacity()) {
            Part& part = waiting.emplace_back(Part{begins_file, {}});
            if (!spares.empty()) {
                part.bytes = std::move(spares.back());
                spares.pop_back();
            }
            part.bytes.reserve(std::max(gather_bytes, bytes.size()));
        }
        waiting.back().bytes += bytes;
        waiting_bytes += bytes.size();
    }

    void write(const Part& part) {
        if (part.begins_file) {
            const int error = open_next();
            is_whole = error == 0;
            if (error != 0) report(error);
        }
        std::string_view rest = part.bytes;
        while (is_whole && !rest.empty()) {
            const ssize_t count = ::write(descriptor, rest.data(), rest.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return report(errno);
            rest.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    /// The file is good up to here, and has a gap from here on.
    void report(int error) {
        is_whole = false;
        write_log(log, LogLevel::error,
                  "the record " + path() + " ends here: " + std::strerror(error) +
                      "; another file is begun in a minute");
        const std::lock_guard lock{mutex};
        failed = true;
    }

    const RecordOptions options;
    const std::string name;
    const Log log;
    RecordName last;
    int descriptor = -1;
    bool is_whole = true;

    std::mutex mutex;
    std::condition_variable more;
    std::deque<Part> waiting;
    std::vector<record::Bytes> spares;
    std::size_t waiting_bytes = 0;
    bool ending = false;
    bool failed = false;
    std::thread thread;
};

RecordFiles::RecordFiles(std::unique_ptr<Body> body) : body_(std::move(body)) {}
RecordFiles::~RecordFiles() = default;

Result<std::unique_ptr<RecordFiles>> RecordFiles::create(const RecordOptions& options,
                                                         const std::string& name, std::uint64_t run,
                                                         Log log) {
    std::error_code ignored;  // The file cannot be made then, which says why.
    std::filesystem::create_directories(options.folder, ignored);
    auto body = std::make_unique<Body>(options, name, run, std::move(log));
    // An agent that is killed before its run is durable comes back with the same number.
    int error = body->open_next();
    while (error == EEXIST)
        error = body->open_next();
    if (error != 0) {
        return Refusal{RefusalCode::unavailable, "file " + body->path(), "write the record",
                       std::strerror(error), "give --record another folder"};
    }
    body->thread = std::thread([raw = body.get()] { raw->run(); });
    return std::unique_ptr<RecordFiles>{new RecordFiles{std::move(body)}};
}

bool RecordFiles::append(std::string_view bytes) { return push(bytes, false); }
bool RecordFiles::begin_file(std::string_view bytes) { return push(bytes, true); }

bool RecordFiles::push(std::string_view bytes, bool begins_file) {
    bool is_behind = false;
    bool is_due = false;
    {
        const std::lock_guard lock{body_->mutex};
        const std::size_t before = body_->waiting_bytes;
        is_behind = before + bytes.size() > waiting_max;
        if (begins_file || is_behind) body_->failed = is_behind;
        if (!body_->failed) {
            body_->gather(bytes, begins_file);
            const bool was_full = before >= Body::gather_bytes;
            is_due = before == 0 || (!was_full && body_->waiting_bytes >= Body::gather_bytes);
        } else if (!is_behind) {
            return false;
        }
    }
    if (is_due) body_->more.notify_one();
    if (is_behind) {
        write_log(body_->log, LogLevel::error,
                  "the record in " + body_->options.folder +
                      " has a gap from here: the disk is too slow; another file is begun in a "
                      "minute");
    }
    return !is_behind;
}

}  // namespace offerkit::runtime
