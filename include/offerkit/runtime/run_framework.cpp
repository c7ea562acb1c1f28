// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/framework/framework.hpp>
#include <offerkit/runtime/clock.hpp>
#include <offerkit/runtime/cluster_access.hpp>
#include <offerkit/runtime/event_loop.hpp>
#include <offerkit/runtime/id_file.hpp>
#include <offerkit/runtime/link.hpp>
#include <offerkit/runtime/linked.hpp>
#include <offerkit/runtime/run_framework.hpp>
#include <offerkit/runtime/signals.hpp>

#include <cxxabi.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <thread>
#include <typeinfo>
#include <utility>
#include <variant>

namespace offerkit::runtime::detail {

namespace {

/// What was said last may take so long to reach the master's machine.
constexpr Duration drain_at_most = std::chrono::seconds{2};
/// A scheduler whose `next_wake` does not move on is called this often, not in a busy loop.
constexpr Duration wake_pause_min = std::chrono::milliseconds{1};

using Loop = EventLoop<Linked<framework::Event>>;
using Listener = LinkedListener<framework::Event, framework::LinkOpened, framework::LinkClosed,
                                framework::MasterSaid, protocol::SchedulerEvent>;

std::string name_of(const std::exception& error) {
    int status = 0;
    char* const text = abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, &status);
    std::string name = status == 0 ? text : typeid(error).name();
    std::free(text);
    return name;
}

Refusal bad_option(const std::string& what, const std::string& why, const std::string& todo) {
    return {RefusalCode::invalid, "framework options", what, why, todo};
}

Result<framework::Options> make_machine_options(const FrameworkOptions& given) {
    framework::Options options;
    if (given.name.empty()) return bad_option("name", "is empty", "give the framework a name");
    if (!given.failover_timeout) {
        return bad_option("failover_timeout", "is not said",
                          "say how long tasks live on without the scheduler, zero if not at all");
    }
    if (*given.failover_timeout < Duration{0} ||
        *given.failover_timeout > limits::failover_timeout_max) {
        return bad_option("failover_timeout", "is out of range", "stay between 0 and a year");
    }
    if (given.roles.empty()) return bad_option("roles", "are empty", "name one, * is the default");
    options.info.roles.clear();
    for (const std::string& path : given.roles) {
        auto role = Role::parse(path);
        if (!role) return std::move(role).error();
        options.info.roles.push_back(std::move(role).value());
    }
    options.info.name = given.name;
    options.info.user = given.user;
    options.info.failover_timeout = *given.failover_timeout;
    options.info.capabilities = given.capabilities;
    options.info.labels = given.labels;
    char host[limits::name_max + 1] = {};
    if (::gethostname(host, sizeof host - 1) == 0) options.info.hostname = host;
    options.id = given.id;
    options.take_over = given.take_over;
    options.seed = static_cast<std::uint64_t>(WorldClock::wall_now().ns) ^
                   static_cast<std::uint64_t>(::getpid()) << 32;
    options.connect_timeout = given.connect_timeout;
    options.answer_timeout = given.answer_timeout;
    return options;
}

/// The machine on its thread, its link on another, the scheduler on the caller's.
class FrameworkRun {
public:
    FrameworkRun(FrameworkOptions options, framework::Options machine, Address master,
                 std::string token, const SchedulerCalls& scheduler, IdFile* id_file)
        : options_(std::move(options)),
          scheduler_(scheduler),
          id_file_(id_file),
          master_(std::move(master)),
          token_(std::move(token)),
          machine_(std::move(machine)),
          links_({.log = options_.log}) {}

