// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <daemons/common/settings.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/resources/text.hpp>
#include <offerkit/runtime/cluster_access.hpp>
#include <offerkit/version.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

namespace offerkit::daemons {

namespace {

constexpr auto yes_or_no = Setting::Kind::yes_or_no;

constexpr Setting settings[] = {
    {"master", "HOST:PORT of the master [the cluster of offerkit dev]", Setting::Kind::text,
     "OFFERKIT_MASTER"},
    {"insecure-master", "connect beyond this machine without TLS: the token travels in the clear",
     yes_or_no},
    {"token-file", "file with the cluster's token, readable by its owner alone",
     Setting::Kind::text, "OFFERKIT_TOKEN_FILE"},
    {"token", "the token", Setting::Kind::text, "OFFERKIT_TOKEN", false},
    {"cluster", "name the master's cluster must have [any]"},
    {"work-dir", "folder for sandboxes and what must survive a restart [./offerkit-agent]"},
    {"resources", "what to offer, such as 'cpus:4;mem:8192;ports:[31000-32000]' [all there is]"},
    {"address", "address to listen on for HTTP [127.0.0.1]"},
    {"http-port", "port for HTTP: sandboxes, metrics; 0: the kernel chooses [5052]"},
    {"insecure-listen", "listen beyond this machine without TLS: the token travels in the clear",
     yes_or_no},
    {"hostname",
     "name that others reach this machine by [the kernel's, or localhost if it "
     "listens there only]"},
    {"attributes", "facts for constraints, such as 'rack:r1;ssd:yes' [none]"},
    {"region", "where the machine stands [not said]"},
    {"zone", "where in the region [not said]"},
    {"reconfiguration-policy",
     "how the agent may differ from what its work folder knows: equal, or additive for more "
     "resources and attributes [equal]"},
    {"on-stop",
     "what becomes of the tasks when the agent is told to stop: keep them running for the next "
     "start in this work folder, or end them and leave the cluster [keep; end with "
     "--exit-with-parent-fd]"},
    {"launcher", "path of offerkit-launcher [beside this program]"},
    {"record", "folder to write the event log to, for offerkit replay [none]"},
    {"record-file-mib", "MiB after which the log goes on in another file [64]"},
    {"record-files", "how many files of the log are kept, the newest [8]"},
    {"ready-file", "JSON file to write once ready: process id and work folder"},
    {"exit-with-parent-fd", "end, tasks too, when the far end of this descriptor is closed"},
    {"log-level", "debug, info, warning or error [info]"},
};

constexpr Program program{
    "offerkit-agent", "Offers a machine's resources to a master, and runs tasks on it.",
    "OFFERKIT_AGENT_", "offerkit-agent --master 127.0.0.1:5050 --token-file /etc/offerkit/token",
    settings};

Result<void> read_master(const Settings& given, AgentOptions& options) {
    runtime::ClusterAccess access{given.text_of("master", ""), "", given.text_of("token", "")};
    const Given* const file = given.find("token-file");
    if (file != nullptr && access.token.empty()) {
        auto token = runtime::read_token_file(file->text);
        if (!token) return std::move(token).error();
        access.token = std::move(token).value();
    }
    auto found = runtime::find_cluster(std::move(access));
    if (!found) return std::move(found).error();
    auto address = runtime::parse_address(found->master);
    if (!address) return std::move(address).error();
    options.master = std::move(address).value();
    options.token = std::move(found->token);
    if (!runtime::is_loopback(options.master.host) && !given.is_on("insecure-master")) {
        return Refusal{RefusalCode::forbidden, "master " + found->master, "connect",
                       "it is beyond this machine, and there is no TLS",
                       "add --insecure-master if the network is trusted"};
    }
    if (options.token.empty()) {
        return Refusal{RefusalCode::not_found, "token", "connect to " + found->master,
                       "nobody says what it is",
                       "give --token-file, the master keeps its own in WORK-DIR/token"};
    }
    return {};
}

Result<void> read_attributes(const Settings& given, AgentOptions& options) {
    const Given* const text = given.find("attributes");
    if (text == nullptr) return {};
    auto attributes = parse_attributes(text->text);
    if (!attributes) {
        Refusal why = std::move(attributes).error();
        why.who = text->where + ": " + why.who;
        return why;
    }
    options.info.attributes = std::move(attributes).value();
    return {};
}

Result<void> read_info(const Settings& given, AgentOptions& options) {
    AgentInfo& info = options.info;
    if (const Given* const text = given.find("resources")) {
        auto resources = parse_resources(text->text);
        if (!resources) {
            Refusal why = std::move(resources).error();
            why.who = text->where + ": " + why.who;
            return why;
        }
        info.resources = std::move(resources).value();
        options.resources_given = true;
    }
    char host[limits::name_max + 1] = {};
    if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
    if (*host == '\0' || runtime::is_loopback(options.address)) {
        std::strcpy(host, "localhost");
    }
    info.hostname = given.text_of("hostname", host);
    if (info.hostname.empty() || info.hostname.size() > limits::name_max) {
        return refuse_setting(*given.find("hostname"), "is not a name", "use 1 to 255 bytes");
    }
    info.domain = {given.text_of("region", ""), given.text_of("zone", "")};
    info.version = version_text;
    auto boot = std::filesystem::path{"/proc/sys/kernel/random/boot_id"};
    if (FILE* const file = std::fopen(boot.c_str(), "re")) {
        char text[40] = {};
        if (std::fgets(text, sizeof text, file) != nullptr) info.boot_id = text;
        std::fclose(file);
        std::erase(info.boot_id, '\n');
    }
    return {};
}

void read_listening(Settings& given, AgentOptions& options) {
    options.address = given.text_of("address", options.address);
    if (!runtime::is_loopback(options.address) && !given.is_on("insecure-listen")) {
        given.complain(refuse_setting(
            *given.find("address"), "anybody who can reach it could listen in: there is no TLS",
            "use 127.0.0.1, or add --insecure-listen if the network is trusted"));
    }
    options.http_port = static_cast<std::uint16_t>(given.number("http-port", 5052, 0, 65535));
}

/// Which of two words a setting says.
bool read_word(Settings& given, const char* name, const char* no, const char* yes, bool absent) {
    const Given* const word = given.find(name);
    if (word == nullptr) return absent;
    if (word->text != yes && word->text != no) {
        given.complain(refuse_setting(*word, "is not one of its words",
                                      std::string("say ") + no + " or " + yes));
    }
    return word->text == yes;
}

void read_restart(Settings& given, AgentOptions& options) {
    if (read_word(given, "reconfiguration-policy", "equal", "additive", false)) {
        options.changes = agent::ChangePolicy::additive;
    }
    options.keep_tasks =
        read_word(given, "on-stop", "end", "keep", options.exit_with_parent_fd < 0);
}

void read_process(Settings& given, AgentOptions& options) {
    options.cluster = given.text_of("cluster", "");
    options.work_dir = given.text_of("work-dir", "offerkit-agent");
    given.complain_of(read_record(given, options.record));
    options.ready_file = given.text_of("ready-file", "");
    options.log_level = read_log_level(given);
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    options.launcher =
        given.text_of("launcher", (self.parent_path() / "offerkit-launcher").string());
    options.exit_with_parent_fd =
        static_cast<int>(given.number("exit-with-parent-fd", -1, 3, 1'000'000));
}

void read_all(Settings& given, AgentOptions& options) {
    read_process(given, options);
    read_restart(given, options);
    read_listening(given, options);
    for (const auto read : {read_info, read_attributes, read_master})
        given.complain_of(read(given, options));
}

}  // namespace

Result<Attributes> parse_attributes(const std::string& text) {
    Attributes attributes;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find(';', at), text.size());
        const std::string part = text.substr(at, end - at);
        at = end + 1;
        const std::size_t colon = part.find(':');
        const auto refuse = [&](RefusalCode code, const char* why) {
            return Refusal{code, "attribute " + part.substr(0, 64), "read attributes", why,
                           "write NAME:VALUE;NAME:VALUE, such as rack:r1;ssd:yes"};
        };
        if (colon == std::string::npos || colon == 0 || colon + 1 == part.size()) {
            return refuse(RefusalCode::malformed, "is not NAME:VALUE");
        }
        if (part.size() > limits::label_bytes_max) {
            return refuse(RefusalCode::too_large, "has more than 1024 bytes");
        }
        if (attributes.size() == limits::attributes_max) {
            return refuse(RefusalCode::too_large, "there are more than 64");
        }
        Attribute attribute{part.substr(0, colon), part.substr(colon + 1)};
        if (const auto amount = parse_amount(part.substr(colon + 1))) attribute.value = *amount;
        const bool repeated = std::ranges::any_of(
            attributes, [&](const Attribute& other) { return other.name == attribute.name; });
        if (repeated) return refuse(RefusalCode::malformed, "comes twice");
        attributes.push_back(std::move(attribute));
    }
    return attributes;
}

Result<AgentOptions> read_agent_options(int argc, const char* const* argv) {
    auto given = Settings::read(program, argc, argv);
    if (!given) return std::move(given).error();
    AgentOptions options;
    options.text = given->text();
    if (options.text) return options;
    read_all(*given, options);
    options.problems = given->problems();
    if (options.problems.empty()) options.text = given->config_text(program);
    return options;
}

}  // namespace offerkit::daemons
