// SPDX-License-Identifier: Apache-2.0

/// `offerkit agents`, `frameworks`, `tasks`, `offers`: what the master knows.

#include "commands.hpp"
#include "list_tables.hpp"
#include "print_items.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <utility>

namespace offerkit::tools {

namespace {

constexpr std::chrono::seconds list_pause{1};

/// What the server left out, in words; empty if nothing.
std::string left_out(const Json& document) {
    std::string text;
    const auto count = [&](const char* name) { return document.value(name, std::uint64_t{0}); };
    if (const auto n = count("left_out"); n != 0) text = std::to_string(n) + " more not shown";
    if (const auto n = count("ended_and_dropped"); n != 0) {
        text += (text.empty() ? "" : ", ") + std::to_string(n) + " ended earlier and not kept";
    }
    return text;
}

bool has(const Json& item, const std::string& name, const std::string& wanted) {
    if (wanted.empty()) return true;
    if (name == "role" && item.contains("roles")) {
        return std::ranges::find(item["roles"], Json(wanted)) != item["roles"].end();
    }
    if (name == "agent" && item.contains("hostname") && item["hostname"] == wanted) return true;
    return field(item, name.c_str()) == wanted;
}

/// What the master does not select itself.
void select(Json& items, const ListOptions& options) {
    Json selected = Json::array();
    for (Json& item : items) {
        const bool is_wanted = std::ranges::all_of(options.filters, [&](const auto& filter) {
            return has(item, filter.first, filter.second);
        });
        if (is_wanted) selected.push_back(std::move(item));
    }
    items = std::move(selected);
}

Result<Json> look(HttpPeer& master, const ListOptions& options) {
    Query query;
    for (const auto& [name, value] : options.filters) {
        // A host name is for us to resolve: the master selects by ids.
        const bool is_selected_there = name != "role" && !value.empty();
        if (options.what == "tasks" && is_selected_there) query.emplace_back(name, value);
    }
    Result<Json> document = get_document(master, "/v1/" + options.what, options.what, query);
    if (document) select((*document)[options.what], options);
    return document;
}

void print(const Json& document, const ListOptions& options) {
    print_items(document, options.what, options.output,
                [&](const Json& items, bool wide) { return table_of(options.what, items, wide); });
    if (is_for_programs(options.output)) return;
    if (const std::string more = left_out(document); !more.empty()) {
        std::fprintf(stderr, "offerkit: %s\n", more.c_str());
    }
}

/// On a terminal all of it, again and again; elsewhere whatever has changed.
class Watch {
public:
    explicit Watch(const ListOptions& options) : options_(options) {}

    void show(Json document) {
        if (::isatty(STDOUT_FILENO) == 1 && !is_for_programs(options_.output)) {
            std::fputs("\033[H\033[J", stdout);
            print(document, options_);
        } else {
            print_changes(document[options_.what]);
        }
        std::fflush(stdout);
    }

private:
    void print_changes(const Json& items) {
        Json changed = Json::array();
        std::map<std::string, std::string> now;
        for (const Json& item : items) {
            const std::string key = field(item, "framework") + " " + field(item, "id");
            std::string text = item.dump(-1, ' ', false, Json::error_handler_t::replace);
            const auto before = last_.find(key);
            if (before == last_.end() || before->second != text) changed.push_back(item);
            now[key] = std::move(text);
        }
        last_ = std::move(now);
        const bool is_first = !std::exchange(begun_, true);
        if (is_for_programs(options_.output)) {
            for (const Json& item : changed)
                print_json(item);
            return;
        }
        const std::string text =
            table_of(options_.what, changed, options_.output == Output::wide).text();
        const std::size_t heading = is_first ? 0 : text.find('\n') + 1;
        std::fputs(text.c_str() + heading, stdout);
    }

    const ListOptions& options_;
    std::map<std::string, std::string> last_;
    bool begun_ = false;
};

}  // namespace

int list(const ListOptions& options) {
    runtime::ClusterAccess access;
    if (const int code = find_access(options.access, access); code != exit_done) return code;
    Result<HttpPeer> master = HttpPeer::at(access.http, access.token);
    if (!master) return fail(exit_usage, format_refusal(master.error()));
    Watch watch{options};
    while (true) {
        Result<Json> document = look(*master, options);
        if (!document) return fail(exit_cluster, format_refusal(document.error()));
        if (!options.watch) {
            print(*document, options);
            return exit_done;
        }
        watch.show(std::move(*document));
        std::this_thread::sleep_for(list_pause);
    }
}

}  // namespace offerkit::tools
