// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/id_file.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace offerkit::runtime {

namespace {

constexpr std::size_t id_text_max = 64;

Refusal refuse(RefusalCode code, const std::string& path, const std::string& what,
               const std::string& why, const std::string& todo) {
    return {code, "file " + path, what, why, todo};
}

}  // namespace

// The lock is on a file beside it: the file itself is replaced as a whole when it is written.
Result<IdFile> IdFile::open(const std::string& path) {
    const std::string lock_path = path + ".lock";
    const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) {
        return refuse(RefusalCode::unavailable, lock_path, "open", std::strerror(errno),
                      "name a file in a folder that can be written");
    }
    IdFile file{path, lock};
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        return refuse(RefusalCode::already_exists, path, "take",
                      "another scheduler that runs holds it",
                      "end the other one, or name another file");
    }
    const Result<std::string> text = read_file(path, id_text_max);
    if (!text) {
        if (text.error().code == RefusalCode::not_found) return file;
        return text.error();
    }
    std::string line = *text;
    if (!line.empty() && line.back() == '\n') line.pop_back();
    const Result<FrameworkId> id = parse_id<FrameworkTag>(line);
    if (!id) {
        return refuse(RefusalCode::malformed, path, "read the framework's id", "it holds none",
                      "remove it to start as a new framework");
    }
    file.id_ = *id;
    return file;
}

IdFile::~IdFile() {
    if (lock_ >= 0) ::close(lock_);
}

Result<void> IdFile::keep(FrameworkId id) {
    if (id == id_) return {};
    if (auto written = write_file(path_, format_id(id) + "\n"); !written) return written;
    id_ = id;
    return {};
}

Result<void> IdFile::forget() {
    id_ = FrameworkId{};
    if (::unlink(path_.c_str()) == 0 || errno == ENOENT) return {};
    return refuse(RefusalCode::unavailable, path_, "remove", std::strerror(errno),
                  "remove it before the next run");
}

}  // namespace offerkit::runtime
