// SPDX-License-Identifier: Apache-2.0
#include "wiring.hpp"

#include <daemons/agent/live_agent.hpp>
#include <daemons/agent/machine.hpp>
#include <daemons/agent/routes.hpp>
#include <daemons/common/http.hpp>
#include <daemons/common/process.hpp>
#include <offerkit/record/checkpoint_codec.hpp>
#include <offerkit/resources/text.hpp>
#include <offerkit/runtime/clock.hpp>
#include <offerkit/runtime/durable_store.hpp>
#include <offerkit/runtime/http_server.hpp>
#include <offerkit/runtime/signals.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>

namespace offerkit::daemons {

namespace {

using runtime::LogLevel;

/// What tasks get to end in when the agent is told to stop.
constexpr Duration stop_grace = std::chrono::seconds{3};

class AgentDaemon {
public:
    AgentDaemon(AgentOptions options, runtime::Log log)
        : options_(std::move(options)), log_(std::move(log)) {}

    Result<void> start() {
        if (auto folder = open_folder(); !folder) return folder;
        if (auto opened = open_checkpoint(); !opened) {
            is_damaged_ = opened.error().code == RefusalCode::malformed;
            return opened;
        }
        if (auto found = find_out_resources(); !found) return found;
        auto parent = ParentWatch::start(options_.exit_with_parent_fd, end_);
        if (!parent) return std::move(parent).error();
        parent_ = std::move(parent).value();
        if (auto http = start_http(); !http) return http;
        auto started = LiveAgent::start(make_live_options());
        if (!started) return std::move(started).error();
        live_ = std::move(started).value();
        // An agent that may not go on as it is has stopped by now.
        return last_words().why.empty() ? tell_ready() : Result<void>{};
    }

    /// Says why the daemon did not start. Returns its exit code.
    int tell(const char* name, const Refusal& refusal) const {
        const int code = tell_refusal(name, refusal);
        return is_damaged_ ? exit_damaged : code;
    }

    /// Returns the exit code.
    int run_until_end() {
        bool asked = false;
        const runtime::Signals signals{[this, &asked](int number) {
            if (std::exchange(asked, true)) stopped_.ask("a second signal");
            end_.ask("signal " + std::to_string(number));
        }};
        const std::string why = end_.wait();
        // A machine that stops by itself has said why in its notes.
        if (last_words().why.empty()) write_log(log_, LogLevel::info, "ends: " + why);
        live_->ask_stop({stop_grace, options_.keep_tasks});
        const std::string stopped = stopped_.wait();
        const agent::Stopped last = last_words();
        if (stopped != last.why) write_log(log_, LogLevel::info, "stopped: " + stopped);
        // Without last words nobody waits for the machine any more.
        const bool keeps = last.why.empty() ? options_.keep_tasks : last.tasks_go_on;
        if (keeps) {
            write_log(log_, LogLevel::info,
                      "tasks go on with the launcher; an agent that is started in " +
                          folder_->path() + " takes them over");
        }
        live_->end(!keeps);
        http_->stop();
        if (!last.failed) return 0;
        std::fprintf(stderr, "offerkit-agent: %s\n", last.why.c_str());
        return 1;
    }

private:
    /// Without a reason if the machine has not stopped.
    [[nodiscard]] agent::Stopped last_words() {
        const std::lock_guard lock{mutex_};
        return last_;
    }

    Result<void> start_http() {
        // Sandboxes are below it; the machine names it in their paths.
        const std::string folder = folder_->file("frameworks");
        std::error_code error;
        std::filesystem::create_directory(folder, error);
        auto files = SandboxFiles::open(folder);
        if (!files) return std::move(files).error();
        routes_ =
            std::make_unique<AgentRoutes>(options_.info, folder_->path(), std::move(files).value());
        runtime::HttpServerOptions server;
        server.address = options_.address;
        server.port = options_.http_port;
        server.token = options_.token;
        server.open_paths.emplace("/healthz", healthy());
        auto started = runtime::HttpServer::start(
            std::move(server),
            [this](const runtime::HttpRequest& request, runtime::HttpRespond respond) {
                routes_->handle(request, std::move(respond));
            });
        if (!started) return std::move(started).error();
        http_ = std::move(started).value();
        options_.info.port = http_->port();
        return {};
    }

