// SPDX-License-Identifier: Apache-2.0
#include "records.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace offerkit::launcher {
namespace {

constexpr std::size_t header_area = 4096;
constexpr std::size_t slot_area = 512;
constexpr std::size_t started_at = 256;
constexpr std::size_t executed_at = 312;
constexpr std::size_t ended_at = 320;
constexpr std::size_t file_bytes = header_area + slot_area * records_max;
constexpr char magic[16] = "offerkit-runs-1";

static_assert(sizeof(AcceptedPart) <= started_at);
static_assert(started_at + sizeof(StartedPart) <= executed_at);
static_assert(executed_at + sizeof(std::uint32_t) <= ended_at);
static_assert(ended_at + sizeof(EndedPart) <= slot_area);

struct FileHeader {
    char magic[16];
    std::uint32_t slots;
    std::uint32_t padding;
    char boot_id[40];
};

std::size_t offset_of(std::uint32_t slot) { return header_area + slot_area * slot; }

/// FNV-1a over the part with its checksum taken as zero.
template <typename Part>
std::uint32_t checksum_of(Part part) {
    part.checksum = 0;
    unsigned char bytes[sizeof part];
    std::memcpy(bytes, &part, sizeof part);
    std::uint32_t hash = 2166136261U;
    for (const unsigned char byte : bytes)
        hash = (hash ^ byte) * 16777619U;
    return hash;
}

bool write_at(int fd, const void* data, std::size_t length, std::size_t offset) {
    const ssize_t written = ::pwrite(fd, data, length, static_cast<off_t>(offset));
    if (written == static_cast<ssize_t>(length)) return true;
    if (written >= 0) errno = ENOSPC;
    return false;
}

bool set_lock(int fd, short type, std::size_t offset, std::size_t length) {
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(offset);
    lock.l_len = static_cast<off_t>(length);
    return ::fcntl(fd, F_SETLK, &lock) == 0;
}

pid_t find_holder(int fd, std::size_t offset, std::size_t length) {
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(offset);
    lock.l_len = static_cast<off_t>(length);
    if (::fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
    return lock.l_pid;
}

template <typename Part>
const Part* valid(const unsigned char* at, std::uint32_t generation) {
    const auto* const part = reinterpret_cast<const Part*>(at);
    if (part->generation != generation || part->checksum != checksum_of(*part)) return nullptr;
    return part;
}

}  // namespace

const char* Records::open(int fd) {
    const int opened = ::open("records", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (opened < 0) return "open records";
    // Closing any descriptor of the file would drop this process's locks, so move it before
    // locking.
    if (opened != fd) {
        if (::dup3(opened, fd, O_CLOEXEC) < 0) return "open records";
        ::close(opened);
    }
    fd_ = fd;
    if (!take_launcher_lock()) return "lock records";
    if (!read_boot_id()) return "read the boot id";
    struct stat status = {};
    if (::fstat(fd_, &status) != 0) return "inspect records";
    FileHeader header = {};
    if (status.st_size != 0) {
        if (::pread(fd_, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header) ||
            std::memcmp(header.magic, magic, sizeof magic) != 0 || header.slots != records_max ||
            static_cast<std::size_t>(status.st_size) != file_bytes) {
            errno = EINVAL;
            return "read records: the file is not one of this version, move it away";
        }
        earlier_boot_ = std::memcmp(header.boot_id, boot_id_, sizeof boot_id_) != 0;
    } else if (::ftruncate(fd_, static_cast<off_t>(file_bytes)) != 0 || !write_header()) {
        return "write records";
    }
    // Looking at a hole takes space too where files are memory: without it the kernel ends us.
    if (const int error = ::posix_fallocate(fd_, 0, static_cast<off_t>(file_bytes)); error != 0) {
        errno = error;
        return "get space for records";
    }
    void* const map = ::mmap(nullptr, file_bytes, PROT_READ, MAP_SHARED, fd_, 0);
    if (map == MAP_FAILED) return "map records";
    ::madvise(map, file_bytes, MADV_DONTFORK);
    map_ = static_cast<const unsigned char*>(map);
    return nullptr;
}

bool Records::take_launcher_lock() {
    if (set_lock(fd_, F_WRLCK, 0, 1)) return true;
    holder_ = find_holder(fd_, 0, 1);
    errno = EAGAIN;
    return false;
}

bool Records::read_boot_id() {
    const int fd = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t length = ::read(fd, boot_id_, sizeof boot_id_ - 1);
    ::close(fd);
    if (length <= 0) return false;
    char* const end = std::strchr(boot_id_, '\n');
    if (end != nullptr) *end = '\0';
    return true;
}

bool Records::write_header() {
    FileHeader header = {};
    std::memcpy(header.magic, magic, sizeof magic);
    header.slots = records_max;
    std::memcpy(header.boot_id, boot_id_, sizeof boot_id_);
    earlier_boot_ = false;
    return write_at(fd_, &header, sizeof header, 0);
}

void Records::release_pages() const {
    ::madvise(const_cast<unsigned char*>(map_), file_bytes, MADV_DONTNEED);
}

const AcceptedPart* Records::accepted(std::uint32_t slot) const {
    const auto* const at = map_ + offset_of(slot);
    const auto* const part = reinterpret_cast<const AcceptedPart*>(at);
    if (part->in_use == 0 || part->key_bytes == 0 || part->key_bytes > key_bytes_max)
        return nullptr;
    return valid<AcceptedPart>(at, part->generation);
}

const StartedPart* Records::started(std::uint32_t slot, std::uint32_t generation) const {
    return valid<StartedPart>(map_ + offset_of(slot) + started_at, generation);
}

const EndedPart* Records::ended(std::uint32_t slot, std::uint32_t generation) const {
    return valid<EndedPart>(map_ + offset_of(slot) + ended_at, generation);
}

bool Records::is_executed(std::uint32_t slot, std::uint32_t generation) const {
    std::uint32_t value = 0;
    std::memcpy(&value, map_ + offset_of(slot) + executed_at, sizeof value);
    return value == generation;
}

std::uint32_t Records::last_generation(std::uint32_t slot) const {
    std::uint32_t value = 0;
    std::memcpy(&value, map_ + offset_of(slot), sizeof value);
    return value;
}

std::string_view Records::key(std::uint32_t slot) const {
    const auto* const part = reinterpret_cast<const AcceptedPart*>(map_ + offset_of(slot));
    return {part->key, part->key_bytes};
}

bool Records::write_accepted(std::uint32_t slot, std::uint32_t generation,
                             std::string_view key) const {
    AcceptedPart part;
    part.generation = generation;
    part.in_use = 1;
    part.key_bytes = static_cast<std::uint32_t>(key.size());
    std::memcpy(part.key, key.data(), key.size());
    part.checksum = checksum_of(part);
    return write_at(fd_, &part, sizeof part, offset_of(slot));
}

bool Records::write_started(std::uint32_t slot, StartedPart part) const {
    part.checksum = checksum_of(part);
    return write_at(fd_, &part, sizeof part, offset_of(slot) + started_at);
}

bool Records::write_executed(std::uint32_t slot, std::uint32_t generation) const {
    return write_at(fd_, &generation, sizeof generation, offset_of(slot) + executed_at);
}

bool Records::write_ended(std::uint32_t slot, EndedPart part) const {
    part.checksum = checksum_of(part);
    return write_at(fd_, &part, sizeof part, offset_of(slot) + ended_at);
}

bool Records::erase(std::uint32_t slot) const {
    const std::uint32_t in_use = 0;
    return write_at(fd_, &in_use, sizeof in_use, offset_of(slot) + offsetof(AcceptedPart, in_use));
}

bool Records::was_ended(std::uint32_t slot, std::uint32_t generation) const {
    EndedPart part;
    if (::pread(fd_, &part, sizeof part, static_cast<off_t>(offset_of(slot) + ended_at)) !=
        static_cast<ssize_t>(sizeof part)) {
        return true;
    }
    return part.generation == generation;
}

bool Records::lock(std::uint32_t slot) const {
    return set_lock(fd_, F_WRLCK, offset_of(slot), slot_area);
}

void Records::unlock(std::uint32_t slot) const {
    set_lock(fd_, F_UNLCK, offset_of(slot), slot_area);
}

pid_t Records::lock_holder(std::uint32_t slot) const {
    return find_holder(fd_, offset_of(slot), slot_area);
}

}  // namespace offerkit::launcher
