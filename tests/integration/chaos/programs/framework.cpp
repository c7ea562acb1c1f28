// SPDX-License-Identifier: Apache-2.0
// The framework of the chaos test: launches numbered tasks at a steady rate and survives kill -9 at
// any moment, because it writes down what it is about to launch and what it has heard, one line per
// write(2), and reads that again when it starts.
//
//   chaos_framework LOG ID_FILE RECORD TASKS PER_SECOND SEED STARTED
//
// STARTED is the moment, in seconds of the monotonic clock, from which the rate counts, so that
// what a pause has cost is caught up on. Lines of LOG:
//
//   B process                                     it has started
//   F framework                                   it has subscribed
//   L task agent                                  it is about to launch
//   T task state status-id agent reason code signal   it has heard
//   X refusal                                     the master has refused something
//
// A task's name says what it does: letter and number, see `script_of`.
#include <offerkit/core/random.hpp>
#include <offerkit/runtime/run_framework.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;

namespace {

struct Plan {
    std::string record;
    std::uint64_t tasks = 0;
    std::uint64_t per_second = 0;
    std::uint64_t seed = 0;
    double started = 0;
};

double monotonic_seconds() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

/// Appends whole lines: what is in the file has been written before anything followed from it.
class Log {
public:
    explicit Log(const std::string& path)
        : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
        if (file_ >= 0) return;
        std::perror(path.c_str());
        std::exit(2);
    }

    void write(std::string line) const {
        line += '\n';
        if (::write(file_, line.data(), line.size()) == static_cast<ssize_t>(line.size())) return;
        std::perror("the framework's log");
        std::abort();
    }

private:
    int file_;
};

/// Whether nothing more will be heard of the task. What an agent has begun ends with a status that
/// has an id; before it the master may say as much, in fewer words.
bool is_last(TaskState state, bool has_id) {
    switch (state) {
        case TaskState::finished:
        case TaskState::failed:
        case TaskState::killed:
            return has_id;
        default:
            return is_terminal(state) || state == TaskState::unknown;
    }
}

TaskState parse_state(const std::string& text) {
    for (std::size_t i = 0; i < task_states; ++i) {
        const auto state = static_cast<TaskState>(i);
        if (format_task_state(state) == text) return state;
    }
    return TaskState::staging;
}

/// What task `number` does. The letter is the checker's: f finishes, x exits with 7, o leaves a
/// process behind that must not outlive it, k runs until it is killed on request.
std::string name_of(std::uint64_t seed, std::uint64_t number) {
    const std::uint64_t draw = Rng{seed ^ (number << 20)}.below(100);
    const char kind = draw < 94 ? 'f' : draw < 96 ? 'x' : draw < 98 ? 'o' : 'k';
    return kind + std::to_string(number);
}

std::string script_of(const std::string& name, const Plan& plan, const std::string& agent) {
    Rng rng{plan.seed + std::strtoull(name.c_str() + 1, nullptr, 10)};
    // Most are as short as a task can be, some as long as a daemon's death and return.
    const std::uint64_t draw = rng.below(10);
    std::int64_t ms = draw < 5 ? 0 : draw < 9 ? rng.between(20, 400) : rng.between(400, 3000);
    if (name[0] == 'k') ms = 20000;
    const std::string line = name + " $$ " + agent + "\" >> '" + plan.record + "'; ";
    std::string text = "echo \"S " + line;
    if (name[0] == 'o') text += "(trap '' HUP; exec sleep 1000) & ";
    if (ms > 0) text += "sleep " + std::to_string(static_cast<double>(ms) / 1000) + "; ";
    return text + "echo \"E " + line + (name[0] == 'x' ? "exit 7" : "exit 0");
}

