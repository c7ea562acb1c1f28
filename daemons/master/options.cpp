// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <daemons/common/settings.hpp>
#include <offerkit/allocation/policies.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/runtime/cluster_access.hpp>
#include <offerkit/runtime/link.hpp>

#include <chrono>
#include <utility>

namespace offerkit::daemons {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr auto yes_or_no = Setting::Kind::yes_or_no;

constexpr Setting settings[] = {
    {"address", "address to listen on, for frames and HTTP [127.0.0.1]"},
    {"port", "port for frames, 0: the kernel chooses [5050]"},
    {"http-port", "port for the operator API, 0: the kernel chooses [5051]"},
    {"insecure-listen", "listen beyond this machine without TLS: tokens travel in the clear",
     yes_or_no},
    {"token-file",
     "file with the token that all must show, readable by its owner alone; "
     "WORK-DIR/token is used, and made, without it",
     Setting::Kind::text, "OFFERKIT_TOKEN_FILE"},
    {"token", "the token", Setting::Kind::text, "OFFERKIT_TOKEN", false},
    {"work-dir", "folder for what must survive a restart [./offerkit-master]"},
    {"cluster", "name of the cluster [offerkit]"},
    {"policy", "who is offered what first [drf]"},
    {"offer-timeout", "an offer that is not answered is rescinded after [30s]"},
    {"heartbeat-interval", "peers say that they are alive each [15s]"},
    {"peer-timeout", "a silent peer counts as gone after [75s]"},
    {"agent-reregister-timeout", "after a start, known agents have to be back within [10min]"},
    {"unreachable-share-max",
     "percent of the agents that may be unreachable before no more are marked so [20]"},
    {"io-threads", "threads that parse and serialise [1]"},
    {"record", "folder to write the event log to, for offerkit replay [none]"},
    {"record-file-mib", "MiB after which the log goes on in another file [64]"},
    {"record-files", "how many files of the log are kept, the newest [8]"},
    {"ready-file", "JSON file to write once ready: ports and process id"},
    {"exit-with-parent-fd", "end when the far end of this inherited descriptor is closed"},
    {"log-level", "debug, info, warning or error [info]"},
};

constexpr Program program{
    "offerkit-master", "Pools the resources of agents and offers them to frameworks.",
    "OFFERKIT_MASTER_", "offerkit-master --work-dir /var/lib/offerkit/master --port 5050",
    settings};

void read_listening(Settings& given, MasterOptions& options) {
    options.address = given.text_of("address", "127.0.0.1");
    if (!runtime::is_loopback(options.address) && !given.is_on("insecure-listen")) {
        given.complain(refuse_setting(
            *given.find("address"), "anybody who can reach it could listen in: there is no TLS",
            "use 127.0.0.1, or add --insecure-listen if the network is trusted"));
    }
    options.port = static_cast<std::uint16_t>(given.number("port", 5050, 0, 65535));
    options.http_port = static_cast<std::uint16_t>(given.number("http-port", 5051, 0, 65535));
}

void read_token(Settings& given, MasterOptions& options) {
    if (const Given* const token = given.find("token")) {
        options.token = token->text;
        if (token->text.size() <= limits::token_max) return;
        return given.complain({RefusalCode::invalid, token->where, "use token",
                               "it has more than 512 bytes", "use a shorter one"});
    }
    const Given* const file = given.find("token-file");
    if (file == nullptr) return;
    auto token = runtime::read_token_file(file->text);
    if (!token) return given.complain(std::move(token).error());
    options.token = std::move(token).value();
}

void read_machine(Settings& given, MasterOptions& options) {
    master::Options& machine = options.machine;
    machine.cluster = given.text_of("cluster", machine.cluster);
    if (machine.cluster.empty() || machine.cluster.size() > limits::name_max) {
        given.complain(
            refuse_setting(*given.find("cluster"), "is not a name", "use 1 to 255 bytes"));
    }
    struct Each {
        const char* name;
        Duration* value;
    };
    for (const Each& each : {Each{"offer-timeout", &machine.offer_timeout},
                             Each{"heartbeat-interval", &machine.heartbeat_interval},
                             Each{"peer-timeout", &machine.peer_timeout},
                             Each{"agent-reregister-timeout", &machine.reregister_timeout}}) {
        *each.value = given.duration(each.name, *each.value, milliseconds{10}, hours{24});
    }
    const std::int64_t share = given.number("unreachable-share-max", 20, 1, 100);
    machine.unreachable_share_max = static_cast<std::uint32_t>(share) * 10;
    const Given* const timeout = given.find("peer-timeout");
    const Given* const blamed = timeout != nullptr ? timeout : given.find("heartbeat-interval");
    if (machine.peer_timeout < 2 * machine.heartbeat_interval && blamed != nullptr) {
        given.complain(refuse_setting(*blamed, "a peer would be given up before its second beat",
                                      "make --peer-timeout at least twice --heartbeat-interval"));
    }
}

void read_policy(Settings& given, const detail::OwnPolicy* own, MasterOptions& options) {
    options.policy =
        given.text_of("policy", own != nullptr ? own->name : std::string(policies().front().name));
    if (own != nullptr && options.policy == own->name) {
        options.make_allocator = own->make;
        return;
    }
    auto known = make_allocator(options.policy);
    if (known) {
        options.make_allocator = [name = options.policy] { return make_allocator(name).value(); };
        return;
    }
    Refusal refusal = std::move(known).error();
    if (own != nullptr) refusal.why += ", and " + own->name + " of this program";
    if (const Given* const policy = given.find("policy")) {
        refusal.who = policy->where;
        refusal.what = "take policy " + options.policy;
    }
    given.complain(std::move(refusal));
}

void read_process(Settings& given, MasterOptions& options) {
    options.work_dir = given.text_of("work-dir", "offerkit-master");
    given.complain_of(read_record(given, options.record));
    options.ready_file = given.text_of("ready-file", "");
    options.log_level = read_log_level(given);
    options.io_threads = static_cast<std::uint32_t>(given.number("io-threads", 1, 1, 64));
    options.exit_with_parent_fd =
        static_cast<int>(given.number("exit-with-parent-fd", -1, 3, 1'000'000));
}

}  // namespace

Result<MasterOptions> read_master_options(int argc, const char* const* argv,
                                          const detail::OwnPolicy* own) {
    auto given = Settings::read(program, argc, argv);
    if (!given) return std::move(given).error();
    MasterOptions options;
    options.text = given->text();
    if (options.text) return options;
    for (const auto read : {read_listening, read_token, read_machine, read_process})
        read(*given, options);
    read_policy(*given, own, options);
    options.problems = given->problems();
    if (options.problems.empty()) options.text = given->config_text(program);
    return options;
}

}  // namespace offerkit::daemons
