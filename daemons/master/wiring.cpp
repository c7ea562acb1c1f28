// SPDX-License-Identifier: Apache-2.0
#include "wiring.hpp"

#include <daemons/common/http.hpp>
#include <daemons/common/process.hpp>
#include <daemons/master/routes.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/runtime/clock.hpp>
#include <offerkit/runtime/cluster_access.hpp>
#include <offerkit/runtime/durable_store.hpp>
#include <offerkit/runtime/http_server.hpp>
#include <offerkit/runtime/link.hpp>
#include <offerkit/runtime/live_master.hpp>
#include <offerkit/runtime/signals.hpp>
#include <offerkit/runtime/work_dir.hpp>
#include <offerkit/version.hpp>

#include <atomic>
#include <cstdio>
#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::daemons {

namespace {

using runtime::HttpServer;
using runtime::LiveMaster;
using runtime::LogLevel;

/// A token of the folder's own: made once, and the same after a restart.
Result<std::string> own_token(const runtime::WorkDir& folder) {
    const std::string path = folder.file("token");
    auto known = runtime::read_token_file(path);
    if (known || known.error().code != RefusalCode::not_found) return known;
    auto made = runtime::make_token();
    if (!made) return made;
    if (auto written = runtime::write_file(path, *made + "\n"); !written) {
        return std::move(written).error();
    }
    return made;
}

/// The registry of the folder. Its epoch is also kept in a file of its own, so that ids are not
/// made twice when an operator begins with an empty registry, or with a backup.
Result<std::unique_ptr<runtime::DurableStore>> open_registry(const runtime::WorkDir& folder,
                                                             const runtime::Log& log) {
    const std::string path = folder.file("epoch");
    auto epoch = runtime::raise_number(path);
    if (!epoch) return std::move(epoch).error();
    runtime::DurableStoreOptions options;
    options.folder = folder.file("registry");
    options.epoch_min = *epoch;
    options.todo = "offerkit registry verify --work-dir " + folder.path() +
                   " says more, offerkit registry restore puts a backup back";
    options.log = log;
    auto opened = runtime::DurableStore::open(std::move(options));
    if (!opened) return opened;
    const std::uint64_t raised = (*opened)->epoch();
    if (raised > AgentId::epoch_max) {
        return Refusal{RefusalCode::insufficient, "registry " + folder.file("registry"), "open it",
                       "it was opened " + std::to_string(raised) + " times, and ids have no more",
                       "begin a new cluster with another --work-dir"};
    }
    if (raised > *epoch) {
        auto written = runtime::write_file(path, std::to_string(raised) + "\n");
        if (!written) return std::move(written).error();
    }
    return opened;
}

/// Everything that lives as long as the daemon; ends in the reverse order.
class MasterDaemon {
public:
    MasterDaemon(MasterOptions options, runtime::Log log)
        : options_(std::move(options)), log_(std::move(log)) {}

    Result<void> start() {
        auto folder = runtime::WorkDir::open(options_.work_dir);
        if (!folder) return std::move(folder).error();
        folder_ = std::make_unique<runtime::WorkDir>(std::move(folder).value());
        auto registry = open_registry(*folder_, log_);
        if (!registry) {
            is_damaged_ = registry.error().code == RefusalCode::malformed;
            return std::move(registry).error();
        }
        registry_ = std::move(registry).value();
        options_.machine.epoch = registry_->epoch();
        if (options_.token.empty()) {
            auto token = own_token(*folder_);
            if (!token) return std::move(token).error();
            options_.token = std::move(token).value();
        }
        auto parent = ParentWatch::start(options_.exit_with_parent_fd, end_);
        if (!parent) return std::move(parent).error();
        parent_ = std::move(parent).value();
        if (auto http = start_http(); !http) return http;
        if (auto master = start_master(); !master) return master;
        return tell_ready();
    }

    /// Says why the daemon did not start. Returns its exit code.
    int tell(const char* name, const Refusal& refusal) const {
        const int code = tell_refusal(name, refusal);
        return is_damaged_ ? exit_damaged : code;
    }

