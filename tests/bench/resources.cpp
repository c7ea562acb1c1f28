// SPDX-License-Identifier: Apache-2.0

// What `Resources` costs over a plain struct of sixteen int64, in instructions. The program runs
// itself under callgrind, once per subject and operation; only the measured loops count. The plain
// code is the best that we could write by hand: two slots per register, and no look at anything
// beside the slots.
//
//     scripts/bench resources [--seed N]

#include <offerkit/core/random.hpp>
#include <offerkit/resources/resources.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace offerkit;

constexpr std::size_t elements = 1024;
constexpr int rounds = 50;

// The baselines: as it is usually declared, and aligned for whole registers as ours is.
struct Plain {
    std::int64_t v[16];
};
struct alignas(16) Aligned {
    std::int64_t v[16];
};

using Pair = std::int64_t __attribute__((vector_size(16)));
__extension__ using Wide = unsigned __int128;

template <class P>
inline Pair load(const P& plain, std::size_t pair) {
    Pair values;
    __builtin_memcpy(&values, __builtin_assume_aligned(&plain.v[2 * pair], alignof(P)), 16);
    return values;
}

template <class P>
inline void add_to(P& sum, const P& part) {
    Pair sums[8];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i)
        sums[i] = load(sum, i) + load(part, i);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) {
        __builtin_memcpy(__builtin_assume_aligned(&sum.v[2 * i], alignof(P)), &sums[i], 16);
    }
}

template <class P>
inline bool fits_in(const P& whole, const P& part) {
    Pair signs{};
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i)
        signs |= load(whole, i) - load(part, i);
    return (signs[0] | signs[1]) >= 0;
}

template <class P>
inline Share share_of(const P& held, const P& total, std::int64_t weight) {
    std::uint64_t best_held = 0;
    std::uint64_t best_total = 1;
#pragma GCC unroll 16
    for (std::size_t i = 0; i < 16; ++i) {
        const auto h = static_cast<std::uint64_t>(held.v[i]);
        const auto t = static_cast<std::uint64_t>(total.v[i]);
        if (h == 0 || t == 0) continue;
        if (Wide{h} * best_total > Wide{best_held} * t) {
            best_held = h;
            best_total = t;
        }
    }
    return {static_cast<std::int64_t>(best_held),
            static_cast<int128>(Wide{best_total} * static_cast<std::uint64_t>(weight))};
}

inline void add_to(Resources& sum, const Resources& part) { sum += part; }
inline bool fits_in(const Resources& whole, const Resources& part) { return whole.contains(part); }
inline Share share_of(const Resources& held, const Resources& total, std::int64_t weight) {
    return dominant_share(held.amounts(), total.amounts(), weight);
}

template <class P>
P make(const std::array<std::int64_t, 16>& units) {
    P made{};
    for (std::size_t slot = 0; slot < 16; ++slot)
        made.v[slot] = units[slot];
    return made;
}
template <>
Resources make<Resources>(const std::array<std::int64_t, 16>& units) {
    Resources made;
    for (std::size_t slot = 0; slot < 16; ++slot)
        made.amounts().set(slot, units[slot]);
    return made;
}

template <class T>
struct Data {
    std::vector<T> wholes;
    std::vector<T> parts;
    T total{};

    /// About half of the parts fit into their whole, so that neither answer is the rule.
    explicit Data(std::uint64_t seed) {
        Rng rng{seed};
        for (std::size_t i = 0; i < elements; ++i) {
            std::array<std::int64_t, 16> whole{};
            std::array<std::int64_t, 16> part{};
            for (std::size_t slot = 0; slot < 16; ++slot) {
                whole[slot] = rng.between(1'000, 64'000'000);
                part[slot] = rng.between(1, whole[slot]);
            }
            if (rng.chance(1, 2)) part[rng.below(16)] = 64'000'001;
            wholes.push_back(make<T>(whole));
            parts.push_back(make<T>(part));
            add_to(total, wholes.back());
        }
    }
};

/// Keeps the compiler from computing a measured loop once for all rounds.
inline void forget() { asm volatile("" ::: "memory"); }

template <class T>
struct Add {
    // The name is what callgrind is told to count.
    [[gnu::noinline]] static std::uint64_t measured(Data<T>& data) {
        forget();
        for (std::size_t i = 0; i < elements; ++i)
            add_to(data.wholes[i], data.parts[i]);
        return 0;
    }
};
template <class T>
struct Fits {
    [[gnu::noinline]] static std::uint64_t measured(Data<T>& data) {
        forget();
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < elements; ++i)
            count += fits_in(data.wholes[i], data.parts[i]);
        return count;
    }
};
template <class T>
struct DominantShare {
    [[gnu::noinline]] static std::uint64_t measured(Data<T>& data) {
        forget();
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < elements; ++i) {
            const Share share = share_of(data.parts[i], data.total, 1000);
            sum += static_cast<std::uint64_t>(share.held) + static_cast<std::uint64_t>(share.of);
        }
        return sum;
    }
};

