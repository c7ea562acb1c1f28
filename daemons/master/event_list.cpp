// SPDX-License-Identifier: Apache-2.0

#include "event_list.hpp"

#include "query.hpp"

#include <daemons/common/http.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace offerkit::daemons {

namespace {

using master::Notable;

struct EventQuery {
    std::uint64_t since = 0;
    std::uint64_t cause = 0;
    std::size_t limit = 10'000;
    AgentId agent;
    FrameworkId framework;
    std::string task;

    [[nodiscard]] bool selects(const Notable& event) const {
        return event.id > since && (cause == 0 || event.cause == cause) &&
               (agent.is_none() || event.agent == agent) &&
               (framework.is_none() || event.framework == framework) &&
               (task.empty() || event.task.text() == task);
    }
};

template <class Id>
Result<void> put(Result<Id> parsed, Id& value) {
    if (!parsed) return std::move(parsed).error();
    value = *parsed;
    return {};
}

Result<EventQuery> parse_event_query(const runtime::HttpRequest& request) {
    EventQuery query;
    for (const auto& [key, value] : request.query) {
        Result<void> known;
        if (key == "since" && value == "0") continue;
        if (key == "since" || key == "limit" || key == "cause") {
            const Result<std::size_t> count = parse_count(key, value);
            if (!count) return count.error();
            if (key == "since") query.since = *count;
            if (key == "cause") query.cause = *count;
            if (key == "limit") query.limit = *count;
        } else if (key == "agent") {
            known = put(parse_id<AgentTag>(value), query.agent);
        } else if (key == "framework") {
            known = put(parse_id<FrameworkTag>(value), query.framework);
        } else if (key == "task") {
            query.task = value;
        } else {
            return refuse_query(key, "is not known",
                                "use since=N, limit=N, cause=N, agent=ID, framework=ID, task=ID");
        }
        if (!known) return std::move(known).error();
    }
    return query;
}

Json to_json(const Notable& event) {
    return {
        {"id", event.id},
        {"cause", event.cause},
        {"at", format_time(event.at)},
        {"kind", std::string(format_notable_kind(event.kind))},
        {"what", event.what},
        {"agent", event.agent.is_none() ? Json(nullptr) : Json(format_id(event.agent))},
        {"framework", event.framework.is_none() ? Json(nullptr) : Json(format_id(event.framework))},
        {"task", event.task.text().empty() ? Json(nullptr) : Json(event.task.text())},
        {"text", event.text}};
}

}  // namespace

runtime::HttpResponse answer_events(const master::ReadModel& model,
                                    const runtime::HttpRequest& request) {
    const Result<EventQuery> query = parse_event_query(request);
    if (!query) return refuse(query.error());
    const master::NotableRing& ring = model.events();
    Json events = Json::array();
    std::uint64_t next = query->since;
    std::uint64_t left_out = 0;
    for (const Notable& event : ring.events()) {
        const bool is_selected = query->selects(event);
        if (is_selected && events.size() == query->limit) {
            ++left_out;
            continue;
        }
        if (left_out == 0) next = event.id;
        if (is_selected) events.push_back(to_json(event));
    }
    Json json = document("events", std::move(events));
    json["next"] = next;
    json["left_out"] = left_out;
    json["dropped"] = ring.dropped();
    return ok(json);
}

}  // namespace offerkit::daemons
