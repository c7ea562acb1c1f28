// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What operators may change. Every call is answered, once what it changed is durable.

#include <offerkit/master/master.hpp>

#include <string>
#include <utility>
#include <variant>

namespace offerkit::master {

OFFERKIT_INLINE void Master::on(OperatorAsked& e) {
    std::visit([&](auto& c) { on_operator(e, c); }, e.call);
}

OFFERKIT_INLINE void Master::answer(std::uint64_t request, Result<void> result) {
    AnswerOperator effect{request, result.has_value(), {}};
    if (!result) effect.refusal = std::move(result).error();
    out_->list.emplace_back(std::move(effect));
}

OFFERKIT_INLINE void Master::on_operator(const OperatorAsked& e, protocol::ConfigureRole& c) {
    if (Result<void> valid = allocator_->validate(c.config); !valid) {
        return answer(e.request, std::move(valid));
    }
    // Two copies: which argument is made first is the compiler's choice, so neither may move.
    store(registry::PutRole{c.config}, PendingWrite::Role{c.config, e.request});
}

OFFERKIT_INLINE void Master::on_operator(const OperatorAsked& e, protocol::TeardownFramework& c) {
    const FrameworkIndex index = find_framework_index(c.framework);
    if (index.is_none()) {
        return answer(e.request,
                      Refusal{RefusalCode::not_found, "framework " + format_id(c.framework),
                              "tear down", "there is no such framework", "list the frameworks"});
    }
    if (state_.frameworks[index].ending) {
        return answer(e.request,
                      Refusal{RefusalCode::conflict, "framework " + format_id(c.framework),
                              "tear down", "it is being ended already", "list the frameworks"});
    }
    end_framework(index,
                  {RefusalCode::cancelled, "framework " + format_id(c.framework), "live on",
                   "an operator has torn it down", "subscribe as a new framework"},
                  e.request);
}

OFFERKIT_INLINE void Master::on_operator(const OperatorAsked& e, protocol::KillTaskOf& c) {
    const FrameworkIndex index = find_framework_index(c.framework);
    const auto refuse = [&](std::string why) {
        answer(e.request, Refusal{RefusalCode::not_found, "task " + c.task.text(), "kill",
                                  std::move(why), "list the tasks"});
    };
    if (index.is_none()) return refuse("there is no framework " + format_id(c.framework));
    const Framework& framework = state_.frameworks[index];
    const auto known = framework.tasks.find(c.task);
    if (known == framework.tasks.end()) return refuse("its framework has no such task");
    kill_task(framework, state_.tasks[known->second], std::nullopt);
    answer(e.request, {});
}

}  // namespace offerkit::master