template <class Op, class T>
int run(std::uint64_t seed) {
    Data<T> data{seed};
    std::uint64_t sum = 0;
    for (int round = 0; round < rounds; ++round)
        sum += Op::measured(data);
    std::printf("%llu\n", static_cast<unsigned long long>(sum));
    return 0;
}

template <template <class> class Op>
int run_subject(std::string_view subject, std::uint64_t seed) {
    if (subject == "resources") return run<Op<Resources>, Resources>(seed);
    if (subject == "plain") return run<Op<Plain>, Plain>(seed);
    if (subject == "aligned") return run<Op<Aligned>, Aligned>(seed);
    return 2;
}

int run_measured(std::string_view op, std::string_view subject, std::uint64_t seed) {
    if (op == "add") return run_subject<Add>(subject, seed);
    if (op == "fits") return run_subject<Fits>(subject, seed);
    if (op == "dominant_share") return run_subject<DominantShare>(subject, seed);
    return 2;
}

/// Runs a command to its end. Returns its status, or 127 if it does not exist. Its output is
/// dropped.
int run_quietly(const std::vector<std::string>& command) {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        if (std::freopen("/dev/null", "w", stdout) == nullptr) _exit(126);
        if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(126);
        std::vector<char*> arguments;
        for (const std::string& word : command)
            arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        execvp(arguments[0], arguments.data());
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return 126;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

/// Instructions in the measured loops; ends the program if they cannot be counted.
std::uint64_t count_instructions(const std::string& self, const std::string& op,
                                 const std::string& subject, std::uint64_t seed) {
    const std::string file =
        "callgrind." + op + "." + subject + "." + std::to_string(getpid()) + ".out";
    const int status = run_quietly(
        {"valgrind", "--tool=callgrind", "--toggle-collect=*::measured(*",
         "--callgrind-out-file=" + file, self, "--measure", op, subject, std::to_string(seed)});
    std::uint64_t count = 0;
    std::ifstream input{file};
    for (std::string line; std::getline(input, line);) {
        if (line.rfind("totals: ", 0) == 0) count = std::strtoull(line.c_str() + 8, nullptr, 10);
    }
    input.close();
    unlink(file.c_str());
    if (status != 0 || count == 0) {
        std::fprintf(stderr, "bench resources: counting %s of %s failed (valgrind status %d)\n",
                     op.c_str(), subject.c_str(), status);
        std::exit(1);
    }
    return count;
}

void report(const char* metric, std::uint64_t ours, std::uint64_t baseline, std::uint64_t seed,
            const std::string& op) {
    const double calls = static_cast<double>(elements) * rounds;
    nlohmann::ordered_json line = {
        {"bench", "resources"},
        {"workload", "16 slots"},
        {"seed", seed},
        {"metric", metric},
        {"value", static_cast<double>(ours) / static_cast<double>(baseline)},
        {"unit", "ratio"}};
    if (!op.empty()) line["op"] = op;
    line["instructions"] = static_cast<double>(ours) / calls;
    line["instructions_baseline"] = static_cast<double>(baseline) / calls;
    std::printf("%s\n", line.dump().c_str());
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 4 && arguments[0] == "--measure") {
        return run_measured(arguments[1], arguments[2],
                            std::strtoull(arguments[3].c_str(), nullptr, 10));
    }
    std::uint64_t seed = 1;
    if (arguments.size() == 2 && arguments[0] == "--seed") {
        seed = std::strtoull(arguments[1].c_str(), nullptr, 10);
    } else if (!arguments.empty()) {
        std::fprintf(stderr, "usage: scripts/bench resources [--seed N]\n");
        return 2;
    }
    if (run_quietly({"valgrind", "--version"}) != 0) {
        std::fprintf(stderr,
                     "bench resources: valgrind is not installed; it counts the "
                     "instructions. Install it, or run scripts/setup --test\n");
        return 2;
    }
    char self[4096] = {};
    if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0) return 1;

    std::uint64_t ours_all = 0;
    std::uint64_t plain_all = 0;
    std::uint64_t aligned_all = 0;
    for (const std::string op : {"add", "fits", "dominant_share"}) {
        const std::uint64_t ours = count_instructions(self, op, "resources", seed);
        const std::uint64_t plain = count_instructions(self, op, "plain", seed);
        const std::uint64_t aligned = count_instructions(self, op, "aligned", seed);
        report("instructions_ratio", ours, plain, seed, op);
        report("instructions_ratio_aligned", ours, aligned, seed, op);
        ours_all += ours;
        plain_all += plain;
        aligned_all += aligned;
    }
    report("instructions_ratio_aligned", ours_all, aligned_all, seed, "");
    report("instructions_ratio", ours_all, plain_all, seed, "");
}
