// SPDX-License-Identifier: Apache-2.0
#include "machine.hpp"

#include <offerkit/resources/text.hpp>

#include <sys/statvfs.h>
#include <sys/sysinfo.h>

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace offerkit::daemons {

namespace {

constexpr std::uint64_t mib = 1024 * 1024;

Refusal not_told(const char* what) {
    return {RefusalCode::unavailable, "kernel", what, std::strerror(errno),
            "say what to offer with --resources"};
}

/// An eighth, but no more than a gigabyte: for the system and the agent itself.
std::uint64_t less_headroom(std::uint64_t total_mib) {
    return total_mib - std::min<std::uint64_t>(total_mib / 8, 1024);
}

}  // namespace

Result<Resources> find_resources(const std::string& work_dir) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return not_told("count processors");
    struct sysinfo memory = {};
    if (::sysinfo(&memory) != 0) return not_told("measure memory");
    struct statvfs disk = {};
    if (::statvfs(work_dir.c_str(), &disk) != 0) return not_told("measure disk");
    const std::uint64_t memory_mib = std::uint64_t{memory.totalram} * memory.mem_unit / mib;
    const std::uint64_t disk_mib = std::uint64_t{disk.f_bavail} * disk.f_frsize / mib;
    return parse_resources("cpus:" + std::to_string(CPU_COUNT(&allowed)) +
                           ";mem:" + std::to_string(less_headroom(memory_mib)) + ";disk:" +
                           std::to_string(less_headroom(disk_mib)) + ";ports:[31000-32000]");
}

}  // namespace offerkit::daemons