    Result<void> run() {
        loop_.when_drained([this] { links_.resume_reading(); });
        links_.start(std::make_unique<Listener>(loop_));
        std::thread machine_thread{[this] {
            loop_.run(clock_, [this](const auto& batch) { return turn(batch); });
            deliveries_.stop();
        }};
        {
            std::unique_ptr<Signals> signals;
            if (options_.stop_on_signals) {
                signals = std::make_unique<Signals>([this](int) { ask_stop(id_file_ == nullptr); });
            }
            deliveries_.run(clock_, [this](const auto& batch) { return call_scheduler(batch); });
        }
        machine_thread.join();
        links_.drain(drain_at_most);
        Result<void> kept;
        if (id_file_ != nullptr && !ended_ && machine_.state().teardown_asked) {
            kept = id_file_->forget();
        }
        if (failure_) return *failure_;
        if (not_kept_) return *not_kept_;
        if (ended_) return *ended_;
        return kept;
    }

private:
    // The machine's thread.

    Instant turn(const Batch<Linked<framework::Event>>& batch) {
        events_.clear();
        for (auto& [link, event] : batch.events) {
            if (link.is_none() || link == link_) events_.push_back(std::move(event));
        }
        effects_.clear();
        const Instant wake =
            machine_.step({batch.mono_now, batch.wall_now, std::span{events_}}, effects_);
        for (framework::Effect& effect : effects_.list)
            perform(effect);
        if (!orders_.empty()) links_.send(orders_);
        return wake;
    }

    void perform(framework::Effect& effect) {
        std::visit(Overloaded{[&](framework::Connect& e) { connect(e); },
                              [&](framework::Disconnect&) {
                                  orders_.push_back({std::exchange(link_, {}), CloseLink{}});
                              },
                              [&](framework::SendMaster& e) {
                                  orders_.push_back({link_, std::move(e.call)});
                              },
                              [&](framework::Deliver& e) { deliver(e); },
                              [&](framework::Warn& e) { log(LogLevel::warning, e.text); },
                              [&](framework::Ended& e) {
                                  ended_ = std::move(e.why);
                                  loop_.stop();
                              }},
                   effect);
    }

    // The id is kept before anybody can launch a task under it.
    void deliver(framework::Deliver& e) {
        if (id_file_ != nullptr && e.subscribed && !not_kept_) {
            if (auto kept = id_file_->keep(*e.subscribed); !kept) {
                not_kept_ = kept.error();
                log(LogLevel::error, format_refusal(*not_kept_));
                return ask_stop(true);
            }
        }
        deliveries_.push_one(std::move(e));
    }

    void connect(const framework::Connect& e) {
        link_ = links_.make_link();
        OpenLink open;
        open.address = master_;
        open.hello.kind = protocol::PeerKind::framework;
        open.hello.cluster = options_.cluster;
        open.hello.epoch_seen = e.epoch_seen;
        open.hello.principal = options_.principal;
        open.hello.token = token_;
        orders_.push_back({link_, std::move(open)});
    }

    // The caller's thread.

    Instant call_scheduler(const Batch<framework::Deliver>& batch) {
        for (const framework::Deliver& delivery : batch.events) {
            framework::AuthorReplied replied;
            const bool went_well = guard([&] { replied = scheduler_.deliver(delivery); });
            has_stopped_ = has_stopped_ || asks_to_stop(replied.requests);
            // Unanswered: nothing is acknowledged, and whoever takes over sees those statuses
            // again.
            if (!went_well) return Instant::never();
            replied.delivery = delivery.delivery;
            loop_.push_one({PeerId{}, std::move(replied)});
        }
        return wake_scheduler();
    }

    Instant wake_scheduler() {
        Instant next = Instant::never();
        if (has_stopped_) return next;
        const bool went_well = guard([&] {
            next = scheduler_.next_wake();
            const Instant now = clock_.mono_now();
            if (next > now) return;
            framework::AuthorAsked asked = scheduler_.wake(now);
            has_stopped_ = asks_to_stop(asked.requests);
            if (!asked.offers.empty() || !asked.requests.empty()) {
                loop_.push_one({PeerId{}, std::move(asked)});
            }
            next = std::max(scheduler_.next_wake(), now + wake_pause_min);
        });
        return went_well ? next : Instant::never();
    }

