// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/crc32c.hpp>
#include <offerkit/runtime/store/mark_file.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace offerkit::runtime::detail {

namespace {

// A sector of today's disks each: no write of one can tear the other.
constexpr std::size_t slot_distance = 4096;
constexpr std::size_t mark_size = 2 * slot_distance;
constexpr std::string_view slot_magic = "OFKMARK1";
constexpr std::size_t numbers_size = 5 * 8;
constexpr std::size_t slot_size = slot_magic.size() + numbers_size + 4;

Refusal mark_fault(const std::string& path, std::string what, std::string why) {
    return {RefusalCode::unavailable, "file " + path, std::move(what), std::move(why),
            "look at the folder, its owner, the disk and the space left"};
}

Refusal mark_damage(const std::string& path, std::string why) {
    return {RefusalCode::malformed, "file " + path, "read how far the store is durable",
            std::move(why), ""};
}

void append_number(std::string& out, std::uint64_t number, int bytes) {
    for (int i = 0; i < bytes; ++i)
        out += static_cast<char>((number >> (8 * i)) & 0xff);
}

std::uint64_t number_of(std::string_view bytes) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        number |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    return number;
}

std::string encode_slot(const StoreHead& head) {
    std::string slot{slot_magic};
    for (const std::uint64_t number :
         {head.sequence, head.epoch, head.rows, head.digest, head.digest_before})
        append_number(slot, number, 8);
    append_number(slot, record::crc32c(slot), 4);
    return slot;
}

std::optional<StoreHead> decode_slot(std::string_view slot) {
    if (!slot.starts_with(slot_magic)) return std::nullopt;
    if (number_of(slot.substr(slot_size - 4, 4)) != record::crc32c(slot.substr(0, slot_size - 4)))
        return std::nullopt;
    std::array<std::uint64_t, 5> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = number_of(slot.substr(slot_magic.size() + 8 * i, 8));
    return StoreHead{numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]};
}

}  // namespace

Result<void> MarkFile::create(const std::string& path) {
    std::string bytes = encode_slot(StoreHead{});
    bytes.resize(mark_size);
    return write_file(path, bytes);
}

Result<MarkFile> MarkFile::open(const std::string& path, bool read_only) {
    const int flags = read_only ? O_RDONLY : O_RDWR;
    MarkFile mark{path, ::open(path.c_str(), flags | O_CLOEXEC)};
    if (mark.file_ < 0) {
        Refusal refusal = mark_fault(path, "open file", std::strerror(errno));
        if (errno == ENOENT) refusal.code = RefusalCode::not_found;
        return refusal;
    }
    struct stat facts = {};
    if (::fstat(mark.file_, &facts) != 0)
        return mark_fault(path, "open file", std::strerror(errno));
    if (static_cast<std::uint64_t>(facts.st_size) != mark_size) {
        return mark_damage(path, "it has " + std::to_string(facts.st_size) +
                                     " bytes and should have " + std::to_string(mark_size));
    }
    std::array<std::optional<StoreHead>, 2> slots;
    bool blank = false;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        std::array<char, slot_size> bytes{};
        if (::pread(mark.file_, bytes.data(), bytes.size(),
                    static_cast<off_t>(i * slot_distance)) != ssize_t{slot_size}) {
            return mark_fault(path, "read file", std::strerror(errno));
        }
        slots[i] = decode_slot({bytes.data(), bytes.size()});
        if (std::ranges::all_of(bytes, [](char byte) { return byte == 0; })) blank = true;
    }
    if (!slots[0] && !slots[1]) return mark_damage(path, "none of its two slots is whole");
    mark.head_ =
        !slots[1] || (slots[0] && slots[0]->sequence > slots[1]->sequence) ? *slots[0] : *slots[1];
    mark.is_new_ = blank && mark.head_.sequence == 0;
    return mark;
}

MarkFile::~MarkFile() {
    if (file_ >= 0) ::close(file_);
}

Result<void> MarkFile::write(const StoreHead& head) {
    const std::string slot = encode_slot(head);
    const auto place = static_cast<off_t>((head.sequence % 2) * slot_distance);
    const ssize_t written = ::pwrite(file_, slot.data(), slot.size(), place);
    if (written != static_cast<ssize_t>(slot.size())) {
        return mark_fault(path_, "write file",
                          written < 0 ? std::strerror(errno) : "it was written only in part");
    }
    if (::fdatasync(file_) != 0) return mark_fault(path_, "sync file", std::strerror(errno));
    head_ = head;
    is_new_ = false;
    return {};
}

}  // namespace offerkit::runtime::detail