    void run_until_end() {
        const runtime::Signals signals{
            [this](int number) { end_.ask("signal " + std::to_string(number)); }};
        const std::string why = end_.wait();
        write_log(log_, LogLevel::info, "ends: " + why);
        live_->stop();
        http_->stop();
    }

private:
    Result<void> start_http() {
        ClusterFacts facts;
        facts.cluster = options_.machine.cluster;
        facts.epoch = options_.machine.epoch;
        facts.policy = options_.policy;
        facts.version = version_text;
        facts.wall_now = [] { return runtime::WorldClock::wall_now(); };
        facts.events_handled = [this]() -> std::uint64_t {
            const LiveMaster* const live = serving_.load();
            return live == nullptr ? 0 : live->counters().events;
        };
        routes_ = std::make_unique<MasterRoutes>(
            std::move(facts), [this](protocol::OperatorCall call, runtime::OperatorReply reply) {
                ask(std::move(call), std::move(reply));
            });
        runtime::HttpServerOptions server;
        server.address = options_.address;
        server.port = options_.http_port;
        server.token = options_.token;
        server.open_paths.emplace("/healthz", healthy());
        auto started = HttpServer::start(
            std::move(server),
            [this](const runtime::HttpRequest& request, runtime::HttpRespond respond) {
                routes_->handle(request, std::move(respond));
            });
        if (!started) return std::move(started).error();
        http_ = std::move(started).value();
        return {};
    }

    Result<void> start_master() {
        runtime::LiveMasterOptions live;
        live.machine = options_.machine;
        live.address = options_.address;
        live.port = options_.port;
        live.token = options_.token;
        live.io_threads = options_.io_threads;
        live.record = options_.record;
        live.registry = std::move(registry_);
        live.log = log_;
        live.read = [this](std::span<master::Delta> deltas) { show(deltas); };
        auto started = LiveMaster::start(std::move(live), options_.make_allocator());
        if (!started) {
            is_damaged_ = started.error().code == RefusalCode::malformed;
            return std::move(started).error();
        }
        live_ = std::move(started).value();
        serving_ = live_.get();
        return {};
    }

    void ask(protocol::OperatorCall call, runtime::OperatorReply reply) {
        LiveMaster* const live = serving_.load();
        if (live != nullptr) return live->ask(std::move(call), "operator", std::move(reply));
        reply(Refusal{RefusalCode::unavailable, "master", "take the call", "it is just starting",
                      "try again"});
    }

    /// On the readers' thread: the model belongs to that of the HTTP server.
    void show(std::span<master::Delta> deltas) {
        for (const master::Delta& delta : deltas) {
            const auto* const noted = std::get_if<master::Noted>(&delta);
            if (noted != nullptr) {
                write_log(log_, LogLevel::info, noted->who + ": " + noted->text);
            }
        }
        auto moved = std::make_shared<std::vector<master::Delta>>(
            std::move_iterator(deltas.begin()), std::move_iterator(deltas.end()));
        http_->post([this, moved] {
            for (master::Delta& delta : *moved)
                routes_->model().apply(std::move(delta));
        });
    }

    Result<void> tell_ready() {
        const std::string address = runtime::format_address({options_.address, live_->port()});
        const std::string http =
            "http://" + runtime::format_address({options_.address, http_->port()});
        ReadyFacts facts{options_.ready_file,
                         {{"port", live_->port()},
                          {"http_port", http_->port()},
                          {"epoch", options_.machine.epoch}},
                         {{"master", address}, {"http", http}}};
        if (auto written = write_ready_file(facts); !written) return written;
        std::printf("offerkit-master is ready: master %s, http %s, epoch %llu\n", address.c_str(),
                    http.c_str(), static_cast<unsigned long long>(options_.machine.epoch));
        std::fflush(stdout);
        return {};
    }

    MasterOptions options_;
    runtime::Log log_;
    bool is_damaged_ = false;  // The registry.
    EndReason end_;
    ParentWatch parent_;
    std::unique_ptr<runtime::WorkDir> folder_;
    std::unique_ptr<runtime::DurableStore> registry_;  // Until the master has it.
    std::unique_ptr<MasterRoutes> routes_;
    std::unique_ptr<HttpServer> http_;
    std::unique_ptr<LiveMaster> live_;
    std::atomic<LiveMaster*> serving_ = nullptr;  // The HTTP server is there before the master.
};

}  // namespace

int run_master(MasterOptions options) {
    constexpr const char* name = "offerkit-master";
    if (options.text) {
        std::fputs(options.text->c_str(), stdout);
        return 0;
    }
    auto log = make_log("master", options.log_level);
    if (!log) return tell_refusal(name, log.error());
    MasterDaemon daemon{std::move(options), std::move(log).value()};
    if (auto started = daemon.start(); !started) return daemon.tell(name, started.error());
    daemon.run_until_end();
    return 0;
}

}  // namespace offerkit::daemons