class Chaos {
public:
    Chaos(Plan plan, const std::string& log) : plan_(std::move(plan)), log_(log) {
        std::ifstream file(log);
        for (std::string line; std::getline(file, line);) {
            std::istringstream words(line);
            std::string what;
            std::string task;
            std::string state;
            std::string id;
            words >> what >> task >> state >> id;
            if (what == "L") {
                ++launched_;
                open_.insert(task);
            } else if (what == "T" && is_last(parse_state(state), id != "-")) {
                open_.erase(task);
            }
        }
        log_.write("B " + std::to_string(::getpid()));
    }

    // What an earlier process was about to launch may never have left it: nobody but us would ask.
    void on_subscribed(FrameworkId id, Replies& replies) {
        log_.write("F " + format_id(id));
        std::vector<TaskId> asked;
        for (const std::string& task : open_)
            asked.emplace_back(task);
        if (!asked.empty()) replies.reconcile(std::move(asked));
    }

    OfferReply on_offer(const Offer& offer) {
        Accept accept{.offer = offer.id};
        accept.refuse_for = pause;
        Resources left = offer.resources;
        for (std::uint64_t due = due_now(); due > 0 && left.contains(each()); --due) {
            left -= each();
            accept.launch.push_back(launch(format_id(offer.agent)));
        }
        if (!accept.launch.empty()) return accept;
        return Decline{offer.id, pause, DeclineReason::limit, {}};
    }

    void on_status(const TaskStatus& status, Replies& replies) {
        const ExitStatus exit = status.exit.value_or(ExitStatus{-1, 0});
        log_.write("T " + status.task.text() + " " + std::string(format_task_state(status.state)) +
                   " " + (status.id.is_none() ? "-" : std::to_string(status.id.value())) + " " +
                   (status.agent.is_none() ? "-" : format_id(status.agent)) + " " +
                   std::string(format_status_reason(status.reason)) + " " +
                   std::to_string(exit.code) + " " + std::to_string(exit.signal));
        const auto found = open_.find(status.task.text());
        if (found == open_.end()) return;  // Told again.
        if (is_last(status.state, !status.id.is_none())) {
            open_.erase(found);
        } else if (status.state == TaskState::running && status.task.text()[0] == 'k') {
            replies.kill(status.task);
        }
    }

    void on_refused(const Refusal& refusal) { log_.write("X " + format_refusal(refusal)); }

    bool is_done() const { return launched_ == plan_.tasks && open_.empty(); }

private:
    static constexpr Duration pause = std::chrono::milliseconds{100};
    static Resources each() { return Resources{0.1_cpus} + 32_MiB; }

    [[nodiscard]] std::uint64_t due_now() const {
        const double due =
            (monotonic_seconds() - plan_.started) * static_cast<double>(plan_.per_second);
        const auto most = std::min(plan_.tasks, static_cast<std::uint64_t>(std::max(due, 0.0)));
        return most > launched_ ? most - launched_ : 0;
    }

    TaskInfo launch(const std::string& agent) {
        TaskInfo task;
        const std::string name = name_of(plan_.seed, ++launched_);
        task.id = TaskId{name};
        task.resources = each();
        task.command.shell = script_of(name, plan_, agent);
        task.kill_policy.grace = std::chrono::seconds{1};
        open_.insert(name);
        log_.write("L " + name + " " + agent);
        return task;
    }

    Plan plan_;
    Log log_;
    std::uint64_t launched_ = 0;
    std::set<std::string> open_;
};

static_assert(Scheduler<Chaos>);

}  // namespace

int main(int argc, char** argv) {
    if (argc != 8) {
        std::fprintf(stderr, "usage: %s LOG ID_FILE RECORD TASKS PER_SECOND SEED STARTED\n",
                     argv[0]);
        return 2;
    }
    Chaos chaos{{argv[3], std::strtoull(argv[4], nullptr, 10), std::strtoull(argv[5], nullptr, 10),
                 std::strtoull(argv[6], nullptr, 10), std::strtod(argv[7], nullptr)},
                argv[1]};
    FrameworkOptions options;
    options.name = "chaos";
    options.id_file = argv[2];
    options.failover_timeout = std::chrono::minutes{10};
    return run_framework(chaos, std::move(options));
}
