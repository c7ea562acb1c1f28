// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Builds one line of a scenario, word by word.

#include "words.hpp"

#include <offerkit/core/result.hpp>
#include <offerkit/model/operation.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace offerkit::test {

class Line {
public:
    explicit Line(std::string_view first) : text_(first) {}

    Line& word(std::string_view text) {
        if (!text.empty()) (text_ += ' ') += text;
        return *this;
    }
    template <class Tag>
    Line& word(const NumberedId<Tag>& id) {
        return word(id.is_none() ? std::string("none") : format_id(id));
    }
    Line& word(PeerId id) {
        return word(id.is_none() ? std::string("own") : "c" + std::to_string(id.counter()));
    }
    template <class Tag>
    Line& word(const NamedId<Tag>& id) {
        return word(id.text());
    }
    Line& word(const Role& role) { return word(role.path()); }
    Line& word(const Resources& resources) { return word(format_resources(resources)); }
    Line& word(Duration duration) { return word(format_duration(duration)); }

    /// Left out, name and all, if the value is empty, zero or none.
    template <class T>
    Line& field(std::string_view name, const T& value) {
        return value == T{} ? *this : word(name).word(value);
    }

    Line& status(const TaskStatus& status) {
        word(status.task).word(format_task_state(status.state));
        field("id", status.id).field("agent", status.agent).field("executor", status.executor);
        word("by").word(format_status_source(status.source));
        if (status.reason != StatusReason::none) {
            word("reason").word(format_status_reason(status.reason));
        }
        if (status.exit && status.exit->signal == 0) {
            word("exit").word(std::to_string(status.exit->code));
        }
        if (status.exit && status.exit->signal != 0) {
            word("signal").word(std::to_string(status.exit->signal));
        }
        field("sandbox", status.sandbox).field("message", status.message);
        return *this;
    }
    Line& offer(const Offer& offer) {
        return word(format_id(offer.id) + '@' + format_id(offer.agent) + '(' +
                    format_resources(offer.resources) + ')');
    }
    Line& task(const TaskInfo& task) { return word(task.id).word(task.resources); }
    Line& refusal(const Refusal& refusal) {
        return word(format_refusal_code(refusal.code)).word(format_refusal(refusal));
    }
    template <class Id>
    Line& list(const std::vector<Id>& ids) {
        for (const Id& id : ids)
            word(id);
        return *this;
    }
    Line& operation(const Operation& operation);

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
};

}  // namespace offerkit::test