    Result<void> open_folder() {
        auto folder = runtime::WorkDir::open(options_.work_dir);
        if (!folder) return std::move(folder).error();
        folder_ = std::make_unique<runtime::WorkDir>(std::move(folder).value());
        // Tasks of other users pass through here to their sandboxes, and may not look around.
        std::error_code ignored;
        std::filesystem::permissions(folder_->path(),
                                     std::filesystem::perms::owner_all |
                                         std::filesystem::perms::group_exec |
                                         std::filesystem::perms::others_exec,
                                     ignored);
        return {};
    }

    Result<void> open_checkpoint() {
        runtime::DurableStoreOptions store;
        store.folder = folder_->file("checkpoint");
        store.todo =
            "put back a copy of the folder, or move it away: then the agent is a new one, "
            "and ends the tasks that still run here";
        store.log = log_;
        auto opened = runtime::DurableStore::open(std::move(store));
        if (!opened) return std::move(opened).error();
        checkpoint_ = std::move(opened).value();
        auto contents = record::checkpoint_of(checkpoint_->take_values());
        if (!contents) return std::move(contents).error();
        contents_ = std::move(contents).value();
        return {};
    }

    /// What was found once holds as long as the work folder: the disk's free space is another one
    /// at each start.
    Result<void> find_out_resources() {
        if (options_.resources_given) return {};
        if (contents_.run > 0) {
            options_.info.resources = contents_.info.resources;
            return {};
        }
        auto found = find_resources(folder_->path());
        if (!found) return std::move(found).error();
        options_.info.resources = std::move(found).value();
        return {};
    }

    [[nodiscard]] LiveAgentOptions make_live_options() {
        LiveAgentOptions live;
        live.machine.info = options_.info;
        live.machine.changes = options_.changes;
        live.machine.run = contents_.run + 1;
        live.contents = std::move(contents_);
        live.checkpoint = std::move(checkpoint_);
        live.machine.seed = static_cast<std::uint64_t>(runtime::WorldClock::wall_now().ns) ^
                            static_cast<std::uint64_t>(::getpid()) << 32;
        live.master = options_.master;
        live.token = options_.token;
        live.cluster = options_.cluster;
        live.launcher = {options_.launcher, folder_->path(), options_.exit_with_parent_fd, log_};
        live.record = options_.record;
        live.log = log_;
        live.read = [this](std::vector<agent::Delta> deltas) {
            auto moved = std::make_shared<std::vector<agent::Delta>>(std::move(deltas));
            http_->post([this, moved] {
                for (agent::Delta& delta : *moved)
                    routes_->apply(std::move(delta));
            });
        };
        live.stopped = [this](const agent::Stopped& stopped) {
            {
                const std::lock_guard lock{mutex_};
                last_ = stopped;
            }
            stopped_.ask(stopped.why);
            end_.ask(stopped.why);  // Also when it was the master who said so.
        };
        return live;
    }

    Result<void> tell_ready() {
        const std::string resources = format_resources(options_.info.resources);
        ReadyFacts facts{options_.ready_file,
                         {{"http_port", http_->port()}},
                         {{"work_dir", folder_->path()}, {"resources", resources}}};
        if (auto written = write_ready_file(facts); !written) return written;
        std::printf("offerkit-agent is ready: %s, work folder %s\n", resources.c_str(),
                    folder_->path().c_str());
        std::fflush(stdout);
        return {};
    }

    AgentOptions options_;
    runtime::Log log_;
    EndReason end_;
    EndReason stopped_;
    ParentWatch parent_;
    std::unique_ptr<runtime::WorkDir> folder_;
    std::unique_ptr<runtime::DurableStore> checkpoint_;
    agent::checkpoint::Contents contents_;
    bool is_damaged_ = false;  // The checkpoint.
    std::mutex mutex_;
    agent::Stopped last_;  // Guarded by the mutex.
    std::unique_ptr<AgentRoutes> routes_;
    std::unique_ptr<runtime::HttpServer> http_;
    std::unique_ptr<LiveAgent> live_;
};

}  // namespace

int run_agent(AgentOptions options) {
    constexpr const char* name = "offerkit-agent";
    if (options.text) {
        std::fputs(options.text->c_str(), stdout);
        return 0;
    }
    auto log = make_log("agent", options.log_level);
    if (!log) return tell_refusal(name, log.error());
    AgentDaemon daemon{std::move(options), std::move(log).value()};
    if (auto started = daemon.start(); !started) return daemon.tell(name, started.error());
    return daemon.run_until_end();
}

}  // namespace offerkit::daemons