    static bool asks_to_stop(const std::vector<framework::Request>& requests) {
        return std::ranges::any_of(requests, [](const framework::Request& request) {
            return std::holds_alternative<framework::Stop>(request);
        });
    }

    /// The one place where an author's exception ends, and the framework with it, whichever handler
    /// it came from.
    template <class Call>
    bool guard(Call&& call) {
        std::string thrown;
        try {
            call();
            return true;
        } catch (const StopRun& stop) {
            has_stopped_ = true;
            ask_stop(stop.teardown);
            return false;
        } catch (const std::exception& error) {
            thrown = name_of(error) + ": " + error.what();
        } catch (...) {
            thrown = "something that is no std::exception";
        }
        failure_ = Refusal{RefusalCode::cancelled, "framework " + options_.name, "call a handler",
                           "it threw " + thrown, "catch it in the handler"};
        log(LogLevel::error, format_refusal(*failure_));
        has_stopped_ = true;
        ask_stop(true);
        return false;
    }

    // Any thread.

    void ask_stop(bool teardown) {
        framework::AuthorAsked asked;
        asked.requests.emplace_back(framework::Stop{teardown});
        loop_.push_one({PeerId{}, std::move(asked)});
    }

    void log(LogLevel level, const std::string& line) const {
        if (options_.log) return options_.log(level, line);
        if (level >= LogLevel::warning) std::fprintf(stderr, "offerkit: %s\n", line.c_str());
    }

    FrameworkOptions options_;
    const SchedulerCalls& scheduler_;
    IdFile* id_file_;  // Null: the id is not kept.
    Address master_;
    std::string token_;
    WorldClock clock_;
    Loop loop_;
    EventLoop<framework::Deliver> deliveries_;
    framework::Framework machine_;
    framework::Effects effects_;
    std::vector<framework::Event> events_;
    std::vector<ToLink> orders_;
    PeerId link_;
    std::optional<Refusal> ended_;     // Set by the machine's thread, read after it has ended.
    std::optional<Refusal> not_kept_;  // As `ended_`.
    std::optional<Refusal> failure_;   // The caller's thread alone.
    bool has_stopped_ = false;         // So is this: the author has nothing more to be woken for.
    Links links_;
};

}  // namespace

Result<void> run_framework(FrameworkOptions options, const SchedulerCalls& scheduler) {
    auto machine = make_machine_options(options);
    if (!machine) return std::move(machine).error();
    auto access = find_cluster({options.master, {}, options.token});
    if (!access) return std::move(access).error();
    auto master = parse_address(access->master);
    if (!master) return std::move(master).error();
    const auto run_once = [&](IdFile* file) {
        FrameworkRun run{options, *machine, *master, access->token, scheduler, file};
        return run.run();
    };
    if (options.id_file.empty()) return run_once(nullptr);
    auto file = IdFile::open(options.id_file);
    if (!file) return std::move(file).error();
    const bool comes_back = options.id.is_none() && !file->id().is_none();
    if (comes_back) {
        machine->id = file->id();
        machine->take_over = true;  // Whoever holds the file is the only one that has the id.
    }
    Result<void> ended = run_once(&*file);
    if (ended || !comes_back || ended.error().code != RefusalCode::not_found) return ended;
    // It was away for longer than its failover timeout: its tasks are gone, and so is the id.
    if (options.log) {
        options.log(LogLevel::warning, format_refusal(ended.error()) + ": starting as a new one");
    }
    if (auto forgotten = file->forget(); !forgotten) return forgotten;
    machine->id = FrameworkId{};
    machine->take_over = false;
    return run_once(&*file);
}

int exit_code(const Result<void>& ended) {
    if (ended) return 0;
    std::fprintf(stderr, "offerkit: %s\n", format_refusal(ended.error()).c_str());
    const RefusalCode code = ended.error().code;
    const bool is_usage = code == RefusalCode::invalid || code == RefusalCode::malformed;
    return is_usage ? 2 : 1;
}

}  // namespace offerkit::runtime::detail
